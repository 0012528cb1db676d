// Runs a small constant script for presence: over a connection that is open, with bounded output and time.

import type { ScriptRequest, ScriptResult } from "../../../presence/sources/ssh/contract.ts";
import { quote } from "../../../safeText.ts";
import type { Outcome, SshTransport } from "./contract.ts";

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
  const { promise: cutOff, resolve: cut } = Promise.withResolvers<string>();
  const chunks: Buffer[] = [];
  let size = 0;
  command.stdout.on("data", (chunk: Buffer) => {
    size += chunk.length;
    if (size <= MAX_OUTPUT) chunks.push(chunk);
    else cut(`it printed more than ${MAX_OUTPUT / 1024} KiB`);
  });
  command.stderr.resume();
  const ended = new Promise<Outcome>((resolve) => {
    command.stdout.once("close", () => void command.outcome.then(resolve));
  });
  const timer = setTimeout(() => cut(`it did not end within ${timeoutMs / 1000} s`), timeoutMs);
  timer.unref();
  const end = await Promise.race([ended, cutOff]);
  clearTimeout(timer);
  const stdout = Buffer.concat(chunks).toString("utf8");
  if (typeof end === "string") {
    command.signal("KILL");
    return failed(end, stdout, true);
  }
  if (end.kind === "notStarted") return failed(end.message, "", isConnected());
  if (end.kind === "unknown") return failed(end.message, stdout, true);
  if (end.exitCode === 0) return { ok: true, stdout };
  const how = end.signal === null ? `with code ${end.exitCode}` : `by signal ${quote(end.signal)}`;
  return failed(`it ended ${how}`, stdout, true);
}

function failed(reason: string, stdout: string, isConnected: boolean): ScriptResult {
  return { ok: false, reason, stdout, isConnected };
}
