// What calls do to a node now, in words: how many run, how many wait for room, and whether it is ejected. Pure.

/** Texts are safe to print. */
export interface CallLoad {
  /** Those that `maxRunning` counts, as far as this gateway knows. */
  readonly running: number;
  /** Null: any number. */
  readonly maxRunning: number | null;
  /** Calls that would go there if it had room; one that would go to several is counted at each. */
  readonly waiting: number;
  /** Calls to it failed, so none goes there for a while; null: it is as good as any. */
  readonly ejected: {
    /** ISO 8601. */
    readonly until: string | null;
    /** How often in a row, this one counted: each time is longer. */
    readonly times: number;
    /** Code of the last failure. */
    readonly code: string;
  } | null;
}

/** Why it takes no new call for now; null: it does, or nobody was asked. */
export function closedBy(calls: CallLoad | undefined): "ejected" | "full" | null {
  if (calls === undefined) return null;
  const { running, maxRunning, ejected } = calls;
  if (ejected !== null) return "ejected";
  return maxRunning !== null && running >= maxRunning ? "full" : null;
}

/** `8 of 8 run, 2 wait for room; ejected until 2026-11-29T08:00:30.000Z (2 times in a row; NODE_UNREACHABLE)`. */
export function callLoadText({ running, maxRunning, waiting, ejected }: CallLoad): string {
  const runs = maxRunning === null ? `${running} run` : `${running} of ${maxRunning} run`;
  const waits = waiting === 0 ? "" : `, ${waiting} wait for room`;
  if (ejected === null) return `${runs}${waits}`;
  const { until, times, code } = ejected;
  return `${runs}${waits}; ejected until ${until ?? "?"}, because calls to it failed (${times === 1 ? "once" : `${times} times in a row`}; ${code})`;
}
