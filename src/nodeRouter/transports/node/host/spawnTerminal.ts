// Starts a command in a terminal; its text goes through the terminal itself, raw and without echo, before it begins.
import { randomBytes } from "node:crypto";
import { constants } from "node:os";
import { StringDecoder } from "node:string_decoder";
import { isRecord } from "../../../../shared/isRecord.ts";
import { shellQuote } from "../../../../shared/shell.ts";
import type { RunTerminal } from "./hostTerminals.ts";
import { commandText } from "./spawnShell.ts";
import {
  type ProcessEnd,
  type ProcessEvents,
  type ProcessStart,
  type StartedProcess,
  signalGroup,
} from "./startedProcess.ts";
import { COMPLETE } from "./waitingShell.ts";

export interface TerminalStart extends ProcessStart {
  readonly size: { readonly rows: number; readonly cols: number; readonly term: string };
  /** Throws where the node's owner does not allow it any more. */
  readonly assertCurrent: () => void;
}

/** The shell says that it reads within so many ms. */
const READY_MS = 10_000;
/** What comes before, at most: a shell's complaints. */
const MAX_GREETING = 65_536;
const PID = /^\d{1,10}$/;
/** End of input as a terminal has it. */
const CTRL_D = "\u0004";

/** Says its pid, reads the text up to the mark, and becomes it. What follows waits until it has said `start`. */
function bootText(mark: string): string {
  return [
    "t=$(stty -g) && stty raw -echo || exit 126",
    `printf "${mark} ready %s\\n" $$`,
    `b=$(sed -n "/^${mark}$/q;p")`,
    'stty "$t"',
    `printf "${mark} start\\n"`,
    "unset t",
    `case $b in *"${COMPLETE}") eval "unset b; $b";; *) exit 126;; esac`,
  ].join("; ");
}

/**
 * The process; else why there is none, and then nothing of the command ran.
 * SECURITY: the host lays `env` over the node host's environment, so each of its variables is taken out by name.
 */
export async function spawnTerminal(
  run: RunTerminal,
  start: TerminalStart,
  events: ProcessEvents,
): Promise<StartedProcess | Error> {
  const { size, script, args, cwd } = start;
  const mark = `node-router-${randomBytes(8).toString("hex")}`;
  const kill = new AbortController();
  const ready = Promise.withResolvers<number | Error>();
  let [type, resume]: [(text: string) => void, () => void] = [() => {}, () => {}];
  let greeting = "";
  let state: "greeting" | "starting" | "running" = "greeting";
  let isFlowing = true;

  const emitChunk = async (chunk: string): Promise<void> => {
    if (state === "running") events.output("out", Buffer.from(chunk));
    else greet(chunk);
    if (!isFlowing)
      await new Promise<void>((resolve) => {
        resume = resolve;
      });
  };
  const greet = (chunk: string): void => {
    greeting += chunk;
    const pid = lineAfter(greeting, `${mark} ready `)?.line ?? "";
    if (state === "greeting" && PID.test(pid)) {
      state = "starting";
      ready.resolve(Number(pid));
    }
    const begun = lineAfter(greeting, `${mark} start`);
    if (begun !== null) {
      state = "running";
      greeting = "";
      if (begun.rest !== "") events.output("out", Buffer.from(begun.rest));
      flush();
    }
    if (greeting.length > MAX_GREETING) kill.abort();
  };

  let held: string[] = [];
  const send = (text: string): void => {
    if (state === "running") type(text);
    else held.push(text);
  };
  const flush = (): void => {
    for (const text of held) type(text);
    held = [];
  };

  const ended = run(
    {
      file: "/bin/sh",
      args: ["-c", bootText(mark), "/bin/sh"],
      cwd,
      requiredCwd: true,
      env: { ...withoutAll(process.env), ...start.env, TERM: size.term, PWD: cwd },
      cols: size.cols,
      rows: size.rows,
      assertCurrent: start.assertCurrent,
    },
    {
      signal: kill.signal,
      onInput(callback) {
        type = (data) => callback(JSON.stringify({ kind: "data", data }));
      },
      emitChunk,
    },
  );
  ended.then(
    () => ready.resolve(new Error("its shell ended before it read the command")),
    (error: unknown) => ready.resolve(error instanceof Error ? error : new Error(String(error))),
  );
  const timer = setTimeout(() => ready.resolve(new Error("its shell did not begin to read")), READY_MS);
  const pid = await ready.promise;
  clearTimeout(timer);
  if (pid instanceof Error) {
    kill.abort();
    return pid;
  }
  start.announce(pid);
  // OpenClaw sets one of its own.
  const setUp = `unset OPENCLAW_TERMINAL; TERM=${shellQuote(size.term)}; export TERM`;
  type(`${setUp}\n${commandText(script, args)}\n${mark}\n`);
  void ended.then(
    (end) => events.ended(endOf(end)),
    () => events.ended({ exitCode: null, signal: null }),
  );
  const decoder = new StringDecoder("utf8");
  return {
    processGroup: pid,
    unwritten: 0,
    write: (data) => send(decoder.write(data)),
    endInput: () => send(CTRL_D),
    flow(on) {
      isFlowing = on;
      if (on) resume();
    },
    signal(name) {
      if (name === "KILL") kill.abort();
      else signalGroup(pid, `SIG${name}`);
    },
    release: () => kill.abort(),
  };
}

/** Null: that line has not come to its end yet. */
function lineAfter(text: string, start: string): { readonly line: string; readonly rest: string } | null {
  const at = text.indexOf(start);
  const end = at === -1 ? -1 : text.indexOf("\n", at);
  if (end === -1) return null;
  return { line: text.slice(at + start.length, end).trimEnd(), rest: text.slice(end + 1) };
}

function withoutAll(env: NodeJS.ProcessEnv): Record<string, undefined> {
  return Object.fromEntries(Object.keys(env).map((name) => [name, undefined]));
}

function endOf(end: unknown): ProcessEnd {
  const { exitCode = null, signal = 0 } = isRecord(end) ? end : {};
  const [name] = Object.entries(constants.signals).find(([, number]) => number === signal) ?? [];
  if (name !== undefined) return { exitCode: null, signal: name };
  return { exitCode: typeof exitCode === "number" ? exitCode : null, signal: null };
}
