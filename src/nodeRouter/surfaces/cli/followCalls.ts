// `--follow`: prints each call when it is decided and when it has its end, and each change of a node, until interrupted.
import { safe, safeJson } from "../../../shared/safeText.ts";
import type { CallsReport } from "../methods/ledgerMethods.ts";
import type { EventsReport } from "../reports/eventsReport.ts";
import { callLine } from "./callsText.ts";
import { eventLine } from "./eventsText.ts";
import type { AskGateway } from "./gatewayCall.ts";
import { createPatience } from "./gatewayPatience.ts";
import type { Output } from "./output.ts";
import type { Terminal } from "./terminal.ts";

const INTERVAL_MS = 1_000;

/** As many as one answer has: what has so many newer calls is looked for no more. */
const LIMIT = 1_000;

/** @param params as of `noderouter.calls`; with `json` each line is one call. */
export async function followCalls(
  params: Readonly<Record<string, unknown>>,
  json: boolean,
  ask: AskGateway,
  out: Pick<Output, "print" | "fail">,
  machine: Terminal,
): Promise<void> {
  let shown = new Map<string, string>();
  let query: Record<string, unknown> = { ...params };
  const look = patient(() => ask<CallsReport>("noderouter.calls", query), out, machine);
  while (!machine.stop.aborted) {
    const report = await look();
    if (report === null) {
      await machine.sleep(INTERVAL_MS);
      continue;
    }
    const { calls } = report;
    const before = shown;
    shown = new Map(calls.map(({ id, outcome }) => [id, outcome]));
    // From the oldest that was shown on: what was older then is none of what comes now. Never by the clock of this machine.
    const since = calls.at(-1)?.at;
    if (before.size === 0) query = { ...params, limit: LIMIT, ...(since === undefined ? {} : { since }) };
    for (const call of calls.toReversed()) {
      if (before.get(call.id) === call.outcome) continue;
      const { reason: _reason, ...row } = call;
      out.print(json ? safeJson(row, 0) : callLine(call));
    }
    await machine.sleep(INTERVAL_MS);
  }
}

/** Changes that are shown to begin with, where no time is asked for. */
const FIRST = 20;

/** @param query `{ since?, node? }`. @param nodes null: all. With `json` each line is one change. */
export async function followEvents(
  query: { readonly since?: string; readonly node?: string },
  { json, nodes }: { readonly json: boolean; readonly nodes: ReadonlySet<string> | null },
  ask: AskGateway,
  out: Pick<Output, "print" | "fail">,
  machine: Terminal,
): Promise<void> {
  let shown: ReadonlySet<string> = new Set();
  let isFirst = true;
  const look = patient(() => ask<EventsReport>("noderouter.events", query), out, machine);
  while (!machine.stop.aborted) {
    const report = await look();
    if (report === null) {
      await machine.sleep(INTERVAL_MS);
      continue;
    }
    const { events } = report;
    const wanted = events.filter(({ node }) => nodes === null || nodes.has(node));
    const skipped = isFirst && query.since === undefined ? Math.max(0, wanted.length - FIRST) : 0;
    const before = shown;
    // What is not among them any more does not come again.
    shown = new Set(wanted.map((event) => safeJson(event, 0)));
    for (const event of wanted.slice(skipped)) {
      const line = safeJson(event, 0);
      if (!before.has(line)) out.print(json ? line : eventLine(event));
    }
    isFirst = false;
    await machine.sleep(INTERVAL_MS);
  }
}

/** Null: no answer now, said once on stderr. @throws what will not pass by itself */
function patient<T>(
  ask: () => Promise<T>,
  out: Pick<Output, "fail">,
  { now }: Terminal,
): () => Promise<T | null> {
  const patience = createPatience(now);
  return async () => {
    try {
      const answer = await ask();
      const told = patience.answered();
      if (told !== null) out.fail(told);
      return answer;
    } catch (error) {
      const { text, isNew } = patience.failed(error);
      if (isNew) out.fail(safe(text));
      return null;
    }
  };
}
