// What the peer is told of a run that is over: its answer, cut to size, or why there is none.
import { Buffer } from "node:buffer";
import { safe, shortened } from "../../../shared/safeText.ts";
import type { RunEnd, Subagents } from "../../host/subagents.ts";
import type { InboundTask, TaskEnd } from "../model/incoming.ts";

const MAX_REASON = 512;

/**
 * @param isLate it was ended because it ran as long as it may
 * @param maxBytes of the result, UTF-8
 */
export async function runResult(
  subagents: Subagents,
  task: InboundTask,
  end: RunEnd,
  isLate: boolean,
  maxBytes: number,
): Promise<TaskEnd> {
  const tokens = tokensOf(subagents, task);
  if (!end.isOk) {
    if (task.cancelRequested)
      return { phase: "canceled", result: null, reason: "it was canceled after it had begun", tokens };
    const reason = isLate
      ? `it was ended after ${task.maxMinutes} minutes, which is as long as it may run here`
      : `its run failed: ${hostWords(end.error ?? "the host does not say why")}`;
    return { phase: "failed", result: null, reason, tokens };
  }
  const said = end.text ?? (await subagents.lastAnswer(task.session).catch((): null => null)) ?? "";
  const { text, isCut } = cut(said, maxBytes);
  const reason = isCut ? "its result was too long and is cut" : null;
  return { phase: "completed", result: text, reason, tokens };
}

/** Safe to print, and short. */
export function hostWords(text: string): string {
  return safe(shortened(text.slice(0, 4 * MAX_REASON), MAX_REASON));
}

/** Null: the host does not say. */
function tokensOf(subagents: Subagents, { agent, session }: InboundTask): number | null {
  try {
    return subagents.session(agent, session)?.tokens ?? null;
  } catch {
    return null;
  }
}

/** At most so many UTF-8 bytes, never half a character. */
function cut(text: string, maxBytes: number): { readonly text: string; readonly isCut: boolean } {
  const bytes = Buffer.from(text.toWellFormed());
  if (bytes.length <= maxBytes) return { text: text.toWellFormed(), isCut: false };
  let end = maxBytes;
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
  return { text: bytes.toString("utf8", 0, end), isCut: true };
}
