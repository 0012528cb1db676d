// Nodes, configs and calls that the tests of deciding share.
import { type ResolvedConfig, resolveConfig } from "../../../src/config/resolve.ts";
import type { NodeSnapshot } from "../../../src/nodeRouter/placement/model/snapshot.ts";
import { type AgentPolicy, makePolicy } from "../../../src/nodeRouter/policy/agentPolicy.ts";
import type { Decision, World } from "../../../src/nodeRouter/policy/callDecision.ts";
import { decide } from "../../../src/nodeRouter/policy/decide.ts";
import { explainTool } from "../../../src/nodeRouter/policy/explainTool.ts";
import { NO_LAST_NODES } from "../../../src/nodeRouter/state/lastNodes.ts";
import { toolId } from "../../../src/nodeRouter/toolCatalog/catalog.ts";
import { refusalText } from "../../../src/shared/refusal.ts";
import type { Binding } from "../../../src/shared/types.ts";
import { makeNode } from "../../support/makeNode.ts";

export const SG = makeNode({ commands: new Set(["system.run", "browser.proxy"]) });
export const OFFLINE = makeNode({ name: "sg-2", nodeId: "5b".repeat(32), online: false });
export const CN = makeNode({ name: "mac-cn", nodeId: "c0".repeat(32), tags: new Map([["region", "cn"]]) });
export const NODES: NodeSnapshot = { nodes: [SG, OFFLINE, CN], takenAtMs: 1_000, gatewayLocation: null };
export const NOBODY: NodeSnapshot = { nodes: [], takenAtMs: 1_000, gatewayLocation: null };

export function configWith(...rules: object[]): ResolvedConfig {
  const filled = rules.map((rule) => ({
    name: "singapore",
    agents: ["worker-sg"],
    require: "region=sg",
    ...rule,
  }));
  const nodes = { "mac-sg": { tags: ["region=sg"], ssh: {}, workspace: "/Users/claw/work" } };
  return resolveConfig({ nodes, rules: filled });
}

export const CONFIG = configWith({});
export const BROKEN = configWith({}, { name: "bad", require: "region in (" });

/** What a test says of a call; the rest is a plain call of `worker-sg` with exec alone. */
export interface Asked {
  readonly agent?: string;
  readonly params?: Record<string, unknown>;
  readonly binding?: Binding;
  readonly rewritable?: boolean;
}

/** The agent's policy, without the host's settings. */
export function policyOf(
  config: ResolvedConfig,
  agent = "worker-sg",
  binding: Binding = "exec",
): AgentPolicy {
  return makePolicy(config, null, agent, binding);
}

/** A world of these nodes, in which every agent has this binding. */
export function worldWith(config: ResolvedConfig, snapshot = NODES, binding: Binding = "exec"): World {
  const agent = (id: string) => policyOf(config, id, binding);
  return { snapshot, hostNodes: [], presence: new Map(), apiProblem: null, agent };
}

export function decided(config: ResolvedConfig, tool: string, asked: Asked = {}, nodes = NODES): Decision {
  const { agent = "worker-sg", params = {}, binding = "exec", rewritable = true } = asked;
  const session = { key: "", kept: null, facts: null, hostedOn: undefined };
  const call = { tool: toolId(tool), params, rewritable, session };
  const policy = policyOf(config, agent, binding);
  return decide(policy, call, worldWith(config, nodes, binding), NO_LAST_NODES);
}

/** The decision as plain data; node and rule of the placement. */
export function verdict(config: ResolvedConfig, tool: string, asked: Asked = {}, nodes = NODES) {
  const decision = decided(config, tool, asked, nodes);
  const { kind, placement } = decision;
  return {
    kind,
    ...(kind === "leave" ? { clearHost: decision.clearHost } : {}),
    ...(kind === "refuse" ? { message: refusalText(decision.refusal) } : {}),
    node: placement?.node?.name ?? null,
    rule: placement?.rule ?? null,
  };
}

/** What explain says. */
export function explained(
  config: ResolvedConfig,
  { agent = "worker-sg", tool = "exec", binding = "exec" }: Asked & { readonly tool?: string },
  nodes = NODES,
  nowMs = 1_000,
) {
  const world = worldWith(config, nodes, binding);
  return explainTool(policyOf(config, agent, binding), tool, world, nowMs, NO_LAST_NODES);
}

export const LEAVE = { kind: "leave", clearHost: false, node: null, rule: null };
