// The whole page as a function of what is known and what the reader chose.
import { useMemo } from "preact/hooks";
import type { NodesData } from "../data.ts";
import { AgentsPanel } from "./agentsPanel.tsx";
import { AuditPanel } from "./auditPanel.tsx";
import { CallsPanel } from "./callsPanel.tsx";
import { DetailPanel } from "./detailPanel.tsx";
import { FindingsPanel } from "./findingsPanel.tsx";
import type { Kept } from "./keep.ts";
import { MapPanel } from "./mapPanel.tsx";
import { NodesTable } from "./nodesTable.tsx";
import { Outside } from "./parts.tsx";
import { PeersPanel } from "./peersPanel.tsx";
import { RefusedBanner } from "./refusedBanner.tsx";
import { countShownStates, type TableChoice } from "./rows.ts";
import { SidePanel } from "./sidePanel.tsx";
import { SshPanel } from "./sshPanel.tsx";
import { UsagePanel } from "./usagePanel.tsx";

/** What the reader chose. */
export interface Chosen {
  /** Names of the chosen node, or of all nodes of a chosen group. */
  readonly selected: readonly string[];
  /** The agent that is explained; "" none. */
  readonly agent: string;
  /** The node that is supposed to be down there; "" none. */
  readonly down: string;
  readonly choice: TableChoice;
  readonly view: Kept["view"];
}

/** How old the data is, in words. */
export interface Freshness {
  readonly text: string;
  /** Above everything; "" nothing is wrong. */
  readonly notice: string;
  /** Told to screen readers alone. */
  readonly announcement: string;
}

/** What the reader can do; the same functions at every drawing. */
export interface Actions {
  readonly onSelect: (names: readonly string[]) => void;
  /** @param down what if this node were down. */
  readonly onAgent: (agent: string, down?: string) => void;
  readonly onChoice: (change: Partial<TableChoice>) => void;
  readonly onView: (view: Kept["view"]) => void;
  readonly onRefresh: () => void;
}

interface AppProps {
  /** Null: the first report failed. */
  readonly data: NodesData | null;
  /** Asked for less often. */
  readonly usage: NodesData["usage"] | null;
  readonly chosen: Chosen;
  readonly freshness: Freshness;
  readonly actions: Actions;
}

/** The head changes every second, the rest with what is known or chosen. */
export function App({ data, usage, chosen, freshness, actions }: AppProps) {
  const { selected, agent, down, choice, view } = chosen;
  const body = useMemo(
    () => (data === null ? null : <Body data={data} usage={usage} chosen={chosen} actions={actions} />),
    [data, usage, selected, agent, down, choice, view, actions],
  );
  const { text, notice, announcement } = freshness;
  return (
    <>
      <a class="skip" href="#table">
        Skip to the table of nodes
      </a>
      <header class="top">
        <h1>Nodes</h1>
        <p id="summary" class="summary">
          {data === null ? "" : summary(data)}
        </p>
        <p class="freshness">
          <span id="freshness">{text}</span>{" "}
          <button id="refresh" type="button" onClick={actions.onRefresh}>
            Refresh
          </button>
        </p>
      </header>
      <p id="notice" class="notice" role="alert" hidden={notice === ""}>
        {notice}
      </p>
      <p id="announcement" class="unseen" role="status">
        {announcement}
      </p>
      {body}
    </>
  );
}

interface BodyProps extends Pick<AppProps, "usage" | "chosen" | "actions"> {
  readonly data: NodesData;
}

function Body({ data, usage, chosen, actions }: BodyProps) {
  const { selected, agent, down, choice, view } = chosen;
  const { onSelect, onAgent, onChoice, onView } = actions;
  const only = selected.length === 1 ? (selected[0] ?? null) : null;
  const onNode = (name: string): void => onSelect([name]);
  return (
    <>
      <main>
        <RefusedBanner data={data} onAgent={onAgent} />
        <div class={`upper${selected.length > 0 ? " with-detail" : ""}`}>
          <MapPanel data={data} selected={only} chosen={view} onView={onView} onSelect={onSelect} />
          <div class="side">
            <DetailPanel data={data} names={selected} onNode={onNode} onClose={() => onSelect([])} />
            <SidePanel data={data} onNode={onNode} />
          </div>
        </div>
        <AgentsPanel data={data} agent={agent} down={down} onAgent={onAgent} onNode={onNode} />
        <NodesTable data={data} choice={choice} onChoice={onChoice} onNode={onNode} selected={only} />
        <CallsPanel data={data} />
        <FindingsPanel data={data} />
        <UsagePanel usage={usage} />
        <PeersPanel data={data} />
        <div class="halves">
          <SshPanel data={data} onNode={onNode} />
          <AuditPanel data={data} />
        </div>
      </main>
      <footer id="credits" class="quiet">
        <Outside text={["Map: Natural Earth", ...data.attributions].join(" · ")} />
      </footer>
    </>
  );
}

function summary({ nodes, mode, hooks }: NodesData): string {
  const counts = [...countShownStates(nodes)].reverse().map(([state, count]) => `${count} ${state}`);
  return [
    nodes.length === 0 ? "no nodes" : counts.join(", "),
    ...(mode === "shadow" ? ["shadow mode: nothing is changed"] : []),
    ...(hooks === "not-live" ? ["hooks NOT LIVE"] : []),
  ].join(" · ");
}
