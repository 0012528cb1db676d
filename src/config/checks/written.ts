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
/** Of a node, or of the gateway. */
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
  /** Agents that any rule names, each once. */
  readonly routedAgents: readonly string[];
}

/** Parses every text once; what cannot be parsed stays as the reason why. */
export function readWritten(config: NodeRouterConfig): WrittenConfig {
  const rules = config.rules ?? [];
  return {
    config,
    nodes: Object.entries(config.nodes ?? {}).map(readNode),
    rules: rules.map(readRule),
    routedAgents: [...new Set(rules.flatMap((rule) => rule.agents))],
  };
}

/** The paired node or tailnet peer that a node's `node` or `tailscale` names; null when it is `false`. */
export function targetOf(written: string | false | undefined, name: string): string | null {
  return written === false ? null : (written ?? name);
}

function readNode([name, entry]: readonly [string, NodeEntry]): WrittenNode {
  const parsedTags = (entry.tags ?? []).map((text) => ({ text, tag: parseTag(text) }));
  const tags = new Map<string, string>();
  for (const { tag } of parsedTags) {
    if (tag.ok && reservedPrefix(tag.key) === null && !tags.has(tag.key)) tags.set(tag.key, tag.value);
  }
  const path = formatPath(["nodes", name]);
  return {
    name,
    path,
    entry,
    parsedTags,
    tags,
    taints: readTexts(`${path}.taints`, entry.taints, parseTaint),
  };
}

function readTexts<T>(
  path: string,
  texts: readonly string[] = [],
  parse: (text: string) => Parsed<T>,
): readonly WrittenText<T>[] {
  return texts.map((text, at) => ({ path: `${path}[${at}]`, text, parsed: parse(text) }));
}

function readRule(entry: RuleEntry, index: number): WrittenRule {
  const path = formatPath(["rules", index]);
  const read = (text: string, key: string) => ({ path: `${path}.${key}`, parsed: parseSelector(text) });
  return {
    index,
    path,
    entry,
    require: entry.require === undefined ? null : read(entry.require, "require"),
    prefer: (entry.prefer ?? []).map(({ selector, weight }, at) => ({
      ...read(selector, `prefer[${at}].selector`),
      weight,
    })),
    tolerate: readTexts(`${path}.tolerate`, entry.tolerate, parseToleration),
  };
}
