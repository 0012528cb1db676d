// One node's detail, or the list of a group: facts with source and age, ways to it, places, what sources differ on.
import type { ComponentChildren, VNode } from "preact";
import { useRef } from "preact/hooks";
import { FACT_NAMES, FACTS } from "../../../../presence/facts.ts";
import type { Contradiction, Place, Reach } from "../../../../presence/record.ts";
import { callLoadText } from "../../../explain/callLoadText.ts";
import { cordonText } from "../../../explain/cordonText.ts";
import type { CallRow } from "../../../ledger/readCalls.ts";
import type { NodeReport } from "../../reports/nodeReport.ts";
import type { AgentRoute, NodesData } from "../data.ts";
import { ago, factText, percent, placeName, roundTrip, tunnelText, UNKNOWN } from "./format.ts";
import { Icon } from "./icons.tsx";
import { Maintenance } from "./maintenance.tsx";
import { LinkButton, Outside, StateText } from "./parts.tsx";

interface DetailProps {
  readonly data: NodesData;
  /** None: it is hidden. More than one: a list to choose from. */
  readonly names: readonly string[];
  readonly onNode: (name: string) => void;
  readonly onClose: () => void;
}

/** Hidden while no node is chosen. */
export function DetailPanel({ data, names, onNode, onClose }: DetailProps) {
  const drawn = useRef<{ readonly key: string; readonly view: VNode } | null>(null);
  const key = JSON.stringify(names);
  const [name] = names;
  if (name === undefined) {
    drawn.current = null;
    return <section id="detail" class="card detail" aria-labelledby="detail-title" hidden />;
  }
  // Whoever is about to copy something keeps it.
  if (drawn.current?.key === key && isSelecting()) return drawn.current.view;
  const view = (
    <section id="detail" class="card detail" aria-labelledby="detail-title">
      <div class="detail-head">
        <h2 id="detail-title" tabIndex={-1}>
          {names.length > 1 ? `${names.length} nodes in one place` : <Outside text={name} />}
        </h2>
        <button type="button" class="close" aria-label="Close the detail" onClick={onClose}>
          ×
        </button>
      </div>
      {names.length > 1 ? (
        <GroupList data={data} names={names} onNode={onNode} />
      ) : (
        <NodeDetail key={name} data={data} name={name} />
      )}
    </section>
  );
  drawn.current = { key, view };
  return view;
}

function isSelecting(): boolean {
  const selection = document.getSelection();
  return (
    selection !== null &&
    !selection.isCollapsed &&
    selection.anchorNode?.parentElement?.closest("#detail") != null
  );
}

function GroupList({ data, names, onNode }: Omit<DetailProps, "onClose">) {
  const nodes = data.nodes.filter(({ name }) => names.includes(name));
  return (
    <ul class="plain group-list">
      {nodes.map(({ name, state }) => (
        <li key={name}>
          <Icon state={state} />
          <LinkButton onClick={() => onNode(name)}>
            <Outside text={name} />
          </LinkButton>
          <span class="quiet"> {state}</span>
        </li>
      ))}
    </ul>
  );
}

function NodeDetail({ data, name }: { readonly data: NodesData; readonly name: string }) {
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
      <List title={`Agents (${agents.length})`} items={agents.map(agentLine)} />
      <List title="Last calls" isOrdered items={isWhole ? data.calls.map(callLine(nowMs)) : []} />
      <Part title="Facts">
        {isWhole ? <FactsTable node={node} nowMs={nowMs} /> : <p class="quiet">Asking…</p>}
      </Part>
      <List title={`Other places (${otherPlaces.length})`} isClosed items={otherPlaces.map(placeText)} />
      <List
        title="Last changes"
        isOrdered
        items={(history?.transitions ?? []).map(({ from, to, atMs, reason }) => (
          <>
            <b>{from === null ? to : `${from} → ${to}`}</b> {ago(atMs, nowMs)}: <Outside text={reason} />
          </>
        ))}
      />
      <Part title="Tags" isClosed>
        <AllTags tags={node.tags} />
      </Part>
      <Part title="Maintenance">
        <Maintenance name={name} isCordoned={node.cordon !== null} />
      </Part>
    </div>
  );
}

function upText({ onlineRatio, flaps }: NonNullable<NodeReport["history"]>): string {
  return `${percent(onlineRatio)}, offline ${flaps}× in 24 h`;
}

function Pairs({ entries }: { readonly entries: readonly (readonly [string, string])[] }) {
  return (
    <dl>
      {entries
        .filter(([, text]) => text !== UNKNOWN)
        .map(([name, text]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              <Outside text={text} />
            </dd>
          </div>
        ))}
    </dl>
  );
}

interface PartProps {
  readonly title: string;
  /** At first; then it is the reader's. */
  readonly isClosed?: boolean;
  readonly children: ComponentChildren;
}

function Part({ title, isClosed = false, children }: PartProps) {
  return (
    <details open={!isClosed}>
      <summary>{title}</summary>
      {children}
    </details>
  );
}

interface ListProps extends Omit<PartProps, "children"> {
  readonly isOrdered?: boolean;
  /** Texts are from outside. */
  readonly items: readonly ComponentChildren[];
}

/** Not there when there is nothing in it. */
function List({ items, isOrdered = false, ...part }: ListProps) {
  if (items.length === 0) return null;
  const Tag = isOrdered ? "ol" : "ul";
  return (
    <Part {...part}>
      <Tag class="plain">
        {items.map((item, index) => (
          <li key={`${index}`}>{typeof item === "string" ? <Outside text={item} /> : item}</li>
        ))}
      </Tag>
    </Part>
  );
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

function FactsTable({ node, nowMs }: { readonly node: NodeReport; readonly nowMs: number }) {
  const rows = FACT_NAMES.flatMap((name) => {
    const fact = node.facts[name];
    return fact === undefined ? [] : [{ name, fact }];
  });
  if (rows.length === 0) return <p class="quiet">No source has said anything of it yet.</p>;
  return (
    <table class="facts">
      <thead>
        <tr>
          {["Fact", "Value", "Source", "Said"].map((title) => (
            <th key={title} scope="col">
              {title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map(({ name, fact }) => (
          <tr key={name} class={fact.stale ? "old" : ""}>
            <th scope="row" title={FACTS[name].meaning}>
              {factTitle(name)}
            </th>
            <td>
              <Outside text={factText(name, fact.value, nowMs)} />
            </td>
            <td class="quiet">{fact.source}</td>
            <td class="quiet">{`${ago(fact.atMs, nowMs)}${fact.stale ? ", old" : ""}`}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** `memoryTotalBytes` -> `memory total`; the unit is with the value. */
function factTitle(name: string): string {
  return name
    .replace(/(Bytes|Seconds|Ms)$/, "")
    .replace(/([a-z])([A-Z0-9])/g, "$1 $2")
    .toLowerCase();
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
