// Which rules and cordons held when, by what was done to them and when that was confirmed. Pure but for its own lists.
import { AGENTS, allowedByRule, allowedMachines, type Variant, variantOf } from "./rules.ts";

interface Change {
  readonly variant: string;
  /** It may hold from then on. */
  readonly writtenMs: number;
  /** It does hold from then on; Infinity: nobody has seen that. */
  appliedMs: number;
}

interface Closing {
  readonly machine: string;
  readonly closedMs: number;
  openedMs: number;
}

export interface Timeline {
  /** The config is about to be written; what is given is called when the gateway works with it. */
  writes(variant: string, nowMs: number): (nowMs: number) => void;
  /** The cordon was confirmed; what is given is called before it is lifted. */
  closes(machine: string, nowMs: number): (nowMs: number) => void;
  /** Machines that some variant which may have held then allowed. */
  allowed(agent: string, fromMs: number, untilMs: number): ReadonlySet<string>;
  /** The same by the name of a rule. */
  allowedByRule(rule: string, fromMs: number, untilMs: number): ReadonlySet<string>;
  /** The most that any variant which may have held then let a node run at once; Infinity: one had no limit. */
  mostAtOnce(fromMs: number, untilMs: number): number;
  isClosed(machine: string, fromMs: number, untilMs: number): boolean;
}

/** @param first the variant that holds at 0. */
export function createTimeline(first: string): Timeline {
  const changes: Change[] = [{ variant: first, writtenMs: Number.NEGATIVE_INFINITY, appliedMs: 0 }];
  const closings: Closing[] = [];
  /** Variants that may have held at some moment of that time. */
  const held = (fromMs: number, untilMs: number): readonly Variant[] =>
    changes
      .filter(({ writtenMs }, at) => {
        // Over when any later one was seen to hold.
        const overMs = Math.min(...changes.slice(at + 1).map(({ appliedMs }) => appliedMs));
        return writtenMs <= untilMs && overMs >= fromMs;
      })
      .map(({ variant }) => variantOf(variant));
  return {
    writes(variant, nowMs) {
      const change: Change = { variant, writtenMs: nowMs, appliedMs: Number.POSITIVE_INFINITY };
      changes.push(change);
      return (appliedMs) => {
        change.appliedMs = appliedMs;
      };
    },
    closes(machine, nowMs) {
      const closing: Closing = { machine, closedMs: nowMs, openedMs: Number.POSITIVE_INFINITY };
      closings.push(closing);
      return (openedMs) => {
        closing.openedMs = openedMs;
      };
    },
    allowed(agent, fromMs, untilMs) {
      const who = AGENTS.find(({ id }) => id === agent);
      if (who === undefined) return new Set();
      return new Set(held(fromMs, untilMs).flatMap((variant) => allowedMachines(who, variant)));
    },
    allowedByRule: (rule, fromMs, untilMs) =>
      new Set(held(fromMs, untilMs).flatMap((variant) => allowedByRule(rule, variant))),
    mostAtOnce: (fromMs, untilMs) =>
      Math.max(...held(fromMs, untilMs).map(({ maxRunning }) => maxRunning ?? Number.POSITIVE_INFINITY)),
    isClosed: (machine, fromMs, untilMs) =>
      closings.some(
        (closing) =>
          closing.machine === machine &&
          closing.closedMs <= fromMs &&
          untilMs <= closing.openedMs &&
          untilMs < Number.POSITIVE_INFINITY,
      ),
  };
}
