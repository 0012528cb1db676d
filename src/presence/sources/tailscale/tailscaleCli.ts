// Runs a command and gives out what it prints while it prints it.
import { spawn } from "node:child_process";
import { safe } from "../../../shared/safeText.ts";

/** Of what it complains, only this much is read. */
const MAX_COMPLAINT = 300;

/**
 * Its output, piece by piece; the process is gone when this ends.
 * @throws Error of node:child_process (ENOENT: no such command), or that says how it ended and its first complaint.
 */
export async function* runTailscale(
  file: string,
  args: readonly string[],
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  const child = spawn(file, args, { stdio: ["ignore", "pipe", "pipe"], signal, killSignal: "SIGKILL" });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve(code));
  });
  // Looked at below, unless who reads stops before.
  ended.catch(() => {});
  let complaint = "";
  child.stderr.on("data", (part: Buffer) => {
    if (complaint.length < MAX_COMPLAINT) complaint += part.toString("utf8");
  });
  let broken: unknown = null;
  try {
    try {
      for await (const part of child.stdout) if (Buffer.isBuffer(part)) yield part;
    } catch (error) {
      broken = error;
    }
    const code = await ended;
    if (broken !== null) throw broken;
    if (code !== 0) throw new Error(endText(file, args, code, complaint));
  } finally {
    child.kill("SIGKILL");
  }
}

function endText(file: string, args: readonly string[], code: number | null, complaint: string): string {
  const said = safe((complaint.trim().split("\n", 1)[0] ?? "").slice(0, MAX_COMPLAINT));
  return `"${[file, ...args].join(" ")}" ended with ${code ?? "a signal"}${said === "" ? "" : `: ${said}`}`;
}
