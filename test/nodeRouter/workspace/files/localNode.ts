// A "node" for the file bridge: the real scripts, run by a local shell in a folder of their own. Counts the trips.
import { AsyncLocalStorage } from "node:async_hooks";
import { spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { vi } from "vitest";
import { currentToolCall, FILE_IDENTITY } from "../../../../src/nodeRouter/host/toolCall.ts";
import type {
  CollectCommand,
  Collected,
  CommandRequest,
} from "../../../../src/nodeRouter/transports/transport.ts";
import { createFileBridge } from "../../../../src/nodeRouter/workspace/files/createFileBridge.ts";
import type {
  FileBridge,
  FileBridgeOptions,
  FileChange,
} from "../../../../src/nodeRouter/workspace/files/fileBridge.ts";

// Real processes, dozens a test: on a busy machine five seconds are not enough.
vi.setConfig({ testTimeout: 60_000 });

export const NODE = "mac-sg";

/** A shell and the tools it finds. */
export interface Userland {
  readonly name: string;
  readonly argv: readonly string[];
  /** Null: the PATH of this process. */
  readonly path?: (folder: string) => string;
}

/** The system's own /bin/sh, which every machine has. */
export const SH: Userland = { name: "sh", argv: ["sh"] };

/** A `stat` as on macOS: it knows no -c, and -f is a format. GNU's own does the work. */
const BSD_STAT = `#!/bin/sh
case $1 in
  -c) echo "stat: illegal option -- c" >&2; exit 1 ;;
  -f) test "$2" = '%z %Fm %Lp %u:%g' || { echo "stat: unexpected format" >&2; exit 1; }
    LC_ALL=C exec "$REAL_STAT" -c '%s %.9Y %a %u:%g' "$3" ;;
  *) exec "$REAL_STAT" "$@" ;;
esac
`;

const realStat = find("stat");
const isGnuStat = realStat !== null && spawnSync(realStat, ["-c", "%.9Y", "/"]).status === 0;

/** Every shell and set of tools that this machine has; the first one is always there. */
export const USERLANDS: readonly Userland[] = [
  SH,
  ...["dash", "bash", "mksh", "ksh"]
    .filter((name) => find(name) !== null)
    .map((name) => ({ name, argv: name === "bash" ? [name, "--posix"] : [name] })),
  ...(find("zsh") === null ? [] : [{ name: "zsh as sh", argv: ["zsh", "--emulate", "sh"] }]),
  ...(find("busybox") === null
    ? []
    : [{ name: "busybox alone", argv: ["busybox", "sh"], path: busyboxTools }]),
  ...(isGnuStat ? [{ name: "sh with a BSD stat", argv: ["sh"], path: bsdStat }] : []),
];

export interface LocalNode extends Disposable {
  /** Physical, and holds nothing but what the test makes. */
  readonly folder: string;
  /** The workspace on the node; not there yet. */
  readonly root: string;
  readonly bridge: FileBridge;
  /** What the bridge sends its scripts with. */
  readonly run: CollectCommand;
  /** Scripts sent so far. */
  readonly requests: CommandRequest[];
  readonly changes: FileChange[];
  /** A point of the node's disk, made with its parents. */
  at(...names: string[]): string;
  /** Runs steps as those of one tool call. */
  call<T>(steps: () => Promise<T>): Promise<T>;
  /** How many trips a step takes. */
  trips(step: () => Promise<unknown>): Promise<number>;
  /** Whether its shell finds a tool. */
  has(tool: string): boolean;
  /** Lets the bridge's clock go on. */
  wait(ms: number): void;
}

export interface Arrangement extends Partial<FileBridgeOptions> {
  readonly userland?: Userland;
  /** What reaches the script's stdin: to lose a part of it. */
  readonly deliver?: (input: Buffer) => Buffer;
  /** Shell text in front of the script. */
  readonly before?: string;
  /** Tools that stand before the real ones: name and shell text. */
  readonly tools?: Readonly<Record<string, string>>;
  /** No tools but these. */
  readonly onlyTools?: readonly string[];
  /** Runs as a user without rights, where that can be chosen. */
  readonly asNobody?: boolean;
  /** Instead of the script, or behind it. */
  readonly intercept?: (request: CommandRequest, run: () => Promise<Collected>) => Promise<Collected>;
}

/** The workspace of the agent as the gateway names it. Nothing is there. */
export const GATEWAY_WORKSPACE = "/gateway/state/workspace";

export function localNode(arrangement: Arrangement = {}): LocalNode {
  const {
    userland = SH,
    deliver = (input) => input,
    before = "",
    asNobody = false,
    tools = {},
    onlyTools = null,
    intercept,
    ...options
  } = arrangement;
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "node-router-files-")));
  const root = options.root ?? join(folder, "ws");
  const requests: CommandRequest[] = [];
  const changes: FileChange[] = [];
  const nobody = asNobody && process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
  if (asNobody) chmodSync(folder, 0o777);
  const ownTools = join(folder, ".tools");
  const searched =
    onlyTools === null
      ? (userland.path?.(ownTools) ?? process.env.PATH ?? "")
      : linkTools(ownTools, onlyTools);
  const env = {
    PATH: `${fakeTools(join(folder, ".fakes"), tools)}${delimiter}${searched}`,
    // For tools that stand before the real ones.
    REAL_PATH: searched,
    REAL_STAT: realStat ?? "",
    HOME: folder,
  };
  const calls = new AsyncLocalStorage<object>();
  let clock = 1_000_000;
  let waiting: (() => void)[] = [];

  const run = (request: CommandRequest): Promise<Collected> =>
    new Promise((resolve) => {
      const [shellName = "sh", ...flags] = userland.argv;
      const shell = find(shellName) ?? shellName;
      const args = [...flags, "-c", `${before}\n${request.script}`, "sh", ...(request.args ?? [])];
      const child = spawn(shell, args, { cwd: request.cwd ?? folder, env, ...nobody });
      const stdout: Buffer[] = [];
      const stderr: Buffer[] = [];
      child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
      child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
      // A script that does not read its input is the transport's business.
      child.stdin.on("error", () => {});
      child.stdin.end(deliver(request.input ?? Buffer.alloc(0)));
      child.on("close", (exitCode, signal) => {
        resolve({
          outcome: { kind: "ran", exitCode, signal: signal === null ? null : signal.slice(3) },
          stdout: Buffer.concat(stdout),
          stderr: Buffer.concat(stderr),
        });
      });
    });

  const send: CollectCommand = async (request) => {
    requests.push(request);
    return intercept === undefined ? await run(request) : await intercept(request, () => run(request));
  };
  const bridge = createFileBridge({
    node: NODE,
    root,
    workspaceDir: GATEWAY_WORKSPACE,
    paths: [],
    now: () => clock,
    currentCall: () => calls.getStore() ?? currentToolCall(),
    onChange: (change) => changes.push(change),
    later: (task) => {
      waiting.push(task);
      return () => {
        waiting = waiting.filter((other) => other !== task);
      };
    },
    ...options,
    run: send,
  });

  return {
    folder,
    root,
    bridge,
    run: send,
    requests,
    changes,
    at(...names) {
      const path = join(folder, ...names);
      mkdirSync(join(path, ".."), { recursive: true });
      return path;
    },
    call: (steps) =>
      calls.run({}, async () => {
        await bridge[FILE_IDENTITY]({ filePath: "." });
        return await steps();
      }),
    has: (tool) => {
      const [shellName = "sh", ...flags] = userland.argv;
      return (
        spawnSync(find(shellName) ?? shellName, [...flags, "-c", `command -v ${tool}`], { env }).status === 0
      );
    },
    async trips(step) {
      const start = requests.length;
      await step();
      return requests.length - start;
    },
    wait(ms) {
      clock += ms;
      const due = waiting;
      waiting = [];
      for (const task of due) task();
    },
    [Symbol.dispose]() {
      spawnSync("chmod", ["-R", "u+rwx", folder]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function find(tool: string): string | null {
  const folder = (process.env.PATH ?? "").split(delimiter).find((entry) => existsSync(join(entry, tool)));
  return folder === undefined ? null : join(folder, tool);
}

function bsdStat(tools: string): string {
  mkdirSync(tools, { recursive: true });
  writeFileSync(join(tools, "stat"), BSD_STAT, { mode: 0o755 });
  return `${tools}${delimiter}${process.env.PATH ?? ""}`;
}

function fakeTools(folder: string, tools: Readonly<Record<string, string>>): string {
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(tools)) {
    writeFileSync(join(folder, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  }
  return folder;
}

function linkTools(folder: string, names: readonly string[]): string {
  mkdirSync(folder, { recursive: true });
  for (const name of names) symlinkSync(find(name) ?? `/nowhere/${name}`, join(folder, name));
  return folder;
}

/** No tool but busybox's own. */
function busyboxTools(tools: string): string {
  mkdirSync(tools, { recursive: true });
  const busybox = find("busybox") ?? "busybox";
  const { stdout } = spawnSync(busybox, ["--list"], { encoding: "utf8" });
  for (const applet of stdout.split("\n").filter((name) => name !== ""))
    symlinkSync(busybox, join(tools, applet));
  return tools;
}
