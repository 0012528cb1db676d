// Doctor: tools that the operator gave a routed agent and whose calls are refused, and tools that nobody here knows.
import { normalizeToolName } from "../../../shared/hostNames.ts";
import { quote } from "../../../shared/safeText.ts";
import { agentIds, agentKey, agentSection, section } from "../../host/hostConfig.ts";
import { matchesGlob } from "../../placement/selector/agentGlob.ts";
import { agentPolicy } from "../../policy/agentPolicy.ts";
import { classifyTool } from "../../toolCatalog/catalog.ts";
import { GATEWAY_PLUGINS } from "../../toolCatalog/pluginTools.ts";
import { type DoctorCheck, type DoctorInput, finding, found } from "./finding.ts";

/** Classes of which most calls of a routed agent are refused. */
const PAST_THE_RULES: readonly string[] = [
  "gatewayShell",
  "gatewayConfig",
  "gatewayPort",
  "otherMachine",
  "spawn",
];

export const checkTools: DoctorCheck = (input) =>
  agentIds(input.hostConfig)
    .filter((agent) => agentPolicy(input.config, input.hostConfig, agent).mustBePlaced)
    .flatMap((agent) => found(refusedTools(input, agent), strangeTools(input, agent)));

/** What a profile brings is not listed: only what was given on purpose contradicts the rule. */
function refusedTools({ config, hostConfig }: DoctorInput, agent: string) {
  if (config.mode === "shadow") return null;
  const tools = [...new Set([...named(hostConfig, agent), ...pluginTools(hostConfig)])]
    .filter((tool) => !isDenied(hostConfig, agent, tool))
    .sort();
  if (tools.length === 0) return null;
  const path = `agents.entries.${agentKey(hostConfig, agent)}.tools.deny`;
  const list = tools.map(quote).join(", ");
  return finding(
    "tools-refused",
    "info",
    `agent "${agent}" is routed to nodes, and ${list} would act on the gateway or past its rule: such calls are refused`,
    "deny them, so that it does not try and that OpenClaw refuses them without the plugin, or take the agent out of its rule",
    path,
  );
}

function strangeTools({ strangeTools: seen = [] }: DoctorInput, agent: string) {
  const tools = seen.filter((one) => one.agent === agent).map(({ tool }) => quote(tool));
  if (tools.length === 0) return null;
  return finding(
    "tools-unknown",
    "info",
    `agent "${agent}" is routed to nodes and called ${tools.sort().join(", ")}, of other plugins: no rule places these, they run where their plugin runs them`,
    "look what they do; deny those that start programs",
  );
}

/** Tools that a list of the operator's gives by name. */
function named(hostConfig: unknown, agent: string): readonly string[] {
  const lists = [section(hostConfig, "tools"), agentSection(hostConfig, agent, "tools")];
  return (
    lists
      .flatMap(({ allow, alsoAllow }) => [...textsOf(allow), ...textsOf(alsoAllow)])
      .map(normalizeToolName)
      // Many need to start sub-agents: that one of its runtimes is refused is no contradiction.
      .filter((tool) => tool !== "sessions_spawn" && tool !== "sessions_send")
      .filter((tool) => PAST_THE_RULES.includes(classifyTool(tool)?.kind ?? ""))
  );
}

function pluginTools(hostConfig: unknown): readonly string[] {
  const entries = section(hostConfig, "plugins", "entries");
  return [...GATEWAY_PLUGINS].flatMap(([id, tools]) =>
    Object.hasOwn(entries, id) && section(entries, id).enabled !== false ? tools : [],
  );
}

function isDenied(hostConfig: unknown, agent: string, tool: string): boolean {
  const lists = [section(hostConfig, "tools"), agentSection(hostConfig, agent, "tools")];
  return lists
    .flatMap(({ deny }) => textsOf(deny))
    .some((pattern) => matchesGlob(normalizeToolName(pattern), tool));
}

function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((entry) => typeof entry === "string") : [];
}
