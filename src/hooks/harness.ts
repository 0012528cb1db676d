// Tells OpenClaw's own exec from a harness's native shell, which arrives under the same name.
import type { SharedState } from "../nodeRouter/sharedState.ts";
import type { ToolContext, ToolEvent } from "./events.ts";

/**
 * Parameters of native shells (Claude's Bash, Codex) that OpenClaw's exec does not have or, `timeout`, refuses. The host hands that Bash to policies
 * as `exec` and gives rewritten parameters back to it, where `host` and `node` mean nothing: it would run on
 * the gateway (host docs: gateway/cli-backends).
 */
const FOREIGN_PARAMS = [
  "description",
  "run_in_background",
  "dangerouslyDisableSandbox",
  "cmd",
  "timeout",
  "timeout_ms",
];

/**
 * Whether a call named `exec` is OpenClaw's own exec, which honours `host` and `node`.
 * Only OpenClaw's harness announces its model calls, so a run without any is another one's: refused rather
 * than guessed.
 */
export function isOpenClawExec(state: SharedState, event: ToolEvent, context: ToolContext): boolean {
  const runId = event.runId ?? context.runId;
  if (runId === undefined || !state.embeddedRuns.has(runId)) return false;
  return !FOREIGN_PARAMS.some((name) => Object.hasOwn(event.params, name));
}
