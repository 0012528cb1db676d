// Agent tool node_route: where do my commands run, and why. Read-only.

import { safeJson } from "../../safeText.ts";
import { currentSnapshot } from "../currentSnapshot.ts";
import type { RouterDeps } from "../deps.ts";
import { explainCall } from "../explainCall.ts";
import { explainTool } from "../explainTool.ts";
import { bindingOf } from "../hostConfig.ts";
import { type ToolOutput, textResult } from "./toolOutput.ts";

export const NODE_ROUTE = {
  name: "node_route",
  label: "Node route",
  description:
    "Tells on which machine your exec and other node tools run, with its tags, place and workspace, and why. Takes an optional tool name. Changes nothing.",
  parameters: {
    type: "object",
    additionalProperties: false,
    properties: { tool: { type: "string", description: 'Tool to ask about; default "exec".' } },
  },
} as const;

/** Answers for the agent that calls; it cannot ask about another. */
export async function nodeRoute(
  deps: RouterDeps,
  agent: string | null,
  params: unknown,
): Promise<ToolOutput> {
  const { config } = deps.state;
  if (config === null || agent === null)
    return textResult("node-router is not configured for this run.", { outcome: "unrouted" });
  const tool =
    typeof params === "object" &&
    params !== null &&
    "tool" in params &&
    typeof params.tool === "string" &&
    params.tool !== ""
      ? params.tool
      : "exec";
  const binding = bindingOf(deps.hostConfig(), agent);
  const snapshot = await currentSnapshot(deps, config, 0);
  const decision = explainCall(config, agent, tool, binding, snapshot);
  const report = explainTool(config, { agent, tool, binding }, snapshot, deps.now());
  const { node } = decision;
  const facts = {
    ...report,
    nodeFacts:
      report.node === null || node === null
        ? null
        : { tags: Object.fromEntries(node.tags), location: node.location, workspace: node.workspace },
  };
  return textResult(safeJson(facts), facts);
}
