// The config as the operator wrote it, once its shape is known, with what every check needs of it: paths, parsed texts.
import {
  type Parsed,
  parseTaint,
  parseToleration,
  type Taint,
  type Toleration,
} from "../../nodeRouter/placement/model/taint.ts";
import { type ParsedSelector, parseSelector } from "../../nodeRouter/placement/selector/parser.ts";
import { type ParsedTag, parseTag, reservedPrefix } from "../../nodeRouter/placement/selector/tags.ts";
import type { NodeTags } from "../../shared/types.ts";
import { formatPath } from "../problems/path.ts";
import type { NodeRouterConfig } from "../schema/schema.ts";

export type NodeEntry = NonNullable<NodeRouterConfig["nodes"]>[string];
export type RuleEntry = NonNullable<NodeRouterConfig["rules"]>[number];
export type PeerEntry = NonNullable<NodeRouterConfig["peers"]>[string];
export type DelegationRuleEntry = NonNullable<NonNullable<NodeRouterConfig["delegation"]>["rules"]>[number];
/** Of a node, a peer, or the gateway. */
export type LocationEntry = NonNullable<NodeEntry["location"]>;

/** One entry of `nodes`. */
export interface WrittenNode {
  readonly name: string;
  readonly path: string;
  readonly entry: NodeEntry;
  /** The entry's `tags`, each with what came of parsing it. */
  readonly parsedTags: readonly { readonly text: string; readonly tag: ParsedTag }[];
  /** Those that a node can have; the first of two that contradict each other. */
  readonly tags: NodeTags;
  readonly taints: readonly WrittenText<Taint>[];
}

/** One entry of `peers`. */
export interface WrittenPeer {
  readonly name: string;
  readonly path: string;
  readonly entry: PeerEntry;
  readonly parsedTags: WrittenNode["parsedTags"];
  readonly tags: NodeTags;
}

/** One entry of `delegation.rules`. */
export interface WrittenDelegationRule {
  /** Place in the config's list. */
  readonly index: number;
  readonly path: string;
  readonly entry: DelegationRuleEntry;
  readonly require: WrittenSelector | null;
  readonly prefer: WrittenRule["prefer"];
}

/** One text of a list, where it stands, and what came of parsing it. */
export interface WrittenText<T> {
  readonly path: string;
  readonly text: string;
  readonly parsed: Parsed<T>;
}

/** One entry of `rules`. */
export interface WrittenRule {
  /** Place in the config's list. */
  readonly index: number;
  readonly path: string;
  readonly entry: RuleEntry;
  readonly require: WrittenSelector | null;
  readonly prefer: readonly (WrittenSelector & { readonly weight: number })[];
  readonly tolerate: readonly WrittenText<Toleration>[];
}

/** A selector where it stands, and what came of parsing it. */
export interface WrittenSelector {
  readonly path: string;
  readonly parsed: ParsedSelector;
}

export interface WrittenConfig {
  readonly config: NodeRouterConfig;
  readonly nodes: readonly WrittenNode[];
  readonly rules: readonly WrittenRule[];
  readonly peers: readonly WrittenPeer[];
  readonly delegationRules: readonly WrittenDelegationRule[];
  /** Agents that any rule names, each once. */
  readonly routedAgents: readonly string[];
}

/** Parses every text once; what cannot be parsed stays as the reason why. */
export function readWritten(config: NodeRouterConfig): WrittenConfig {
  const rules = config.rules ?? [];
  const parse = { tag: rememberedBy(parseTag), taint: rememberedBy(parseTaint) };
  return {
    config,
    nodes: Object.entries(config.nodes ?? {}).map((written) => readNode(written, parse)),
    rules: rules.map(readRule),
    peers: Object.entries(config.peers ?? {}).map(readPeer),
    delegationRules: (config.delegation?.rules ?? []).map(readDelegationRule),
    routedAgents: [...new Set(rules.flatMap((rule) => rule.agents))],
  };
}

/** The paired node or tailnet peer that a node's `node` or `tailscale` names; null when it is `false`. */
export function targetOf(written: string | false | undefined, name: string): string | null {
  return written === false ? null : (written ?? name);
}

/** Nodes say mostly the same: what came of a text is one object for all of them, for 10,000 are in no cache. */
function rememberedBy<T>(parse: (text: string) => T): (text: string) => T {
  const known = new Map<string, T>();
  return (text) => {
    const parsed = known.get(text) ?? parse(text);
    known.set(text, parsed);
    return parsed;
  };
}

interface Parsers {
  readonly tag: typeof parseTag;
  readonly taint: typeof parseTaint;
}

function readTags(texts: readonly string[] = [], parse = parseTag): Pick<WrittenNode, "parsedTags" | "tags"> {
  const parsedTags = texts.map((text) => ({ text, tag: parse(text) }));
  const tags = new Map<string, string>();
  for (const { tag } of parsedTags) {
    if (tag.ok && reservedPrefix(tag.key) === null && !tags.has(tag.key)) tags.set(tag.key, tag.value);
  }
  return { parsedTags, tags };
}

function readPeer([name, entry]: readonly [string, PeerEntry]): WrittenPeer {
  return { name, path: formatPath(["peers", name]), entry, ...readTags(entry.tags) };
}

function readNode([name, entry]: readonly [string, NodeEntry], parse: Parsers): WrittenNode {
  const path = formatPath(["nodes", name]);
  return {
    name,
    path,
    entry,
    ...readTags(entry.tags, parse.tag),
    taints: readTexts(`${path}.taints`, entry.taints, parse.taint),
  };
}

function readTexts<T>(
  path: string,
  texts: readonly string[] = [],
  parse: (text: string) => Parsed<T>,
): readonly WrittenText<T>[] {
  return texts.map((text, at) => ({ path: `${path}[${at}]`, text, parsed: parse(text) }));
}

function readSelectors(path: string, { require, prefer }: Pick<RuleEntry, "require" | "prefer">) {
  const read = (text: string, key: string) => ({ path: `${path}.${key}`, parsed: parseSelector(text) });
  return {
    require: require === undefined ? null : read(require, "require"),
    prefer: (prefer ?? []).map(({ selector, weight }, at) => ({
      ...read(selector, `prefer[${at}].selector`),
      weight,
    })),
  };
}

function readDelegationRule(entry: DelegationRuleEntry, index: number): WrittenDelegationRule {
  const path = formatPath(["delegation", "rules", index]);
  return { index, path, entry, ...readSelectors(path, entry) };
}

function readRule(entry: RuleEntry, index: number): WrittenRule {
  const path = formatPath(["rules", index]);
  return {
    index,
    path,
    entry,
    ...readSelectors(path, entry),
    tolerate: readTexts(`${path}.tolerate`, entry.tolerate, parseToleration),
  };
}
