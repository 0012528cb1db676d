// The host's settings for an agent whose workspace is on a node: written whole, or mended where they are unsafe. Pure.
import {
  agentSection,
  agentSetting,
  execSetting,
  SANDBOX_BACKEND,
  sandboxBackend,
  sandboxMode,
} from "../../host/hostConfig.ts";
import type { NodeState } from "../../placement/model/snapshot.ts";
import { areOnlySsh } from "../../policy/sshOnly.ts";
import { agentChange, type GuardChange, isNeeded, type SettingValue } from "./change.ts";

/** What a plan is made of beside the agent and its rule. */
export interface WorkspacePlan {
  readonly state: "guarded" | "unguarded" | "impossible";
  readonly changes: readonly GuardChange[];
  readonly note: string | null;
}

/** The host's, where none is named. */
const DEFAULT_BACKEND = "docker";

/** What a binding needs, in the order of the docs. Without `prune`, the host forgets idle sandboxes. */
const NEEDED: readonly (readonly [path: readonly string[], value: SettingValue])[] = [
  [["mode"], "all"],
  [["backend"], SANDBOX_BACKEND],
  [["workspaceAccess"], "rw"],
  [["prune", "idleHours"], 0],
  [["prune", "maxAgeDays"], 0],
];

/**
 * For an agent that is bound already. Without the plugin its sandbox backend is not registered, and the host
 * then refuses every run: that guards by itself, except for what `mode: "non-main"` leaves outside of the sandbox.
 */
export function boundPlan(hostConfig: unknown, agent: string): WorkspacePlan {
  const changes = [
    ...NEEDED.map(([path, value]) => sandboxChange(hostConfig, agent, path, value)),
    ...hostChange(hostConfig, agent),
  ].filter(isNeeded);
  const note = "without the plugin the sandbox backend is not registered, and OpenClaw refuses every run";
  return { state: sandboxMode(hostConfig, agent) === "all" ? "guarded" : "unguarded", changes, note };
}

/**
 * For an agent with `exec` alone whose every allowed node is reached over SSH only: the binding that it needs.
 * Null where the node protocol reaches one of them, or that is not known.
 */
export function bindingPlan(
  hostConfig: unknown,
  agent: string,
  rule: string,
  allowed: readonly NodeState[],
): WorkspacePlan | null {
  if (!areOnlySsh(allowed)) return null;
  // A bound node was paired: unless the config says SSH, its pairing may come back.
  const isBound = agentSection(hostConfig, agent, "tools", "exec").node !== undefined;
  if (isBound && allowed.some(({ transport }) => transport !== "ssh")) return null;
  const impossible = (note: string): WorkspacePlan => ({ state: "impossible", changes: [], note });
  const other = otherBackend(hostConfig, agent);
  if (other !== null) {
    return impossible(
      `every node of rule "${rule}" is reached over SSH only, which needs sandbox.backend "${SANDBOX_BACKEND}", and the agent has a sandbox of backend "${other}"; that is yours to change`,
    );
  }
  if (allowed.every(({ workspace }) => workspace?.startsWith("/") !== true)) {
    return impossible(
      `every node of rule "${rule}" is reached over SSH only, and none has a workspace directory; set plugins.entries.node-router.config.nodes.${allowed[0]?.name}.workspace`,
    );
  }
  const changes = [
    ...NEEDED.map(([path, value]) => sandboxChange(hostConfig, agent, path, value)),
    sandboxChange(hostConfig, agent, ["scope"], "agent"),
    ...hostChange(hostConfig, agent),
  ].filter(isNeeded);
  const note = `every node of rule "${rule}" is reached over SSH only, so the agent's whole workspace moves there; in a sandbox it has fewer tools, see "openclaw node-router doctor"`;
  return { state: "unguarded", changes, note };
}

/** The backend of the sandbox that the agent has, or was given by name, if it is not ours. */
function otherBackend(hostConfig: unknown, agent: string): string | null {
  const { backend: own } = agentSection(hostConfig, agent, "sandbox");
  const backend = sandboxBackend(hostConfig, agent) ?? DEFAULT_BACKEND;
  const isSet = (typeof own === "string" && own.trim() !== "") || sandboxMode(hostConfig, agent) !== "off";
  return isSet && backend !== SANDBOX_BACKEND ? backend : null;
}

function sandboxChange(
  hostConfig: unknown,
  agent: string,
  path: readonly string[],
  value: SettingValue,
): GuardChange {
  const full = ["sandbox", ...path];
  return agentChange(hostConfig, agent, full, value, agentSetting(hostConfig, agent, ...full));
}

/** With another exec host the host refuses what is led to the sandbox. */
function hostChange(hostConfig: unknown, agent: string): readonly GuardChange[] {
  const host = execSetting(hostConfig, agent, "host");
  if (host !== "gateway" && host !== "node") return [];
  return [agentChange(hostConfig, agent, ["tools", "exec", "host"], "sandbox", host)];
}
