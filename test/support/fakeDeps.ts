// Complete RouterDeps without a host: a clock that stands still, captured log lines, and a list of nodes to change.
import { resolveConfig } from "../../src/config/resolve.ts";
import type { ToolContext, ToolEvent } from "../../src/hooks/events.ts";
import { createLogger } from "../../src/logger.ts";
import type { RouterDeps } from "../../src/nodeRouter/deps.ts";
import { createSharedState } from "../../src/nodeRouter/sharedState.ts";

export const SG_ID = "5a".repeat(32);
export const CN_ID = "c0".repeat(32);
export const START_MS = 1_700_000_000_000;

/** Two nodes, and one rule for each of two agents; `master` has none. */
export const CONFIG = {
  nodes: {
    "mac-sg": { tags: ["region=sg"], location: { country: "SG" }, workspace: "/node/ws" },
    "mac-cn": { tags: ["region=cn"], location: { country: "CN" } },
  },
  rules: [
    { name: "singapore", agents: ["worker-sg"], require: "region=sg" },
    { name: "china", agents: ["worker-cn"], require: "region=cn" },
  ],
};

/** One entry of the host's `nodes.list`: paired, approved, connected, and able to do everything. */
export function hostEntry(name: string, nodeId: string, changes: object = {}): object {
  return {
    nodeId,
    displayName: name,
    platform: "linux",
    connected: true,
    approvalState: "approved",
    commands: ["system.run", "system.run.prepare", "browser.proxy", "computer.act", "file.fetch"],
    connectedAtMs: START_MS - 60_000,
    ...changes,
  };
}

export interface LogLine {
  readonly level: "debug" | "info" | "warn" | "error";
  readonly text: string;
}

export interface FakeOptions {
  /** The plugin's config as written; default CONFIG. Null: nothing was ever published. */
  readonly config?: unknown;
  readonly hostConfig?: unknown;
  readonly agentWorkspace?: string | null;
}

export interface FakeDeps extends RouterDeps {
  /** Everything that reached the host's log. */
  readonly lines: LogLine[];
  /** What `nodes.list` answers next; an Error is thrown. */
  nodes: unknown;
  /** How often the list was asked for. */
  listCalls: number;
  /** Epoch ms; moves only when told to. */
  clockMs: number;
  configure(config: unknown): void;
}

export function fakeDeps(options: FakeOptions = {}): FakeDeps {
  const { config = CONFIG, hostConfig = {}, agentWorkspace = "/gateway/ws" } = options;
  const lines: LogLine[] = [];
  const to = (level: LogLine["level"]) => (text: string) => void lines.push({ level, text });
  const deps: FakeDeps = {
    lines,
    nodes: { nodes: [hostEntry("mac-sg", SG_ID), hostEntry("mac-cn", CN_ID)] },
    listCalls: 0,
    clockMs: START_MS,
    configure: (raw) => {
      deps.state.config = raw === null ? null : resolveConfig(raw);
    },
    state: createSharedState(() => deps.clockMs),
    log: createLogger({ debug: to("debug"), info: to("info"), warn: to("warn"), error: to("error") }),
    listNodes: async () => {
      deps.listCalls += 1;
      if (deps.nodes instanceof Error) throw deps.nodes;
      return deps.nodes;
    },
    hostConfig: () => hostConfig,
    agentWorkspace: () => agentWorkspace,
    home: "/home/gateway",
    now: () => deps.clockMs,
  };
  deps.configure(config);
  return deps;
}

export const RUN = "run-1";

/** An exec event of a run whose model calls were announced, i.e. of OpenClaw's own harness. */
export function execEvent(
  deps: FakeDeps,
  params: Record<string, unknown> = { command: "hostname" },
  changes: Partial<ToolEvent> = {},
): ToolEvent {
  const event = { toolName: "exec", params, runId: RUN, toolCallId: "call-1", ...changes };
  if (event.runId !== undefined) deps.state.embeddedRuns.set(event.runId, true);
  return event;
}

export function contextOf(agentId: string): ToolContext {
  return { agentId, sessionKey: `agent:${agentId}:main`, runId: RUN };
}
