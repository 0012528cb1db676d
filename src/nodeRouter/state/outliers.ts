// Nodes to which calls failed on the way, several in a row: none goes there for a while, each time a longer one.
import type { ErrorCode } from "../../shared/errorCatalogue.ts";
import { definePart } from "../../shared/processMemory.ts";

export interface Outliers {
  /** The way there or back failed. What a command itself came to is no failure. @param code of the failure. */
  failed(node: string, code: ErrorCode): void;
  /** A call came through. */
  succeeded(node: string): void;
  /** Milliseconds that are left, by inventory name, the one that was ejected first at the start. */
  ejected(): ReadonlyMap<string, number>;
  /** How often in a row it was ejected, and the code of the last failure. */
  why(node: string): { readonly times: number; readonly code: ErrorCode };
}

/** One failure is a cut cable, two may be its repair. */
const IN_A_ROW = 3;
/** Envoy's defaults: base_ejection_time and max_ejection_time (envoy.config.cluster.v3.OutlierDetection). */
const BASE_MS = 30_000;
const MAX_MS = 300_000;
const MAX_NODES = 10_000;

export const OUTLIERS = definePart("outliers", 2, () => createOutliers());

interface Known {
  readonly failures: number;
  /** How often it was ejected; each call that comes through takes one off. */
  readonly times: number;
  readonly endMs: number;
  readonly code: ErrorCode;
}

const NONE: ReadonlyMap<string, number> = new Map();

/** Empty. @param monotonic milliseconds of a clock that is never set. */
export function createOutliers(monotonic: () => number = () => performance.now()): Outliers {
  /** The one that was ejected last at the end. */
  const known = new Map<string, Known>();
  return {
    failed(node, code) {
      const { failures, times, endMs } = known.get(node) ?? { failures: 0, times: 0, endMs: 0 };
      known.delete(node);
      const [oldest] = known.keys();
      if (known.size >= MAX_NODES && oldest !== undefined) known.delete(oldest);
      if (failures + 1 < IN_A_ROW) known.set(node, { failures: failures + 1, times, endMs, code });
      else {
        const lasts = Math.min(MAX_MS, BASE_MS * (times + 1));
        known.set(node, { failures: 0, times: times + 1, endMs: monotonic() + lasts, code });
      }
    },
    succeeded(node) {
      const before = known.get(node);
      if (before === undefined) return;
      if (before.times <= 1) known.delete(node);
      else known.set(node, { ...before, failures: 0, times: before.times - 1, endMs: 0 });
    },
    why(node) {
      const { times, code } = known.get(node) ?? { times: 0, code: "OUTCOME_UNKNOWN" };
      return { times, code };
    },
    ejected() {
      if (known.size === 0) return NONE;
      const now = monotonic();
      return new Map([...known].flatMap(([node, { endMs }]) => (endMs > now ? [[node, endMs - now]] : [])));
    },
  };
}
