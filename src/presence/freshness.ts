// In which state a node is, from what is known of its transports and its tailnet. Pure.

import { held } from "./facts.ts";
import type { NodePresence, PresenceState, Reach } from "./record.ts";

/** The order is that of every text. */
export const PRESENCE_STATES: readonly PresenceState[] = ["ready", "degraded", "stale", "offline", "unknown"];

/** An `up` that is older than this says nothing any more: nodes are asked every few seconds. */
export const ANSWER_HOLDS_MS = 45_000;

export interface StateInput extends Pick<NodePresence, "reach" | "facts"> {
  /** Epoch ms. */
  readonly nowMs: number;
}

export type StateAndReason = Pick<NodePresence, "state" | "reason">;

type WayState = Reach["state"] | "stale";
interface Way {
  readonly name: string;
  readonly state: WayState;
  readonly why: string;
}

/**
 * `ready`: all transports answer and nothing stands against its use. `degraded`: at least one answers, or failed
 * only once. `stale`: the last answer is too old and none came since. `offline`: all transports are down, or nothing
 * is known of them and the tailnet does not hear from it. `unknown`: everything else; it is never read as offline.
 */
export function presenceStateOf(input: StateInput): StateAndReason {
  const ways = waysOf(input);
  const tailnet = held(input.facts.tailnetOnline);
  if (ways.length === 0) return withoutTransport(tailnet);

  const all = (state: WayState) => ways.every((way) => way.state === state);
  const some = (state: WayState) => ways.some((way) => way.state === state);
  const reason = ways.map(textOf).join("; ");
  if (all("up")) return ready(input, ways);
  if (some("up")) {
    const others = ways.filter(({ state }) => state !== "up");
    return { state: "degraded", reason: others.map(textOf).join("; ") };
  }
  if (some("failing")) return { state: "degraded", reason };
  if (all("down")) {
    const heard = tailnet === true ? "; the tailnet still hears from it" : "";
    return { state: "offline", reason: `${reason}${heard}` };
  }
  if (tailnet === false) return { state: "offline", reason: `the tailnet does not hear from it; ${reason}` };
  return { state: some("stale") ? "stale" : "unknown", reason };
}

function ready({ facts }: StateInput, ways: readonly Way[]): StateAndReason {
  const approval = held(facts.approval);
  if (approval !== null && approval !== "approved" && approval !== "pending-reapproval") {
    return { state: "degraded", reason: "its commands are not approved" };
  }
  return { state: "ready", reason: `answers over ${ways.map(({ name }) => name).join(" and ")}` };
}

function withoutTransport(tailnet: boolean | null): StateAndReason {
  const none = "it has no transport";
  if (tailnet === null) return { state: "unknown", reason: none };
  return tailnet
    ? { state: "degraded", reason: `the tailnet hears from it, but ${none}` }
    : { state: "offline", reason: `the tailnet does not hear from it, and ${none}` };
}

function waysOf({ reach, nowMs }: StateInput): readonly Way[] {
  const way = (name: string, reached: Reach | null): readonly Way[] =>
    reached === null ? [] : [{ name, state: wayState(reached, nowMs), why: reached.reason ?? "" }];
  return [...way("the node protocol", reach.node), ...way("SSH", reach.ssh)];
}

function wayState(reach: Reach, nowMs: number): WayState {
  if (reach.state !== "up" && reach.state !== "failing") return reach.state;
  // After the clock was set back the last answer seems to lie ahead: it is not older for that.
  return reach.lastAnswerMs !== null && nowMs - reach.lastAnswerMs > ANSWER_HOLDS_MS ? "stale" : reach.state;
}

const WORDS: Readonly<Record<WayState, string>> = {
  up: "it answers",
  failing: "one answer is missing",
  stale: "no answer lately",
  down: "no answer",
  unknown: "not known",
};

function textOf({ name, state, why }: Way): string {
  return `over ${name}: ${why === "" ? WORDS[state] : why}`;
}
