// A ProxyCommand: its input and output are the connection, and it ends with it.
import { spawn } from "node:child_process";
import { Duplex } from "node:stream";
import { quote } from "../../../../../shared/safeText.ts";
import { endProcessGroup } from "./processGroup.ts";

/** Of what it says, the last of this much is kept, in bytes. */
const KEPT_WORDS = 4 * 1024;
/** And this much shown, in characters. */
const SHOWN_WORDS = 300;
/** From the hint that it may go to the end of all that it started. */
const END_GRACE_MS = 1_000;
/** Its last words may come after its last byte. */
const LAST_WORDS_MS = 250;

export interface ProxyProcess {
  /** Ends the process group when it closes. Has a listener for errors. */
  readonly stream: Duplex;
  /** What became of it and what it said, for a failure; waits a moment for both. Never rejects. */
  lastWords(): Promise<string>;
}

/**
 * Spawned as OpenSSH does it: `exec` in the user's shell, in the gateway's environment.
 * SECURITY: the command is the gateway user's own, from ssh_config; nothing of a call or a node is in it.
 * @param command with its tokens replaced.
 */
export function openProxy(
  command: string,
  variables: Readonly<Record<string, string | undefined>>,
): ProxyProcess {
  const isWindows = process.platform === "win32";
  const shell = variables.SHELL || "/bin/sh";
  const child = spawn(isWindows ? command : shell, isWindows ? [] : ["-c", `exec ${command}`], {
    stdio: ["pipe", "pipe", "pipe"],
    env: { ...variables },
    shell: isWindows,
    // A group of its own, so that what it started ends with it.
    detached: !isWindows,
    windowsHide: true,
  });
  let words = Buffer.alloc(0);
  let end: string | null = null;
  let isOver = false;
  const ended = Promise.withResolvers<void>();
  child.stderr.on("data", (part: Buffer) => {
    words = Buffer.concat([words, part]).subarray(-KEPT_WORDS);
  });
  child.once("error", (error) => {
    end = `cannot be started: ${error.message}`;
    ended.resolve();
  });
  child.once("exit", (code, killedBy) => {
    if (isOver && killedBy !== null) end ??= "was still running";
    end ??= killedBy === null ? `ended with exit code ${code}` : `was ended by ${killedBy}`;
    // Its words may still be on the way, and whoever has its stderr may keep it.
    setTimeout(ended.resolve, LAST_WORDS_MS / 2).unref();
  });
  child.once("close", () => ended.resolve());
  const stream = Duplex.from({ readable: child.stdout, writable: child.stdin });
  for (const part of [stream, child.stdin, child.stdout, child.stderr]) part.on("error", () => undefined);
  stream.once("close", () => {
    isOver = true;
    endProcessGroup(child, "SIGHUP");
    setTimeout(() => {
      endProcessGroup(child, "SIGKILL");
      child.stderr.destroy();
    }, END_GRACE_MS);
  });
  // What ends by itself ends the connection.
  child.once("exit", () => setImmediate(() => child.stdin.destroy()));
  return {
    stream,
    async lastWords() {
      const timer = setTimeout(ended.resolve, LAST_WORDS_MS);
      await ended.promise;
      clearTimeout(timer);
      const said = words.toString("utf8").trim().slice(-SHOWN_WORDS);
      const fact = end ?? "was still running";
      return `its ProxyCommand ${quote(command.slice(0, SHOWN_WORDS))} ${fact}${said === "" ? "" : ` and said ${quote(said)}`}`;
    },
  };
}
