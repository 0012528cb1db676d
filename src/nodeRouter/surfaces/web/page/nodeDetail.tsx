// All that is known of one node: ways to it, places, agents, calls, facts, and what sources differ on.
import type { VNode } from "preact";
import type { Contradiction, Place, Reach } from "../../../../presence/record.ts";
import { callLoadText } from "../../../explain/callLoadText.ts";
import { cordonText } from "../../../explain/cordonText.ts";
import type { CallRow } from "../../../ledger/readCalls.ts";
import type { NodeReport } from "../../reports/nodeReport.ts";
import type { AgentRoute, NodesData } from "../data.ts";
import { FactsTable } from "./factsTable.tsx";
import { FoldedList, FoldedPart, Pairs } from "./foldedParts.tsx";
import { ago, percent, placeName, roundTrip, tunnelText, UNKNOWN } from "./format.ts";
import { Maintenance } from "./maintenance.tsx";
import { Outside, StateText } from "./parts.tsx";

export function NodeDetail({ data, name }: { readonly data: NodesData; readonly name: string }) {
  const { nowMs } = data;
  const node = data.nodes.find((one) => one.name === name);
  if (node === undefined) return <p>This node is gone: it is neither paired nor configured any more.</p>;
  const agents = data.agents.filter((agent) => agent.node === name);
  const isWhole = data.detail === null || data.detail === name;
  const { history, otherPlaces } = node;
  return (
    <div>
      <p>
        <StateText state={node.state} /> <Outside text={node.reason} class="quiet" />
      </p>
      <Differences contradictions={node.contradictions} nowMs={nowMs} />
      <Pairs
        entries={[
          ["Place", placeText(node.place)],
          ["Since", ago(node.since === null ? null : Date.parse(node.since), nowMs)],
          ["Node protocol", reachText(node.reach.node, nowMs)],
          ["SSH", reachText(node.reach.ssh, nowMs)],
          ["Tunnel", tunnelText(node.tunnel ?? null, nowMs)],
          ["Path", node.path ?? UNKNOWN],
          ["Up", history === null ? UNKNOWN : upText(history)],
          ["Workspace", node.workspace ?? UNKNOWN],
          ["Calls", node.calls === undefined ? UNKNOWN : callLoadText(node.calls)],
          ["Cordon", node.cordon === null ? UNKNOWN : cordonText(node.cordon)],
        ]}
      />
      <FoldedList title={`Agents (${agents.length})`} items={agents.map(agentLine)} />
      <FoldedList title="Last calls" isOrdered items={isWhole ? data.calls.map(callLine(nowMs)) : []} />
      <FoldedPart title="Facts">
        {isWhole ? <FactsTable node={node} nowMs={nowMs} /> : <p class="quiet">Asking…</p>}
      </FoldedPart>
      <FoldedList
        title={`Other places (${otherPlaces.length})`}
        isClosed
        items={otherPlaces.map(placeText)}
      />
      <FoldedList
        title="Last changes"
        isOrdered
        items={(history?.transitions ?? []).map(({ from, to, atMs, reason }) => (
          <>
            <b>{from === null ? to : `${from} → ${to}`}</b> {ago(atMs, nowMs)}: <Outside text={reason} />
          </>
        ))}
      />
      <FoldedPart title="Tags" isClosed>
        <AllTags tags={node.tags} />
      </FoldedPart>
      <FoldedPart title="Maintenance">
        <Maintenance name={name} isCordoned={node.cordon !== null} />
      </FoldedPart>
    </div>
  );
}

function upText({ onlineRatio, flaps }: NonNullable<NodeReport["history"]>): string {
  return `${percent(onlineRatio)}, offline ${flaps}× in 24 h`;
}

/** `Singapore, SG (declared; city, high; …)`. */
function placeText(place: Place | null): string {
  if (place === null) return UNKNOWN;
  const { source, precision, confidence, detail } = place;
  // Of a country alone nobody is sure where in it.
  const sure = precision === "country" ? "country only" : `${precision}, ${confidence} confidence`;
  return `${placeName(place)} (${[source, sure, detail].filter((text) => text !== "").join("; ")})`;
}

function reachText(reach: Reach | null, nowMs: number): string {
  if (reach === null) return UNKNOWN;
  const { state, rttMs, lastAnswerMs, failures, reason } = reach;
  const parts = [
    state as string,
    ...(rttMs === null ? [] : [roundTrip(rttMs)]),
    lastAnswerMs === null ? "no answer yet" : `answered ${ago(lastAnswerMs, nowMs)}`,
    ...(failures === 0 ? [] : [`${failures} failed in a row`]),
    ...(reason === null ? [] : [reason]),
  ];
  return parts.join(", ");
}

interface DifferencesProps {
  readonly contradictions: readonly Contradiction[];
  readonly nowMs: number;
}

function Differences({ contradictions, nowMs }: DifferencesProps) {
  if (contradictions.length === 0) return null;
  return (
    <ul class="differences" aria-label="Sources differ">
      {contradictions.map(({ fact, values }) => {
        const said = values.map(
          ({ value, source, atMs }) => `${value} (${source}${atMs === null ? "" : `, ${ago(atMs, nowMs)}`})`,
        );
        return (
          <li key={fact}>
            <b>
              Sources differ on <Outside text={fact} />:{" "}
            </b>
            <Outside text={said.join(" · ")} />
          </li>
        );
      })}
    </ul>
  );
}

function agentLine({ agent, rule, transport, binding }: AgentRoute): VNode {
  const how = [
    binding,
    transport === null ? null : `over ${transport}`,
    rule === null ? null : `rule ${rule}`,
  ];
  return (
    <>
      <Outside text={agent} class="chip" />{" "}
      <Outside text={how.filter((text) => text !== null).join(", ")} class="quiet" />
    </>
  );
}

function callLine(nowMs: number): (call: CallRow) => VNode {
  return ({ at, agent, tool, outcome, code, ms, reason }) => {
    const took = ms === null ? "" : ` in ${ms} ms`;
    const why = [code, reason].flatMap((text) => (text === null ? [] : [` · ${text}`])).join("");
    return (
      <>
        <Outside text={agent ?? "nobody"} class="chip" />{" "}
        <b>
          <Outside text={tool} />
        </b>{" "}
        {outcome}
        {took}, {ago(Date.parse(at), nowMs)}
        <Outside text={why} class="quiet" />
      </>
    );
  };
}

function AllTags({ tags }: Pick<NodeReport, "tags">) {
  const entries = Object.entries(tags);
  if (entries.length === 0) return <p class="quiet">It has no tags.</p>;
  return (
    <p class="tags">
      {entries.map(([key, value]) => (
        <Outside key={key} text={value === "" ? key : `${key}=${value}`} class="chip" />
      ))}
    </p>
  );
}
