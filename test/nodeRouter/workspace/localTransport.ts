// An SshTransport without a network: every command is a local `sh` in a process group of its own.
import { spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { PassThrough } from "node:stream";
import type {
  CommandRequest,
  Outcome,
  RunningCommand,
  SignalName,
  SshTransport,
} from "../../../src/nodeRouter/transports/transport.ts";
import { refused } from "../../support/refused.ts";

export interface LocalTransport extends SshTransport {
  /** Everything that was dispatched, oldest first. */
  readonly started: { readonly node: string; readonly request: CommandRequest }[];
  readonly signals: SignalName[];
  readonly warmed: string[];
  /** Process groups that are running. */
  readonly groups: Set<number>;
}

export interface LocalOptions {
  /** Answers instead of a shell. */
  readonly outcome?: (request: CommandRequest) => Outcome | null;
  /** Of the login; default: none. */
  readonly home?: string;
}

export function createLocalTransport(options: LocalOptions = {}): LocalTransport {
  const transport: LocalTransport = {
    started: [],
    signals: [],
    warmed: [],
    groups: new Set(),
    start(node, request) {
      transport.started.push({ node, request });
      const outcome = options.outcome?.(request) ?? null;
      return outcome === null ? run(transport, request, options.home) : settled(transport, outcome);
    },
    warm: (node) => void transport.warmed.push(node),
    ping: async () => ({ kind: "unknown", reason: "there is no network to ask over" }),
    counters: () => null,
    info: () => null,
    nodes: () => [],
    close: async () => {},
    destroy() {
      for (const group of transport.groups) kill(group, "SIGKILL");
    },
  };
  return transport;
}

function settled(transport: LocalTransport, outcome: Outcome): RunningCommand {
  const ended = () => new PassThrough().end();
  return {
    stdin: new PassThrough(),
    stdout: ended(),
    stderr: ended(),
    started: Promise.resolve(null),
    outcome: Promise.resolve(outcome),
    signal: (name) => void transport.signals.push(name),
    abandon: () => {},
  };
}

function run(transport: LocalTransport, request: CommandRequest, home?: string): RunningCommand {
  const { script, args = [], env = {}, cwd = null, makeCwd = false, input = null } = request;
  if (makeCwd && cwd !== null) mkdirSync(cwd, { recursive: true });
  const child = spawn("/bin/sh", ["-c", script, "sh", ...args], {
    detached: true,
    stdio: "pipe",
    env: { PATH: process.env.PATH ?? "", ...(home === undefined ? {} : { HOME: home }), ...env },
    ...(cwd === null ? {} : { cwd }),
  });
  // Undefined when the directory is missing; 0 would mean the test's own group.
  const group = child.pid ?? null;
  if (group !== null) transport.groups.add(group);
  if (input !== null) child.stdin.end(input);
  child.stdin.on("error", () => {});
  let over = false;
  const outcome = new Promise<Outcome>((resolve) => {
    child.once("error", (error) =>
      resolve({ kind: "notStarted", ...refused("WORKDIR_UNAVAILABLE", error.message) }),
    );
    child.once("exit", (exitCode, signal) => {
      over = true;
      if (group !== null) transport.groups.delete(group);
      resolve({ kind: "ran", exitCode, signal: signal === null ? null : signal.slice(3) });
    });
  });
  return {
    stdin: child.stdin,
    stdout: child.stdout,
    stderr: child.stderr,
    started: Promise.resolve(group === null ? null : { processGroup: group }),
    outcome,
    signal(name) {
      transport.signals.push(name);
      if (!over && group !== null) kill(group, `SIG${name}`);
    },
    abandon() {
      if (!over && group !== null) kill(group, "SIGKILL");
    },
  };
}

function kill(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-group, signal);
  } catch {
    // It is over.
  }
}
