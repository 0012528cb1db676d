// Whether a message of a peer becomes a task here: the one order in which that is looked at. Pure.
import { normalizeAgentId } from "../../../shared/hostNames.ts";
import { nameText, quote } from "../../../shared/safeText.ts";
import type { AskedTask } from "../protocol/peerRequest.ts";
import { failureOf, RPC, type RpcFailure, rejection } from "../protocol/rpc.ts";
import type { Inbound, InboundTask } from "./incoming.ts";

/** What is known at that moment. */
export interface AdmitFacts {
  /** Under this peer and message; null: never seen. */
  readonly known: Inbound | null;
  /** Of this message. */
  readonly hash: string;
  /** Agents that this peer may ask, and that are there. */
  readonly offered: readonly string[];
  /** Id of this gateway. */
  readonly gateway: string;
  readonly maxHops: number;
  readonly maxTaskBytes: number;
  readonly textBytes: number;
  /** Of this peer: tasks that run and that wait, and how many may. */
  readonly open: number;
  readonly maxOpen: number;
  readonly isDraining: boolean;
  /** Epoch ms. */
  readonly nowMs: number;
}

export type Admitted =
  | { readonly is: "known"; readonly task: InboundTask }
  | { readonly is: "new"; readonly agent: string }
  | { readonly is: "refused"; readonly failure: RpcFailure };

/** What is known is told whatever else is the case; what is new must pass everything. */
export function admit(asked: AskedTask, facts: AdmitFacts): Admitted {
  const { known } = facts;
  if (known?.is === "fence")
    return refused(rejection("FENCED", "this message was fenced: it is not accepted any more"));
  if (known !== null) {
    if (known.hash === facts.hash) return { is: "known", task: known };
    return refused(rejection("ALREADY_USED", "this message id was used for another task"));
  }
  if (facts.isDraining) return refused(rejection("DRAINING", "this gateway is being stopped"));
  if (facts.textBytes > facts.maxTaskBytes) {
    const sizes = `the task has ${facts.textBytes} bytes, at most ${facts.maxTaskBytes} are taken`;
    return refused(rejection("TASK_TOO_LARGE", sizes));
  }
  const { extension } = asked;
  const before = extension?.acceptBeforeMs ?? null;
  if (before !== null && before <= facts.nowMs) {
    const late = `it came ${facts.nowMs - before} ms after the time until which it was to be accepted`;
    return refused(rejection("TOO_LATE", late));
  }
  const agent = agentFor(asked, facts.offered);
  if (typeof agent !== "string") return refused(agent);
  const chain = extension?.chain ?? [];
  if (chain.includes(facts.gateway))
    return refused(rejection("LOOP", "the task has come through this gateway already"));
  const hops = Math.min(facts.maxHops, extension?.maxHops ?? facts.maxHops);
  if (chain.length > hops) {
    const told = `the task has come through ${chain.length} gateways already, at most ${hops} are allowed`;
    return refused(rejection("TOO_MANY_HOPS", told));
  }
  if (facts.open >= facts.maxOpen)
    return refused(
      rejection("FULL", `${facts.open} tasks of this peer run or wait, ${facts.maxOpen} are the most`),
    );
  return { is: "new", agent };
}

function agentFor({ agent }: AskedTask, offered: readonly string[]): string | RpcFailure {
  const names = offered.map(nameText).join(", ") || "none";
  const [only] = offered;
  if (agent === null && only !== undefined && offered.length === 1) return only;
  if (agent === null)
    return failureOf(
      RPC.params,
      "INVALID_PARAMS",
      `name the agent in message.metadata.agent; offered: ${names}`,
    );
  const id = normalizeAgentId(agent);
  if (offered.includes(id)) return id;
  return rejection(
    "AGENT_NOT_OFFERED",
    `agent ${quote(agent)} is not offered to this peer; offered: ${names}`,
  );
}

function refused(failure: RpcFailure): Admitted {
  return { is: "refused", failure };
}
