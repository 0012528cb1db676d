// What `explain` supposes: nodes that are down or cordoned, another selector in the rule, another time. Pure.
import type { ResolvedConfig } from "../../../config/resolve.ts";
import { isoTime } from "../../../shared/isoTime.ts";
import { nameText, quote } from "../../../shared/safeText.ts";
import { parseSpan } from "../../../shared/timeSpan.ts";
import type { Rule } from "../../placement/model/rule.ts";
import type { NodeSnapshot } from "../../placement/model/snapshot.ts";
import { parseSelector } from "../../placement/selector/parser.ts";
import { withCordoned, withDown, withoutEnded } from "../../policy/whatIf.ts";
import { parseSince, SINCE_HELP } from "../reports/since.ts";
import { type Params, readTextParam, UsageError } from "./params.ts";
import { namesIn } from "./planMethods.ts";

export interface Supposed {
  readonly config: ResolvedConfig;
  readonly snapshot: NodeSnapshot;
  /** What is supposed, a phrase each. */
  readonly words: readonly string[];
}

/**
 * @param params `{ down?, cordon?, require?, at? }`; `at`: a time span from now, or a date.
 * @param rule that speaks for the call; null: none.
 * @param nowMs epoch ms.
 * @throws UsageError
 */
export function suppose(
  params: Params,
  config: ResolvedConfig,
  snapshot: NodeSnapshot,
  rule: Rule | null,
  nowMs: number,
): Supposed {
  const down = namesIn(params.down, snapshot.nodes);
  const cordoned = namesIn(params.cordon, snapshot.nodes);
  const text = readTextParam(params, "require");
  const at = readTextParam(params, "at");
  const atMs = at === null ? null : timeOf(at, nowMs);
  return {
    config: text === null ? config : { ...config, rules: withRequire(config.rules, rule, text) },
    snapshot: withCordoned(withDown(atMs === null ? snapshot : withoutEnded(snapshot, atMs), down), cordoned),
    words: [
      ...down.map((name) => `node ${nameText(name)} is down`),
      ...cordoned.map((name) => `node ${nameText(name)} is cordoned`),
      ...(text === null ? [] : [`rule ${quote(rule?.name ?? "")} requires ${quote(text)}`]),
      ...(atMs === null ? [] : [timeWords(snapshot, atMs)]),
    ],
  };
}

/** Only cordons end by a clock; how the nodes will be nobody knows. */
function timeWords({ nodes }: NodeSnapshot, atMs: number): string {
  const depends = nodes.some(
    ({ cordon }) => cordon !== null && cordon !== "unreadable" && cordon.untilMs !== null,
  );
  const known = depends
    ? "cordons that end before have ended"
    : "nothing that is known now depends on the time";
  return `it is ${isoTime(atMs) ?? "another time"}: ${known}; the nodes are as they are now`;
}

function withRequire(
  rules: ResolvedConfig["rules"],
  rule: Rule | null,
  text: string,
): ResolvedConfig["rules"] {
  if (rule === null)
    throw new UsageError("require takes the place of a rule's, and no rule speaks for this call");
  const parsed = parseSelector(text);
  if (!parsed.ok) throw new UsageError(`require ${quote(text)} is no selector: ${parsed.message}`);
  return rules.map((one) => (one === rule ? { ...one, require: parsed.selector } : one));
}

/** Epoch ms: a span is one from now on. */
function timeOf(text: string, nowMs: number): number {
  const span = parseSpan(text);
  const ms = span === null ? parseSince(text, nowMs) : nowMs + span;
  if (ms === null) throw new UsageError(`at takes ${SINCE_HELP}, not ${quote(text)}`);
  return ms;
}
