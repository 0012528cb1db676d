// Doctor: native settings of routed agents that contradict their rule, and agents without the guard.

import { refusal } from "../explain/message.ts";
import { planGuard } from "../guard/plan.ts";
import { agentIds, bindingOf, execSetting, sandboxMode, section } from "../hostConfig.ts";
import { pairedAs } from "../inventory.ts";
import { firstRule } from "../placement/ruleIndex.ts";
import { allowedNodes, explainCall, isRouted } from "../router.ts";
import { type Check, type DoctorInput, type Finding, finding } from "./finding.ts";
import { foreignRuntime } from "./runtimes.ts";

export const checkAgents: Check = (input) => [
  ...agentIds(input.hostConfig)
    .filter((agent) => firstRule(input.config.rules, agent, "exec") !== null)
    .flatMap((agent) => [
      ...hostSetting(input, agent),
      ...nodeSetting(input, agent),
      ...sandbox(input, agent),
      ...runtime(input, agent),
      ...fileTransfer(input, agent),
      ...placement(input, agent),
    ]),
  ...guards(input),
];

function hostSetting({ hostConfig }: DoctorInput, agent: string): readonly Finding[] {
  const host = execSetting(hostConfig, agent, "host");
  if (host !== "gateway" && host !== "sandbox") return [];
  return [
    finding(
      "exec-host-contradicts",
      "error",
      `agent "${agent}" is routed to nodes, but its exec host is "${host}", so the host refuses every call`,
      'set it to "node", or run "openclaw node-router guard"',
      `agents.entries.${agent}.tools.exec.host`,
    ),
  ];
}

function nodeSetting(
  { config, hostConfig, hostNodes, snapshot }: DoctorInput,
  agent: string,
): readonly Finding[] {
  const bound = execSetting(hostConfig, agent, "node");
  if (typeof bound !== "string" || bound === "") return [];
  const boundId = pairedAs(bound, hostNodes)[0]?.nodeId ?? bound;
  const chosen = explainCall(config, agent, "exec", "exec", snapshot).node;
  const allowed = allowedNodes(config, agent, snapshot).some((node) => node.nodeId === boundId);
  if (chosen === null ? allowed : chosen.nodeId === boundId) return [];
  const rule = firstRule(config.rules, agent, "exec")?.name ?? "";
  const where =
    chosen === null
      ? `a node that rule "${rule}" does not allow`
      : `another node than "${chosen.name}", which rule "${rule}" chooses`;
  return [
    finding(
      "exec-node-contradicts",
      "error",
      `agent "${agent}" is bound to node "${bound}" by OpenClaw's own setting: ${where}, so the host refuses every call`,
      'remove it, or run "openclaw node-router guard"',
      `agents.entries.${agent}.tools.exec.node`,
    ),
  ];
}

function sandbox({ hostConfig }: DoctorInput, agent: string): readonly Finding[] {
  const host = execSetting(hostConfig, agent, "host") ?? "auto";
  if (
    host !== "auto" ||
    sandboxMode(hostConfig, agent) === "off" ||
    bindingOf(hostConfig, agent) === "workspace"
  )
    return [];
  return [
    finding(
      "sandbox-contradicts",
      "error",
      `agent "${agent}" has an active sandbox and exec host "auto": the host then refuses every call that a rule sends to a node`,
      'set the exec host to "node" (openclaw node-router guard), or switch the sandbox off',
      `agents.entries.${agent}.sandbox.mode`,
    ),
  ];
}

function runtime({ hostConfig }: DoctorInput, agent: string): readonly Finding[] {
  const found = foreignRuntime(hostConfig, agent);
  if (found === null) return [];
  return [
    finding(
      "runtime-not-routable",
      "error",
      `agent "${agent}" is routed to nodes, but its model "${found.model}" runs in "${found.runtime}", whose own shell OpenClaw cannot move; its commands are refused`,
      'set agentRuntime: { id: "openclaw" } for that model, or take the agent out of its rule',
      found.path,
    ),
  ];
}

function fileTransfer(
  { config, hostConfig, hostNodes, snapshot }: DoctorInput,
  agent: string,
): readonly Finding[] {
  const path = ["plugins", "entries", "file-transfer", "config", "workspaces", agent];
  const { nodeId } = section(hostConfig, ...path);
  if (typeof nodeId !== "string") return [];
  const id = pairedAs(nodeId, hostNodes)[0]?.nodeId ?? nodeId;
  if (allowedNodes(config, agent, snapshot).some((node) => node.nodeId === id)) return [];
  return [
    finding(
      "file-transfer-contradicts",
      "error",
      `agent "${agent}" has its file-transfer workspace on node "${nodeId}", where its rule does not let it run`,
      "point it at the rule's node, or change the rule",
      path.join("."),
    ),
  ];
}

function placement({ config, hostConfig, snapshot }: DoctorInput, agent: string): readonly Finding[] {
  if (!isRouted(config, agent)) return [];
  const decision = explainCall(config, agent, "exec", bindingOf(hostConfig, agent), snapshot);
  if (decision.outcome !== "refused") return [];
  return [
    finding(
      "no-node-fits",
      "warning",
      `agent "${agent}" would be refused now: ${refusal(decision)}`,
      `openclaw node-router explain --agent ${agent}`,
    ),
  ];
}

function guards({ config, hostConfig, snapshot }: DoctorInput): readonly Finding[] {
  if (config.mode === "shadow") return [];
  return planGuard(config, hostConfig, snapshot).flatMap((plan) => {
    const path = `agents.entries.${plan.agent}.tools.exec`;
    if (plan.state === "unguarded") {
      return [
        finding(
          "guard-missing",
          "warning",
          `agent "${plan.agent}" has no guard: without the plugin its commands would run where the host likes`,
          'run "openclaw node-router guard"',
          path,
        ),
      ];
    }
    if (plan.state === "partial" || plan.state === "impossible") {
      return [
        finding(
          "guard-incomplete",
          "info",
          `the guard of agent "${plan.agent}" cannot be complete: ${plan.note}`,
          "nothing to do, unless the rule can be made to mean one node",
          path,
        ),
      ];
    }
    return [];
  });
}
