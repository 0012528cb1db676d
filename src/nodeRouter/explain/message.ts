// One decision as one line: for the log, the refusal that the agent reads, and the CLI's first lines.
import { adviceOf, type Refusal, refusal } from "../../shared/refusal.ts";
import { nameText, placeWord, quote, safe } from "../../shared/safeText.ts";
import { shellWord } from "../../shared/shell.ts";
import type { NodeLocation, Transport } from "../../shared/types.ts";
import { DECLINED, UNFIT } from "../placement/filters/acceptance.ts";
import { grantText, OUTSIDE, statementText } from "../placement/filters/residency.ts";
import { EJECTED } from "../placement/filters/room.ts";
import { TAINTED } from "../placement/filters/taints.ts";
import type { Candidate, PlacementDecision, Reason } from "../placement/model/decision.ts";
import { needsPeer } from "../placement/model/way.ts";
import { agentAdvice, type KnownNow } from "./agentAdvice.ts";

/**
 * What was decided and why, in one line that is safe to print. Refusals read like Kubernetes' scheduler
 * events (`FitError`): `0/5 nodes fit rule "singapore" for exec: 3 were offline, 2 were not paired.`
 */
export function decisionMessage(decision: PlacementDecision): string {
  switch (decision.outcome) {
    case "placed":
      return placedLine(decision);
    case "refused":
      return `${fitLine(decision)}.`;
    case "unrouted":
      return decision.rule === null ? noRuleLine(decision) : gatewayLine(decision, decision.rule);
  }
}

/** What is read instead of a result. For refused decisions. @param more advice besides, for the operator; null: none. */
export function noNodeFits(
  decision: PlacementDecision,
  more: string | null = null,
  known: KnownNow = NOTHING_KNOWN,
): Refusal {
  const { agent, tool } = decision.request;
  // SECURITY: the line invites to run it, so an id that a shell would read otherwise is quoted.
  const isTask = needsPeer(decision.request);
  const asked = isTask ? "--delegate" : `--tool ${shellWord(tool)}`;
  const command = `openclaw node-router explain --agent ${shellWord(agent)} ${asked}`;
  const advice = isTask
    ? `Run "${command}" to see each peer; change plugins.entries.node-router.config.delegation.rules or bring a peer up`
    : adviceOf("NO_NODE_FITS", { command });
  return {
    ...refusal("NO_NODE_FITS", fitLine(decision), {
      advice: more === null ? advice : `${advice}. ${more}`,
    }),
    // It looks at every node, and most refusals of a look ahead are never read.
    get agentAdvice() {
      return agentAdvice(decision, known);
    },
  };
}

const NOTHING_KNOWN: KnownNow = { presence: new Map(), nowMs: null };

/** How a node is reached, in a sentence. */
export function overText(transport: Transport): string {
  if (transport === "peer") return "by its gateway";
  return transport === "ssh" ? "over SSH" : "over the node protocol";
}

/** Where a node is and who said so: `SG, declared`; the country if known, else city, region, coordinates or time zone. */
export function placeText(location: NodeLocation | null): string {
  const place = location === null ? null : whereabouts(location);
  return location === null || place === null ? "location unknown" : `${placeWord(place)}, ${location.source}`;
}

function whereabouts(location: NodeLocation): string | null {
  const { country, city, region, timeZone } = location;
  return country ?? city ?? region ?? coordinates(location) ?? timeZone ?? null;
}

function coordinates({ latitude, longitude }: NodeLocation): string | null {
  return latitude === undefined || longitude === undefined ? null : `${latitude},${longitude}`;
}

function placedLine(decision: PlacementDecision): string {
  const { request, rule, node, keptInsteadOf } = decision;
  const where = node === null ? "no node" : `${nameText(node.name)} (${placeText(node.location)})`;
  const kept =
    keptInsteadOf === null
      ? ""
      : ` · stays where it last ran: ${nameText(keptInsteadOf)} ranks first, but not by enough to move`;
  const residency = residencyText(decision);
  const place = residency === null ? "" : ` · ${residency}`;
  const notes = choiceNotes(decision).map((note) => ` · ${note}`);
  return `${nameText(request.tool)} of agent ${quote(request.agent)} runs on ${where} · rule ${nameText(rule ?? "")}${place}${kept}${notes.join("")}`;
}

/** What whoever reads where a call ran must know of the choice: which rules had no node, and that nothing better was left. */
export function choiceNotes({ before = [], isLastResort, rule }: PlacementDecision): readonly string[] {
  return [
    ...before.map((one) => `rule ${quote(rule ?? "")} is next, for ${ownFitLine(one)}`),
    ...(isLastResort === true ? ["calls to it failed lately, and no other node is left"] : []),
  ];
}

function noRuleLine({ request }: PlacementDecision): string {
  return (
    `no rule names agent ${quote(request.agent)} for ${nameText(request.tool)}; ` +
    "OpenClaw decides as it would without node-router"
  );
}

function gatewayLine(decision: PlacementDecision, rule: string): string {
  return `${fitLine(decision)}; rule ${quote(rule)} says onUnavailable: "gateway", so it runs on the gateway`;
}

/** How many nodes fit, and why the others do not, by every rule that was asked: without a full stop. */
export function fitLine(decision: PlacementDecision): string {
  return [...(decision.before ?? []), decision].map(ownFitLine).join("; then ");
}

function ownFitLine(decision: PlacementDecision): string {
  const { request, rule, fitting, total, filtered, residency } = decision;
  const reasons = filtered.map(
    ({ reason, count }) =>
      `${count} ${safe(count === 1 ? reason.one : reason.many)}${detailsOf(decision, reason)}`,
  );
  const noun = needsPeer(request) ? "peers" : "nodes";
  const why = total === 0 ? `no ${noun} are known` : reasons.join(", ");
  const gateway = residency?.gateway == null ? "" : `; ${residency.gateway}`;
  return `${fitting}/${total} ${noun} fit rule ${quote(rule ?? "")} for ${nameText(request.tool)}: ${why}${gateway}`;
}

/** Why a node does not fit, about it alone: `was of disputed place (declared, …)`. @param otherwise where no reason is known. */
export function whyText(candidate: Candidate | undefined, otherwise: string): string {
  const { reason = null, detail } = candidate ?? {};
  if (reason === null) return otherwise;
  return detail === undefined ? reason.one : `${reason.one} (${detail})`;
}

/** Of a refusal's reason at most so many different ones. */
const MAX_DETAILS = 3;

/** What the reason is about, without names: the nodes that a rule does not mean are no business of the agent's. */
function detailsOf(decision: PlacementDecision, reason: Reason): string {
  if (!DETAILED.includes(reason.filter)) return "";
  const all = new Set<string>();
  for (const candidate of decision.candidates()) {
    if (candidate.reason === reason && candidate.detail !== undefined) all.add(candidate.detail);
    if (all.size > MAX_DETAILS) break;
  }
  const shown = [...all].slice(0, MAX_DETAILS);
  return shown.length === 0 ? "" : ` (${[...shown, ...(all.size > MAX_DETAILS ? ["…"] : [])].join("; ")})`;
}

/** Filters whose reasons say what they are about. */
const DETAILED: readonly string[] = [
  OUTSIDE.filter,
  TAINTED.filter,
  EJECTED.filter,
  UNFIT.filter,
  DECLINED.filter,
];

/** Of a call that a rule with residency placed: whose word its place is, and how old that is. Null: it has none. */
export function residencyText({ residency, node }: PlacementDecision): string | null {
  if (residency === undefined || node === null) return null;
  const { residence } = node;
  const agrees = residence.agrees === null ? [] : [statementText(residence.agrees, residency.nowMs)];
  return ["residency", [grantText(residence, residency.nowMs), ...agrees].join(", ")].join(" ");
}
