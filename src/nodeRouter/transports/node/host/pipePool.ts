// Real pipes for what commands print: what Node calls pipes are sockets, and no program can open those as /dev/stderr.
import { spawn } from "node:child_process";
import { closeSync, constants, mkdtempSync, openSync, rmSync } from "node:fs";
import { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const { O_RDONLY, O_WRONLY, O_NONBLOCK } = constants;
/** Named pipes that one process makes: of eight commands. */
const BATCH = 16;
/** With fewer left, more are made while commands run. */
const LOW = 6;

/** The node host's end, and the descriptor that the command gets. */
export interface PipeEnds {
  readonly ours: Socket;
  readonly theirs: number;
}

/**
 * Named pipes are made ahead, because that takes a process; each is without its name as soon as both ends are open. Where
 * none can be made, there is none to take, and a command gets what Node has. Stdin is no such pipe: who opened it anew
 * behind its end would wait for ever.
 */
export class PipePool {
  #folder: string | null = null;
  #paths: string[] = [];
  #making: Promise<void> | null = null;
  #made = 0;
  readonly #atExit = (): void => this.close();

  /** Resolves when there are some, or cannot be any. Never rejects. */
  async ready(): Promise<void> {
    if (this.#paths.length < LOW) this.#making ??= this.#make();
    if (this.#paths.length < 2) await this.#making;
  }

  /** Of stdout and of stderr; null: there are none. */
  take(): readonly [PipeEnds, PipeEnds] | null {
    const [first, second, ...rest] = this.#paths;
    if (first === undefined || second === undefined) return null;
    this.#paths = rest;
    const opened: PipeEnds[] = [];
    try {
      for (const path of [first, second]) opened.push(openPipe(path));
    } catch {
      // Descriptors are used up, or somebody cleaned the folder: what is not whole is dropped.
    }
    for (const path of [first, second]) rmSync(path, { force: true });
    const [stdout, stderr] = opened;
    if (stdout !== undefined && stderr !== undefined) return [stdout, stderr];
    for (const { ours, theirs } of opened) {
      ours.destroy();
      closeSync(theirs);
    }
    return null;
  }

  /** What is left is removed. */
  close(): void {
    process.removeListener("exit", this.#atExit);
    if (this.#folder !== null) rmSync(this.#folder, { recursive: true, force: true });
    this.#folder = null;
    this.#paths = [];
  }

  async #make(): Promise<void> {
    try {
      if (this.#folder === null) {
        // Of this user alone: nobody else can open what is in it.
        this.#folder = mkdtempSync(join(tmpdir(), "node-router-pipes-"));
        process.once("exit", this.#atExit);
      }
      const folder = this.#folder;
      const paths = Array.from({ length: BATCH }, () => join(folder, String(this.#made++)));
      if ((await exitOf("mkfifo", ["-m", "600", ...paths])) === 0 && this.#folder === folder)
        this.#paths.push(...paths);
    } catch {
      // No folder: none can be made.
    } finally {
      this.#making = null;
    }
  }
}

/** Ours first: to open the other end waits for it. */
function openPipe(path: string): PipeEnds {
  const fd = openSync(path, O_RDONLY | O_NONBLOCK);
  try {
    const theirs = openSync(path, O_WRONLY);
    return { ours: new Socket({ fd, readable: true, writable: false }), theirs };
  } catch (error) {
    closeSync(fd);
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
