// `openclaw node-router explain`: what is asked, and what is done about a tool that only OpenClaw knows.
import { normalizeAgentId, normalizeToolName } from "../../../shared/hostNames.ts";
import { fieldOf, itemsOf } from "../../../shared/jsonParts.ts";
import { knownFields } from "../../../shared/knownFields.ts";
import { reportText } from "../../explain/explainText.ts";
import type { ExplainReport } from "../../explain/report.ts";
import { codeOf } from "../methods/errorDetails.ts";
import type { CommandOptions } from "./commandOptions.ts";
import { commaList } from "./editCommand.ts";
import { WATCHED } from "./flags.ts";
import type { AskGateway } from "./gatewayCall.ts";
import { EXIT_OK } from "./output.ts";
import { tell, type Verb } from "./verb.ts";
import { intervalOf, watch } from "./watch.ts";

export const explainVerb: Verb = {
  description: "Where an agent's call would run, and why each node fits or not",
  argument: ["[agent]", "agent to explain"],
  argumentIs: "agent",
  options: [
    ["--agent <id>", "the same"],
    ["--tool <name>", 'tool to explain (default "exec")'],
    ["--delegate", "explain which peer would get a task of the agent instead"],
    ["--to <selector>", "with --delegate: as the agent would narrow it"],
    ["--down <nodes>", "suppose that these nodes are down (names joined by commas)"],
    ["--cordon <nodes>", "suppose that these nodes are cordoned (names joined by commas)"],
    ["--require <selector>", "suppose that the rule requires this instead"],
    ["--at <time>", "suppose that it is then: 2h from now, or a date; cordons end by then"],
    WATCHED,
  ],
  examples: ["explain worker-sg", "explain worker-sg --tool browser", "explain worker-sg --down mac-sg"],
  problem({ agent, delegate, to, tool, down, cordon, require, at }) {
    if (!agent?.trim())
      return "explain needs an agent: openclaw node-router explain --agent <id> [--tool exec]";
    const empty = Object.entries({ tool, down, cordon, require, at }).find(
      ([, value]) => value?.trim() === "",
    );
    if (empty !== undefined) return `--${empty[0]} needs a value`;
    if (delegate !== true) return to === undefined ? null : "--to goes with --delegate";
    const isSupposed = [tool, down, cordon, require, at].some((value) => value !== undefined);
    return isSupposed ? "--delegate goes with --agent and --to alone" : null;
  },
  async run(call) {
    const { options, ask, out, machine } = call;
    const look = () => askFor(options, ask);
    const intervalMs = intervalOf(options);
    if (intervalMs === null)
      return tell(call, await look(), reportText, ({ outcome }) => outcome !== "refused");
    const changes = (before: ExplainReport, { message }: ExplainReport) =>
      before.message === message ? [] : [message];
    await watch(
      { intervalMs, json: options.json === true },
      look,
      { page: reportText, changes },
      out,
      machine,
    );
    return EXIT_OK;
  },
};

function askFor(options: CommandOptions, ask: AskGateway): Promise<ExplainReport> {
  const { down, cordon, require, at, agent, tool } = options;
  if (options.delegate === true) {
    const query = knownFields({ agent: agent?.trim(), delegate: true, to: options.to?.trim() });
    return ask<ExplainReport>("noderouter.explain", query);
  }
  const supposed = knownFields({ down: splitNames(down), cordon: splitNames(cordon), require, at });
  return askOrLookUp(ask, agent ?? "", tool ?? "exec", supposed);
}

/** A tool that the plugin does not know may be another plugin's: OpenClaw's own list says so. */
async function askOrLookUp(
  ask: AskGateway,
  agent: string,
  tool: string,
  supposed: object,
): Promise<ExplainReport> {
  try {
    return await ask<ExplainReport>("noderouter.explain", { agent, tool, ...supposed });
  } catch (error) {
    if (codeOf(error) !== "TOOL_UNKNOWN") throw error;
    const wanted = normalizeToolName(tool);
    const listed = await ask<unknown>("tools.catalog", { agentId: normalizeAgentId(agent) }).catch(
      () => null,
    );
    if (!toolsOf(listed).includes(wanted)) throw error;
    return ask<ExplainReport>("noderouter.explain", { agent, tool: wanted, toolExists: true, ...supposed });
  }
}

/** `{ groups: [{ tools: [{ id }] }] }`, as OpenClaw's `tools.catalog` answers. */
function toolsOf(catalog: unknown): readonly unknown[] {
  const tools = itemsOf(fieldOf(catalog, "groups")).flatMap((group) => itemsOf(fieldOf(group, "tools")));
  return tools.map((tool) => fieldOf(tool, "id"));
}

/** Names that are joined by commas; undefined: none were written. */
export function splitNames(text: string | undefined): readonly string[] | undefined {
  return text === undefined ? undefined : commaList(text);
}
