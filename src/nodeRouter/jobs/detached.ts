// A command in a workspace that goes on without us: started as a job on the node, and its output carried on across lost connections.
import { once } from "node:events";
import { PassThrough, type Readable, Writable } from "node:stream";
import { type Refusal, refusal } from "../../shared/refusal.ts";
import { quote, safe } from "../../shared/safeText.ts";
import type { CommandRequest, Outcome, RunningCommand, SignalName } from "../transports/transport.ts";
import { beginJob } from "./beginJob.ts";
import { createJobAsker, FIRST_PAUSE_MS, MAX_PAUSE_MS } from "./jobAsker.ts";
import { endIn } from "./jobEnds.ts";
import { endInputScript, followScript, killScript } from "./jobLooks.ts";

/** A gateway that is stopped may have its helpers told to end before it learns of it itself. */
const GRACE_MS = 300;

export interface DetachOptions {
  readonly jobId: string;
  /** Inventory name, for people. */
  readonly node: string;
  readonly request: CommandRequest;
  readonly start: (request: CommandRequest) => RunningCommand;
  /** Its folder was seen on the node. */
  readonly onBegun: () => void;
  /** So much of its output was carried on, in bytes from its start. */
  readonly onShown: (offset: number) => void;
}

/**
 * Starts the job once and follows it to its end. A lost connection is no end: the node is asked again, from the byte at
 * which the output broke off. A start of which nobody knows whether it came is barred on the node, or found there.
 * Signals end the whole group (TERM, KILL after 3 s); USR1 and USR2 are not carried. `abandon` only lets go of it: the
 * outcome is unknown then, and the job goes on.
 */
export function startDetached(options: DetachOptions): RunningCommand {
  const { jobId, node, request, start, onBegun, onShown } = options;
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const begun = Promise.withResolvers<{ readonly processGroup: number } | null>();
  const over = Promise.withResolvers<Outcome>();
  /** Nobody follows it any longer, and nothing more is asked. */
  const gone = new AbortController();
  let group: number | null = null;
  let isBegun = false;
  let isCancelled = false;
  let offset = 0;
  let followed = Promise.withResolvers<RunningCommand>();
  let current: RunningCommand | null = null;
  let isInputOver = false;
  let hasEnded = false;

  const settle = (outcome: Outcome): void => {
    if (hasEnded) return;
    hasEnded = true;
    begun.resolve(isBegun ? { processGroup: group ?? 0 } : null);
    over.resolve(outcome);
    gone.abort();
    stdout.end();
    stderr.end();
    stdin.destroy();
  };
  const unknown = (fact: string): Outcome => ({ kind: "unknown", processGroup: group, ...goesOn(fact) });
  const goesOn = (fact: string): Refusal =>
    refusal("OUTCOME_UNKNOWN", fact, {
      advice: `Ask for it with node_process, action poll, jobId ${jobId}`,
    });
  const asker = createJobAsker(start, request, gone.signal);

  const begin = async (): Promise<boolean> => {
    const onStart = (command: RunningCommand) => {
      current = command;
    };
    const beginning = await beginJob({ jobId, node, request, start, asker, onStart });
    current = null;
    if (beginning?.isThere === false) settle(beginning.outcome);
    if (beginning?.isThere !== true || hasEnded) return false;
    ({ group } = beginning);
    isBegun = true;
    begun.resolve({ processGroup: group ?? 0 });
    onBegun();
    return true;
  };

  /** One connection's worth of its output. @returns what the node said at the end of it; empty where that broke off. */
  const followOnce = async (): Promise<string> => {
    const withInput = !isInputOver;
    const input = withInput ? null : Buffer.alloc(0);
    const follower = asker.command({ script: followScript(jobId, offset, withInput), input });
    const letGo = (): void => follower.abandon("nobody follows it any longer", "end");
    gone.signal.addEventListener("abort", letGo, { once: true });
    follower.stdin.on("error", () => {});
    current = follower;
    followed.resolve(follower);
    let words = "";
    follower.stderr.on("data", (chunk: Buffer) => {
      words = (words + chunk.toString("latin1")).slice(-MAX_WORDS);
    });
    try {
      await carry(follower.stdout);
      await follower.outcome;
    } catch {
      // A broken stream is a lost connection.
    } finally {
      gone.signal.removeEventListener("abort", letGo);
      current = null;
      followed = Promise.withResolvers();
    }
    for (const [, bytes] of words.matchAll(/^skipped (\d{1,15})$/gm)) offset += Number(bytes);
    return words;
  };
  const carry = async (from: Readable): Promise<void> => {
    for await (const chunk of from as AsyncIterable<Buffer>) {
      if (hasEnded) return;
      offset += chunk.length;
      const isTaken = stdout.write(chunk);
      onShown(offset);
      if (!isTaken) await once(stdout, "drain", { signal: gone.signal });
    }
  };

  const follow = async (): Promise<void> => {
    let pauseMs = FIRST_PAUSE_MS;
    while (!hasEnded) {
      const before = offset;
      const words = await followOnce();
      const [line = "", size = "0"] = /^state [a-z]{1,10} \S{1,20} (\d{1,15})$/m.exec(words) ?? [];
      const end = endIn(line, { seen: true, startedAtMs: 0 }, 0);
      if (end !== null && offset >= Number(size)) {
        return settle(
          end.outcome === "ran"
            ? { kind: "ran", exitCode: end.exitCode, signal: end.signal }
            : unknown(`job ${jobId} on node ${quote(node)} runs no more and left no exit status there`),
        );
      }
      pauseMs = offset > before ? FIRST_PAUSE_MS : Math.min(2 * pauseMs, MAX_PAUSE_MS);
      await asker.pause(pauseMs);
    }
  };

  const stdin = new Writable({
    write(chunk: Buffer, _encoding, done) {
      const hand = ({ stdin: to, outcome }: RunningCommand): Promise<unknown> =>
        // A connection that breaks takes what is on its way with it: it is not sent twice.
        Promise.race([new Promise((resolve) => to.write(chunk, resolve)), outcome]);
      void followed.promise.then(hand).then(() => done());
    },
    final(done) {
      isInputOver = true;
      if (isBegun) current?.stdin.end();
      const end = async () => (await begun.promise) !== null && asker.surely(endInputScript(jobId));
      void end().then(() => done());
    },
  });
  stdin.on("error", () => {});

  const kill = async (): Promise<void> => {
    await asker.pause(GRACE_MS);
    if (hasEnded) return;
    await begun.promise;
    await asker.surely(killScript(jobId));
  };

  void begin()
    .then((isThere) => (isThere ? follow() : undefined))
    .catch((error: unknown) => settle(unknown(`job ${jobId} cannot be followed: ${safe(String(error))}`)));

  return {
    stdin,
    stdout,
    stderr,
    started: begun.promise,
    outcome: over.promise,
    signal(name: SignalName) {
      if (name === "USR1" || name === "USR2" || isCancelled) return;
      isCancelled = true;
      // Before its dispatch that cancels it.
      if (!isBegun) current?.signal("TERM");
      void kill();
    },
    abandon: (fact) => settle(unknown(fact)),
  };
}

const MAX_WORDS = 1_024;
