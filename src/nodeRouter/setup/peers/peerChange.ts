// What an invitation and its use change in the plugin's config, value by value. Pure.
import { problemsMade } from "../../../config/problemsMade.ts";
import { isRecord } from "../../../shared/isRecord.ts";
import { sameData } from "../../../shared/sameData.ts";
import { changeText, valueAt, type WrittenValue, writeValues } from "../configChange.ts";

/** What is to be in the config; a key that is not named stays. */
export interface PeerChange {
  readonly peer: string;
  /** Merged into `peers.<peer>` key by key. */
  readonly entry: Readonly<Record<string, unknown>>;
  /** A node of the inventory that is added as it is; null: none. */
  readonly node: { readonly name: string; readonly entry: Readonly<Record<string, unknown>> } | null;
  /** A rule of `delegation` that is added behind the others, unless one of its name is there. */
  readonly rule: (Readonly<Record<string, unknown>> & { readonly name: string }) | null;
}

/** A secret in what a person is shown. */
export const HIDDEN = "(secret)";

/** @param config the plugin's, as it is written. */
export function peerValues(
  config: unknown,
  { peer, entry, node, rule }: PeerChange,
): readonly WrittenValue[] {
  const values: WrittenValue[] = [];
  const want = (path: readonly string[], after: unknown): void => {
    const before = valueAt(config, path);
    if (!sameData(before, after)) values.push({ path, ...(before === undefined ? {} : { before }), after });
  };
  if (node !== null) want(["nodes", node.name], node.entry);
  if (!isRecord(valueAt(config, ["peers", peer]))) want(["peers", peer], entry);
  else for (const [key, value] of Object.entries(entry)) want(["peers", peer, key], value);
  const rulePath = ["delegation", "rules", rule?.name ?? ""];
  if (rule !== null && valueAt(config, rulePath) === undefined) values.push({ path: rulePath, after: rule });
  return values;
}

/** What would be wrong with the config then and is not now; each a sentence with its path. */
export function newProblems(config: unknown, values: readonly WrittenValue[]): readonly string[] {
  const draft = { plugins: { entries: { "node-router": { config: structuredClone(config ?? {}) } } } };
  writeValues(draft, values);
  return problemsMade(config ?? {}, draft.plugins.entries["node-router"].config, "error");
}

/** SECURITY: tokens are not shown, those that were there neither. */
export function peerChangeText(values: readonly WrittenValue[]): readonly string[] {
  return changeText(
    values.map(({ path, before, after }) => ({
      path,
      ...(before === undefined ? {} : { before: withoutToken(before, path) }),
      after: withoutToken(after, path),
    })),
  );
}

function withoutToken(value: unknown, path: readonly string[]): unknown {
  if (path.at(-1) === "token") return HIDDEN;
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, withoutToken(one, [key])]));
}
