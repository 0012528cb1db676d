// Agent tool node_route: where do my commands run, and why; which nodes may I use. Read-only.

import { isRecord } from "../../../shared/isRecord.ts";
import { safeJson } from "../../../shared/safeText.ts";
import { testedNow } from "../../current/testedConfig.ts";
import { worldNow } from "../../current/worldNow.ts";
import { currentSnapshot } from "../../inventory/currentSnapshot.ts";
import { agentPolicy } from "../../policy/agentPolicy.ts";
import { decisionRefusal, explainTool, lookAhead } from "../../policy/explainTool.ts";
import type { RouterDeps } from "../../process/deps.ts";
import { LAST_NODES } from "../../state/lastNodes.ts";
import { toolNamed } from "../../toolCatalog/knownTools.ts";
import { nodeList } from "./nodeList.ts";
import { routeText } from "./routeText.ts";
import { type ToolOutput, textResult } from "./toolOutput.ts";

/** Answers for the agent that calls; it cannot ask about another. */
export async function nodeRoute(
  deps: RouterDeps,
  agent: string | null,
  params: unknown,
): Promise<ToolOutput> {
  const config = testedNow(deps);
  if (config === null || agent === null)
    return textResult("node-router is not configured for this run.", { outcome: "unrouted" });
  const policy = agentPolicy(config, deps.hostConfig(), agent);
  const snapshot = await currentSnapshot(deps, config, 0);
  const lastNodes = deps.memory.part(LAST_NODES);
  const world = worldNow(deps, config, snapshot);
  const asked = isRecord(params) ? params : {};
  if (asked.list === true) {
    const list = nodeList(policy, world, lastNodes);
    // Through tool search a model is sent text and data: the whole of it once is enough.
    return textResult(safeJson(list, 0), { agent, rule: list.rule, nodes: list.nodes.length + list.more });
  }
  const tool = typeof asked.tool === "string" && asked.tool.trim() !== "" ? toolNamed(asked.tool) : "exec";
  const report = explainTool(policy, tool, world, deps.now(), lastNodes);
  const node = snapshot.nodes.find(({ name }) => name === report.node) ?? null;
  const { outcome, rule } = report;
  const refused = decisionRefusal(lookAhead(policy, tool, world, lastNodes));
  return textResult(routeText(report, node, refused), { outcome, node: report.node, rule });
}
