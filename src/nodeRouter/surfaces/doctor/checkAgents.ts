// Doctor: settings of routed agents that contradict their rule, and agents that would be refused now.

import { formatPath } from "../../../config/problems/path.ts";
import { quote } from "../../../shared/safeText.ts";
import { fitLine } from "../../explain/message.ts";
import {
  agentIds,
  agentKey,
  agentSection,
  execPath,
  execSetting,
  keyFor,
  sandboxMode,
  section,
} from "../../host/hostConfig.ts";
import { foreignRuntime } from "../../host/runtimes.ts";
import type { Rule } from "../../placement/model/rule.ts";
import { type AgentPolicy, agentPolicy } from "../../policy/agentPolicy.ts";
import { decisionRefusal, lookAhead } from "../../policy/explainTool.ts";
import { allowedNodes, toolPlacement } from "../../policy/toolPlacement.ts";
import { worldOf } from "../../policy/world.ts";
import { boundNodeId } from "./boundNode.ts";
import { type DoctorCheck, type DoctorInput, type Finding, finding, found } from "./finding.ts";

const GUARD = 'run "openclaw node-router guard"';

export const checkAgents: DoctorCheck = (input) =>
  agentIds(input.hostConfig).flatMap((agent) => {
    const policy = agentPolicy(input.config, input.hostConfig, agent);
    const { execRule: rule } = policy;
    // A config error refuses its calls and may hide its rule; that is a finding of its own.
    if (rule === null || policy.invalid !== null) return [];
    // With its workspace on the node the host's own exec settings are not asked.
    const isExec = policy.binding === "exec";
    return found(
      isExec ? hostSetting(input, agent, policy.execChain.at(-1) ?? rule) : null,
      isExec ? nodeSetting(input, policy, rule) : null,
      isExec ? sandbox(input, agent) : null,
      runtime(input, agent),
      fileTransfer(input, policy, rule),
      isExec ? gatewayFiles(input, agent, rule) : null,
      placement(input, policy),
      longWait(input, policy),
    );
  });

/** Where a whole run may last no longer than a call of it may wait, its end comes first. */
function longWait({ hostConfig }: DoctorInput, { id: agent, execChain }: AgentPolicy): Finding | null {
  const { timeoutSeconds } = section(hostConfig, "agents", "defaults");
  const last = execChain.at(-1)?.onUnavailable;
  if (typeof timeoutSeconds !== "number" || timeoutSeconds <= 0) return null;
  if (typeof last !== "object" || !("waitMs" in last) || last.waitMs < timeoutSeconds * 1_000) return null;
  return finding(
    "wait-exceeds-run",
    "warning",
    `calls of agent "${agent}" may wait ${last.waitMs / 1_000} s for a node, and OpenClaw ends a whole run after ${timeoutSeconds} s`,
    "let the rule wait for less, or the run last longer",
    "agents.defaults.timeoutSeconds",
  );
}

function hostSetting({ hostConfig }: DoctorInput, agent: string, rule: Rule): Finding | null {
  const host = execSetting(hostConfig, agent, "host");
  const path = execPath(hostConfig, agent, "host");
  if (host === "node" && rule.onUnavailable === "gateway") {
    const message = `rule "${rule.name}" says onUnavailable: "gateway", but agent "${agent}" has exec host "node", so the host never uses the gateway`;
    const fix = 'remove the setting, or let the rule say onUnavailable: "refuse"';
    return finding("exec-host-contradicts", "warning", message, fix, path);
  }
  if (host !== "gateway" && host !== "sandbox") return null;
  const message = `agent "${agent}" is routed to nodes, but its exec host is "${host}", so the host refuses every call`;
  const fix =
    rule.onUnavailable === "gateway" ? "remove the setting" : `set it to "node" for this agent, or ${GUARD}`;
  return finding("exec-host-contradicts", "error", message, fix, path);
}

function nodeSetting(
  { hostConfig, hostNodes, snapshot, lastNodes }: DoctorInput,
  policy: AgentPolicy,
  rule: Rule,
): Finding | null {
  const { id: agent } = policy;
  const bound = execSetting(hostConfig, agent, "node");
  if (typeof bound !== "string" || bound.trim() === "") return null;
  const boundId = boundNodeId(bound, hostNodes);
  const chosen = toolPlacement(policy, "exec", snapshot, lastNodes).node;
  const allowed = allowedNodes(policy, snapshot).filter((node) => node.nodeId !== null);
  if (chosen === null ? allowed.some((node) => node.nodeId === boundId) : chosen.nodeId === boundId)
    return null;
  const where =
    chosen === null
      ? `which rule "${rule.name}" does not allow`
      : `but rule "${rule.name}" now chooses ${quote(chosen.name)}`;
  const path = execPath(hostConfig, agent, "node");
  // The guard can bind one node, or take an agent's own setting away; never one that is there for everybody.
  const mends = allowed.length === 1 || (allowed.length > 1 && path !== "tools.exec.node");
  return finding(
    "exec-node-contradicts",
    "error",
    `OpenClaw's own setting binds agent "${agent}" to node ${quote(bound)}, ${where}, so the host refuses every call`,
    rule.onUnavailable !== "gateway" && mends ? `remove it, or ${GUARD}` : "remove it",
    path,
  );
}

function sandbox({ hostConfig }: DoctorInput, agent: string): Finding | null {
  const host = execSetting(hostConfig, agent, "host") ?? "auto";
  if (host !== "auto" || sandboxMode(hostConfig, agent) === "off") return null;
  const own = agentSection(hostConfig, agent, "sandbox").mode ?? null;
  return finding(
    "sandbox-contradicts",
    "error",
    `agent "${agent}" has an active sandbox and exec host "auto": the host then refuses every call that a rule sends to a node`,
    `switch its sandbox off, or set its exec host to "node": ${GUARD}`,
    own === null
      ? "agents.defaults.sandbox.mode"
      : `agents.entries.${agentKey(hostConfig, agent)}.sandbox.mode`,
  );
}

function runtime({ hostConfig }: DoctorInput, agent: string): Finding | null {
  const foreign = foreignRuntime(hostConfig, agent);
  if (foreign === null) return null;
  return finding(
    "runtime-not-routable",
    "error",
    `agent "${agent}" is routed to nodes, but its model "${foreign.model}" runs in "${foreign.runtime}", whose own shell OpenClaw cannot move; its commands are refused`,
    'set agentRuntime: { id: "openclaw" } for that model, or take the agent out of its rule',
    foreign.path,
  );
}

function fileTransfer(
  { hostConfig, hostNodes, snapshot }: DoctorInput,
  policy: AgentPolicy,
  rule: Rule,
): Finding | null {
  const { id: agent } = policy;
  const folder = ["plugins", "entries", "file-transfer", "config", "workspaces"];
  const path = [...folder, keyFor(section(hostConfig, ...folder), agent) ?? agent];
  const { nodeId } = section(hostConfig, ...path);
  if (typeof nodeId !== "string") return null;
  const id = boundNodeId(nodeId, hostNodes);
  if (allowedNodes(policy, snapshot).some((node) => node.nodeId === id)) return null;
  return finding(
    "file-transfer-contradicts",
    "error",
    `agent "${agent}" has its file-transfer workspace on node ${quote(nodeId)}, where rule "${rule.name}" does not let it run`,
    "point it at the rule's node, or change the rule",
    [...path, "nodeId"].join("."),
  );
}

/** Where the agent's file tools work, its data is, whatever its commands do. */
function gatewayFiles({ config }: DoctorInput, agent: string, rule: Rule): Finding | null {
  const { name, residency, files } = rule;
  const country = config.gateway.location?.country;
  if (residency === null || files === "refuse" || residency.allow.has(country ?? "")) return null;
  const where = country === undefined ? "whose country is not declared" : `which is declared in ${country}`;
  return finding(
    "residency-gateway-files",
    "warning",
    `rule ${quote(name)} keeps calls of agent "${agent}" in ${[...residency.allow].join(", ")}, and its file tools work on the gateway, ${where}`,
    'set files: "refuse" in the rule, put the agent\'s workspace on the node, or declare gateway.location.country',
    formatPath(["rules", config.rules.find((one) => one.name === name)?.index ?? 0, "files"]),
  );
}

function placement(input: DoctorInput, policy: AgentPolicy): Finding | null {
  const { snapshot, lastNodes } = input;
  const { id: agent } = policy;
  const refused = decisionRefusal(
    lookAhead(
      policy,
      "exec",
      worldOf(input.config, input.hostConfig, { ...input, apiProblem: input.workspace.apiProblem }),
      lastNodes,
    ),
  );
  // Every other refusal is a finding of its own.
  if (refused?.code !== "NO_NODE_FITS") return null;
  const decision = toolPlacement(policy, "exec", snapshot, lastNodes);
  return finding(
    "no-node-fits",
    "warning",
    `agent "${agent}" would be refused now: ${fitLine(decision)}.`,
    `bring one of these nodes up, or change the rule; "openclaw node-router explain --agent ${agent}" shows each node`,
  );
}
