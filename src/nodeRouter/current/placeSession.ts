// Chooses the node of a session's workspace now, and remembers it.
import { PLUGIN_CONFIG } from "../../config/currentConfig.ts";
import type { ResolvedConfig } from "../../config/resolve.ts";
import { messageOf, NodeRouterError } from "../../shared/errors.ts";
import type { Memory } from "../../shared/processMemory.ts";
import { refusal } from "../../shared/refusal.ts";
import { safe } from "../../shared/safeText.ts";
import { decidedNow, type SnapshotDeps } from "../inventory/currentSnapshot.ts";
import type { NodeSnapshot } from "../placement/model/snapshot.ts";
import type { Refused, SessionPlace, WorkspacePlace } from "../policy/callDecision.ts";
import { decideSession } from "../policy/sessionNode.ts";
import { LAST_NODES } from "../state/lastNodes.ts";
import { type KeptPlace, SESSION_NODES, type SessionNodes } from "../state/sessionNodes.ts";
import { fullFor } from "./callLoad.ts";
import { waitForNode, wakeWaiting } from "./waiting.ts";
import { policyNow, type WorldDeps, worldNow } from "./worldNow.ts";

/** `movedFrom`: the node that the session's files were on before, until `told`; null: it did not move. */
type Remembered = WorkspacePlace & { readonly movedFrom: string | null };
export type PlacedSession = Remembered | Refused;

/**
 * By `decideSession`, from a fresh list of the nodes. Never throws.
 * @param mayWait of a session without files: whether it waits for a node, where its rule says so.
 */
export async function placeSession(
  deps: SnapshotDeps & WorldDeps,
  agent: string,
  sessionKey: string,
  mayWait = false,
): Promise<PlacedSession> {
  const place = await choose(deps, agent, (sessions) => sessions.get(sessionKey), mayWait);
  return place.ok ? remember(deps.memory, agent, sessionKey, place) : place;
}

/** The node of an agent where no session is known: its latest session's, else the rule's choice. Never throws. */
export function placeAgent(deps: SnapshotDeps & WorldDeps, agent: string): Promise<SessionPlace> {
  return choose(deps, agent, (sessions) => sessions.latestOf(agent));
}

async function choose(
  deps: SnapshotDeps & WorldDeps,
  agent: string,
  keptBy: (sessions: SessionNodes) => KeptPlace | null,
  mayWait = false,
): Promise<SessionPlace> {
  const config = deps.memory.part(PLUGIN_CONFIG).current;
  if (config === null) {
    const fact = "node-router has no configuration yet";
    return {
      ok: false,
      refusal: refusal("WORKSPACE_UNAVAILABLE", fact, { advice: "try again", agentAdvice: "try again" }),
    };
  }
  const sessions = deps.memory.part(SESSION_NODES);
  try {
    await sessions.ready();
    const decide = (by: ResolvedConfig, snapshot: NodeSnapshot): SessionPlace => {
      const world = worldNow(deps, by, snapshot);
      return decideSession(
        policyNow(deps, by, agent),
        keptBy(sessions),
        world,
        deps.memory.part(LAST_NODES),
        true,
      );
    };
    const decideFirst = (snapshot: NodeSnapshot): SessionPlace => {
      wakeWaiting(deps);
      return decide(config, snapshot);
    };
    const first = await decidedNow(deps, config, decideFirst, ({ ok }) => !ok);
    const waitMs = (place: SessionPlace): number | undefined => (place.ok ? undefined : place.waitMs);
    if (!mayWait || keptBy(sessions) !== null || waitMs(first) === undefined) return first;
    const full = ({ placement }: SessionPlace) => fullFor(placement);
    return (await waitForNode(deps, first, { agent, tool: "sandbox", decide, waitMs, full })).decided;
  } catch (error) {
    if (error instanceof NodeRouterError) return { ok: false, refusal: error.refusal };
    const fact = `choosing a node failed (${safe(messageOf(error))})`;
    return { ok: false, refusal: refusal("WORKSPACE_UNAVAILABLE", fact) };
  }
}

/** The session's files are there from now on. */
export function remember(
  memory: Memory,
  agent: string,
  sessionKey: string,
  place: WorkspacePlace,
): Remembered {
  const { movedFrom } = memory.part(SESSION_NODES).put(sessionKey, place.node.name, place.via.over);
  memory.part(LAST_NODES).set(agent, place.placement.rule ?? "", place.node.name);
  return { ...place, movedFrom };
}
