// Complete RouterDeps without a host: a clock that stands still, captured log lines, and a list of nodes to change.
import { PLUGIN_CONFIG } from "../../src/config/currentConfig.ts";
import { resolveConfig } from "../../src/config/resolve.ts";
import type { ToolContext, ToolEvent } from "../../src/nodeRouter/host/events.ts";
import { EMBEDDED_RUNS } from "../../src/nodeRouter/host/harness.ts";
import type { MaskAnswer } from "../../src/nodeRouter/host/mask.ts";
import type { SessionFacts } from "../../src/nodeRouter/host/sandboxProblem.ts";
import type { SessionTotals } from "../../src/nodeRouter/host/sessionTotals.ts";
import type { RouterDeps } from "../../src/nodeRouter/process/deps.ts";
import { createLogger } from "../../src/shared/logger.ts";
import { createMemory } from "../../src/shared/processMemory.ts";

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
  /** What the host keeps about every session; an Error is thrown. Default: nothing. */
  readonly session?: SessionFacts | null | Error;
  /** Of every agent. Default: the host does not say. */
  readonly sessions?: SessionTotals | null;
  /** What the host hides of a question. Default: nothing. */
  readonly masks?: (text: string) => MaskAnswer;
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
  const {
    config = CONFIG,
    hostConfig = {},
    agentWorkspace = "/gateway/ws",
    session = null,
    sessions = null,
    masks = () => ({ kind: "shown" }),
  } = options;
  const lines: LogLine[] = [];
  const to = (level: LogLine["level"]) => (text: string) => void lines.push({ level, text });
  const deps: FakeDeps = {
    lines,
    nodes: { nodes: [hostEntry("mac-sg", SG_ID), hostEntry("mac-cn", CN_ID)] },
    listCalls: 0,
    clockMs: START_MS,
    configure: (raw) => {
      deps.memory.part(PLUGIN_CONFIG).current = raw === null ? null : resolveConfig(raw);
    },
    memory: createMemory(() => deps.clockMs),
    log: createLogger({ debug: to("debug"), info: to("info"), warn: to("warn"), error: to("error") }),
    listNodes: async () => {
      deps.listCalls += 1;
      if (deps.nodes instanceof Error) throw deps.nodes;
      return deps.nodes;
    },
    hostConfig: () => hostConfig,
    agentWorkspace: () => agentWorkspace,
    sessionFacts: () => {
      if (session instanceof Error) throw session;
      return session;
    },
    sessionTotals: () => sessions,
    masks: async (text) => masks(text),
    home: "/home/gateway",
    now: () => deps.clockMs,
  };
  deps.configure(config);
  return deps;
}

/** The sandbox settings that put an agent's whole workspace on a node. */
export const BOUND = {
  mode: "all",
  backend: "node-router",
  scope: "agent",
  workspaceAccess: "rw",
  prune: { idleHours: 0, maxAgeDays: 0 },
};

/** mac-sg and mac-cn as SSH nodes, with a workspace directory each. */
export const SSH_CONFIG = {
  ...CONFIG,
  nodes: {
    "mac-sg": { ...CONFIG.nodes["mac-sg"], ssh: {} },
    "mac-cn": { ...CONFIG.nodes["mac-cn"], ssh: {}, workspace: "/cn/ws" },
  },
};

/** Options with which worker-sg has its whole workspace on mac-sg; `agent` is merged into its entry. */
export function workspaceOptions(agent: object = {}, more: object = {}): FakeOptions {
  const entries = { master: {}, "worker-sg": { sandbox: BOUND, ...agent } };
  return { config: SSH_CONFIG, hostConfig: { agents: { entries }, ...more } };
}

export const RUN = "run-1";

/** An exec event of a run whose model calls were announced, i.e. of OpenClaw's own harness. */
export function execEvent(
  deps: FakeDeps,
  params: Record<string, unknown> = { command: "hostname" },
  changes: Partial<ToolEvent> = {},
): ToolEvent {
  const event = { toolName: "exec", params, runId: RUN, toolCallId: "call-1", ...changes };
  if (event.runId !== undefined) deps.memory.part(EMBEDDED_RUNS).set(event.runId, true);
  return event;
}

export function contextOf(agentId: string): ToolContext {
  return { agentId, sessionKey: `agent:${agentId}:main`, runId: RUN };
}
