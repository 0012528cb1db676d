// A command of a test server's session: `/bin/sh -c` as the leader of its own process group, wired to the channel.
import { spawn } from "node:child_process";
import type { ServerChannel } from "ssh2";

export interface ShellProcess {
  /** Of the process and of its group. */
  readonly pid: number;
  /** Resolves when the shell itself is gone. */
  readonly ended: Promise<void>;
  /** `TERM`, with or without `SIG`, to the whole group, as sshd sends it. */
  signal(name: string): void;
  /** SIGKILL to the whole group. */
  kill(): void;
}

/** Like sshd without a terminal: a channel that closes leaves the process running. */
export function runInShell(
  command: string,
  channel: ServerChannel,
  environment: Readonly<Record<string, string>> = {},
): ShellProcess {
  const child = spawn("/bin/sh", ["-c", command], {
    detached: true,
    stdio: ["pipe", "pipe", "pipe"],
    env: { ...process.env, ...environment },
  });
  const { promise: ended, resolve } = Promise.withResolvers<void>();
  const toGroup = (signal: string) => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, signal);
    } catch {
      // the group is already gone
    }
  };
  child.once("error", () => resolve());
  child.once("exit", (code, signal) => {
    if (signal === null) channel.exit(code ?? 0);
    else channel.exit(signal.replace(/^SIG/, ""), false, "");
    resolve();
  });
  // All output is out: only then may the channel say that it ends.
  child.once("close", () => channel.end());
  child.stdout.pipe(channel, { end: false });
  child.stderr.pipe(channel.stderr, { end: false });
  channel.pipe(child.stdin);
  child.stdin.on("error", () => undefined);
  channel.once("close", () => {
    child.stdin.destroy();
    child.stdout.destroy();
    child.stderr.destroy();
  });
  return {
    pid: child.pid ?? 0,
    ended,
    signal: (name) => toGroup(name.startsWith("SIG") ? name : `SIG${name}`),
    kill: () => toGroup("SIGKILL"),
  };
}
