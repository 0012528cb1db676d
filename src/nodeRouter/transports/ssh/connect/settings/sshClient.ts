// Runs the installed `ssh -G`: without a shell, in the gateway's environment, bounded in time and output.

import { spawn } from "node:child_process";
import { errorCode } from "../../../../../shared/errorCode.ts";
import { messageOf, NodeRouterError } from "../../../../../shared/errors.ts";
import { refusal } from "../../../../../shared/refusal.ts";
import { quote } from "../../../../../shared/safeText.ts";
import { endProcessGroup } from "../net/processGroup.ts";
import { invalid } from "./invalid.ts";

/** `Match exec` and the name service may take their time, but not for ever. */
const TIMEOUT_MS = 10_000;
/** ssh prints some 10 KB; more than this is no answer. */
const MAX_OUTPUT = 256 * 1024;
/** Of the log the end is kept: that is where refusals and expansions stand. */
const KEPT_LOG = 64 * 1024;
const MAX_LOG = 8 * 1024 * 1024;
/** Of ssh's own words this much is shown, in characters. */
const MAX_WORDS = 600;
/** A background process of `Match exec` may hold the log open after ssh has ended. */
const LOG_GRACE_MS = 100;

export interface SshRun {
  /** After `ssh`. */
  readonly args: readonly string[];
  /** Whole environment. */
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** Who is asked about, for messages. */
  readonly host: string;
  readonly signal: AbortSignal | undefined;
  /** Default 10 seconds. */
  readonly timeoutMs?: number;
}

/** `absent`: there is no ssh client. */
export type SshOutput =
  | { readonly kind: "answer"; readonly stdout: string; readonly log: string }
  | { readonly kind: "absent" };

/**
 * What ssh prints.
 * @throws NodeRouterError SSH_SETTINGS_INVALID with ssh's own words when it refuses, does not end or prints too
 * much; NOT_STARTED when aborted.
 */
export function runSsh({
  args,
  variables,
  host,
  signal,
  timeoutMs = TIMEOUT_MS,
}: SshRun): Promise<SshOutput> {
  const { promise, resolve, reject } = Promise.withResolvers<SshOutput>();
  const child = spawn("ssh", args, {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...variables },
    // A group of its own, so that what `Match exec` started ends with it.
    detached: process.platform !== "win32",
    windowsHide: true,
  });
  let [stdout, log]: [Buffer[], Buffer] = [[], Buffer.alloc(0)];
  let [outputBytes, logBytes] = [0, 0];
  const give = (error: NodeRouterError) => {
    endProcessGroup(child, "SIGKILL");
    reject(error);
  };
  const tooMuch = () => give(invalid(`ssh -G prints too much about ${quote(host)}`, 'see "ssh -G" there'));
  child.stdout.on("data", (part: Buffer) => {
    outputBytes += part.length;
    if (outputBytes > MAX_OUTPUT) tooMuch();
    else stdout.push(part);
  });
  child.stderr.on("data", (part: Buffer) => {
    logBytes += part.length;
    if (logBytes > MAX_LOG) tooMuch();
    else log = Buffer.concat([log, part]).subarray(-KEPT_LOG);
  });
  child.once("error", (error) => {
    if (errorCode(error) === "ENOENT") resolve({ kind: "absent" });
    else give(invalid(`the ssh client cannot be run: ${messageOf(error)}`, "mend its installation", error));
  });
  const timer = setTimeout(() => {
    const words = wordsOf(log);
    give(
      invalid(
        `ssh -G did not end within ${timeoutMs} ms for ${quote(host)}${words === "" ? "" : `, after ${quote(words)}`}`,
        "see its Match exec lines, CanonicalizeHostname and the name service",
      ),
    );
  }, timeoutMs);
  const onAbort = () =>
    give(
      new NodeRouterError(
        refusal(
          "NOT_STARTED",
          `the connection to ${quote(host)} was given up while ssh was asked for its settings`,
          { advice: "try again" },
        ),
      ),
    );
  if (signal?.aborted) onAbort();
  signal?.addEventListener("abort", onAbort, { once: true });
  const conclude = (code: number | null, killedBy: NodeJS.Signals | null) => {
    if (code === 0) {
      resolve({
        kind: "answer",
        stdout: Buffer.concat(stdout).toString("utf8"),
        log: log.toString("latin1"),
      });
      return;
    }
    const words = wordsOf(log);
    const end = killedBy === null ? `exit code ${code}` : `signal ${killedBy}`;
    give(
      invalid(
        `ssh refuses its settings for ${quote(host)}: ${words === "" ? end : quote(words)}`,
        'mend that, "ssh -G" shows the same',
      ),
    );
  };
  child.once("close", conclude);
  // Only the log may be held open by others; half an answer would lack the way that it ends with.
  let waitsFor = 2;
  let end: [number | null, NodeJS.Signals | null] = [null, null];
  const afterBoth = () => {
    waitsFor -= 1;
    // The event loop reads what is there once more before it says so.
    if (waitsFor === 0) setTimeout(() => setImmediate(conclude, ...end), LOG_GRACE_MS).unref();
  };
  child.stdout.once("end", afterBoth);
  child.once("exit", (...how) => {
    end = how;
    afterBoth();
  });
  return promise.finally(() => {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
    child.stdout.destroy();
    child.stderr.destroy();
    stdout = [];
  });
}

/** ssh's own words without its debug lines, as one line; to be quoted. */
function wordsOf(log: Buffer): string {
  const lines = log
    .toString("utf8")
    .split(/\r?\n/)
    .filter((line) => line.trim() !== "" && !/^(?:debug\d: |OpenSSH_)/.test(line));
  return lines.join("; ").slice(-MAX_WORDS);
}
