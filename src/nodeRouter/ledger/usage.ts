// Who takes how much of the audit: bytes of each agent in each file, for as long as the file counts. Pure.
import { readJson } from "../../shared/jsonParts.ts";

export interface LedgerLimits {
  /** What one agent may take of the records that count. */
  readonly agentBytes: number;
  /** So long a record counts, and is not removed, whatever else is written; ms. */
  readonly keepMs: number;
  /** Older files go when all files together are larger than this. */
  readonly maxBytes: number;
}

/** One file of the audit. */
export interface FileUsage {
  /** As `LedgerLook` has it. */
  readonly identity: string;
  /** Epoch ms of its last record. */
  readonly lastMs: number;
  /** By agent; "" holds what is nobody's. */
  readonly byAgent: ReadonlyMap<string, number>;
}

export interface LedgerUsage {
  /** Bytes of the agent in records that count, or wait to be written. */
  of(agent: string, keepMs: number): number;
  /** A record of it was taken. */
  charge(agent: string, bytes: number): void;
  /** The file that was the current one, with this identity, was put aside, by whomever. */
  rotated(identity: string): void;
  /** What was found on the disk at the start. The newest of `aside` first. */
  found(current: FileUsage | null, aside: readonly FileUsage[]): void;
  /** Of those that were put aside only these are on the disk: what is gone counts no more. */
  left(identities: ReadonlySet<string>): void;
}

/** @param now epoch ms. */
export function createLedgerUsage(now: () => number): LedgerUsage {
  let current = new Map<string, number>();
  /** Newest first. */
  let aside: readonly FileUsage[] = [];

  return {
    of(agent, keepMs) {
      const nowMs = now();
      const counting = dated(aside, nowMs).filter(({ lastMs }) => nowMs - lastMs < keepMs);
      return counting.reduce((sum, { byAgent }) => sum + (byAgent.get(agent) ?? 0), current.get(agent) ?? 0);
    },
    charge(agent, bytes) {
      current.set(agent, (current.get(agent) ?? 0) + bytes);
    },
    rotated(identity) {
      aside = [{ identity, lastMs: now(), byAgent: current }, ...aside];
      current = new Map();
    },
    found(file, others) {
      for (const [agent, bytes] of file?.byAgent ?? []) {
        current.set(agent, (current.get(agent) ?? 0) + bytes);
      }
      aside = [...aside, ...others];
    },
    left(identities) {
      aside = aside.filter(({ identity }) => identities.has(identity));
    },
  };
}

/**
 * How many files, from the oldest, may go: each of them is old enough, and without the ones before it all together are
 * too large.
 * @param aside as they are on the disk, the newest first.
 */
export function removable(
  aside: readonly { readonly size: number; readonly changedMs: number }[],
  { keepMs, maxBytes }: LedgerLimits,
  nowMs: number,
): number {
  const files = dated(
    aside.map(({ size, changedMs }) => ({ size, lastMs: changedMs })),
    nowMs,
  );
  let total = files.reduce((sum, { size }) => sum + size, 0);
  let count = 0;
  for (const { size, lastMs } of files.toReversed()) {
    if (total <= maxBytes || nowMs - lastMs < keepMs) break;
    total -= size;
    count++;
  }
  return count;
}

/** The newest first, with the time that can be true: none is younger than the one after it, or than now. */
function dated<T extends { readonly lastMs: number }>(files: readonly T[], nowMs: number): readonly T[] {
  let latestMs = nowMs;
  return files.map((file) => {
    latestMs = Math.min(latestMs, file.lastMs);
    return { ...file, lastMs: latestMs };
  });
}

/** How a record begins; what stands before the agent is ours, so that no text of a record can look like another's. */
const HEAD =
  /^\{"v":\d{1,3},"phase":"[a-z]{1,10}","id":"[^"\\]{0,600}","start":(?:"[^"]{0,40}"|null),(?:"end":(?:"[^"]{0,40}"|null),)?"agent":("(?:[^"\\]|\\.){0,4000}"|null)/;

/** Bytes of a line in which its agent is. */
export const HEAD_BYTES = 6_000;

/** The agent of a line, from its first bytes; "" for a line of nobody, or that is none of ours. */
export function agentOfLine(head: string): string {
  const agent = readJson(HEAD.exec(head)?.[1] ?? "null");
  return typeof agent === "string" ? agent : "";
}
