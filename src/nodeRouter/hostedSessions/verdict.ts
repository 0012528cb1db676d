// Whether a node may run whole turns of an agent, and what to do when it may not. Pure.
import { configRefusal } from "../../config/problems/configRefusal.ts";
import { problemsForAgent } from "../../config/problems/problem.ts";
import type { ResolvedConfig } from "../../config/resolve.ts";
import { quote } from "../../shared/safeText.ts";
import { quote as shellQuote } from "../../shared/shell.ts";
import type { Binding } from "../../shared/types.ts";
import type { NodeSnapshot } from "../placement/model/snapshot.ts";
import { COMMAND_NEEDS } from "../placement/model/way.ts";
import { place } from "../placement/place.ts";
import { isRouted } from "../policy/router.ts";
import type { HostedSession } from "./hostedSession.ts";

/** Whose turns, and where they would run. */
export interface Hosting {
  readonly agent: string;
  readonly binding: Binding;
  /** Device id; null: not known. */
  readonly nodeId: string | null;
}

/** Whether anything of this agent must be where a rule says: by a rule, a broken config, or a workspace on a node. */
export function mustBePlaced(config: ResolvedConfig, agent: string, binding: Binding): boolean {
  return binding === "workspace" || isRouted(config, agent);
}

/**
 * Why this node may not run the agent's turns, as the end of a sentence that begins "on node X, "; null when it may.
 * The whole turn runs there, so the rule of `exec` decides, by the placement of every other call: `require`, approval,
 * presence, room. `onUnavailable: "gateway"` is about the gateway and allows no other node.
 */
export function hostingProblem(
  config: ResolvedConfig,
  hosting: Hosting,
  snapshot: NodeSnapshot,
): string | null {
  const { agent, binding, nodeId } = hosting;
  if (!mustBePlaced(config, agent, binding)) return null;
  const invalid = configRefusal(problemsForAgent(config.problems, agent));
  if (invalid !== null)
    return `and no rule of the agent can be trusted while its config is broken (${invalid})`;
  if (binding === "workspace" && config.audit === "strict") {
    return 'where nothing is audited, and plugins.entries.node-router.config.audit is "strict"';
  }
  // Hosting goes over the node protocol, whatever the agent's workspace does.
  const asked = {
    agent,
    tool: "exec",
    commands: [],
    needs: COMMAND_NEEDS,
    binding: "exec",
    current: null,
  } as const;
  const decision = place(asked, snapshot, config.rules);
  if (decision.rule === null) return "and no rule names the agent, whose workspace is on a node";
  const rule = `rule ${quote(decision.rule)}`;
  if (nodeId === null) return `which the gateway does not name, and ${rule} must choose it`;
  const node = snapshot.nodes.find((known) => known.nodeId === nodeId);
  const candidate = decision.candidates().find((one) => one.node === node?.name);
  if (candidate === undefined) return `which no known node is, and ${rule} must choose it`;
  return candidate.fits ? null : `which ${candidate.reason?.one ?? "does not fit"} (${rule})`;
}

/** The nodes on which the agent's turns may be hosted now, by device id; `hosts`: those that host sessions at all. */
export function fittingHosts(
  config: ResolvedConfig,
  agent: string,
  binding: Binding,
  snapshot: NodeSnapshot,
  hosts: ReadonlySet<string>,
): readonly string[] {
  return snapshot.nodes.flatMap(({ nodeId }) =>
    nodeId !== null &&
    hosts.has(nodeId) &&
    hostingProblem(config, { agent, binding, nodeId }, snapshot) === null
      ? [nodeId]
      : [],
  );
}

/** The node as people know it. */
export function nodeLabel(nodeId: string | null, snapshot: NodeSnapshot): string {
  if (nodeId === null) return "an unknown machine";
  const known = snapshot.nodes.find((node) => node.nodeId === nodeId);
  return `node ${quote(known?.name ?? nodeId)}`;
}

/** The refusal that the agent's caller reads instead of a turn. */
export function hostedElsewhere(
  agent: string,
  session: Pick<HostedSession, "sessionKey" | "nodeId" | "state" | "source">,
  problem: string,
  snapshot: NodeSnapshot,
  fitting: readonly string[],
): string {
  const what = `session ${quote(session.sessionKey)} of agent ${quote(agent)} is hosted on ${nodeLabel(session.nodeId, snapshot)}, ${problem}`;
  return `${what}, so its turn did not start and no model was asked; ${mend(session, fitting)}`;
}

/**
 * How an operator brings the session back. `sessions.reclaim` alone is no way: the host starts a reclaimed session on
 * the same machine again at its next turn.
 */
export function mend(
  session: Pick<HostedSession, "sessionKey" | "state" | "source">,
  fitting: readonly string[],
): string {
  const { sessionKey: key, state, source } = session;
  const [deviceId] = fitting;
  const elsewhere = deviceId === undefined ? "" : ", or to a node that fits: ";
  if (state !== "active" || source === null) {
    const dispatch =
      deviceId === undefined
        ? "start a new session"
        : `send it to a node that fits with ${call("sessions.dispatch", { key, deviceId })}, or start a new session`;
    return `the host calls it ${quote(state)}: once it is settled, ${dispatch}`;
  }
  const move = (target: object) => call("sessions.move", { key, expected: source, target });
  const there = deviceId === undefined ? "" : `${elsewhere}${move({ kind: "device", deviceId })}`;
  return `bring it to the gateway, where its commands are placed one by one: ${move({ kind: "gateway" })}${there} (sessions.reclaim alone starts it there again)`;
}

/** Words such as "timeout" stay out: the host would take the refusal for a model that is slow, and ask another. */
function call(method: string, params: object): string {
  return `openclaw gateway call ${method} --params ${shellQuote(JSON.stringify(params))}`;
}
