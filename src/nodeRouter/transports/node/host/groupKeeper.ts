// A process beside the node host that ends commands when the node host is gone, however it ended.
import { type ChildProcess, spawn } from "node:child_process";
import { launchCommands } from "../../ssh/session/bootstrap.ts";
import { baseEnv } from "./loginEnv.ts";

/** Nothing is left of a node host that has run nothing for so long. */
const IDLE_MS = 60_000;

/**
 * The same program that SSH nodes have: the end of its input means that whoever started the commands is gone, and it
 * sends each group a TERM, and KILL 3 s later. It is there while commands are.
 */
export class GroupKeeper {
  #child: ChildProcess | null = null;
  #idle: NodeJS.Timeout | undefined;
  readonly #groups = new Set<number>();

  /** To be called before the group's command begins. */
  watch(group: number): void {
    clearTimeout(this.#idle);
    this.#groups.add(group);
    if (this.#child === null) this.#start();
    else this.#say(`+ ${group} 0`);
  }

  /** The group's command is over; what it left running on purpose may stay. */
  forget(group: number): void {
    if (!this.#groups.delete(group)) return;
    this.#say(`- ${group}`);
    if (this.#groups.size > 0) return;
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => this.stop(), IDLE_MS);
    this.#idle.unref();
  }

  /** What it watches it ends. */
  stop(): void {
    clearTimeout(this.#idle);
    const child = this.#child;
    this.#child = null;
    child?.stdin?.end();
  }

  #start(): void {
    const child = begin();
    if (child === null) {
      this.#again();
      return;
    }
    this.#child = child;
    child.unref();
    child.stdin?.on("error", () => {});
    child.once("error", () => this.#lost(child));
    child.once("exit", () => this.#lost(child));
    for (const group of this.#groups) this.#say(`+ ${group} 0`);
  }

  /** Somebody ended it. */
  #lost(child: ChildProcess): void {
    if (this.#child !== child) return;
    this.#child = null;
    this.#again();
  }

  /** Not at once: a machine that starts no process is not asked in a circle. */
  #again(): void {
    setTimeout(() => this.#child === null && this.#groups.size > 0 && this.#start(), 1_000).unref();
  }

  #say(line: string): void {
    const stdin = this.#child?.stdin;
    if (stdin?.writable === true) stdin.write(`${line}\n`);
  }
}

/** Null: the system starts no process now. A command that has begun goes on without. */
function begin(): ChildProcess | null {
  try {
    return spawn("/bin/sh", ["-c", launchCommands(false).keeper], {
      env: baseEnv(),
      cwd: "/",
      // A Ctrl-C in the node host's terminal must not end it first.
      detached: true,
      stdio: ["pipe", "ignore", "ignore"],
    });
  } catch {
    return null;
  }
}
