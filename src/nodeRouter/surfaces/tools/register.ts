// Gives agents their two tools; the host makes them anew for every run, with its agent.
import type { AnyAgentTool, OpenClawPluginApi } from "openclaw/plugin-sdk/plugin-entry";
import { agentOf } from "../../../shared/hostNames.ts";
import { loadLater } from "../../../shared/loadLater.ts";
import { JOBS } from "../../jobs/jobs.ts";
import type { RouterDeps } from "../../process/deps.ts";
import type { NodeProcessDeps } from "./nodeProcess.ts";
import { NODE_PROCESS } from "./nodeProcessTool.ts";
import { NODE_ROUTE, nodeRoute } from "./nodeRoute.ts";

/** A look at a job is short; a node that is silent for this long is not reachable. */
const RUN_TIMEOUT_MS = 20_000;

/** `node_route` and `node_process`, made anew for each run, as the host says whose run it is. */
export function registerTools(api: OpenClawPluginApi, deps: RouterDeps): void {
  api.registerTool(
    (context): AnyAgentTool => ({
      ...NODE_ROUTE,
      execute: (_callId: string, params: unknown) => nodeRoute(deps, agentOf(context), params),
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
