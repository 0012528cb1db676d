// On which node a session's workspace is: the rules choose, and the session then stays where its files are.
import { PLUGIN_CONFIG } from "../../config/currentConfig.ts";
import { configRefusal } from "../../config/problems/configRefusal.ts";
import { problemsForAgent } from "../../config/problems/problem.ts";
import type { ConfiguredNode, ResolvedConfig } from "../../config/resolve.ts";
import type { NodePresence } from "../../presence/record.ts";
import { type ErrorCode, messageOf, NodeRouterError } from "../../shared/errors.ts";
import { quote, safe } from "../../shared/safeText.ts";
import { decisionMessage, refusal } from "../explain/message.ts";
import { currentSnapshot, presenceRecords, type SnapshotDeps } from "../inventory/currentSnapshot.ts";
import { NO_PRESENCE, type PresenceRecords } from "../inventory/inventory.ts";
import type { PlacementDecision } from "../placement/model/decision.ts";
import type { NodeSnapshot } from "../placement/model/snapshot.ts";
import { firstRule } from "../placement/ruleIndex.ts";
import { LAST_NODES, type LastNodes, NO_LAST_NODES } from "../state/lastNodes.ts";
import { SESSION_NODES, type SessionNodes } from "../state/sessionNodes.ts";
import { type Absence, absenceOf } from "./absence.ts";
import { explainCall } from "./explainCall.ts";

export type WorkspacePlacement =
  | {
      readonly ok: true;
      readonly node: ConfiguredNode;
      /** Absolute directory on the node. */
      readonly root: string;
      readonly decision: PlacementDecision;
      /** The node that the session's files were on before, until `sessions.told`; null: it did not move. */
      readonly movedFrom: string | null;
    }
  | {
      readonly ok: false;
      readonly code: ErrorCode;
      /** With its code: what the agent reads. */
      readonly message: string;
    };

/**
 * Chooses the session's node. It stays on the one it has while that one fits its rule. When that one cannot be
 * used for the moment (offline, too little free, a fact that nobody knows now), its calls are refused: its files are
 * there. Only when the rule or the config no longer means it, the rule chooses anew and `movedFrom` says so.
 *
 * `mode: "shadow"` changes nothing here: it is about calls that would otherwise run elsewhere, and this agent's
 * own sandbox settings leave no other place. `onUnavailable: "gateway"` does not help either, for the same reason.
 * Never throws.
 */
export async function placeWorkspace(
  deps: SnapshotDeps,
  agent: string,
  sessionKey: string,
): Promise<WorkspacePlacement> {
  const config = deps.memory.part(PLUGIN_CONFIG).current;
  if (config === null)
    return refused("WORKSPACE_UNAVAILABLE", "node-router has no configuration yet; try again");
  const sessions = deps.memory.part(SESSION_NODES);
  try {
    const [snapshot] = await Promise.all([currentSnapshot(deps, config), sessions.ready()]);
    const kept = sessions.get(sessionKey)?.node ?? null;
    const lastNodes = deps.memory.part(LAST_NODES);
    const placement = decideWorkspace(config, agent, kept, snapshot, presenceRecords(deps), lastNodes);
    if (!placement.ok) return placement;
    const { movedFrom } = sessions.put(sessionKey, placement.node.name);
    lastNodes.set(agent, placement.decision.rule ?? "", placement.node.name);
    return { ...placement, movedFrom };
  } catch (error) {
    if (error instanceof NodeRouterError)
      return { ok: false, code: error.code, message: `${error.message}.` };
    return refused("WORKSPACE_UNAVAILABLE", `choosing a node failed (${safe(messageOf(error))})`);
  }
}

/**
 * The decision alone: what `explain` would say of a session that is on node `kept`. Pure.
 * @param presence what was observed of the nodes, for the words of a refusal.
 */
export function decideWorkspace(
  config: ResolvedConfig,
  agent: string,
  kept: string | null,
  snapshot: NodeSnapshot,
  presence: PresenceRecords = NO_PRESENCE,
  lastNodes: Pick<LastNodes, "of"> = NO_LAST_NODES,
): WorkspacePlacement {
  const invalid = configRefusal(problemsForAgent(config.problems, agent));
  if (invalid !== null) return { ok: false, code: "CONFIG_INVALID", message: invalid };
  const chosen = explainCall(config, agent, "exec", "workspace", snapshot, lastNodes);
  const rule = firstRule(config.rules, agent, "exec");
  const absence = kept === null ? null : absenceOf(chosen, rule, kept, snapshot);
  if (kept !== null && absence !== null) return awayFor(kept, absence, chosen, presence.get(kept));
  const decision = keep(chosen, kept, snapshot);
  if (decision.node === null) return nothingFits(decision);
  const node = config.nodes.get(decision.node.name);
  // The filters should have kept such nodes away.
  if (node?.ssh == null || node.workspace === null || !node.workspace.startsWith("/")) {
    const name = decision.node.name;
    const path = `plugins.entries.node-router.config.nodes.${safe(name)}`;
    return refused(
      "WORKSPACE_UNAVAILABLE",
      `node ${quote(name)} cannot hold a workspace: it needs ${path}.ssh and an absolute ${path}.workspace`,
    );
  }
  return { ok: true, node, root: node.workspace, decision, movedFrom: null };
}

/** The same decision with the session's own node, where that one fits. */
function keep(decision: PlacementDecision, kept: string | null, snapshot: NodeSnapshot): PlacementDecision {
  if (kept === null || decision.node === null || decision.node.name === kept) return decision;
  const fits = decision.candidates().some((candidate) => candidate.node === kept && candidate.fits);
  const node = snapshot.nodes.find(({ name }) => name === kept);
  return fits && node !== undefined ? { ...decision, node, keptInsteadOf: null } : decision;
}

/** SECURITY: another node would have other files, or an older state of the same ones. */
function awayFor(
  kept: string,
  { filter, fact }: Absence,
  { node, rule }: PlacementDecision,
  record: NodePresence | undefined,
): WorkspacePlacement {
  const known = filter === "presence" && record !== undefined ? presenceText(record) : "";
  const elsewhere =
    node === null
      ? `no other node fits rule ${quote(rule ?? "")} now`
      : `a new session goes to node ${quote(node.name)}`;
  return refused(
    "NODE_UNREACHABLE",
    `node ${quote(kept)}, which holds the files of this session, ${fact}${known}; nothing ran, and the session does not move, because its files are there. Try again when the node is back; ${elsewhere}`,
  );
}

/** ` (connection refused; it last answered at 2026-01-31T08:00:00.000Z)`; empty when nobody knows more. */
function presenceText({ reach }: NodePresence): string {
  const { reason = null, lastAnswerMs = null } = reach.ssh ?? {};
  const isTime = lastAnswerMs !== null && Math.abs(lastAnswerMs) <= MAX_TIME_MS;
  const last = isTime ? `it last answered at ${new Date(lastAnswerMs).toISOString()}` : null;
  const parts = [reason === null ? null : safe(reason), last].filter((part) => part !== null);
  return parts.length === 0 ? "" : ` (${parts.join("; ")})`;
}

/** The last moment that a Date can hold. */
const MAX_TIME_MS = 8.64e15;

function nothingFits(decision: PlacementDecision): WorkspacePlacement {
  if (decision.outcome === "refused") return { ok: false, code: "NO_NODE_FITS", message: refusal(decision) };
  const { agent } = decision.request;
  if (decision.rule === null) {
    return refused(
      "NO_NODE_FITS",
      `the workspace of agent ${quote(agent)} is on a node (sandbox.backend: "node-router"), and no rule names the agent; add one to plugins.entries.node-router.config.rules`,
    );
  }
  return refused(
    "NO_NODE_FITS",
    `${decisionMessage({ ...decision, outcome: "refused" }).replace(/\.$/, "")}; onUnavailable: "gateway" does not hold for an agent whose workspace is on a node`,
  );
}

function refused(code: ErrorCode, text: string): WorkspacePlacement {
  return { ok: false, code, message: `${code}: ${text}.` };
}

/** The node that a session is or would be on, from what is known now, without asking anybody. Null: none. */
export function knownRoot(
  config: ResolvedConfig | null,
  sessions: SessionNodes,
  agent: string,
  sessionKey: string,
  snapshot: NodeSnapshot,
): { readonly node: ConfiguredNode; readonly root: string } | null {
  if (config === null) return null;
  const placement = decideWorkspace(config, agent, sessions.get(sessionKey)?.node ?? null, snapshot);
  if (placement.ok) return placement;
  const last = config.nodes.get(sessions.get(sessionKey)?.node ?? "");
  return last?.workspace?.startsWith("/") === true ? { node: last, root: last.workspace } : null;
}
