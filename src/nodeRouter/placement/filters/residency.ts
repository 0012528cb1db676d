// Filter: under a rule with `residency` a node must be known to be in an allowed country, and nothing may contradict it.

import { onceFor } from "../../../shared/once.ts";
import { roughDuration } from "../../../shared/roughDuration.ts";
import { safe } from "../../../shared/safeText.ts";
import type { Reason } from "../model/decision.ts";
import { NO_RESIDENCE, type PlaceStatement, type Residence, type Residency } from "../model/residence.ts";
import type { Rule } from "../model/rule.ts";
import type { NodeSnapshot, NodeState } from "../model/snapshot.ts";
import type { Filter, WayCheck } from "./filter.ts";

function reason(about: Reason["about"], one: string, many: string): Reason {
  return { filter: "residency", one, many, about };
}

export const UNKNOWN_PLACE = reason("rule", "was of unknown place", "were of unknown place");
export const OUTSIDE = reason("rule", "was outside the residency", "were outside the residency");
export const DISPUTED = reason("node", "was of disputed place", "were of disputed place");
export const UNKNOWN_EGRESS = reason("node", "had an unknown egress place", "had unknown egress places");

/** One question about a machine under a residency. */
interface Question {
  readonly reason: Reason;
  readonly isMet: (residence: Residence, allow: Residency["allow"]) => boolean;
  /** Why that passes by itself; null: it does not. */
  readonly passing: (residence: Residence) => string | null;
  readonly detail: (residence: Residence, nowMs: number | null) => string;
}

/**
 * SECURITY: in this order, and every one must be met: what nobody granted is out before anything is compared. An
 * objection counts however old it is, a grant only while it holds.
 */
const QUESTIONS: readonly Question[] = [
  {
    reason: UNKNOWN_PLACE,
    isMet: ({ country }) => country !== null,
    passing: ({ lapsed }) => (lapsed === null ? null : "is of a place that nobody has confirmed lately"),
    detail: ({ lapsed }, nowMs) =>
      lapsed === null
        ? "no location.country in the config, no tailnet tag country-…"
        : statementText(lapsed, nowMs),
  },
  {
    reason: OUTSIDE,
    isMet: ({ country }, allow) => country !== null && allow.has(country),
    passing: () => null,
    detail: (residence, nowMs) => grantText(residence, nowMs),
  },
  {
    reason: DISPUTED,
    isMet: ({ disputes }) => disputes.length === 0,
    passing: () => "is of disputed place",
    detail: (residence, nowMs) =>
      [grantText(residence, nowMs), ...residence.disputes.map((one) => statementText(one, nowMs))].join(", "),
  },
  {
    reason: UNKNOWN_EGRESS,
    isMet: ({ egress }) => egress !== null,
    passing: () => "has not told where its packets leave",
    detail: () => "its own public address was not asked lately, or its place is not known",
  },
];

/** None without `residency`. */
export const residencyFilter: Filter = ({ rule: { residency } }) =>
  residency === null ? [] : checksOf(residency);

const checksOf = onceFor((residency: Residency): readonly WayCheck[] => {
  const { allow, egress } = residency;
  const parts = questionsOf(residency).map(
    ({ reason: why, isMet, passing, detail }): WayCheck => ({
      reason: why,
      keeps: ({ residence }) => isMet(residence, allow),
      passing: ({ residence }) => passing(residence),
      detail: ({ residence }, nowMs) => detail(residence, nowMs),
    }),
  );
  // Most nodes meet all of it: one look for them.
  const keeps = ({ residence }: NodeState): boolean =>
    residence.country !== null &&
    allow.has(residence.country) &&
    residence.disputes.length === 0 &&
    (!egress || residence.egress !== null);
  return [{ reason: DISPUTED, keeps, parts }];
});

function questionsOf({ egress }: Residency): readonly Question[] {
  return egress ? QUESTIONS : QUESTIONS.filter(({ reason: why }) => why !== UNKNOWN_EGRESS);
}

/**
 * Why the gateway machine may not run the rule's calls, where it says `onUnavailable: "gateway"`: the gateway is a place
 * too. Null: nothing speaks against it.
 */
export function gatewayObjection(
  { residency, onUnavailable }: Pick<Rule, "residency" | "onUnavailable">,
  { gatewayResidence = NO_RESIDENCE, takenAtMs }: Pick<NodeSnapshot, "gatewayResidence" | "takenAtMs">,
): string | null {
  if (residency === null || onUnavailable !== "gateway") return null;
  const unmet = questionsOf(residency).find(({ isMet }) => !isMet(gatewayResidence, residency.allow));
  if (unmet === undefined) return null;
  return `the gateway ${unmet.reason.one} (${unmet.detail(gatewayResidence, takenAtMs)})`;
}

/** `SG, declared` or `SG, tailnet tag country-sg 3 min ago`. */
export function grantText({ country, by }: Residence, nowMs: number | null): string {
  return [country ?? "unknown place", ...(by === null ? [] : [statementText(by, nowMs)])].join(", ");
}

/** The words with their age, where they have one. */
export function statementText({ words, atMs }: PlaceStatement, nowMs: number | null): string {
  return atMs === null || nowMs === null
    ? safe(words)
    : `${safe(words)} ${roughDuration(Math.max(0, nowMs - atMs))} ago`;
}
