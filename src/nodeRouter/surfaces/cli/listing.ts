// What of a list is shown and in which order (`-l`, `--sort`), and how (`-o`). The same for text, JSON and names. Pure.
import { quote, safe, safeJson } from "../../../shared/safeText.ts";
import type { NodeTags } from "../../../shared/types.ts";
import { parseSelector } from "../../placement/selector/parser.ts";
import { matches } from "../../placement/selector/selector.ts";
import type { CallsReport } from "../methods/ledgerMethods.ts";
import type { DelegationReport, DelegationsReport } from "../reports/delegationsReport.ts";
import type { EventsReport, NodeEvent } from "../reports/eventsReport.ts";
import type { NodeReport, NodesReport } from "../reports/nodesReport.ts";
import type { PeerReport, PeersReport } from "../reports/peersReport.ts";
import type { AgentStatus, StatusReport } from "../reports/statusReport.ts";
import type { Output } from "./output.ts";
import { yamlText } from "./yamlText.ts";

type Call = CallsReport["calls"][number];
type Value = string | number | null;

/** A report that is one list before all. */
export interface Listing<Report, Row> {
  readonly rows: (report: Report) => readonly Row[];
  readonly with: (report: Report, rows: readonly Row[]) => Report;
  /** What `-o name` prints. */
  readonly name: (row: Row) => string;
  /** The node that the row is about; null: none. */
  readonly node: (row: Row) => string | null;
  readonly fields: Readonly<Record<string, (row: Row) => Value>>;
}

const share = (free: number | null, all: number | null): number | null =>
  free === null || all === null || all === 0 ? null : free / all;

const NODES: Listing<NodesReport, NodeReport> = {
  rows: ({ nodes }) => nodes,
  with: (report, nodes) => ({ ...report, nodes }),
  name: ({ name }) => name,
  node: ({ name }) => name,
  fields: {
    name: ({ name }) => name,
    state: ({ state }) => state,
    country: ({ location }) => location?.country ?? null,
    rtt: ({ rttMs }) => rttMs,
    load: ({ resources: { load1, cpuCount } }) => share(load1, cpuCount),
    memory: ({ resources }) => resources.memoryAvailableBytes,
    disk: ({ resources }) => resources.diskAvailableBytes,
    running: ({ calls }) => calls?.running ?? null,
    agents: ({ agents }) => agents.length,
    since: ({ since }) => since,
  },
};

const STATUS: Listing<StatusReport, AgentStatus> = {
  rows: ({ agents }) => agents,
  with: (report, agents) => ({ ...report, agents }),
  name: ({ agent }) => agent,
  node: ({ node }) => node,
  fields: {
    agent: ({ agent }) => agent,
    rule: ({ rule }) => rule,
    node: ({ node }) => node,
    outcome: ({ outcome }) => outcome,
    state: ({ state }) => state,
    guard: ({ guard }) => guard,
    sessions: ({ sessions }) => sessions,
    tokens: ({ tokens }) => (tokens === null ? null : tokens.input + tokens.output),
  },
};

const EVENTS: Listing<EventsReport, NodeEvent> = {
  rows: ({ events }) => events,
  with: (report, events) => ({ ...report, events }),
  name: ({ node }) => node,
  node: ({ node }) => node,
  fields: { time: ({ at }) => at, node: ({ node }) => node, state: ({ to }) => to },
};

const CALLS: Listing<CallsReport, Call> = {
  rows: ({ calls }) => calls,
  with: (report, calls) => ({ ...report, calls }),
  name: ({ id }) => id,
  node: ({ node }) => node,
  fields: {
    time: ({ at }) => at,
    agent: ({ agent }) => agent,
    tool: ({ tool }) => tool,
    rule: ({ rule }) => rule,
    node: ({ node }) => node,
    outcome: ({ outcome }) => outcome,
    ms: ({ ms }) => ms,
  },
};

const PEERS: Listing<PeersReport, PeerReport> = {
  rows: ({ peers }) => peers,
  with: (report, peers) => ({ ...report, peers }),
  name: ({ name }) => name,
  node: ({ name }) => name,
  fields: {
    name: ({ name }) => name,
    state: ({ state }) => state,
    country: ({ location }) => location?.country ?? null,
    rtt: ({ rttMs }) => rttMs,
    open: ({ open }) => open,
    since: ({ since }) => since,
  },
};

const DELEGATIONS: Listing<DelegationsReport, DelegationReport> = {
  rows: ({ delegations }) => delegations,
  with: (report, delegations) => ({ ...report, delegations }),
  name: ({ id }) => id,
  node: ({ peer }) => peer,
  fields: {
    time: ({ createdAt }) => createdAt,
    id: ({ id }) => id,
    direction: ({ direction }) => direction,
    state: ({ state }) => state,
    peer: ({ peer }) => peer,
    agent: ({ agent }) => agent,
    requester: ({ requester }) => requester,
    ended: ({ endedAt }) => endedAt,
  },
};

export const LISTINGS = {
  nodes: NODES,
  status: STATUS,
  events: EVENTS,
  calls: CALLS,
  peers: PEERS,
  delegations: DELEGATIONS,
};
export type ListName = keyof typeof LISTINGS;

/** What `--sort` takes. */
export function sortFields(name: ListName): readonly string[] {
  return Object.keys(LISTINGS[name].fields);
}

const FORMATS = ["json", "yaml", "wide", "name", "tsv"] as const;
export type Format = (typeof FORMATS)[number] | "text";

/** What `-o` takes of a command with that list, or with none. */
export function formatsOf(list: ListName | undefined): readonly Format[] {
  return FORMATS.filter((format) => list !== undefined || format === "json" || format === "yaml");
}

/** How the report is printed. `--json` is `-o json`. */
export function formatOf({ json, output }: Pick<ListedOptions, "json" | "output">): Format {
  return FORMATS.find((format) => format === output) ?? (json === true ? "json" : "text");
}

/** Whether another program reads it: nobody is asked then, and nothing else is said. */
export function isData(format: Format): boolean {
  return format === "json" || format === "yaml";
}

/** The report as YAML where that is wanted, else as JSON. */
export function dataText(report: unknown, format: Format): string {
  return format === "yaml" ? yamlText(report) : safeJson(report);
}

export interface Wanted {
  /** Names of the nodes that a selector matches; null: any, also none. */
  readonly nodes: ReadonlySet<string> | null;
  /** A field of the list; `:desc` behind it turns the order round. */
  readonly sort: string | null;
}

/** The same report with the rows that are wanted, in the order that is. What has no value comes last either way. */
export function listed<Report, Row>(
  listing: Listing<Report, Row>,
  report: Report,
  { nodes, sort }: Wanted,
): Report {
  const chosen = listing.rows(report).filter((row) => {
    const node = listing.node(row);
    return nodes === null || (node !== null && nodes.has(node));
  });
  const [, field = "", turned] = /^(\w+)(:desc)?$/.exec(sort ?? "") ?? [];
  const value = listing.fields[field];
  if (value === undefined) return nodes === null ? report : listing.with(report, chosen);
  const sorted = [...chosen].sort((one, other) => order(value(one), value(other), turned !== undefined));
  return listing.with(report, sorted);
}

function order(one: Value, other: Value, isTurned: boolean): number {
  if (one === null || other === null) return Number(one === null) - Number(other === null);
  const sign = one < other ? -1 : one > other ? 1 : 0;
  return isTurned ? -sign : sign;
}

/** A line a row with what can be sorted by, tabs between, headings first. What is not known is empty. */
export function tsvText<Report, Row>({ fields, rows }: Listing<Report, Row>, report: Report): string {
  const cell = (value: Value) => safe(String(value ?? "").replaceAll("\\", "\\\\"));
  const body = rows(report).map((row) => Object.values(fields).map((field) => cell(field(row))));
  return [Object.keys(fields), ...body].map((cells) => cells.join("\t")).join("\n");
}

/** A name a line, for other programs. */
export function namesText<Report, Row>(listing: Listing<Report, Row>, report: Report): string {
  return listing
    .rows(report)
    .map((row) => safe(listing.name(row)))
    .join("\n");
}

/** Names of those that a selector matches. @throws never: `listProblem` finds what cannot be read before. */
export function selected(
  named: readonly { readonly name: string; readonly tags: NodeTags }[],
  text: string,
): ReadonlySet<string> {
  const parsed = parseSelector(text);
  const fit = named.filter(({ tags }) => parsed.ok && matches(parsed.selector, tags));
  return new Set(fit.map(({ name }) => name));
}

/** Names of the nodes that a selector matches. */
export function selectedNodes({ nodes }: Pick<NodesReport, "nodes">, text: string): ReadonlySet<string> {
  return selected(
    nodes.map(({ name, tags }) => ({ name, tags: new Map(Object.entries(tags)) })),
    text,
  );
}

export interface ListedOptions {
  readonly selector?: string | undefined;
  readonly sort?: string | undefined;
  readonly output?: string | undefined;
  readonly json?: boolean | undefined;
  readonly watch?: string | boolean | undefined;
  readonly follow?: boolean | undefined;
}

/**
 * What is wrong with `-l`, `--sort` and `-o`; null: nothing is.
 * @param list undefined: it prints none. @param selects it acts on what `-l` means, without a list.
 */
export function listProblem(
  list: ListName | undefined,
  options: ListedOptions,
  selects = false,
): string | null {
  const { selector, sort, output, json } = options;
  if (list === undefined && ((selector !== undefined && !selects) || sort !== undefined))
    return "-l and --sort go with the list";
  if (selector !== undefined) {
    const parsed = parseSelector(selector);
    if (!parsed.ok) return `-l ${quote(selector)} is no selector: ${parsed.message}`;
  }
  if (sort !== undefined && list !== undefined) {
    const fields = sortFields(list);
    if (!fields.includes(sort.trim().replace(/:desc$/, "")))
      return `--sort takes ${fields.join(", ")}, with :desc for the other way round, not ${quote(sort)}`;
  }
  const isWatched = options.watch !== undefined && options.watch !== false;
  if (options.follow === true) {
    if (isWatched) return "--watch looks again at the list, --follow goes on with it: use one of them";
    if (sort !== undefined) return "--sort goes with the list, not with --follow";
  }
  if (output === undefined) return null;
  const formats = formatsOf(list);
  if (!formats.some((format) => format === output))
    return `-o takes ${formats.join(", ")}, not ${quote(output)}`;
  if ((options.follow === true || isWatched) && output !== "json")
    return `--watch and --follow go with text and JSON, not with -o ${output}`;
  return json === true && output !== "json" ? "--json and -o say how to print: use one of them" : null;
}

/** How wide the text may be: `wide` cuts nothing. */
export function widthOf(format: Format, { columns }: Pick<Output, "columns">): number | undefined {
  return format === "wide" ? Number.POSITIVE_INFINITY : columns;
}
