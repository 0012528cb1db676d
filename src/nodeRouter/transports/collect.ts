// Runs one command to its end and keeps its output, within limits that hold whatever the node does.
import type { Readable } from "node:stream";
import type { Abandonment, Collected, CollectLimits, Outcome, RunningCommand } from "./transport.ts";

const MAX_STDOUT = 1 << 20;
const MAX_STDERR = 1 << 16;
const DEADLINE_MS = 30_000;
/** Each second more than the deadline is earned by so much on the way. */
const BYTES_PER_SECOND = 1 << 16;
/** What of stderr is dropped may be so much: tools say a line for each of a million files. */
const MAX_DROPPED = 1 << 24;
/** After the call was given up: KILL follows TERM after 3 s. */
const END_MS = 5_000;

/** Never rejects. @param sentBytes input that goes along. */
export async function collect(
  command: RunningCommand,
  limits: CollectLimits = {},
  sentBytes = 0,
): Promise<Collected> {
  const {
    maxStdout = MAX_STDOUT,
    maxStderr = MAX_STDERR,
    deadlineMs = DEADLINE_MS,
    onExcess = "fail",
  } = limits;
  const beganMs = performance.now();
  let bytes = sentBytes;
  let timer: NodeJS.Timeout | undefined;
  let givenUp: string | null = null;
  const giveUp = (fact: string, how: Abandonment): void => {
    givenUp ??= fact;
    command.abandon(fact, how);
  };
  const watch = (): void => {
    const allowedMs = deadlineMs + (bytes / BYTES_PER_SECOND) * 1000;
    const leftMs = beganMs + allowedMs - performance.now();
    if (leftMs > 0) timer = setTimeout(watch, Math.min(leftMs, deadlineMs)).unref();
    else giveUp(`it did not end within ${Math.round(allowedMs / 1000)} s`, "end");
  };
  watch();

  const keep = (stream: Readable, most: number, dropped: number): Promise<Buffer> => {
    const chunks: Buffer[] = [];
    let kept = 0;
    let all = 0;
    stream.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      all += chunk.length;
      if (kept < most) chunks.push(chunk.length > most - kept ? chunk.subarray(0, most - kept) : chunk);
      kept = Math.min(most, kept + chunk.length);
      if (all > most + dropped) {
        giveUp(`it printed more than ${sizeOf(most + dropped)}`, onExcess);
      }
    });
    return new Promise((resolve) => {
      const end = (): void =>
        resolve(chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks));
      stream.once("end", end);
      stream.once("close", end);
    });
  };
  const stdout = keep(command.stdout, maxStdout, 0);
  const stderr = keep(command.stderr, maxStderr, MAX_DROPPED);

  const { signal } = limits;
  const onAbort = (): void => {
    command.signal("TERM");
    clearTimeout(timer);
    timer = setTimeout(() => giveUp("the call was given up, and it did not end", "end"), END_MS).unref();
  };
  if (signal?.aborted === true) onAbort();
  else signal?.addEventListener("abort", onAbort, { once: true });
  try {
    const outcome: Outcome = await command.outcome;
    return { outcome, stdout: await stdout, stderr: await stderr, givenUp };
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
  }
}

function sizeOf(bytes: number): string {
  return bytes >= 1 << 20 ? `${Math.round(bytes / (1 << 20))} MiB` : `${Math.round(bytes / 1024)} KiB`;
}
