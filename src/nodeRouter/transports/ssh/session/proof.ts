// Whether a session does what commands rely on: one waiting shell is spent to see its streams and its exit code.
import { randomBytes } from "node:crypto";
import type { PtySize } from "../../transport.ts";
import type { Runner, StartLine } from "./runner.ts";
import { CHANGED, ECHOED, exitLost, HELD, NO_INPUT, type SessionFault } from "./sessionFault.ts";

/** No shell ends with this by itself. */
const EXIT_CODE = 79;
/** Bytes of each stream that are kept. */
const MAX_KEPT = 1 << 13;
/** Bytes that a filter for text would change. */
const BYTES = "\\200\\377\\033\\t\\r\\n";
const AS_BYTES = "\u0080\u00ff\u001b\t\r\n";
const ERRORS = "errors";

/** Output, errors, input and exit code; in a terminal the exit code alone, the rest is the terminal's own. */
const SCRIPT = `printf "%s\\n${BYTES}" "$1"; printf ${ERRORS} >&2; IFS= read -r x; printf %s "$x"; exit ${EXIT_CODE}`;
const TERMINAL_SCRIPT = `printf "%s\\n" "$1"; exit ${EXIT_CODE}`;

/**
 * Null: it does. Uses the runner up.
 * @param ms after which a session counts as one that does not end.
 * @throws Error when the connection was lost meanwhile, which says nothing of the session
 */
export async function prove(runner: Runner, pty: PtySize | null, ms: number): Promise<SessionFault | null> {
  const [marker, word, input] = [16, 8, 8].map((bytes) => randomBytes(bytes).toString("hex"));
  if (marker === undefined || word === undefined || input === undefined) throw new Error("no random words");
  let start: StartLine | null = null;
  let isTold = false;
  const { channel } = runner;
  channel.once("exit", () => {
    isTold = true;
  });
  const script = pty === null ? SCRIPT : TERMINAL_SCRIPT;
  // A terminal's input stays open: its end would be a character in it.
  const request = { script, args: [word], pty, input: pty === null ? Buffer.from(`${input}\n`) : null };
  const { stdout, stderr } = runner.dispatch(request, marker, (line) => {
    start ??= line;
  });
  const raw = [keep(channel), keep(channel.stderr)];
  const [output, errors] = [keep(stdout), keep(stderr)];
  const late = Promise.withResolvers<null>();
  const timer = setTimeout(late.resolve, ms, null);
  const end = await Promise.race([runner.ended, late.promise]);
  clearTimeout(timer);
  if (end === null) runner.discard();
  if (raw.some((text) => holdsRequest(text(), marker))) return ECHOED;
  if (end === null) return isTold ? HELD : NO_INPUT;
  if (!end.told || end.isCut || end.failure !== null) throw new Error("the connection was lost meanwhile");
  if (start === null) return NO_INPUT;
  if (end.exitCode !== EXIT_CODE) return exitLost(EXIT_CODE, end.signal ?? String(end.exitCode));
  if (pty !== null) return output().includes(word) ? null : CHANGED;
  if (output() === `${word}\n${AS_BYTES}` && errors() === ERRORS) return NO_INPUT;
  return output() === `${word}\n${AS_BYTES}${input}` && errors() === ERRORS ? null : CHANGED;
}

/** Its first line has a number behind the marker; what the shell says has none. */
function holdsRequest(text: string, marker: string): boolean {
  return text
    .split(`${marker} `)
    .slice(1)
    .some((rest) => /^\d/.test(rest));
}

function keep(stream: NodeJS.ReadableStream): () => string {
  let text = "";
  stream.on("data", (chunk: Buffer) => {
    text += chunk.toString("latin1", 0, MAX_KEPT - text.length);
  });
  return () => text;
}
