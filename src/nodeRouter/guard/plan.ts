// What the host must be told so that it refuses by itself when the plugin is missing. Pure.
import type { ResolvedConfig } from "../../config/resolve.ts";
import { agentIds, bindingOf, execSetting, section } from "../hostConfig.ts";
import { firstRule } from "../placement/ruleIndex.ts";
import type { NodeSnapshot, NodeState } from "../placement/snapshot.ts";
import { allowedNodes } from "../router.ts";

/** One native setting to write. */
export interface GuardChange {
  /** In full, e.g. `agents.entries.worker-sg.tools.exec.host`. */
  readonly path: string;
  readonly value: string;
  /** What is there now; null when nothing is. */
  readonly current: string | null;
}

export interface GuardPlan {
  readonly agent: string;
  readonly rule: string;
  /**
   * `guarded`: the host refuses by itself. `partial`: it never uses the gateway, but may use another node.
   * `unguarded`: changes are to be written. `impossible`: the rule itself allows the gateway.
   */
  readonly state: "guarded" | "partial" | "unguarded" | "impossible";
  readonly changes: readonly GuardChange[];
  /** Why it cannot be complete; null when it can. */
  readonly note: string | null;
}

/** One plan for every configured agent whose exec a rule routes. */
export function planGuard(
  config: ResolvedConfig,
  hostConfig: unknown,
  snapshot: NodeSnapshot,
): readonly GuardPlan[] {
  return agentIds(hostConfig).flatMap((agent) => {
    const rule = firstRule(config.rules, agent, "exec");
    return rule === null ? [] : [planFor(config, hostConfig, snapshot, agent, rule.name, rule.onUnavailable)];
  });
}

function planFor(
  config: ResolvedConfig,
  hostConfig: unknown,
  snapshot: NodeSnapshot,
  agent: string,
  rule: string,
  onUnavailable: string,
): GuardPlan {
  if (bindingOf(hostConfig, agent) === "workspace") {
    return {
      agent,
      rule,
      state: "guarded",
      changes: [],
      note: "the unregistered sandbox backend fails closed by itself",
    };
  }
  if (onUnavailable === "gateway") {
    const note = `rule "${rule}" says onUnavailable: "gateway", so the host must be free to use the gateway`;
    return { agent, rule, state: "impossible", changes: [], note };
  }
  const allowed = allowedNodes(config, agent, snapshot).filter(isPaired);
  const only = allowed.length === 1 ? (allowed[0]?.nodeId ?? null) : null;
  const changes = [
    change(hostConfig, agent, "host", "node"),
    ...(only === null ? [] : [change(hostConfig, agent, "node", only)]),
  ].filter((entry) => entry.current !== entry.value);
  const note = only === null ? openNote(rule, allowed) : null;
  if (changes.length > 0) return { agent, rule, state: "unguarded", changes, note };
  return { agent, rule, state: note === null ? "guarded" : "partial", changes, note };
}

function isPaired(node: NodeState): boolean {
  return node.nodeId !== null;
}

function openNote(rule: string, allowed: readonly NodeState[]): string {
  return allowed.length === 0
    ? `no paired node matches rule "${rule}" now; run guard again when one does`
    : `rule "${rule}" can choose one of ${allowed.length} nodes; with a single node connected the host would use it, right or wrong`;
}

function change(hostConfig: unknown, agent: string, key: "host" | "node", value: string): GuardChange {
  const own = section(hostConfig, "agents", "entries", agent, "tools", "exec")[key];
  const inherited = execSetting(hostConfig, agent, key);
  const current = typeof own === "string" ? own : typeof inherited === "string" ? inherited : null;
  return { path: `agents.entries.${agent}.tools.exec.${key}`, value, current };
}
