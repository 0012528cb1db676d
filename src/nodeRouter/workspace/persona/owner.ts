// Whose persona files a folder of the gateway stands for at this moment, and on which node those are.
import { resolve } from "node:path";
import { NodeRouterError } from "../../../shared/errors.ts";
import { refusal } from "../../../shared/refusal.ts";
import { quote } from "../../../shared/safeText.ts";
import { placeAgent, placeSession } from "../../current/placeSession.ts";
import { agentIds, bindingOf } from "../../host/hostConfig.ts";
import type { SnapshotDeps } from "../../inventory/currentSnapshot.ts";
import type { WorkspacePlace } from "../../policy/callDecision.ts";
import type { CurrentTurn } from "../../state/currentTurn.ts";

export interface OwnerDeps extends SnapshotDeps {
  readonly hostConfig: () => unknown;
  /** The agent's workspace folder on the gateway, absolute; null when the host cannot tell. */
  readonly agentWorkspace: (agent: string) => string | null;
}

export interface Owner {
  readonly agent: string;
  /** Empty where no session is known. */
  readonly sessionKey: string;
  readonly place: WorkspacePlace;
}

/** The agents whose workspace on the gateway is this folder. */
export function agentsOf(deps: OwnerDeps, folder: string): readonly string[] {
  return agentIds(deps.hostConfig()).filter((agent) => isFolderOf(deps, agent, folder));
}

/**
 * In a turn: the node of its session, where its tools work. Outside of any, e.g. for the dashboard: that of the agent's
 * latest session, or the rule's choice. Several agents of one folder must agree then.
 * @param folder absolute
 * @throws NodeRouterError the refusal that keeps it from any node, and for a folder that means none
 */
export async function ownerOf(
  deps: OwnerDeps,
  folder: string,
  turn: CurrentTurn | undefined,
): Promise<Owner> {
  if (turn !== undefined) {
    const { agent, sessionKey } = turn;
    if (!isFolderOf(deps, agent, folder)) {
      throw unavailable(`the folder ${quote(folder)} is the workspace of another agent than ${quote(agent)}`);
    }
    // SECURITY: the gateway's copy is not read either: it may be years old, or somebody else's.
    if (bindingOf(deps.hostConfig(), agent) !== "workspace") throw unbound(folder);
    const place = await placeSession(deps, agent, sessionKey);
    if (!place.ok) throw new NodeRouterError(place.refusal);
    return { agent, sessionKey, place };
  }
  const bound = agentsOf(deps, folder).filter((agent) => bindingOf(deps.hostConfig(), agent) === "workspace");
  const owners: Owner[] = [];
  for (const agent of bound) {
    const place = await placeAgent(deps, agent);
    if (!place.ok) throw new NodeRouterError(place.refusal);
    owners.push({ agent, sessionKey: "", place });
  }
  const [first] = owners;
  if (first === undefined) throw unbound(folder);
  const { node, root } = first.place;
  if (owners.some(({ place }) => place.node.name !== node.name || place.root !== root)) {
    const names = bound.map(quote).join(" and ");
    throw unavailable(`the folder ${quote(folder)} is the workspace of agents ${names}, on different nodes`);
  }
  return first;
}

function isFolderOf(deps: OwnerDeps, agent: string, folder: string): boolean {
  const own = deps.agentWorkspace(agent);
  return own !== null && resolve(own) === folder;
}

function unbound(folder: string): NodeRouterError {
  const fact = `no agent has the folder ${quote(folder)} on a node any more, and OpenClaw reads it from one until it ends`;
  return unavailable(fact, "Restart the gateway");
}

function unavailable(
  fact: string,
  advice = "give each agent a workspace of its own: agents.entries.<id>.workspace",
): NodeRouterError {
  return new NodeRouterError(refusal("WORKSPACE_UNAVAILABLE", fact, { advice }));
}
