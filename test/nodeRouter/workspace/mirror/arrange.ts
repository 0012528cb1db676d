// A node that is a folder of this machine, its commands run by a real shell, and a gateway that is another folder.
import { spawn } from "node:child_process";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Collected, CommandRequest } from "../../../../src/nodeRouter/transports/transport.ts";
import { createMirror } from "../../../../src/nodeRouter/workspace/mirror/mirror.ts";
import {
  createMirrorMemory,
  type MirrorMemory,
} from "../../../../src/nodeRouter/workspace/mirror/mirrorMemory.ts";
import type { MirrorSource } from "../../../../src/nodeRouter/workspace/mirror/mirrorSource.ts";

export const SKILLS = ".openclaw/sandbox-skills";

/** Shells that a node may have as `/bin/sh`, as far as this machine has them. */
export const SHELLS: readonly (readonly string[])[] = [
  ["/bin/sh"],
  ["/bin/dash"],
  ["/bin/bash", "--posix"],
  ["/usr/bin/busybox", "sh"],
  ["/bin/busybox", "sh"],
].filter(([shell = ""]) => existsSync(shell));

/** Runs one command as the runner on a node would. */
export function runHere(
  [shell = "/bin/sh", ...options]: readonly string[],
  request: CommandRequest,
  env: NodeJS.ProcessEnv = process.env,
): Promise<Collected> {
  const { script, args = [], cwd, makeCwd, input } = request;
  if (makeCwd && cwd) mkdirSync(cwd, { recursive: true });
  return new Promise((resolve, reject) => {
    const child = spawn(shell, [...options, "-c", script, "sh", ...args], { cwd: cwd ?? "/", env });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
    child.stdin.on("error", () => {});
    child.stdin.end(input ?? undefined);
    child.on("error", reject);
    child.on("close", (exitCode, signal) => {
      resolve({
        outcome: { kind: "ran", exitCode, signal },
        stdout: Buffer.concat(stdout),
        stderr: Buffer.concat(stderr),
      });
    });
  });
}

export interface Arranged {
  /** Folders of the gateway and of the node. */
  readonly local: string;
  readonly node: string;
  /** Commands since the last look. */
  trips(): number;
  /** Bytes sent since the last look. */
  bytes(): number;
  readonly clock: { ms: number };
  /** In place of the shell. */
  replace(run: ((request: CommandRequest) => Promise<Collected>) | null): void;
  readonly shell: readonly string[];
  mirror(change?: Partial<MirrorSource>, options?: MirrorChange): ReturnType<typeof createMirror>;
  put(path: string, content: string | Buffer, mode?: number): void;
  remove(path: string): void;
  [Symbol.dispose](): void;
}

export interface MirrorChange {
  readonly owner?: string;
  readonly memory?: MirrorMemory;
  readonly sources?: () => readonly MirrorSource[];
}

export function arrange(shell: readonly string[] = ["/bin/sh"]): Arranged {
  const root = mkdtempSync(join(tmpdir(), "node-router-mirror-"));
  const local = join(root, "gateway");
  const node = join(root, "node", "work");
  mkdirSync(local);
  const clock = { ms: 1_000_000_000 };
  let trips = 0;
  let bytes = 0;
  let replaced: ((request: CommandRequest) => Promise<Collected>) | null = null;
  const run = (request: CommandRequest) => {
    trips++;
    bytes += request.input?.length ?? 0;
    return replaced === null ? runHere(shell, request) : replaced(request);
  };
  return {
    local,
    node,
    clock,
    shell,
    trips() {
      const count = trips;
      trips = 0;
      return count;
    },
    bytes() {
      const count = bytes;
      bytes = 0;
      return count;
    },
    replace(other) {
      replaced = other;
    },
    mirror(change = {}, options = {}) {
      const source: MirrorSource = {
        what: "skills",
        localDir: local,
        remoteDir: SKILLS,
        mode: "mirror",
        ...change,
      };
      return createMirror({
        run,
        node: "mac-sg",
        root: node,
        owner: options.owner ?? "agent:worker-sg",
        sources: options.sources ?? (() => [source]),
        now: () => clock.ms,
        memory: options.memory ?? createMirrorMemory(),
      });
    },
    put(path, content, mode = 0o644) {
      const file = join(local, path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, content, { mode });
    },
    remove: (path) => rmSync(join(local, path), { recursive: true }),
    [Symbol.dispose]() {
      rmSync(root, { recursive: true, force: true });
    },
  };
}

/** Every file below a folder with its content; the mirror's own lists left out. */
export function tree(folder: string): Record<string, string> {
  if (!existsSync(folder)) return {};
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => !/\.node-router-[0-9a-f]+\.json$/.test(file))
    .map((file) => [file.slice(folder.length + 1), contentOf(file)] as const);
  return Object.fromEntries(files.sort());
}

function contentOf(file: string): string {
  return lstatSync(file).isSymbolicLink() ? "-> link" : readFileSync(file, "latin1");
}
