// What a command's process is to those who carry its streams, be it a shell with pipes or one in a terminal.

/** How a process ended. */
export interface ProcessEnd {
  readonly exitCode: number | null;
  /** Such as `SIGTERM`. */
  readonly signal: string | null;
}

/** Told what the process does, from its start on. */
export interface ProcessEvents {
  output(stream: "out" | "err", chunk: Buffer): void;
  /** Once: it has ended, and all of its output was told. */
  ended(end: ProcessEnd): void;
}

/** A process that runs. */
export interface StartedProcess {
  readonly processGroup: number;
  /** Input that the process has not taken yet, in bytes. */
  readonly unwritten: number;
  /** What it does not read any more goes nowhere. */
  write(data: Buffer): void;
  endInput(): void;
  /** Whether its output is read. */
  flow(on: boolean): void;
  /** @param name as POSIX has it, without SIG. */
  signal(name: string): void;
  /** Lets go of streams that something else may hold open. */
  release(): void;
}

/** What a process is started with: `env` is all of its environment. */
export interface ProcessStart {
  readonly script: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Absolute, and a directory. */
  readonly cwd: string;
  /** Told the process group before anything of the script runs. */
  readonly announce: (processGroup: number) => void;
  /** Told that nothing of it runs there after all. */
  readonly withdraw: (processGroup: number) => void;
}

/** Sends a signal to all of a process group; false: there is no such group. */
export function signalGroup(group: number, signal: string | number): boolean {
  try {
    return process.kill(-group, signal);
  } catch {
    return false;
  }
}
