// Real pipes for what commands print: what Node calls pipes are sockets, and no program can open those as /dev/stderr.
import { spawn } from "node:child_process";
import { closeSync, constants, mkdtempSync, openSync, rmSync } from "node:fs";
import { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const { O_RDONLY, O_WRONLY, O_NONBLOCK } = constants;
/** Pipes that are made at once: of eight commands. */
const BATCH = 16;
/** With fewer left, more are made while commands run. */
const LOW = 6;

/** The node host's end, and the descriptor that the command gets. */
export interface PipeEnds {
  readonly ours: Socket;
  readonly theirs: number;
}

interface Descriptors {
  readonly reads: number;
  readonly writes: number;
}

/**
 * Made ahead, because that takes a process: Node makes none itself, but opens named ones, whose names are gone a moment
 * later. Where none can be made, there is none to take, and a command gets what Node has. Stdin is no such pipe: who
 * opened it anew behind its end would wait for ever.
 */
export class PipePool {
  #free: Descriptors[] = [];
  #making: Promise<void> | null = null;
  #isClosed = false;

  /** Resolves when there are some, or cannot be any. Never rejects. */
  async ready(): Promise<void> {
    if (this.#free.length < LOW && !this.#isClosed) this.#making ??= this.#make();
    if (this.#free.length < 2) await this.#making;
  }

  /** Of stdout and of stderr; null: there are none. */
  take(): readonly [PipeEnds, PipeEnds] | null {
    const [first, second, ...rest] = this.#free;
    if (first === undefined || second === undefined) return null;
    this.#free = rest;
    return [endsOf(first), endsOf(second)];
  }

  /** Resolves when nothing of it is left. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const pipe of this.#free.splice(0)) closeBoth(pipe);
    await this.#making;
  }

  async #make(): Promise<void> {
    const made = await namedPipes();
    this.#making = null;
    if (this.#isClosed) for (const pipe of made) closeBoth(pipe);
    else this.#free.push(...made);
  }
}

function endsOf({ reads, writes }: Descriptors): PipeEnds {
  return { ours: new Socket({ fd: reads, readable: true, writable: false }), theirs: writes };
}

function closeBoth({ reads, writes }: Descriptors): void {
  closeSync(reads);
  closeSync(writes);
}

/** As many as could be made; none is a usual answer where a machine is out of descriptors, space or processes. */
async function namedPipes(): Promise<readonly Descriptors[]> {
  const made: Descriptors[] = [];
  let folder: string | null = null;
  try {
    // Of this user alone: nobody else can open what is in it.
    folder = mkdtempSync(join(tmpdir(), "node-router-pipes-"));
    const paths = Array.from({ length: BATCH }, (_, at) => join(folder ?? "", String(at)));
    if ((await exitOf("mkfifo", paths)) === 0) for (const path of paths) made.push(openPipe(path));
  } catch {
    // What was made so far is good.
  }
  if (folder !== null) rmSync(folder, { recursive: true, force: true });
  return made;
}

/** Ours first: to open the other end waits for it. */
function openPipe(path: string): Descriptors {
  const reads = openSync(path, O_RDONLY | O_NONBLOCK);
  try {
    return { reads, writes: openSync(path, O_WRONLY) };
  } catch (error) {
    closeSync(reads);
    throw error;
  }
}

function exitOf(file: string, args: readonly string[]): Promise<number | null> {
  return new Promise((resolve) => {
    const child = spawn(file, args, { stdio: "ignore" });
    child.once("error", () => resolve(null));
    child.once("exit", resolve);
  });
}
