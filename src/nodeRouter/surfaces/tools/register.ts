// Gives agents their tools; the host makes them anew for every run, with its agent.
import type { AnyAgentTool, OpenClawPluginApi } from "openclaw/plugin-sdk/plugin-entry";
import { PLUGIN_CONFIG } from "../../../config/currentConfig.ts";
import type { ResolvedConfig } from "../../../config/resolve.ts";
import { agentOf, normalizeAgentId } from "../../../shared/hostNames.ts";
import { loadLater } from "../../../shared/loadLater.ts";
import { OUTBOX } from "../../delegation/outbox/outbox.ts";
import { JOBS } from "../../jobs/jobs.ts";
import { matchesAgent } from "../../placement/selector/agentGlob.ts";
import type { RouterDeps } from "../../process/deps.ts";
import { DELEGATED_RUNS } from "../../state/delegatedRuns.ts";
import { DELEGATE, DELEGATION } from "./delegateTools.ts";
import type { NodeProcessDeps } from "./nodeProcess.ts";
import { NODE_PROCESS } from "./nodeProcessTool.ts";
import { NODE_ROUTE } from "./nodeRouteTool.ts";
import type { ToolOutput } from "./toolOutput.ts";

/** A look at a job is short; a node that is silent for this long is not reachable. */
const RUN_TIMEOUT_MS = 20_000;

/** `node_route` and `node_process`, and for agents that may delegate `delegate` and `delegation`, made anew for each run, as the host says whose run it is. */
export function registerTools(api: OpenClawPluginApi, deps: RouterDeps): void {
  api.registerTool(
    (context): AnyAgentTool => ({
      ...NODE_ROUTE,
      async execute(_callId: string, params: unknown) {
        const { nodeRoute } = await loadLater(() => import("./nodeRoute.ts"));
        return nodeRoute(deps, agentOf(context), params);
      },
    }),
    { names: [NODE_ROUTE.name] },
  );
  api.registerTool(
    (context): AnyAgentTool => ({
      ...NODE_PROCESS,
      async execute(_callId: string, params: unknown) {
        const { askJobNode, nodeProcess, noteAnswer } = await loadLater(() => import("./nodeProcess.ts"));
        return nodeProcess(
          {
            jobs: deps.memory.part(JOBS),
            run: runOnNode(api, deps, context, askJobNode),
            onAnswer: (job, answer) => noteAnswer(deps.memory, job, answer, deps.now()),
          },
          agentOf(context) ?? "",
          typeof params === "object" && params !== null ? params : {},
        );
      },
    }),
    { names: [NODE_PROCESS.name] },
  );
  for (const tool of [DELEGATE, DELEGATION] as const) {
    api.registerTool(
      (context): AnyAgentTool | null => {
        const agent = agentOf(context);
        const config = deps.memory.part(PLUGIN_CONFIG).current;
        if (agent === null || config === null || !mayDelegate(config, agent)) return null;
        return {
          ...tool,
          async execute(callId: string, params: unknown, signal, onUpdate) {
            const tools = await loadLater(() => import("./delegate.ts"));
            const now = {
              config: deps.memory.part(PLUGIN_CONFIG).current ?? config,
              outbox: deps.memory.part(OUTBOX).current,
              runs: deps.memory.part(DELEGATED_RUNS),
              parentOf: tools.parentBy(deps.sessionFacts),
              agent,
              session: context.sessionKey ?? "",
              callId,
              signal,
              onProgress: (output: ToolOutput) => onUpdate?.(output),
            };
            return tool === DELEGATE ? tools.delegate(now, params) : tools.delegation(now, params);
          },
        };
      },
      { names: [tool.name] },
    );
  }
}

/** Others do not see the tools: each costs a model its description. */
function mayDelegate({ peers, delegation }: ResolvedConfig, agent: string): boolean {
  const id = normalizeAgentId(agent);
  return (
    peers.size > 0 &&
    delegation.rules.some(({ agents }) => agents.some((pattern) => matchesAgent(pattern, id)))
  );
}

/** Whose look at a job it is. */
interface Caller {
  readonly agentId?: string | undefined;
  readonly sessionKey?: string | undefined;
}

/**
 * SECURITY: what a command prints would otherwise be reported to the default agent's session, as the end of a command
 * that it never ran, and start a model turn there (OpenClaw 2026.9.6).
 */
export function systemRunParams(script: string, { agentId, sessionKey }: Caller): Record<string, unknown> {
  return {
    command: ["/bin/sh", "-c", script],
    rawCommand: script,
    timeoutMs: RUN_TIMEOUT_MS,
    suppressNotifyOnExit: true,
    ...(agentId ? { agentId } : {}),
    ...(sessionKey ? { sessionKey } : {}),
  };
}

/** A job of a workspace is asked about where its commands go; any other as OpenClaw's own commands do. */
function runOnNode(
  api: OpenClawPluginApi,
  deps: RouterDeps,
  caller: Caller,
  askJobNode: typeof import("./nodeProcess.ts").askJobNode,
): NodeProcessDeps["run"] {
  return async (job, script) => {
    if (job.through !== "exec" || job.nodeId === null) return askJobNode(deps.memory, job, script);
    const answer: unknown = await api.runtime.nodes.invoke({
      nodeId: job.nodeId,
      command: "system.run",
      params: systemRunParams(script, caller),
      timeoutMs: RUN_TIMEOUT_MS + 5_000,
    });
    return stdoutOf(answer);
  };
}

/** The host wraps the node's answer in `payload`, or hands it over as it is. */
function stdoutOf(answer: unknown): string {
  if (typeof answer === "object" && answer !== null) {
    if ("stdout" in answer && typeof answer.stdout === "string") return answer.stdout;
    if ("payload" in answer) return stdoutOf(answer.payload);
    if ("error" in answer && typeof answer.error === "string") throw new Error(answer.error);
  }
  throw new Error("the node's answer holds no output");
}
