// What became of one request to a node: answered, never sent, or nobody knows. Pure.
import { messageOf } from "../../../../shared/errors.ts";
import { fieldOf } from "../../../../shared/jsonParts.ts";
import { shortened } from "../../../../shared/safeText.ts";
import type { ReadReply } from "./readReply.ts";

export type Delivery =
  | { readonly kind: "answer"; readonly reply: ReadReply; readonly ms: number }
  | Unsent
  /** It may have reached the node, and what came of it was not heard. */
  | { readonly kind: "lost"; readonly fact: string }
  /** The node answered something that is none of this protocol. */
  | { readonly kind: "garbled" };

/** By the host's own word the node got nothing of it. */
export interface Unsent {
  readonly kind: "unsent";
  /**
   * `away`: not connected. `missing`: it declares no such command, or nobody has approved that yet. `barred`: the
   * gateway's own settings or policies do not allow it. `passing`: something changed just then, so ask again.
   */
  readonly why: "away" | "missing" | "barred" | "passing";
  readonly fact: string;
}

/** Reasons that the host gives in `details.reason` before anything is sent (OpenClaw 2026.9.6). */
const REASONS: ReadonlyMap<unknown, Unsent["why"]> = new Map([
  ["command not declared by node", "missing"],
  ["node did not declare commands", "missing"],
  ["command not allowlisted", "barred"],
] as const);

/**
 * What the host's error of `node.invoke` says of the delivery. Only its own word that the command was not dispatched
 * counts as that; an error without one, as when a service ends in mid-call, is `lost`.
 */
export function deliveryOfFault(error: unknown): Exclude<Delivery, { readonly kind: "answer" }> {
  const details = fieldOf(error, "details");
  const dispatched = fieldOf(details, "nodeCommandDispatched");
  const code = fieldOf(fieldOf(details, "nodeError"), "code") ?? fieldOf(details, "code");
  const fact = shortened(messageOf(error), 256);
  const why = dispatched === true ? undefined : REASONS.get(fieldOf(details, "reason"));
  if (why !== undefined) return { kind: "unsent", why, fact };
  // A time limit may pass while the dispatch is under way.
  if (dispatched !== false || code === "TIMEOUT") return { kind: "lost", fact };
  if (code === "NOT_CONNECTED") return { kind: "unsent", why: "away", fact };
  // Our own policy's word for a call that is not ours; all else changed between the request and its dispatch.
  return { kind: "unsent", why: code === "RUN_NOT_ALLOWED" ? "barred" : "passing", fact };
}
