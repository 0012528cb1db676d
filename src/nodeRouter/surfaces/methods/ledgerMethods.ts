// The gateway methods by which people and scripts read the ledger, and have its chain checked.

import { NodeRouterError } from "../../../shared/errors.ts";
import { normalizeAgentId } from "../../../shared/hostNames.ts";
import { fieldOf, readJson } from "../../../shared/jsonParts.ts";
import { knownFields } from "../../../shared/knownFields.ts";
import { refusal } from "../../../shared/refusal.ts";
import { quote } from "../../../shared/safeText.ts";
import { JOBS } from "../../jobs/jobs.ts";
import { LEDGER, type Ledger } from "../../ledger/ledger.ts";
import { nodeLedgerFs } from "../../ledger/ledgerFs.ts";
import { NEWEST_CALLS } from "../../ledger/newestCalls.ts";
import { type CallRow, OUTCOMES, readCalls } from "../../ledger/readCalls.ts";
import { type VerifyReport, verifyLedger } from "../../ledger/verify.ts";
import type { RouterDeps } from "../../process/deps.ts";
import { parseSince, SINCE_HELP } from "../reports/since.ts";
import { requireKnown } from "./knownNames.ts";
import { type Params, readTextParam, UsageError } from "./params.ts";

/** Rows that one answer has at most. */
export const MAX_CALLS = 1_000;
const DEFAULT_CALLS = 50;

export interface CallsReport {
  /** Newest first. `reason`: only where the caller asked for it. */
  readonly calls: readonly (Omit<CallRow, "reason"> & Partial<Pick<CallRow, "reason">>)[];
}

type LedgerDeps = Pick<RouterDeps, "memory" | "now" | "hostConfig">;

/**
 * @param params `{ agent, node, nodes, rule, outcome, since, limit, reasons }`, all optional; `nodes`: on one of these. Texts of commands are never in
 *   the answer.
 */
export async function calls(deps: LedgerDeps, params: Params): Promise<CallsReport> {
  const ledger = ledgerOf(deps);
  const { limit = DEFAULT_CALLS, reasons, nodes } = params;
  if (typeof limit !== "number" || !Number.isInteger(limit) || limit < 1 || limit > MAX_CALLS) {
    throw new UsageError(`limit is a whole number from 1 to ${MAX_CALLS}`);
  }
  const outcome = readTextParam(params, "outcome");
  if (outcome !== null && !OUTCOMES.some((known) => known === outcome)) {
    throw new UsageError(`outcome is one of ${OUTCOMES.join(", ")}, not ${quote(outcome)}`);
  }
  const since = readTextParam(params, "since");
  const sinceMs = since === null ? null : parseSince(since, deps.now());
  if (since !== null && sinceMs === null) throw new UsageError(`since takes ${SINCE_HELP}`);
  const agent = readTextParam(params, "agent");
  const filters = knownFields({
    agent: agent === null ? undefined : normalizeAgentId(agent),
    node: readTextParam(params, "node") ?? undefined,
    nodes: Array.isArray(nodes) ? new Set(nodes.map(String)) : undefined,
    rule: readTextParam(params, "rule") ?? undefined,
    outcome: outcome ?? undefined,
    sinceMs: sinceMs ?? undefined,
  });
  // What was just decided is to be seen.
  await ledger.flush();
  const detached = detachedCalls(deps);
  const rows = await readCalls(nodeLedgerFs, ledger.file, ledger.writer, { ...filters, limit, detached });
  // What is gone from the config has its calls all the same.
  if (rows.length === 0) requireKnown(deps, filters);
  if (reasons === true) return { calls: rows };
  return { calls: rows.map(({ reason: _reason, ...row }) => row) };
}

/** The newest of all, with the reasons of refusals. */
export async function newestCalls(deps: Pick<RouterDeps, "memory">): Promise<readonly CallRow[]> {
  const ledger = deps.memory.part(LEDGER).current;
  if (ledger === null) return [];
  const query = { limit: NEWEST_CALLS, detached: detachedCalls(deps) };
  return readCalls(nodeLedgerFs, ledger.file, ledger.writer, query);
}

/** The calls whose command is a job of which no end is known: it goes on, also after a restart of the gateway. */
function detachedCalls({ memory }: Pick<RouterDeps, "memory">): ReadonlySet<string> {
  const ids = memory
    .part(JOBS)
    .open()
    .map(({ auditRecord }) => fieldOf(readJson(auditRecord), "id"));
  return new Set(ids.filter((id) => typeof id === "string"));
}

/** @param params `{ head }`: hash of a record that was kept elsewhere, and must be there. */
export async function verify(deps: LedgerDeps, params: Params): Promise<VerifyReport> {
  const ledger = ledgerOf(deps);
  const kept = readTextParam(params, "head");
  if (kept !== null && !/^[\w-]{43}$/.test(kept)) {
    throw new UsageError("head is the hash of a record, 43 characters, as status shows it");
  }
  await ledger.flush();
  const { head } = ledger.state();
  const anchors = [
    ...(head === null ? [] : [{ hash: head.hash, text: `record ${head.n} which this gateway wrote last` }]),
    ...(kept === null ? [] : [{ hash: kept, text: `the record with the hash ${kept}` }]),
  ];
  return verifyLedger(nodeLedgerFs, ledger.file, anchors);
}

/** @throws NodeRouterError AUDIT_UNAVAILABLE: the plugin was not registered far enough to have one */
function ledgerOf({ memory }: LedgerDeps): Ledger {
  const ledger = memory.part(LEDGER).current;
  if (ledger !== null) return ledger;
  const fact = "this gateway has no ledger yet";
  throw new NodeRouterError(refusal("AUDIT_UNAVAILABLE", fact, { nothingRan: null, advice: "Try again" }));
}
