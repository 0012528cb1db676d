// Runs a small constant script for presence: over a connection that is open, with bounded output and time.

import type { ScriptRequest, ScriptResult } from "../../../presence/sources/ssh/askSsh.ts";
import { refusalText } from "../../../shared/refusal.ts";
import { quote } from "../../../shared/safeText.ts";
import { collect } from "../collect.ts";
import type { SshTransport } from "../transport.ts";

const MAX_OUTPUT = 1 << 16;

/** See `RunScript`. The script is no agent's work: it is not audited, opens no connection and keeps none open. */
export async function runScript(
  transport: Pick<SshTransport, "start" | "counters">,
  node: string,
  { script, args, timeoutMs }: ScriptRequest,
): Promise<ScriptResult> {
  const isConnected = () => (transport.counters(node)?.connected ?? 0) > 0;
  if (!isConnected()) {
    return failed("no SSH connection to it is open", "", false);
  }
  const command = transport.start(node, { script, args, input: Buffer.alloc(0), isBackground: true });
  const limits = { maxStdout: MAX_OUTPUT, maxStderr: 0, deadlineMs: timeoutMs, onExcess: "end" } as const;
  const { outcome, stdout: output, givenUp } = await collect(command, limits);
  const stdout = output.toString("utf8");
  if (outcome.kind === "notStarted") return failed(refusalText(outcome), "", isConnected());
  if (typeof givenUp === "string") return failed(givenUp, stdout, true);
  if (outcome.kind === "unknown") return failed(refusalText(outcome), stdout, true);
  if (outcome.exitCode === 0) return { ok: true, stdout };
  const how =
    outcome.signal === null ? `with code ${outcome.exitCode}` : `by signal ${quote(outcome.signal)}`;
  return failed(`it ended ${how}`, stdout, true);
}

function failed(reason: string, stdout: string, isConnected: boolean): ScriptResult {
  return { ok: false, reason, stdout, isConnected };
}
