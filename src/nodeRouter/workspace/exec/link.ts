// One helper process and one command: carries input, output, signals and the end between them.
import type { Socket } from "node:net";
import { constants } from "node:os";
import type { Readable } from "node:stream";
import { finished } from "node:stream/promises";
import { NodeRouterError } from "../../../shared/errors.ts";
import { agentText, refusal } from "../../../shared/refusal.ts";
import type { Outcome, RunningCommand, SignalName } from "../../transports/transport.ts";
import { createInputQueue, type InputQueue, type InputWatch } from "./inputQueue.ts";
import { FRAME, frameHead, type HelperExit, PROTOCOL, writeExit } from "./protocol.ts";

const SIGNALS: readonly string[] = ["HUP", "INT", "QUIT", "KILL", "TERM", "USR1", "USR2"];

/** What is known of a command when it is over. */
export interface CommandEnd {
  readonly outcome: Outcome;
  /** On the node; null when it was not told. */
  readonly processGroup: number | null;
  /** Bytes of input that the command was given, and of output that came back. */
  readonly bytesIn: number;
  readonly bytesOut: number;
}

export interface CommandLink {
  /** A frame of the helper, after its claim. */
  frame(type: number, payload: Buffer): void;
  /** Settles when the command is over. Never rejects. */
  readonly end: Promise<CommandEnd>;
  /**
   * Whether it was sent, or may still be. False: it was not, and never will be: whoever waits before the dispatch is
   * told to stop, and heeds it.
   */
  mayRun(): boolean;
}

/**
 * Starts the command and stays until it is over.
 * A helper that is gone is taken for TERM: the host killed it.
 * @param start dispatches the command; rejects with a NodeRouterError when it was not started. Its signal tells
 *   that nobody wants the command any more.
 * @param watchInput told of every piece of input before it is sent; null: nobody is.
 */
export function openLink(
  socket: Socket,
  start: (cancelled: AbortSignal) => Promise<RunningCommand>,
  watchInput: InputWatch | null = null,
): CommandLink {
  const cancel = new AbortController();
  /** Input and signals from before the command was there. */
  const early: (() => void)[] = [];
  let running: RunningCommand | null = null;
  let input: InputQueue | null = null;
  let bytesIn = 0;
  let bytesOut = 0;

  const toCommand = (act: (command: RunningCommand) => void): void => {
    if (running !== null) act(running);
    else early.push(() => running !== null && act(running));
  };
  const signal = (name: SignalName): void => {
    if (running === null && name !== "USR1" && name !== "USR2") cancel.abort();
    toCommand((command) => command.signal(name));
  };
  let over = false;
  socket.once("close", () => over || signal("TERM"));

  const send = (type: number, payload: Buffer): boolean => {
    // After the end nothing more is said: writing then would destroy the socket, with what is still on its way.
    if (socket.destroyed || socket.writableEnded) return true;
    socket.cork();
    socket.write(frameHead(type, payload.length));
    const more = socket.write(payload);
    socket.uncork();
    return more;
  };

  const toInput = (act: (queue: InputQueue) => void): void =>
    toCommand(({ stdin }) => {
      input ??= createInputQueue(
        stdin,
        watchInput,
        (bytes) => {
          bytesIn += bytes;
        },
        (message) => send(FRAME.stderr, Buffer.from(`\n${message}.\n`)),
      );
      act(input);
    });

  const carry = async (command: RunningCommand): Promise<CommandEnd> => {
    const outputs = [command.stdout, command.stderr];
    const forward = (from: Readable, type: number): Promise<void> => {
      from.on("data", (chunk: Buffer) => {
        bytesOut += chunk.length;
        if (send(type, chunk)) return;
        // A slow host slows the command down; one that is gone does not.
        for (const output of outputs) output.pause();
      });
      return finished(from, { writable: false }).catch(() => {});
    };
    const resume = () => {
      for (const output of outputs) output.resume();
    };
    socket.on("drain", resume);
    socket.once("close", resume);
    command.stdin.on("error", () => {});
    const drained = Promise.all([
      forward(command.stdout, FRAME.stdout),
      forward(command.stderr, FRAME.stderr),
    ]);
    const outcome = toldEnd(await command.outcome);
    await drained;
    const started = await command.started;
    return { outcome, processGroup: groupOf(outcome, started), bytesIn, bytesOut };
  };

  const end = (async (): Promise<CommandEnd> => {
    try {
      running = await start(cancel.signal);
    } catch (error) {
      return { outcome: notStarted(error), processGroup: null, bytesIn, bytesOut };
    }
    const ended = carry(running);
    for (const act of early.splice(0)) act();
    return ended;
  })();
  void end.then(({ outcome }) => {
    over = true;
    send(FRAME.exit, writeExit(helperExit(outcome)));
    socket.end();
  });

  return {
    end,
    mayRun: () => running !== null || !cancel.signal.aborted,
    frame(type, payload) {
      if (type === FRAME.stdin) {
        toInput((queue) => queue.write(payload, () => send(FRAME.taken, lengthOf(payload))));
      } else if (type === FRAME.stdinEnd) {
        toInput((queue) => queue.end());
      } else if (type === FRAME.signal) {
        const name = payload.toString();
        if (isSignal(name)) signal(name);
      }
    },
  };
}

/** How the helper ends, so that the host sees what the command's end was. */
export function helperExit(outcome: Outcome): HelperExit {
  if (outcome.kind !== "ran") {
    return { code: PROTOCOL.refusedCode, signal: null, text: agentText(outcome) };
  }
  if (outcome.signal === null)
    return { code: outcome.exitCode ?? PROTOCOL.refusedCode, signal: null, text: null };
  const signal = outcome.signal.startsWith("SIG") ? outcome.signal : `SIG${outcome.signal}`;
  const number = Object.entries(constants.signals).find(([name]) => name === signal)?.[1] ?? 0;
  // As a shell tells it. Node starts its debugger on USR1 and ignores PIPE, so no helper can end by them.
  const code = 128 + number;
  return { code, signal: number === 0 || NOT_FATAL.includes(signal) ? null : signal, text: null };
}

const NOT_FATAL: readonly string[] = [
  "SIGUSR1",
  "SIGPIPE",
  "SIGCHLD",
  "SIGCONT",
  "SIGSTOP",
  "SIGTSTP",
  "SIGTTIN",
  "SIGTTOU",
  "SIGURG",
  "SIGWINCH",
  "SIGIO",
  "SIGPROF",
];

/** An end that says neither how nor why is none. */
function toldEnd(outcome: Outcome): Outcome {
  if (outcome.kind !== "ran" || outcome.exitCode !== null || outcome.signal !== null) return outcome;
  const told = { nothingRan: "it was not run again", advice: null };
  const why = refusal("OUTCOME_UNKNOWN", "the node did not tell how the command ended", told);
  return { kind: "unknown", processGroup: null, ...why };
}

function groupOf(outcome: Outcome, started: { readonly processGroup: number } | null): number | null {
  const told = outcome.kind === "unknown" ? outcome.processGroup : null;
  // 0 stands for a group that was not told.
  return told ?? (started?.processGroup || null);
}

/** Starting is given up before anything is sent, so every fault there means that nothing ran. */
function notStarted(error: unknown): Outcome {
  const fault =
    error instanceof NodeRouterError
      ? error.refusal
      : refusal("NOT_STARTED", "the command could not be handed to the node");
  return { kind: "notStarted", ...fault };
}

function isSignal(name: string): name is SignalName {
  return SIGNALS.includes(name);
}

function lengthOf(payload: Buffer): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32BE(payload.length, 0);
  return bytes;
}
