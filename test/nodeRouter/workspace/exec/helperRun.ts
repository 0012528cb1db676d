// Runs the real helper process as the host does: its argument list, an empty environment, three pipes.
import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";

export interface HelperEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly bytes: { readonly stdout: number; readonly stderr: number };
  readonly md5: { readonly stdout: string; readonly stderr: string };
}

export interface HelperRun {
  readonly child: ChildProcess;
  /** Text that has come out so far. */
  readonly seen: { stdout: string; stderr: string };
  readonly end: Promise<HelperEnd>;
  /** Resolves when stdout holds this text. */
  saw(text: string): Promise<void>;
  write(text: string): void;
}

export function runHelper(argv: readonly string[]): HelperRun {
  const [program = "", ...args] = argv;
  const child = spawn(program, args, { env: {}, stdio: "pipe", detached: true });
  const seen = { stdout: "", stderr: "" };
  const bytes = { stdout: 0, stderr: 0 };
  const hashes = { stdout: createHash("md5"), stderr: createHash("md5") };
  for (const name of ["stdout", "stderr"] as const) {
    child[name]?.on("data", (chunk: Buffer) => {
      bytes[name] += chunk.length;
      hashes[name].update(chunk);
      if (seen[name].length < 100_000) seen[name] += chunk.toString();
    });
  }
  child.stdin?.on("error", () => {});
  const end = once(child, "close").then(
    ([code, signal]): HelperEnd => ({
      code,
      signal,
      ...seen,
      bytes,
      md5: { stdout: hashes.stdout.digest("hex"), stderr: hashes.stderr.digest("hex") },
    }),
  );
  return {
    child,
    seen,
    end,
    write: (text) => void child.stdin?.write(text),
    async saw(text) {
      while (!seen.stdout.includes(text)) {
        const stdout = child.stdout;
        if (stdout === null || stdout.readableEnded) throw new Error(`${text} never came: ${seen.stderr}`);
        await Promise.race([once(stdout, "data"), once(stdout, "end")]);
      }
    },
  };
}
