// Short ways to say "this rule", "this request", "these nodes" in placement tests.
import type {
  PlacementDecision,
  PlacementRequest,
} from "../../../src/nodeRouter/placement/model/decision.ts";
import type { Preference, Rule } from "../../../src/nodeRouter/placement/model/rule.ts";
import type { NodeSnapshot, NodeState } from "../../../src/nodeRouter/placement/model/snapshot.ts";
import { COMMAND_NEEDS, WORKSPACE_NEEDS } from "../../../src/nodeRouter/placement/model/way.ts";
import { parseSelector } from "../../../src/nodeRouter/placement/selector/parser.ts";
import type { Selector } from "../../../src/nodeRouter/placement/selector/selector.ts";

/** `worker-sg` may go to any node; refuses otherwise. */
export function makeRule(changes: Partial<Rule> = {}): Rule {
  return {
    name: "singapore",
    agents: ["worker-sg"],
    tools: null,
    require: null,
    prefer: [],
    near: null,
    minimum: null,
    residency: null,
    tolerate: [],
    onUnavailable: "refuse",
    files: "gateway",
    stick: "none",
    ...changes,
  };
}

/** `worker-sg` wants to run a command, bound by exec. */
export function makeRequest(changes: Partial<PlacementRequest> = {}): PlacementRequest {
  const needs = changes.binding === "workspace" ? WORKSPACE_NEEDS : COMMAND_NEEDS;
  return {
    needs,
    agent: "worker-sg",
    tool: "exec",
    commands: ["system.run"],
    binding: "exec",
    current: null,
    ...changes,
  };
}

export function snapshotOf(...nodes: readonly NodeState[]): NodeSnapshot {
  return { nodes, takenAtMs: 1_000, gatewayLocation: null };
}

export function tagsOf(...tags: readonly string[]): ReadonlyMap<string, string> {
  return new Map(tags.map((tag) => [tag.split("=")[0] ?? "", tag.split("=")[1] ?? ""]));
}

export function selectorOf(text: string): Selector {
  const parsed = parseSelector(text);
  if (!parsed.ok) throw new Error(parsed.message);
  return parsed.selector;
}

export function prefer(selector: string, weight: number): Preference {
  return { selector: selectorOf(selector), weight };
}

/** The decision as plain data, candidates included, to compare whole. */
export function recordOf(decision: PlacementDecision): object {
  return { ...decision, candidates: decision.candidates() };
}

/** Why each node does not fit, by name; null for those that do. */
export function reasonsOf(decision: PlacementDecision): Record<string, string | null> {
  return Object.fromEntries(decision.candidates().map(({ node, reason }) => [node, reason?.one ?? null]));
}
