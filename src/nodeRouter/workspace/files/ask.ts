// Sends one script to the node and tells apart how it ended: a reply, an exit code, or an error that is thrown.
import type { CollectLimits } from "../../transports/ssh/contract.ts";
import type { RunScript } from "./contract.ts";
import { outcomeError, type Subject } from "./failures.ts";

/** What a script that came to its end has said. */
export interface Answer {
  readonly exitCode: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

export interface Question {
  readonly subject: Subject;
  readonly script: string;
  readonly args: readonly string[];
  /** Content for stdin; without it stdin is empty. */
  readonly input?: Buffer;
  readonly signal: AbortSignal | undefined;
  /** Of its reply, for one that is longer than a few words. */
  readonly reply?: Pick<CollectLimits, "maxStdout" | "onExcess">;
}

/** A large folder on a slow disk takes its time. */
const DEADLINE_MS = 60_000;

/** @throws NodeRouterError when the script did not begin, its end was not seen, or a signal ended it. */
export async function ask(run: RunScript, question: Question): Promise<Answer> {
  const { outcome, stdout, stderr } = await run(
    {
      script: question.script,
      args: question.args,
      // Every directory is entered by its whole path: the script may begin anywhere.
      cwd: "/",
      input: question.input ?? Buffer.alloc(0),
      abortSignal: question.signal,
    },
    // What an honest node says without a bound are the words of its tools.
    { deadlineMs: DEADLINE_MS, onExcess: "end", ...question.reply },
  );
  // The scripts end with small numbers: from 128 on it was a signal, told by the shell or by the script's trap.
  if (outcome.kind !== "ran" || outcome.exitCode === null || outcome.exitCode >= 128) {
    throw outcomeError(question.subject, outcome);
  }
  return { exitCode: outcome.exitCode, stdout, stderr: stderr.toString("utf8") };
}
