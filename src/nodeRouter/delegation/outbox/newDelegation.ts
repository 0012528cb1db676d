// A delegation as it begins: wanted, and sent to nobody.
import type { Delegation } from "../model/delegation.ts";
import type { DelegateAsk } from "./outbox.ts";

/** @param agentThere of the conversation that it goes on with; empty: there is none. */
export function newDelegation(
  {
    requester,
    task,
    agent,
    to,
    maxHops,
  }: Pick<DelegateAsk, "requester" | "task" | "agent" | "to"> & Pick<Delegation, "maxHops">,
  id: string,
  context: string,
  chain: readonly string[],
  agentThere: string,
  nowMs: number,
): Delegation {
  return {
    id,
    context,
    requester,
    rule: "",
    asked: { to, agent },
    agent: agent ?? agentThere,
    task,
    chain,
    maxHops,
    createdAtMs: nowMs,
    heardAtMs: nowMs,
    state: "queued",
    peer: null,
    weaker: false,
    taskId: null,
    attempts: [],
    mayHaveRun: false,
    cancelRequested: false,
    startedAtMs: null,
    endedAtMs: null,
    result: null,
    reason: null,
    ran: [],
    tokens: null,
    told: false,
  };
}
