// Which nodes the table shows, in which order. Pure.
import type { PresenceState } from "../../../../presence/record.ts";
import { parseSelector } from "../../../placement/selector/parser.ts";
import { matches, type Selector } from "../../../placement/selector/selector.ts";
import { reservedPrefix } from "../../../placement/selector/tags.ts";
import type { NodeReport } from "../../reports/nodeReport.ts";
import { used } from "./format.ts";

/** The worst first: what needs a look is at the top. */
export const WORST_FIRST: readonly PresenceState[] = ["offline", "degraded", "stale", "unknown", "ready"];

const SORT_KEYS = [
  "name",
  "state",
  "ip",
  "place",
  "tags",
  "transport",
  "rtt",
  "load",
  "memory",
  "disk",
  "agents",
  "since",
] as const;

export type SortKey = (typeof SORT_KEYS)[number];

/** For what an address may say. */
export function isSortKey(value: unknown): value is SortKey {
  return SORT_KEYS.some((key) => key === value);
}

/** For what an address may say. */
export function isState(value: unknown): value is PresenceState {
  return WORST_FIRST.some((state) => state === value);
}

export interface TableChoice {
  /** Words that must all occur in what the table says of a node; case does not matter. */
  readonly text: string;
  /** As rules write them: `region=sg,!gpu`; one that cannot be read leaves nobody out. */
  readonly selector: string;
  /** Empty: every state. */
  readonly states: ReadonlySet<PresenceState>;
  readonly sort: SortKey;
  readonly descending: boolean;
}

/** The nodes that are to be shown, in order; of equals the first by name. */
export function chosen(nodes: readonly NodeReport[], choice: TableChoice): readonly NodeReport[] {
  const selector = selectorOf(choice.selector).selector;
  const words = choice.text.toLowerCase().split(/\s+/).filter(Boolean);
  const sign = choice.descending ? -1 : 1;
  return nodes
    .filter((node) => choice.states.size === 0 || choice.states.has(node.state))
    .filter((node) => words.length === 0 || hasWords(node, words))
    .filter(({ tags }) => selector === null || matches(selector, new Map(Object.entries(tags))))
    .map((node) => ({ node, key: sortValue(node, choice.sort) }))
    .sort((a, b) => compare(a.key, b.key, sign) || compare(a.node.name, b.node.name, 1))
    .map(({ node }) => node);
}

function hasWords(node: NodeReport, words: readonly string[]): boolean {
  const place = node.place ?? node.location;
  const tags = Object.entries(node.tags).map(([key, value]) => (value === "" ? key : `${key}=${value}`));
  const text = [
    node.name,
    node.state,
    node.ip,
    place?.city,
    place?.region,
    place?.country,
    place?.source,
    node.os,
    ...node.transports,
    node.path,
    ...node.agents,
    ...tags,
  ]
    .filter((part) => part !== null && part !== undefined)
    .join("\n")
    .toLowerCase();
  return words.every((word) => text.includes(word));
}

/** What a selector that is being typed means; null twice: there is none. `problem` says where it is wrong. */
export function selectorOf(text: string): {
  readonly selector: Selector | null;
  readonly problem: string | null;
} {
  if (text.trim() === "") return { selector: null, problem: null };
  const parsed = parseSelector(text);
  return parsed.ok
    ? { selector: parsed.selector, problem: null }
    : { selector: null, problem: parsed.message };
}

/** `region=sg`, or the key alone; without those that the plugin finds by itself, which stand in other columns. */
export function tagTexts({ tags }: Pick<NodeReport, "tags">): readonly string[] {
  return Object.entries(tags)
    .filter(([key]) => reservedPrefix(key) === null)
    .map(([key, value]) => (value === "" ? key : `${key}=${value}`));
}

/** What is not known is null and comes last, whichever way the table is sorted. */
function sortValue(node: NodeReport, key: SortKey): string | number | null {
  const { resources } = node;
  const place = node.place ?? node.location;
  switch (key) {
    case "name":
      return node.name;
    case "state":
      return WORST_FIRST.indexOf(node.state);
    case "ip":
      return node.ip;
    case "place":
      return place === null ? null : `${place.country ?? "~"} ${place.city ?? place.region ?? ""}`;
    case "tags":
      return tagTexts(node).join(" ") || null;
    case "transport":
      return node.transports.join(" ") || null;
    case "rtt":
      return node.rttMs;
    case "load":
      return resources.load1 === null ? null : resources.load1 / Math.max(1, resources.cpuCount ?? 1);
    case "memory":
      return used(resources.memoryAvailableBytes, resources.memoryTotalBytes);
    case "disk":
      return used(resources.diskAvailableBytes, resources.diskTotalBytes);
    case "agents":
      // Most agents first.
      return node.agents.length === 0 ? null : -node.agents.length;
    case "since":
      // The latest change first.
      return node.since === null ? null : -Date.parse(node.since);
  }
}

function compare(a: string | number | null, b: string | number | null, sign: number): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1;
  if (typeof a === "string" && typeof b === "string") return sign * natural.compare(a, b);
  return sign * (Number(a) - Number(b));
}

/** `node-9` before `node-10`. */
const natural = new Intl.Collator("en", { numeric: true, sensitivity: "variant" });

/** How many nodes have each state; states that none has are left out. */
export function countShownStates(
  nodes: readonly Pick<NodeReport, "state">[],
): ReadonlyMap<PresenceState, number> {
  const counts = WORST_FIRST.map((of) => [of, nodes.filter(({ state }) => state === of).length] as const);
  return new Map(counts.filter(([, count]) => count > 0));
}
