// The newest calls that were decided, and those that were refused with what the agent read.
import type { CallRow } from "../../../ledger/readCalls.ts";
import type { NodesData } from "../data.ts";
import { ago, UNKNOWN } from "./format.ts";
import { Card, CardCell, CardTable, Outside } from "./parts.tsx";

const COLUMNS = ["When", "Agent", "Tool", "Outcome", "Node"];

/** Of the newest 20, so many as a glance takes in. */
const MAX_SHOWN = 10;

/** Hidden while there is no call in the ledger. */
export function CallsPanel({ data: { recent, nowMs } }: { readonly data: NodesData }) {
  return (
    <Card id="calls" title="Recent calls" isHidden={recent.length === 0}>
      <CardTable id="calls" columns={COLUMNS}>
        {recent.slice(0, MAX_SHOWN).map((call) => (
          <CallLine key={call.id} call={call} nowMs={nowMs} />
        ))}
      </CardTable>
      <p class="quiet">All of them: openclaw node-router calls</p>
    </Card>
  );
}

function CallLine({ call, nowMs }: { readonly call: CallRow; readonly nowMs: number }) {
  const { at, agent, tool, outcome, node, ms } = call;
  return (
    <tr role="row">
      <CardCell title="When">{ago(Date.parse(at), nowMs)}</CardCell>
      <CardCell title="Agent">{agent === null ? UNKNOWN : <Outside text={agent} />}</CardCell>
      <CardCell title="Tool">
        <Outside text={tool} />
      </CardCell>
      <CardCell title="Outcome" class={BAD.has(outcome) ? "bad" : ""}>
        {outcome}
        {ms !== null && outcome === "ran" && <span class="quiet"> in {tookText(ms)}</span>}
        {problemOfCall(call) !== "" && <Outside text={problemOfCall(call)} class="second" />}
      </CardCell>
      <CardCell title="Node">{node === null ? UNKNOWN : <Outside text={node} />}</CardCell>
    </tr>
  );
}

const BAD: ReadonlySet<CallRow["outcome"]> = new Set(["refused", "not-started", "unknown"]);

/** Code and reason of a call that did not run; "" for one that did. The code may be the reason's first word already. */
export function problemOfCall({ code, reason }: Pick<CallRow, "code" | "reason">): string {
  if (code === null || reason?.startsWith(code) === true) return reason ?? "";
  return reason === null ? code : `${code}: ${reason}`;
}

/** `840 ms`, `3.2 s`. */
function tookText(ms: number): string {
  return ms < 1000 ? `${ms} ms` : `${(ms / 1000).toFixed(1)} s`;
}
