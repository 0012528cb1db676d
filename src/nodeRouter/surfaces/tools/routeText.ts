// node_route's answer in a sentence and five fields: at most 80 tokens, at four characters a token. Pure.
import { agentText, type Refusal } from "../../../shared/refusal.ts";
import { nameText, quote, shortened } from "../../../shared/safeText.ts";
import { overText } from "../../explain/message.ts";
import type { ExplainReport } from "../../explain/report.ts";
import type { NodeState } from "../../placement/model/snapshot.ts";
import { placeLabel } from "../reports/nodePlace.ts";
import { listedTags } from "./nodeList.ts";

/** 80 tokens, as English text is counted roughly. */
export const MAX_ROUTE_TEXT = 320;

/**
 * @param node that the call would run on; null: on none, or on one that is not known any more.
 * @param refused why it would run nowhere; null: it would not be refused.
 */
export function routeText(report: ExplainReport, node: NodeState | null, refused: Refusal | null): string {
  if (refused !== null) return refusedText(refused);
  if (node === null) return bounded([report.message]);
  const { location, tags, workspace } = node;
  const where = `${nameText(report.tool)} runs on ${nameText(node.name)} ${overText(report.transport ?? "node")}`;
  const place = `place ${placeLabel(location) ?? "unknown"}`;
  const folder = workspace === null ? [] : [`workspace ${wordText(workspace)}`];
  const rule = `rule ${nameText(report.rule ?? "none")}`;
  const own = listedTags(node);
  const all = own.length === 0 ? [] : [`tags ${own.map(wordText).join(" ")}`];
  return bounded([
    [where, place, ...all, ...folder, rule].join("; "),
    [where, place, `${tags.size} tags`, ...folder, rule].join("; "),
    [where, rule].join("; "),
  ]);
}

/** A tag or a path as it is where nothing in it can be taken for what follows. */
function wordText(word: string): string {
  return /^[\w./=~-]+$/.test(word) ? word : quote(word);
}

/** What an agent can do is worth more to it than the whole why. */
function refusedText(refused: Refusal): string {
  const whole = agentText(refused);
  const rest = agentText({ ...refused, fact: "" }).length;
  const { fact } = refused;
  return bounded([
    whole,
    agentText({ ...refused, fact: shortened(fact, Math.max(1, MAX_ROUTE_TEXT - rest)) }),
  ]);
}

/** The first that is short enough; else the last, cut. */
function bounded(texts: readonly string[]): string {
  const fitting = texts.find((text) => [...text].length <= MAX_ROUTE_TEXT);
  return fitting ?? shortened(texts.at(-1) ?? "", MAX_ROUTE_TEXT);
}
