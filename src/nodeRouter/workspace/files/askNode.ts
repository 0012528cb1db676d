// Sends one script to the node and tells apart how it ended: a reply, an exit code, or an error that is thrown.
import type { CollectCommand, CollectLimits } from "../../transports/transport.ts";
import { outcomeError, type Subject } from "./fileFailures.ts";
import { bytesOf, hasRawBytes } from "./fileNames.ts";

/** Much more than the scripts' tools say when all goes well or wrong. Their last words are the summary. */
const MAX_STDERR = 64 * 1024;

/** What a script that came to its end has said. */
export interface ScriptAnswer {
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

/**
 * A large folder on a slow disk takes its time; and where a link forgot a connection of the node protocol, OpenClaw's two
 * ends took 142 s to notice (ticks of 30 s), after which the script's real end can be asked for.
 */
const DEADLINE_MS = 200_000;

/** @throws NodeRouterError when the script did not begin, its end was not seen, or a signal ended it. */
export async function ask(run: CollectCommand, question: Question): Promise<ScriptAnswer> {
  const { outcome, stdout, stderr } = await run(
    {
      ...withRawArgs(question),
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
  return { exitCode: outcome.exitCode, stdout, stderr: stderr.subarray(-MAX_STDERR).toString("utf8") };
}

/** Turns the arguments back into the bytes they stand for. */
const DECODE = `LC_ALL=C; export LC_ALL; n=$#
for a do a=$(printf '%b.' "$a"); set -- "$@" "\${a%.}"; done
shift "$n"`;

/** A command's arguments are text. Where a name has bytes that are none, all travel as escapes of `printf`. */
function withRawArgs({ script, args }: Question): {
  readonly script: string;
  readonly args: readonly string[];
} {
  if (!args.some(hasRawBytes)) return { script, args };
  return { script: `${DECODE}\n${script}`, args: args.map(escaped) };
}

function escaped(arg: string): string {
  // Names were checked when they were resolved.
  const bytes = bytesOf(arg) ?? Buffer.from(arg, "utf8");
  let text = "";
  for (const byte of bytes) {
    text +=
      byte >= 0x80 || byte === 0x5c ? `\\0${byte.toString(8).padStart(3, "0")}` : String.fromCharCode(byte);
  }
  return text;
}
