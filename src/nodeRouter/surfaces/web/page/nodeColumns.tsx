// The columns of the table of nodes: their titles and what each shows of a node.
import type { ComponentChildren } from "preact";
import { closedBy } from "../../../explain/callLoadText.ts";
import type { NodeReport } from "../../reports/nodeReport.ts";
import { ago, free, loadText, placeName, roundTrip, UNKNOWN, used } from "./format.ts";
import { Outside, StateText } from "./parts.tsx";
import { type SortKey, tagTexts } from "./rows.ts";

interface Column {
  readonly key: SortKey;
  readonly title: string;
  readonly isNumeric?: boolean;
  readonly show: (node: NodeReport, nowMs: number) => ComponentChildren;
}

/** The name's cell holds a button, which the row makes. */
export const NODE_COLUMNS: readonly Column[] = [
  { key: "name", title: "Name", show: ({ ip }) => ip !== null && <Second text={ip} class="ip mono" /> },
  { key: "state", title: "State", show: showState },
  { key: "tags", title: "Tags", show: showTags },
  { key: "place", title: "Place", show: showPlace },
  { key: "agents", title: "Agents", show: showAgents },
  {
    key: "rtt",
    title: "Round trip",
    isNumeric: true,
    show: ({ state, rttMs, path, transports }) => (
      <>
        {roundTrip(state === "offline" ? null : rttMs)}
        {transports.length > 0 && <Second text={transports.join(" + ")} />}
        {path !== null && state !== "offline" && <Second text={path} />}
      </>
    ),
  },
  {
    key: "load",
    title: "Load / CPU",
    isNumeric: true,
    show: ({ state, resources: { load1, cpuCount } }) =>
      state === "offline" ? UNKNOWN : loadText(load1, cpuCount),
  },
  {
    key: "memory",
    title: "Free memory",
    isNumeric: true,
    show: ({ state, resources: { memoryAvailableBytes, memoryTotalBytes } }) =>
      showFree(state, memoryAvailableBytes, memoryTotalBytes),
  },
  {
    key: "disk",
    title: "Free disk",
    isNumeric: true,
    show: ({ state, resources: { diskAvailableBytes, diskTotalBytes } }) =>
      showFree(state, diskAvailableBytes, diskTotalBytes),
  },
];

function Second({ text, class: kind = "" }: { readonly text: string; readonly class?: string }) {
  return (
    <span class={`second ${kind}`}>
      <Outside text={text} />
    </span>
  );
}

function showState({ state, reason, cordon, calls, since }: NodeReport, nowMs: number): ComponentChildren {
  const kept = cordon === null ? null : cordon !== "unreadable" && cordon.drain ? "drained" : "cordoned";
  const closed = [kept, closedBy(calls)].filter(Boolean).join(", ");
  return (
    <span title={reason}>
      <StateText state={state} />
      {closed !== "" && <Second text={closed} />}
      {since !== null && <Second text={ago(Date.parse(since), nowMs)} class="since" />}
    </span>
  );
}

function showTags(node: NodeReport): ComponentChildren {
  const tags = tagTexts(node);
  if (tags.length === 0) return UNKNOWN;
  return tags.map((tag) => <Outside key={tag} text={tag} class="chip" title={tag} />);
}

function showPlace({ place, location, contradictions }: NodeReport): ComponentChildren {
  const at = place ?? location;
  const isDisputed = contradictions.some(({ fact }) => fact === "country");
  return (
    <>
      <Outside text={placeName(at)} />
      {at !== null && <Second text={isDisputed ? `${at.source}, disputed` : at.source} />}
    </>
  );
}

function showAgents({ agents }: NodeReport): ComponentChildren {
  if (agents.length === 0) return UNKNOWN;
  return agents.map((agent) => <Outside key={agent} text={agent} class="chip" title={agent} />);
}

/** As long as what is free, as the number beside it says; the last tenth is red. */
function showFree(
  state: NodeReport["state"],
  available: number | null,
  total: number | null,
): ComponentChildren {
  const text = state === "offline" ? UNKNOWN : free(available, total);
  if (text === UNKNOWN) return text;
  const share = used(available, total);
  return (
    <span data-full={share !== null && share >= 0.9 ? "" : undefined}>
      {text}
      {share !== null && (
        <span class="bar">
          <span style={{ width: `${Math.round((1 - share) * 100)}%` }} />
        </span>
      )}
    </span>
  );
}
