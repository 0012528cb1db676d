// Tags of a node set and dropped by key, and a node taken out of the config. Pure.
import { formatPath } from "../../../config/problems/path.ts";
import { isRecord } from "../../../shared/isRecord.ts";
import { fieldOf, itemsOf } from "../../../shared/jsonParts.ts";
import { nameText, quote, safeJson } from "../../../shared/safeText.ts";
import { shellWord } from "../../../shared/shell.ts";
import { parseSelector } from "../../placement/selector/parser.ts";
import { parseTag, printTag } from "../../placement/selector/tags.ts";
import { valueAt } from "../configChange.ts";
import type { ConfigEdit, EditKnown, EditPlan } from "./configEdit.ts";
import { editRefused, noSuch } from "./editRefusal.ts";
import { withoutSecrets } from "./withoutSecrets.ts";

type Edit<K> = Extract<ConfigEdit, { kind: K }>;

/** As `kubectl label` has it, but that a value which is there is replaced. @throws NodeRouterError SETUP_FAILED */
export function tagNode(config: unknown, { node, changes }: Edit<"tag">, { nodes }: EditKnown): EditPlan {
  if (!nodes.includes(node)) throw noSuch("node", node, nodes);
  const before = tagsOf(config, node);
  let after = before;
  const lines: string[] = [];
  const undo: string[] = [];
  const seen = new Set<string>();
  for (const change of changes) {
    const isDrop = change.endsWith("-");
    const tag = parseTag(isDrop ? change.slice(0, -1) : change);
    if (!tag.ok) throw editRefused(tag.message);
    const { key } = tag;
    if (isDrop && change.includes("="))
      throw editRefused(`${quote(change)} drops a tag, which is said by its key alone`);
    if (seen.has(key)) throw editRefused(`tag ${quote(key)} is named more than once`);
    seen.add(key);
    const present = after.filter((one) => keyOf(one) === key);
    const wanted = isDrop ? [] : [printTag(key, tag.value)];
    if (present.length === wanted.length && present[0] === wanted[0]) continue;
    const [old] = present;
    if (old === undefined) lines.push(`tag ${quote(wanted[0] ?? "")} is new on ${quote(node)}`);
    else if (isDrop) lines.push(`tag ${quote(old)} goes from ${quote(node)}`);
    else lines.push(`tag ${quote(wanted[0] ?? "")} on ${quote(node)} (now ${quote(old)})`);
    undo.push(old === undefined ? `${key}-` : old);
    // A value that is replaced keeps its place.
    const at = after.findIndex((one) => keyOf(one) === key);
    const others = after.filter((one) => keyOf(one) !== key);
    after = at < 0 ? [...others, ...wanted] : others.toSpliced(at, 0, ...wanted);
  }
  if (lines.length === 0) return { values: [], lines: [], notes: [], undo: [] };
  const isThere = isRecord(valueAt(config, ["nodes", node]));
  const values = isThere
    ? [
        {
          path: ["nodes", node, "tags"],
          ...(before.length === 0 ? {} : { before }),
          ...(after.length === 0 ? {} : { after }),
        },
      ]
    : [{ path: ["nodes", node], after: { tags: after } }];
  return {
    values,
    lines,
    notes: isThere ? [] : [`${formatPath(["nodes", node])} is new: the node was known by its pairing alone`],
    undo: [`tag ${shellWord(node)} ${undo.map(shellWord).join(" ")}`],
  };
}

/** Its tags as they are written. */
export function tagsOf(config: unknown, node: string): readonly string[] {
  return itemsOf(valueAt(config, ["nodes", node, "tags"])).filter((tag) => typeof tag === "string");
}

function keyOf(tag: string): string {
  return tag.split("=", 1)[0] ?? tag;
}

/** @throws NodeRouterError SETUP_FAILED */
export function removeNode(
  config: unknown,
  { node, force }: Edit<"removeNode">,
  { nodes, sessionsOn }: EditKnown,
): EditPlan {
  const path = ["nodes", node];
  const before = valueAt(config, path);
  if (before === undefined) {
    if (!nodes.includes(node)) throw noSuch("node", node, nodes);
    throw editRefused(
      `node ${quote(node)} is paired with OpenClaw, and has no entry in the config of node-router`,
      "To unpair it: openclaw nodes remove --node <id>",
    );
  }
  // Of what is in force, in which variables are what they stand for: of `env` the names alone can be shown.
  const { env, ...rest } = isRecord(before) ? before : {};
  const shown = withoutSecrets(rest);
  const variables = Object.keys(isRecord(env) ? env : {});
  const sessions = sessionsOn(node);
  const files = `the files of ${sessions.length === 1 ? "a session are" : `${sessions.length} sessions are`} on it (${sessions
    .slice(0, 3)
    .map(quote)
    .join(", ")}${sessions.length > 3 ? ", …" : ""})`;
  if (sessions.length > 0 && !force) {
    const advice = `Have them go first: openclaw node-router drain ${shellWord(node)} --move; or remove it with --force: what is there stays there, and the sessions begin elsewhere without it`;
    throw editRefused(`node ${quote(node)} cannot be removed: ${files}`, advice);
  }
  return {
    values: [{ path, before }],
    lines: [`${formatPath(path)} goes: ${safeJson(shown, 0)}`],
    notes: [
      ...(sessions.length > 0 ? [`${files}, and stay there`] : []),
      ...namedBy(config, node),
      "what is on the machine stays there: the pairing with OpenClaw, files, the key that it lets in; while it is paired, cordon it to keep calls away",
    ],
    undo: [
      `no command: put the entry above back into the config${[
        safeJson(rest) === safeJson(shown) ? "" : ", with its secrets",
        variables.length === 0 ? "" : `, with its env (${variables.map(nameText).join(", ")})`,
      ].join("")}`,
    ],
  };
}

/** Rules that select the node by its name. What else names it and would be wrong then is an error of the config. */
function namedBy(config: unknown, node: string): readonly string[] {
  return itemsOf(fieldOf(config, "rules")).flatMap((rule) => {
    const require = fieldOf(rule, "require");
    const selector = typeof require === "string" ? parseSelector(require) : null;
    const isNamed =
      selector?.ok === true &&
      selector.selector.requirements.some(({ key, values }) => key === "node.name" && values.includes(node));
    return isNamed
      ? [`rule ${quote(String(fieldOf(rule, "name")))} names it: require ${quote(String(require))}`]
      : [];
  });
}
