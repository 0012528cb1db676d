// The settings by which the host refuses on its own when the plugin is missing. Pure.
import { problemsForAgent } from "../../../config/problems/problem.ts";
import type { ResolvedConfig } from "../../../config/resolve.ts";
import { agentIds, agentSection, execSetting } from "../../host/hostConfig.ts";
import type { Rule } from "../../placement/model/rule.ts";
import type { NodeSnapshot, NodeState } from "../../placement/model/snapshot.ts";
import { type AgentPolicy, agentPolicy } from "../../policy/agentPolicy.ts";
import { allowedNodes } from "../../policy/toolPlacement.ts";
import { agentChange, type GuardChange, isNeeded } from "./change.ts";
import { bindingPlan, boundPlan } from "./workspacePlan.ts";

export interface GuardPlan {
  readonly agent: string;
  /** Null while a config error hides which rule it is. */
  readonly rule: string | null;
  /**
   * `guarded`: the host refuses by itself. `partial`: it never uses the gateway, but may use another node.
   * `unguarded`: changes are to be written. `impossible`: the config itself stands against it; see `note`.
   */
  readonly state: "guarded" | "partial" | "unguarded" | "impossible";
  readonly changes: readonly GuardChange[];
  /** Why it cannot be complete; null when it can. */
  readonly note: string | null;
}

/** One plan for every configured agent whose exec a rule routes, or a config error refuses. */
export function planGuard(
  config: ResolvedConfig,
  hostConfig: unknown,
  snapshot: NodeSnapshot,
): readonly GuardPlan[] {
  return agentIds(hostConfig).flatMap((agent): readonly GuardPlan[] => {
    const [problem] = problemsForAgent(config.problems, agent);
    if (problem !== undefined) {
      // The rule in error is left out of the list: the next one is not the one that is meant.
      const note = `the config error at ${problem.path} hides its rule; mend it, then run guard again`;
      return [{ agent, rule: null, state: "impossible", changes: [], note }];
    }
    const policy = agentPolicy(config, hostConfig, agent);
    return policy.execRule === null ? [] : [planFor(policy, snapshot, policy.execRule)];
  });
}

function planFor(policy: AgentPolicy, snapshot: NodeSnapshot, { name: rule }: Rule): GuardPlan {
  const { id: agent, config, hostConfig } = policy;
  const last = policy.execChain.at(-1);
  if (config.mode === "shadow") {
    const note = 'mode is "shadow", in which nothing may change; run guard again when it is "enforce"';
    return { agent, rule, state: "impossible", changes: [], note };
  }
  if (policy.binding === "workspace") return { agent, rule, ...boundPlan(hostConfig, agent) };
  if (last?.onUnavailable === "gateway") {
    const note = `rule "${last.name}" says onUnavailable: "gateway", so the host must be free to use the gateway`;
    return { agent, rule, state: "impossible", changes: [], note };
  }
  const allNodes = allowedNodes(policy, snapshot);
  const binding = bindingPlan(hostConfig, agent, rule, allNodes);
  if (binding !== null) return { agent, rule, ...binding };
  const allowed = allNodes.filter(isPaired);
  const changes = [
    change(hostConfig, agent, "host", "node"),
    ...nodeChange(hostConfig, agent, allowed),
  ].filter(isNeeded);
  const note = allowed.length === 1 ? null : openNote(rule, allowed);
  if (changes.length > 0) return { agent, rule, state: "unguarded", changes, note };
  return { agent, rule, state: note === null ? "guarded" : "partial", changes, note };
}

/** One node: bind it. Several: a bound one would make the host refuse the others. None: stay as strict as it is. */
function nodeChange(
  hostConfig: unknown,
  agent: string,
  allowed: readonly NodeState[],
): readonly GuardChange[] {
  if (allowed.length === 1) return [change(hostConfig, agent, "node", allowed[0]?.nodeId ?? null)];
  const own = agentSection(hostConfig, agent, "tools", "exec").node;
  return allowed.length > 1 && own !== undefined ? [change(hostConfig, agent, "node", null)] : [];
}

function isPaired(node: NodeState): boolean {
  return node.nodeId !== null;
}

function openNote(rule: string, allowed: readonly NodeState[]): string {
  const fallback = "without the plugin OpenClaw would use whichever node is the only one connected";
  return allowed.length === 0
    ? `no paired node matches rule "${rule}" now, and ${fallback}; run guard again when one matches`
    : `rule "${rule}" can choose among ${allowed.length} nodes, and ${fallback}, right or wrong`;
}

function change(hostConfig: unknown, agent: string, key: "host" | "node", value: string | null): GuardChange {
  return agentChange(hostConfig, agent, ["tools", "exec", key], value, execSetting(hostConfig, agent, key));
}
