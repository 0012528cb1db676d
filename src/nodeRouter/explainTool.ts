// Explains a call of any tool, also of one that no rule can place: refused, or left where OpenClaw runs it. Pure.
import type { ResolvedConfig } from "../config/resolve.ts";
import { quote, safe } from "../safeText.ts";
import type { Binding } from "../types.ts";
import type { ExplainReport } from "./explain/report.ts";
import { explainReport } from "./explainCall.ts";
import { type LastNodes, NO_LAST_NODES } from "./lastNodes.ts";
import type { NodeSnapshot } from "./placement/snapshot.ts";
import { decideCall } from "./router.ts";
import { classifyTool, ROUTABLE_TOOLS, WORKSPACE_TOOLS } from "./toolCatalog.ts";

/**
 * What `explain` and `node_route` say about any tool: where a rule places it, or why none does.
 * @param nowMs epoch ms.
 * @param lastNodes where the agents' calls ran until now; without it as if none had run.
 */
export function explainTool(
  config: ResolvedConfig,
  request: { agent: string; tool: string; binding: Binding },
  snapshot: NodeSnapshot,
  nowMs: number,
  lastNodes: Pick<LastNodes, "of"> = NO_LAST_NODES,
): ExplainReport {
  return (
    explainUnplaced(config, request, snapshot, nowMs) ??
    explainReport(config, request, snapshot, nowMs, lastNodes)
  );
}

/** Null for a tool that rules do place; of an agent that has its workspace on a node, those are more. */
function explainUnplaced(
  config: ResolvedConfig,
  request: { agent: string; tool: string; binding: Binding },
  snapshot: NodeSnapshot,
  nowMs: number,
): ExplainReport | null {
  const { tool, binding } = request;
  const placeable = binding === "workspace" ? [...ROUTABLE_TOOLS, ...WORKSPACE_TOOLS] : ROUTABLE_TOOLS;
  if (placeable.includes(tool)) return null;
  const verdict = decideCall(config, { ...request, params: {}, rewritable: true }, snapshot);
  const report = {
    ...explainReport(config, request, snapshot, nowMs),
    node: null,
    transport: null,
    candidates: [],
  };
  if (verdict.kind === "refuse") return { ...report, outcome: "refused", message: verdict.message };
  const payloads =
    classifyTool(tool)?.kind === "automations"
      ? "; of a routed agent, those that start a process on the gateway are refused"
      : "";
  const message = `${quote(tool)} is never placed on a node, OpenClaw runs it as it would without node-router${payloads}; rules place ${safe([...new Set(placeable)].join(", "))}`;
  return { ...report, rule: null, outcome: "unrouted", message };
}
