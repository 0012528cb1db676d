// The report about a call of any tool: what would become of it, and each node's part in that. Pure.
import type { ResolvedConfig } from "../../config/resolve.ts";
import { quote, safe } from "../../shared/safeText.ts";
import { decisionMessage } from "../explain/message.ts";
import { createReport, type ExplainReport } from "../explain/report.ts";
import type { PlacementDecision } from "../placement/model/decision.ts";
import type { NodeSnapshot } from "../placement/model/snapshot.ts";
import { type LastNodes, NO_LAST_NODES } from "../state/lastNodes.ts";
import { classifyTool, ROUTABLE_TOOLS, WORKSPACE_TOOLS } from "../toolCatalog/catalog.ts";
import { explainCall } from "./explainCall.ts";
import { refusedPart } from "./gatewayToolRefusal.ts";
import { type AskedCall, type HostSide, type Outlook, outlook } from "./outlook.ts";

/**
 * What `explain`, `status` and `node_route` say about a tool. Outcome, node and the words of a refusal are those of a
 * real call.
 * @param nowMs epoch ms.
 * @param lastNodes where the agents' calls ran until now; without it as if none had run.
 * @param host null: only config and nodes are looked at.
 */
export function explainTool(
  config: ResolvedConfig,
  request: AskedCall,
  snapshot: NodeSnapshot,
  nowMs: number,
  lastNodes: Pick<LastNodes, "of"> = NO_LAST_NODES,
  host: HostSide | null = null,
): ExplainReport {
  return reportOf(
    config,
    request,
    snapshot,
    nowMs,
    lastNodes,
    outlook(config, request, snapshot, host, lastNodes),
  );
}

function reportOf(
  config: ResolvedConfig,
  request: AskedCall,
  snapshot: NodeSnapshot,
  nowMs: number,
  lastNodes: Pick<LastNodes, "of">,
  { outcome, decision, refusal }: Outlook,
): ExplainReport {
  const { agent, tool, binding } = request;
  // What the rules say of each node, also where something else refuses the call.
  const shown = decision ?? explainCall(config, agent, tool, binding, snapshot, lastNodes);
  const context = { mode: config.mode, takenAtMs: snapshot.takenAtMs, nowMs };
  // The binding is the agent's own, also for a node tool, which goes over the node protocol all the same.
  const report = { ...createReport(shown, context), outcome, binding };
  const unplaced = { ...report, node: null, transport: null };
  switch (outcome) {
    case "placed":
      return report;
    case "refused": {
      // The rule that is broken may be the one that would decide, so no other is named.
      const isHidden = refusal?.startsWith("CONFIG_INVALID: ") === true;
      const isAboutNodes = placeable(binding).includes(tool) && !isHidden;
      return {
        ...unplaced,
        rule: isHidden ? null : report.rule,
        candidates: isAboutNodes ? report.candidates : [],
        message: refusal ?? "",
      };
    }
    case "unrouted":
      return placeable(binding).includes(tool)
        ? { ...unplaced, message: decisionMessage(shown) }
        : { ...unplaced, rule: null, candidates: [], message: neverPlaced(request) };
  }
}

/** Tools that rules place; of an agent that has its workspace on a node, those are more. */
function placeable(binding: PlacementDecision["request"]["binding"]): readonly string[] {
  return binding === "workspace" ? [...ROUTABLE_TOOLS, ...WORKSPACE_TOOLS] : ROUTABLE_TOOLS;
}

function neverPlaced({ tool, binding }: AskedCall): string {
  const part = refusedPart(classifyTool(tool));
  const payloads = part === null ? "" : `; of a routed agent, ${part}`;
  return `${quote(tool)} is never placed on a node, OpenClaw runs it as it would without node-router${payloads}; rules place ${safe([...new Set(placeable(binding))].join(", "))}`;
}
