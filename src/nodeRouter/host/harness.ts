// Tells OpenClaw's own exec from a harness's native shell, which arrives under the same name.
import { BoundedMap } from "../../shared/bounded.ts";
import { definePart, type Memory } from "../../shared/processMemory.ts";
import { idsOf, type ToolContext, type ToolEvent } from "./events.ts";

/** Runs remembered as seen; one that is still going is put in again at its every model call. */
const MAX_RUNS = 4_096;

/** Runs of OpenClaw's own harness, whose exec honours `host` and `node`. */
export const EMBEDDED_RUNS = definePart("embedded-runs", 1, () => new BoundedMap<string, true>(MAX_RUNS));

/**
 * Parameters of native shells (Claude's Bash, Codex) that OpenClaw's exec does not have or, `timeout`, refuses.
 * The host hands such a shell to policies as `exec` and gives rewritten parameters back to it, where `host` and
 * `node` mean nothing: it would run on the gateway (host docs: gateway/cli-backends).
 */
const FOREIGN_PARAMS = [
  "description",
  "run_in_background",
  "dangerouslyDisableSandbox",
  "cmd",
  "timeout",
  "timeout_ms",
];

/** How the host names the run of a scheduled script, and the calls that it makes of OpenClaw's own tools. */
const SCRIPT_RUN = "cron-trigger:";
const SCRIPT_CALL = "tool_search_code:headless:";

/**
 * Whether a call named `exec` is OpenClaw's own exec, which honours `host` and `node`.
 * Only OpenClaw's harness announces its model calls, so a run without any is another one's: refused rather
 * than guessed. A scheduled script has no model, but no other harness makes calls like its.
 */
export function isOpenClawExec(memory: Memory, event: ToolEvent, context: ToolContext): boolean {
  const { runId, toolCallId } = idsOf(event, context);
  const isScript = runId.startsWith(SCRIPT_RUN) && toolCallId.startsWith(SCRIPT_CALL);
  if (!memory.part(EMBEDDED_RUNS).has(runId) && !isScript) return false;
  return !FOREIGN_PARAMS.some((name) => Object.hasOwn(event.params, name));
}
