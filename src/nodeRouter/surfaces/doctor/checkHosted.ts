// Doctor: work that the host runs on a node by itself: whole sessions, published tools, command line agents.
import { quote } from "../../../shared/safeText.ts";
import { agentIds } from "../../host/hostConfig.ts";
import { agentPolicy } from "../../policy/agentPolicy.ts";
import { allowedNodes } from "../../policy/toolPlacement.ts";
import { hostedStatus } from "../reports/hostedReport.ts";
import { type DoctorCheck, type DoctorInput, type Finding, finding, found } from "./finding.ts";

const CLAUDE_RUN = "agent.cli.claude.run.v1";
/** Named in one finding. */
const MAX_NAMED = 10;

export const checkHosted: DoctorCheck = (input) => [
  ...found(gateFinding(input)),
  ...sessionFindings(input),
  ...nodeFindings(input),
];

/** Whether anything stands before hosted turns. */
function gateFinding({ config, hosted, turnGate }: DoctorInput): Finding | null {
  if (config.rules.length === 0 && config.problems.length === 0) return null;
  const off =
    "set nodeHost.workerRuns.enabled: false in openclaw.json on every node that a routed agent may not use";
  const records = hosted?.ok === false ? hosted.reason : null;
  if (turnGate?.kind === "unfit") {
    const fact = `node-router cannot stand before the turns of this OpenClaw (${turnGate.reason})`;
    return records === null
      ? finding(
          "hosting-fallback",
          "warning",
          `${fact}; a hosted turn of a routed agent is still stopped where its message is written`,
          `install versions of OpenClaw and node-router that fit together, or ${off}`,
        )
      : finding(
          "hosting-unguarded",
          "error",
          `${fact}, and cannot tell which sessions are hosted (${records}): a hosted session of a routed agent would run where no rule chose`,
          off,
        );
  }
  if (records === null) return null;
  return finding(
    "hosting-unreadable",
    "warning",
    `it cannot be told which sessions are hosted on other machines (${records}), so every hosted turn of a routed agent is refused`,
    "install versions of OpenClaw and node-router that fit together",
  );
}

function sessionFindings(input: DoctorInput): readonly Finding[] {
  const { config, hostConfig, snapshot, hostNodes, hosted } = input;
  return hostedStatus(config, hostConfig, snapshot, hostNodes, hosted).flatMap((one) => {
    if (one.problem === null || one.fix === null) return [];
    const isShadow =
      config.mode === "shadow" && agentPolicy(config, hostConfig, one.agent).binding === "exec";
    const where = one.node === null ? "an unknown machine" : `node ${quote(one.node)}`;
    const effect = isShadow
      ? 'mode "shadow" lets its turns run there'
      : "its turns are refused; its files have been copied there all the same";
    const message = `session ${quote(one.session)} of agent ${quote(one.agent)} is hosted on ${where}, ${one.problem}: ${effect}`;
    return [finding("hosted-elsewhere", "error", message, one.fix)];
  });
}

function nodeFindings({ config, hostConfig, snapshot, hostNodes }: DoctorInput): readonly Finding[] {
  const agents = agentIds(hostConfig)
    .filter((agent) => agentPolicy(config, hostConfig, agent).mustBePlaced)
    .map((agent) => ({
      agent,
      allowed: new Set(
        allowedNodes(agentPolicy(config, hostConfig, agent), snapshot).map(({ nodeId }) => nodeId),
      ),
    }));
  if (agents.length === 0) return [];
  return hostNodes.flatMap((node): readonly Finding[] => {
    const outside = agents.filter(({ allowed }) => !allowed.has(node.nodeId)).map(({ agent }) => agent);
    const name = quote(snapshot.nodes.find(({ nodeId }) => nodeId === node.nodeId)?.name ?? node.nodeId);
    const whose = namesOf(outside);
    const tools = (node.tools ?? []).map((tool) => tool.name);
    return found(
      node.sessionHost === true && outside.length > 0
        ? finding(
            "session-host-outside",
            "warning",
            `node ${name} hosts whole sessions, and no rule allows it to ${whose}: anybody with operator.write can dispatch a session there, which copies its files before node-router refuses its turns`,
            "set nodeHost.workerRuns.enabled: false in openclaw.json on that node, and restart its node host",
          )
        : null,
      node.sessionHost === true
        ? finding(
            "session-host-approvals",
            "info",
            `node ${name} hosts whole sessions: its own exec approvals do not cover them, tool by tool nothing is placed, audited or told there, and an agent with the guard has no exec and process in them`,
            "nothing to do where that is what you want; else set nodeHost.workerRuns.enabled: false on that node",
          )
        : null,
      tools.length > 0 && outside.length > 0
        ? finding(
            "node-tools-outside",
            "info",
            `node ${name} publishes tools that run there (${namesOf(tools)}); calls of them by ${whose} are refused`,
            "nothing to do; to hide them from all agents, set gateway.nodes.pluginTools.enabled: false",
          )
        : null,
      node.commands.includes(CLAUDE_RUN) && outside.length > 0
        ? finding(
            "node-agent-runs-outside",
            "info",
            `node ${name} runs whole turns of the Claude command line agent; those of ${whose} are refused there`,
            "nothing to do; to end it, set nodeHost.agentRuns.claude.enabled: false on that node",
          )
        : null,
    );
  });
}

function namesOf(names: readonly string[]): string {
  const shown = names.slice(0, MAX_NAMED).map(quote).join(", ");
  return names.length > MAX_NAMED ? `${shown} and ${names.length - MAX_NAMED} more` : shown;
}
