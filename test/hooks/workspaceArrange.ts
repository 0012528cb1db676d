// An agent whose whole workspace is on mac-sg, and what the hooks say of its calls.
import { createBeforeToolCall } from "../../src/hooks/beforeToolCall.ts";
import { createToolPolicy } from "../../src/hooks/toolPolicy.ts";
import type { ApprovalRequest, PolicyResult } from "../../src/nodeRouter/dispatch/hostAnswer.ts";
import type { ToolContext, ToolEvent } from "../../src/nodeRouter/host/events.ts";
import { WORKSPACE_CALLS, type WorkspaceCall } from "../../src/nodeRouter/state/workspaceCalls.ts";
import {
  contextOf,
  execEvent,
  type FakeDeps,
  type FakeOptions,
  fakeDeps,
  workspaceOptions,
} from "../support/fakeDeps.ts";

export const SG = contextOf("worker-sg");

export interface Arranged {
  readonly deps: FakeDeps;
  readonly policy: (event: ToolEvent, context?: ToolContext) => Promise<PolicyResult | undefined>;
  readonly lastHook: (event: ToolEvent, context?: ToolContext) => Promise<PolicyResult | undefined>;
  /** The policy's answer about one exec with these parameters. */
  readonly exec: (params?: Record<string, unknown>, toolCallId?: string) => Promise<PolicyResult | undefined>;
  /** Every call that was made known to the backend, oldest first. */
  readonly calls: () => readonly WorkspaceCall[];
}

export function arranged(options: FakeOptions = workspaceOptions()): Arranged {
  const deps = fakeDeps(options);
  const policy = createToolPolicy(deps);
  const lastHook = createBeforeToolCall(deps, policy);
  return {
    deps,
    policy: (event, context = SG) => policy(event, context),
    lastHook: (event, context = SG) => lastHook(event, context),
    exec: (params = { command: "hostname" }, toolCallId = "call-1") =>
      policy(execEvent(deps, params, { toolCallId }), SG),
    calls: () => [...deps.memory.part(WORKSPACE_CALLS).values()],
  };
}

/** The parameters of an answer; its absence is a failure. */
export function paramsOf(answer: PolicyResult | undefined): Record<string, unknown> {
  if (answer === undefined || !("params" in answer))
    throw new Error(`no parameters: ${JSON.stringify(answer)}`);
  return answer.params;
}

/** Why a call was refused; its absence is a failure. */
export function reasonOf(answer: PolicyResult | undefined): string {
  if (answer === undefined || !("blockReason" in answer))
    throw new Error(`not refused: ${JSON.stringify(answer)}`);
  return answer.blockReason;
}

/** The question in an answer; its absence is a failure. */
export function questionOf(answer: PolicyResult | undefined): ApprovalRequest {
  if (answer === undefined || !("requireApproval" in answer) || answer.requireApproval === undefined) {
    throw new Error(`nobody is asked: ${JSON.stringify(answer)}`);
  }
  return answer.requireApproval;
}
