// What a document that somebody wants to try means: a whole openclaw.json, the plugin's config, or a patch of either. Pure.
import { ConfigSchema } from "../../../config/schema/schema.ts";
import { isRecord } from "../../../shared/isRecord.ts";
import { mergePatch } from "../../../shared/mergePatch.ts";
import { quote } from "../../../shared/safeText.ts";
import { section } from "../../host/hostConfig.ts";
import { hasAgentList, withAgentEntries } from "../../host/olderAgents.ts";
import { unresolvedIn, withLongTokens } from "./unresolved.ts";

/** In words, as the operator is told what was taken. */
const TAKEN = {
  openclaw: "a whole openclaw.json",
  config: "the whole config of node-router",
  patch: "a JSON merge patch of openclaw.json",
  "config-patch": "a JSON merge patch of the config of node-router",
} as const;

export type PlannedAs = keyof typeof TAKEN;

export const PLANNED_AS: readonly string[] = Object.keys(TAKEN);

export interface PlannedConfig {
  readonly took: string;
  /** The gateway's whole config as it would be. */
  readonly hostConfig: unknown;
  /** The plugin's own; undefined: it has none. */
  readonly pluginConfig: unknown;
  /** The gateway would load the plugin. */
  readonly isOn: boolean;
}

/** Told where it would not. */
export const NOT_LOADED =
  "node-router would not be loaded: plugins.entries.node-router is missing or switched off, or plugins.allow or plugins.deny keeps it out";

/** Steps into a document, and values in it. */
const MAX_DEPTH = 64;
const MAX_VALUES = 1_000_000;

/** Keys that a running gateway has, so that a whole file has them too. */
const WHOLE = ["agents", "gateway", "plugins"];

/**
 * @param hostConfig the gateway's config as it is now.
 * @param as how to read it; null: by its shape.
 * @returns a text where it cannot be read: a sentence without its end.
 */
export function readPlanned(
  document: unknown,
  hostConfig: unknown,
  as: PlannedAs | null,
): PlannedConfig | string {
  if (!isRecord(document)) return "it is no JSON object";
  const { hasNull, include, isTooLarge } = look(document);
  if (isTooLarge) return `it is nested more than ${MAX_DEPTH} deep, or has more than ${MAX_VALUES} values`;
  if (include !== null)
    return `it has ${quote(include)}, which only OpenClaw resolves; give the file with everything in it`;
  const shape = as ?? shapeOf(document, hostConfig, hasNull);
  const unresolved = unresolvedIn(document, shape === "config" || shape === "config-patch");
  if (unresolved !== null) return unresolved;
  // Of the file that it is laid over, only OpenClaw knows which texts depend on it.
  if (shape === "patch" && Object.hasOwn(document, "env"))
    return 'it changes "env", and what follows from that only OpenClaw resolves; give the whole file, or leave it out';
  // What it does to the file depends on whether that has the list, too.
  if (shape === "patch" && hasAgentList(document))
    return 'it has "agents.list", which OpenClaw reads as agents.entries; write those, or give the whole file';
  const entry = section(hostConfig, "plugins", "entries", "node-router");
  const own =
    shape === "config" ? document : shape === "config-patch" ? mergePatch(entry.config, document) : undefined;
  const whole = withAgentEntries(
    shape === "openclaw"
      ? document
      : shape === "patch"
        ? mergePatch(hostConfig, document)
        : mergePatch(hostConfig, { plugins: { entries: { "node-router": { config: null } } } }),
  );
  const planned = own === undefined ? section(whole, "plugins", "entries", "node-router").config : own;
  const { enabled } = section(whole, "plugins", "entries", "node-router");
  return {
    took: TAKEN[shape],
    hostConfig: whole,
    pluginConfig: withLongTokens(planned),
    isOn:
      enabled !== false && section(whole, "plugins").enabled !== false && isListed(whole) && mayLoad(whole),
  };
}

/** As OpenClaw 2026.9.6 has it: a denied plugin never loads, and of a list that allows some no other one does. */
function mayLoad(hostConfig: unknown): boolean {
  const { allow, deny } = section(hostConfig, "plugins");
  const has = (list: unknown): boolean =>
    Array.isArray(list) &&
    list.some((id) => typeof id === "string" && id.trim().toLowerCase() === "node-router");
  return !has(deny) && (!Array.isArray(allow) || allow.length === 0 || has(allow));
}

/** An entry without `enabled` counts once there is one. */
function isListed(hostConfig: unknown): boolean {
  return isRecord(section(hostConfig, "plugins", "entries")["node-router"]);
}

/**
 * A null can only remove something, so it makes a patch. A document with none of OpenClaw's own keys is ours; one that
 * lacks a key that every running gateway has is no whole file.
 */
function shapeOf(
  document: Readonly<Record<string, unknown>>,
  hostConfig: unknown,
  hasNull: boolean,
): PlannedAs {
  const own = Object.keys(ConfigSchema.properties);
  const keys = Object.keys(document);
  // Both have "gateway"; ours holds no more than where it is.
  const isOurs = (key: string) =>
    own.includes(key) &&
    (key !== "gateway" || Object.keys(section(document, key)).every((one) => one === "location"));
  if (keys.length > 0 && keys.every(isOurs)) return hasNull ? "config-patch" : "config";
  const running = WHOLE.filter((key) => isRecord(hostConfig) && hostConfig[key] !== undefined);
  return !hasNull && keys.length > 0 && running.every((key) => keys.includes(key)) ? "openclaw" : "patch";
}

/** Without recursion: how deep it is, is what is asked. */
function look(document: unknown): { hasNull: boolean; include: string | null; isTooLarge: boolean } {
  const waiting: (readonly [value: unknown, depth: number])[] = [[document, 1]];
  let hasNull = false;
  let include: string | null = null;
  let values = 0;
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const [value, depth] = next;
    if (depth > MAX_DEPTH || ++values > MAX_VALUES) return { hasNull, include, isTooLarge: true };
    hasNull ||= value === null;
    if (typeof value !== "object" || value === null) continue;
    if (Object.hasOwn(value, "$include")) include = "$include";
    for (const inner of Object.values(value)) waiting.push([inner, depth + 1]);
  }
  return { hasNull, include, isTooLarge: false };
}
