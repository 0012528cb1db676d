// Doctor: agents whose whole workspace is on a node, and settings of theirs that refuse calls or surprise.
import { formatPath } from "../../../config/problems/path.ts";
import { mayAddToPrompt, PROMPT_GRANT } from "../../../hooks/workspacePrompt.ts";
import { APPROVE_NODE, INSTALL_PLUGIN } from "../../../shared/pluginOnNode.ts";
import { quote, safe } from "../../../shared/safeText.ts";
import { execPolicy } from "../../host/execPolicy.ts";
import {
  agentIds,
  agentKey,
  agentSection,
  agentSetting,
  bindingOf,
  execPath,
  execSetting,
  sandboxMode,
  section,
  settingPath,
} from "../../host/hostConfig.ts";
import { hasPlugin } from "../../placement/filters/plugin.ts";
import { workspaceTransport } from "../../placement/filters/transport.ts";
import { agentPolicy } from "../../policy/agentPolicy.ts";
import { allowedNodes } from "../../policy/toolPlacement.ts";
import { type DoctorCheck, type DoctorInput, type Finding, finding, found } from "./finding.ts";

const GUARD = 'run "openclaw node-router guard"';

export const checkWorkspace: DoctorCheck = (input) => {
  const agents = agentIds(input.hostConfig).filter(
    (agent) => bindingOf(input.hostConfig, agent) === "workspace",
  );
  if (agents.length === 0) return [];
  return found(
    api(input, agents),
    persona(input, agents),
    ...sharedPersonas(input, agents),
    ...agents.flatMap((agent) => [
      unrouted(input, agent),
      plugin(input, agent),
      mode(input, agent),
      access(input, agent),
      execHost(input, agent),
      policy(input, agent),
      scope(input, agent),
      prune(input, agent),
      tools(input, agent),
    ]),
    prompt(input, agents),
  );
};

function api({ workspace }: DoctorInput, agents: readonly string[]): Finding | null {
  if (workspace.apiProblem === null) return null;
  return finding(
    "workspace-unavailable",
    "error",
    `calls of ${names(agents)} are refused, because ${workspace.apiProblem}`,
    "use an OpenClaw that this version of the plugin knows, or take sandbox.backend of these agents away",
  );
}

/** The folder's own agent is not looked up: the reason names who stands in the way. */
function persona({ workspace }: DoctorInput, agents: readonly string[]): Finding | null {
  const { problem = null, left = new Map<string, string>() } = workspace.persona ?? {};
  const folders = [...left].map(([folder, reason]) => `of folder ${quote(folder)}, because ${reason}`);
  if (problem === null && folders.length === 0) return null;
  const of = problem === null ? folders.join("; ") : `of ${names(agents)}, because ${safe(problem)}`;
  return finding(
    "persona-on-gateway",
    "warning",
    `prompts are made of the gateway's AGENTS.md, SOUL.md and MEMORY.md, while tools work on the node's: ${of}`,
    problem === null
      ? "give each agent a folder of its own, and restart the gateway"
      : "use an OpenClaw that this version of the plugin knows",
  );
}

/** One node, one folder: agents that meet there are one person to themselves. */
function sharedPersonas(
  { config, hostConfig, snapshot }: DoctorInput,
  agents: readonly string[],
): readonly Finding[] {
  const meeting = new Map<string, string[]>();
  for (const agent of agents) {
    const policy = agentPolicy(config, hostConfig, agent);
    if (policy.execRule === null) continue;
    for (const { name } of allowedNodes(policy, snapshot)) {
      if (config.nodes.get(name)?.workspace == null) continue;
      meeting.set(name, [...(meeting.get(name) ?? []), agent]);
    }
  }
  return [...meeting]
    .filter(([, met]) => met.length > 1)
    .map(([node, met]) =>
      finding(
        "persona-shared",
        "info",
        `${names(met)} share AGENTS.md, SOUL.md and MEMORY.md on node ${quote(node)}, as they share its workspace`,
        "nothing to do if that is meant; else give the machine an entry with a workspace and tags for each",
        `plugins.entries.node-router.config.nodes.${safe(node)}.workspace`,
      ),
    );
}

function unrouted({ config, hostConfig }: DoctorInput, agent: string): Finding | null {
  // A config error is a finding of its own, and may hide the rule.
  const { invalid, execRule } = agentPolicy(config, hostConfig, agent);
  if (invalid !== null || execRule !== null) return null;
  return finding(
    "workspace-no-rule",
    "error",
    `agent "${agent}" has sandbox.backend "node-router", and no rule for exec names it, so its calls are refused`,
    "write a rule that names it, or take its sandbox.backend away",
    "plugins.entries.node-router.config.rules",
  );
}

/** Of nodes that its rule can choose over the node protocol; whether they are connected matters to nobody here. */
function plugin({ config, hostConfig, snapshot }: DoctorInput, agent: string): Finding | null {
  const policy = agentPolicy(config, hostConfig, agent);
  const lacking = allowedNodes(policy, snapshot).filter(
    (node) => node.approval === "approved" && workspaceTransport(node) === "node" && !hasPlugin(node),
  );
  const [first] = lacking;
  if (policy.invalid !== null || policy.execRule === null || first === undefined) return null;
  const nodes = lacking.map(({ name }) => quote(name)).join(", ");
  const wait = lacking.every(({ awaitsReapproval }) => awaitsReapproval);
  return finding(
    "workspace-no-plugin",
    "warning",
    `agent "${agent}" has its workspace on a node, and rule ${quote(policy.execRule.name)} means paired nodes that offer no node-router plugin${wait ? ", of which new commands wait for approval" : ""}: ${nodes}; no session of it goes there`,
    wait ? `run ${APPROVE_NODE}` : `${INSTALL_PLUGIN}; or configure SSH for it`,
    first.configured ? formatPath(["nodes", first.name]) : null,
  );
}

function mode({ hostConfig }: DoctorInput, agent: string): Finding | null {
  if (sandboxMode(hostConfig, agent) === "all") return null;
  return finding(
    "workspace-mode",
    "error",
    `agent "${agent}" has sandbox.mode "non-main": OpenClaw runs its main session on the gateway, so its workspace tools are refused there`,
    `set it to "all", or ${GUARD}`,
    settingPath(hostConfig, agent, "sandbox", "mode"),
  );
}

function access({ hostConfig }: DoctorInput, agent: string): Finding | null {
  const value = agentSetting(hostConfig, agent, "sandbox", "workspaceAccess") ?? "none";
  if (value === "rw") return null;
  return finding(
    "workspace-access",
    "error",
    `agent "${agent}" has sandbox.workspaceAccess "${value}", which a workspace on a node cannot keep, so its workspace tools are refused`,
    `set it to "rw", or ${GUARD}`,
    settingPath(hostConfig, agent, "sandbox", "workspaceAccess"),
  );
}

function execHost({ hostConfig }: DoctorInput, agent: string): Finding | null {
  const host = execSetting(hostConfig, agent, "host");
  if (host !== "gateway" && host !== "node") return null;
  return finding(
    "workspace-exec-host",
    "error",
    `agent "${agent}" has its workspace on a node, but its exec host is "${host}", so OpenClaw refuses every command`,
    `set it to "sandbox" for this agent, or ${GUARD}`,
    execPath(hostConfig, agent, "host"),
  );
}

function policy({ hostConfig }: DoctorInput, agent: string): Finding | null {
  const set = execPolicy(hostConfig, agent, null, undefined);
  if (set.kind === "run") return null;
  const path = set.source.split(" ", 1)[0] ?? null;
  if (set.kind !== "ask") {
    return finding(
      "exec-policy-refuses",
      "warning",
      `every command of agent "${agent}" is refused on its node: ${set.source}; OpenClaw's allowlist names programs of the gateway and holds for no node`,
      'nothing to do if that is meant; else set mode to "ask" or "full"',
      path,
    );
  }
  if (section(hostConfig, "approvals", "plugin").enabled === true) return null;
  return finding(
    "approval-route",
    "info",
    `a person is asked before every command of agent "${agent}" (${set.source}), and plugin approvals are forwarded nowhere: where no client that can approve is connected, and in cron and heartbeat runs, its commands are refused`,
    "set approvals.plugin, or keep the Control UI open; see docs/enforcement.md",
    path,
  );
}

function scope({ hostConfig }: DoctorInput, agent: string): Finding | null {
  const value = agentSetting(hostConfig, agent, "sandbox", "scope") ?? "agent";
  if (value === "agent") return null;
  const expected = value === "session" ? "its sessions" : "it and other agents";
  return finding(
    "workspace-scope",
    "warning",
    `agent "${agent}" has sandbox.scope "${value}", which has no effect on a node: the workspace is the node's folder, and whoever is placed there shares it, whatever ${expected} would share in a container`,
    'set it to "agent"',
    settingPath(hostConfig, agent, "sandbox", "scope"),
  );
}

function prune({ hostConfig }: DoctorInput, agent: string): Finding | null {
  const keys = ["idleHours", "maxAgeDays"].filter(
    (key) => agentSetting(hostConfig, agent, "sandbox", "prune", key) !== 0,
  );
  const [first] = keys;
  if (first === undefined) return null;
  return finding(
    "workspace-prune",
    "info",
    `OpenClaw forgets the sandbox of agent "${agent}" when it was idle or old (sandbox.prune.${keys.join(" and ")} not 0); the plugin never removes files on a node, so only "openclaw sandbox list" is affected`,
    `set it to 0, or ${GUARD}`,
    `agents.entries.${agentKey(hostConfig, agent)}.sandbox.prune`,
  );
}

/** With a list of its own, somebody has thought about it. */
function tools({ hostConfig }: DoctorInput, agent: string): Finding | null {
  const own = agentSection(hostConfig, agent, "tools", "sandbox", "tools");
  const shared = section(hostConfig, "tools", "sandbox", "tools");
  if ([own, shared].some(({ allow, alsoAllow }) => Array.isArray(allow) || Array.isArray(alsoAllow)))
    return null;
  return finding(
    "workspace-tools",
    "info",
    `in a sandbox OpenClaw takes tools away from agent "${agent}": message, web_search, web_fetch, memory_search, automations, nodes, browser and every plugin's tools, node_route and node_process among them`,
    'list those that it needs, for example ["message", "group:web", "group:plugins"]',
    `agents.entries.${agentKey(hostConfig, agent)}.tools.sandbox.tools.alsoAllow`,
  );
}

function prompt({ hostConfig }: DoctorInput, agents: readonly string[]): Finding | null {
  if (mayAddToPrompt(hostConfig)) return null;
  return finding(
    "prompt-line-off",
    "info",
    `the prompts of ${names(agents)} describe the gateway's OS and folders, not the node's: OpenClaw lets the plugin add its line only with your grant`,
    "set it to true, if you want the line; the plugin reads nothing of the conversation",
    PROMPT_GRANT,
  );
}

function names(agents: readonly string[]): string {
  return agents.map((agent) => `"${agent}"`).join(", ");
}
