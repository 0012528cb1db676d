// Doctor: who observes the nodes and fails at it, and nodes that are about to fall off the tailnet.

import { held } from "../../../presence/facts.ts";
import type { NodePresence, SourceHealth } from "../../../presence/record.ts";
import { isoTime } from "../../../shared/isoTime.ts";
import { quote, safe } from "../../../shared/safeText.ts";
import { type DoctorCheck, type Finding, finding, found } from "./finding.ts";

/** One or two failures pass by themselves. */
const FAILURES = 3;
const DAY_MS = 24 * 60 * 60 * 1000;
const SOON_DAYS = 14;

export const checkPresence: DoctorCheck = ({ presence, sources, nowMs }) =>
  found(
    ...sources.filter(({ failures }) => failures >= FAILURES).map((source) => failing(source)),
    ...[...presence.values()].map((record) => tailnetKey(record, nowMs)),
  );

function failing({ id, failures, lastError, lastOkMs }: SourceHealth): Finding {
  const since = lastOkMs === null ? "it never worked" : `it last worked at ${timeText(lastOkMs)}`;
  return finding(
    "presence-source-failing",
    "warning",
    `the presence source ${quote(id)} failed ${failures} times in a row (${safe(lastError ?? "no reason given")}); ${since}, and what it says of nodes is unknown meanwhile`,
    'mend what it names; "openclaw node-router status" shows every source',
  );
}

function tailnetKey({ node, facts }: NodePresence, nowMs: number): Finding | null {
  const expiresMs = held(facts.tailnetKeyExpiresMs);
  if (held(facts.tailnetKeyExpired) === true || (expiresMs !== null && expiresMs <= nowMs)) {
    return finding(
      "tailnet-key-expired",
      "error",
      `the tailnet key of node ${quote(node)} has ended${expiresMs === null ? "" : ` (${timeText(expiresMs)})`}, so it cannot be reached over the tailnet`,
      "log it in anew: \"tailscale up --force-reauth\" there, or disable the key's expiry in the tailnet's admin console",
    );
  }
  if (expiresMs === null || expiresMs - nowMs > SOON_DAYS * DAY_MS) return null;
  const days = Math.ceil((expiresMs - nowMs) / DAY_MS);
  return finding(
    "tailnet-key-expires",
    "warning",
    `the tailnet key of node ${quote(node)} ends in ${days} ${days === 1 ? "day" : "days"} (${timeText(expiresMs)}); then it falls off the tailnet`,
    "renew it: \"tailscale up --force-reauth\" there, or disable the key's expiry in the tailnet's admin console",
  );
}

/** What no calendar has is told as it was read. */
function timeText(ms: number): string {
  return isoTime(ms) ?? String(ms);
}
