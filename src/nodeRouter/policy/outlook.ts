// What would become of a call now: decided on the road of a real call, for everything that explains one. Pure.
import type { ResolvedConfig } from "../../config/resolve.ts";
import type { Binding } from "../../shared/types.ts";
import { foreignRuntime } from "../host/runtimes.ts";
import { NO_PRESENCE, type PresenceRecords } from "../inventory/inventory.ts";
import type { PlacementDecision } from "../placement/model/decision.ts";
import type { NodeSnapshot } from "../placement/model/snapshot.ts";
import { type LastNodes, NO_LAST_NODES } from "../state/lastNodes.ts";
import { admitWorkspaceCall } from "./admission.ts";
import { besideWorkspace } from "./besideWorkspace.ts";
import { decideCall } from "./router.ts";
import { decideWorkspace } from "./session.ts";

/** What the host says, as far as a call depends on it. */
export interface HostSide {
  /** The gateway's whole config. */
  readonly hostConfig: unknown;
  /** Why the host's sandbox API cannot be used; null when it can. */
  readonly apiProblem: string | null;
  /** What was observed of the nodes, for the words of a refusal. */
  readonly presence: PresenceRecords;
}

/** The call that is looked ahead at: without parameters, in the agent's main session, which has no node yet. */
export interface AskedCall {
  /** As OpenClaw writes ids. */
  readonly agent: string;
  readonly tool: string;
  readonly binding: Binding;
}

export interface Outlook {
  readonly outcome: PlacementDecision["outcome"];
  /** Null where no placement was needed, or none was come to. */
  readonly decision: PlacementDecision | null;
  /** What the agent would read instead of a result, word for word; null unless refused. */
  readonly refusal: string | null;
}

/**
 * @param host null: only config and nodes are looked at.
 * @param lastNodes where the agents' calls ran until now; without it as if none had run.
 */
export function outlook(
  config: ResolvedConfig,
  { agent, tool: asked, binding }: AskedCall,
  snapshot: NodeSnapshot,
  host: HostSide | null,
  lastNodes: Pick<LastNodes, "of"> = NO_LAST_NODES,
): Outlook {
  // In a workspace `process` has only what its exec started: it is where that is, and nobody needs to be asked.
  const tool = asked === "process" && binding === "workspace" ? "exec" : asked;
  const rewritable =
    tool !== "exec" || host === null || foreignRuntime(host.hostConfig, agent, "first") === null;
  const request = { agent, tool, params: {}, binding, rewritable };
  const verdict = decideCall(config, request, snapshot, lastNodes);
  const workspace = () =>
    decideWorkspace(config, agent, null, snapshot, host?.presence ?? NO_PRESENCE, lastNodes);
  switch (verdict.kind) {
    case "leave":
      return { outcome: "unrouted", decision: verdict.decision, refusal: null };
    case "refuse":
      return refused(verdict.decision, verdict.message);
    case "place": {
      if (binding !== "workspace") return placed(verdict.decision);
      const beside = besideWorkspace(verdict.decision, workspace(), snapshot);
      return beside.ok ? placed(beside.decision) : refused(verdict.decision, beside.message);
    }
    case "workspace": {
      const admission =
        host === null
          ? null
          : admitWorkspaceCall({
              ...host,
              agent,
              sessionKey: mainSessionOf(agent),
              facts: null,
              tool,
              ask: undefined,
            });
      if (admission?.ok === false) return refused(null, admission.message);
      const place = workspace();
      if (!place.ok) return refused(null, place.message);
      return placed({ ...place.decision, request: { ...place.decision.request, tool: asked } });
    }
  }
}

/** The one that people talk to. */
function mainSessionOf(agent: string): string {
  return `agent:${agent}:main`;
}

function placed(decision: PlacementDecision): Outlook {
  return { outcome: "placed", decision, refusal: null };
}

function refused(decision: PlacementDecision | null, refusal: string): Outlook {
  return { outcome: "refused", decision, refusal };
}
