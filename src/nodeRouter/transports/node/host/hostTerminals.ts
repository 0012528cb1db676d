// OpenClaw's own way to make a terminal on a node, behind our types: it is there in this release, and promised to nobody.
import { isRecord } from "../../../../shared/isRecord.ts";

/** What `runNodePtyCommand` takes (OpenClaw 2026.9.6). */
export interface TerminalParams {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** Throws where `cwd` is no directory. */
  readonly requiredCwd: true;
  /** Laid over the node host's own environment; undefined takes a variable out. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cols: number;
  readonly rows: number;
  /** Called right before the start: what it throws, the call rejects with. */
  readonly assertCurrent: () => void;
}

export interface TerminalIo {
  /** Ends the terminal's whole session by KILL. */
  readonly signal: AbortSignal;
  /** The callback takes `{"kind":"data","data":"…"}`. */
  onInput(callback: (payloadJSON: string) => void): void;
  /** Nothing more is read before it resolves. */
  emitChunk(chunk: string): Promise<void>;
}

/** Resolves to `{exitCode, signal?}` once it has ended; the signal is a number. */
export type RunTerminal = (params: TerminalParams, io: TerminalIo) => Promise<unknown>;

/** Null: this OpenClaw has none. Never rejects. To be called while the plugin's files are there. */
export async function findTerminals(): Promise<RunTerminal | null> {
  try {
    // Without types, and maybe without the module itself.
    const name: string = "openclaw/plugin-sdk/node-host";
    const found: unknown = await import(name);
    const run = isRecord(found) ? found.runNodePtyCommand : Reflect.get(Object(found), "runNodePtyCommand");
    return typeof run === "function" ? (params, io) => Promise.resolve(run(params, io)) : null;
  } catch {
    return null;
  }
}
