// Nodes, configs and calls that the router's tests share.
import { type ResolvedConfig, resolveConfig } from "../../../src/config/resolve.ts";
import type { NodeSnapshot } from "../../../src/nodeRouter/placement/model/snapshot.ts";
import { type CallRequest, decideCall } from "../../../src/nodeRouter/policy/decide.ts";
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

export function request(tool: string, changes: Partial<CallRequest> = {}): CallRequest {
  return { agent: "worker-sg", tool, params: {}, binding: "exec", rewritable: true, ...changes };
}

/** The verdict as plain data. */
export function verdict(
  config: ResolvedConfig,
  tool: string,
  changes: Partial<CallRequest> = {},
  nodes = NODES,
) {
  const { decision, ...rest } = decideCall(config, request(tool, changes), nodes);
  return { ...rest, node: decision?.node?.name ?? null, rule: decision?.rule ?? null };
}

export const LEAVE = { kind: "leave", clearHost: false, node: null, rule: null };
