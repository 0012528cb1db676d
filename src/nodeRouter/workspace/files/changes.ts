// Tells the audit of every change: before it is sent, and how it ended.
import { entryOf } from "../../../shared/errorCatalogue.ts";
import { messageOf, NodeRouterError } from "../../../shared/errors.ts";
import type { FileBridgeOptions, PlannedChange } from "./fileBridge.ts";
import { NodeFileError } from "./fileFailures.ts";

export type Plan = Omit<PlannedChange, "startedAtMs">;

/** What a change came to. `refused`: it ended as it should, and changed nothing. */
export interface Ended<T> {
  readonly value: T;
  readonly refused?: string;
  /** Known only now: of a copy. */
  readonly bytes?: number;
}

export type Changes = <T>(plan: Plan, change: () => Promise<Ended<T>>) => Promise<T>;

/**
 * Wraps changes so that each is told of before and after. What `beforeChange` throws stops the change; `unknown` is told
 * of a change whose end was not seen.
 */
export function createChanges(
  options: Pick<FileBridgeOptions, "now" | "beforeChange" | "onChange">,
): Changes {
  const { now, beforeChange, onChange } = options;
  return async (plan, change) => {
    const planned = { ...plan, startedAtMs: now() };
    await beforeChange?.(planned);
    try {
      const { value, refused, bytes = plan.bytes } = await change();
      const end =
        refused === undefined
          ? ({ outcome: "done" } as const)
          : ({ outcome: "failed", error: refused } as const);
      onChange?.({ ...planned, bytes, endedAtMs: now(), ...end });
      return value;
    } catch (error) {
      onChange?.({
        ...planned,
        endedAtMs: now(),
        outcome: isKnown(error) ? "failed" : "unknown",
        error: messageOf(error),
      });
      throw error;
    }
  };
}

/** Whether the error says that the change did not happen; anything that is not ours says nothing. */
function isKnown(error: unknown): boolean {
  if (error instanceof NodeFileError) return true;
  return error instanceof NodeRouterError && entryOf(error.code).outcome !== "unknown";
}
