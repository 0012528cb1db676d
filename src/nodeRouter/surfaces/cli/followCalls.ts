// `calls --follow`: prints each call when it is decided and when it has its end, until interrupted.
import { safeJson } from "../../../shared/safeText.ts";
import type { CallsReport } from "../methods/ledgerMethods.ts";
import { callLine } from "./callsText.ts";
import type { AskGateway } from "./gatewayCall.ts";
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
  out: Pick<Output, "print">,
  machine: Terminal,
): Promise<void> {
  let shown = new Map<string, string>();
  let query: Record<string, unknown> = { ...params };
  while (!machine.stop.aborted) {
    const askedMs = machine.now();
    const { calls } = await ask<CallsReport>("noderouter.calls", query);
    const before = shown;
    shown = new Map(calls.map(({ id, outcome }) => [id, outcome]));
    // From the oldest that was shown on: what was older then is none of what comes now.
    if (before.size === 0)
      query = { ...params, limit: LIMIT, since: calls.at(-1)?.at ?? new Date(askedMs).toISOString() };
    for (const call of calls.toReversed()) {
      if (before.get(call.id) === call.outcome) continue;
      const { reason: _reason, ...row } = call;
      out.print(json ? safeJson(row, 0) : callLine(call));
    }
    await machine.sleep(INTERVAL_MS);
  }
}
