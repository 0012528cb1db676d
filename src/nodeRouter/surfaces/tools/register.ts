// Gives agents their two tools; the host makes them anew for every run, with its agent.
import type { AnyAgentTool, OpenClawPluginApi } from "openclaw/plugin-sdk/plugin-entry";
import { agentOf } from "../../../shared/hostNames.ts";
import { JOBS } from "../../jobs/jobs.ts";
import type { RouterDeps } from "../../process/deps.ts";
import { jobKey, RUNNING } from "../../state/running.ts";
import { NODE_PROCESS, nodeProcess, type RunOnNode } from "./nodeProcess.ts";
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
      execute: (_callId: string, params: unknown) =>
        nodeProcess(
          deps.memory.part(JOBS),
          runOnNode(api, context),
          agentOf(context) ?? "",
          typeof params === "object" && params !== null ? params : {},
          (jobId, isRunning) => {
            const key = jobKey(jobId);
            if (isRunning) deps.memory.part(RUNNING).goesOn(key, key);
            else deps.memory.part(RUNNING).release(key);
          },
        ),
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

function runOnNode(api: OpenClawPluginApi, caller: Caller): RunOnNode {
  return async (nodeId, script) => {
    const answer: unknown = await api.runtime.nodes.invoke({
      nodeId,
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
