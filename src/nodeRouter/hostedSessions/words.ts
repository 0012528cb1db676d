// What is said of a turn that may not run where its session is hosted, and how to bring the session back. Pure.
import { type Refusal, refusal } from "../../shared/refusal.ts";
import { quote } from "../../shared/safeText.ts";
import { shellQuote } from "../../shared/shell.ts";
import type { NodeSnapshot } from "../placement/model/snapshot.ts";
import { nodeLabel } from "../policy/hosting.ts";
import type { HostedSession } from "./hostedSession.ts";

/** The refusal that the agent's caller reads instead of a turn. */
export function hostedElsewhere(
  agent: string,
  session: Pick<HostedSession, "sessionKey" | "nodeId" | "state" | "source">,
  problem: string,
  snapshot: NodeSnapshot,
  fitting: readonly string[],
): Refusal {
  const what = `session ${quote(session.sessionKey)} of agent ${quote(agent)} is hosted on ${nodeLabel(session.nodeId, snapshot)}, ${problem}`;
  const fact = `${what}, so its turn did not start and no model was asked`;
  return refusal("HOSTED_ELSEWHERE", fact, { advice: mend(session, fitting) });
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
