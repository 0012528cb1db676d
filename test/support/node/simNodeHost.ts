// A node host as the wire describes it, without processes: what runs, what it printed, what was begun how often.
import { randomUUID } from "node:crypto";
import type {
  HelloAnswer,
  Pull,
  RefusedWhy,
  Reply,
  Request,
  RunRequest,
} from "../../../src/nodeRouter/transports/node/wire.ts";
import { LEASE_MS, WIRE_PROTOCOL } from "../../../src/nodeRouter/transports/node/wire.ts";

/** What a simulated command does: its script as JSON. */
export interface SimPlan {
  /** Of the command, so that its executions can be counted. */
  readonly id: string;
  /** ms after the start, and what is printed then. */
  readonly prints: readonly { readonly atMs: number; readonly out: string; readonly err: string }[];
  /** ms after the start; null: at the end of its input, which it prints. */
  readonly endsAtMs: number | null;
  readonly exitCode: number;
}

export interface SimCommand {
  readonly plan: SimPlan;
  out: string;
  err: string;
  input: Buffer;
  inputEnded: boolean;
  early: Map<number, { readonly data: Buffer; readonly eof: boolean }>;
  end: { readonly exitCode: number | null; readonly signal: string | null } | null;
  readonly signals: string[];
  askedMs: number;
  readonly timers: NodeJS.Timeout[];
}

export class SimNodeHost {
  boot: string = randomUUID();
  /** Starts of each command, over all lives of the node host. */
  readonly begun = new Map<string, SimCommand[]>();
  /** Commands that `forget` ended, or whose end it took along. */
  readonly forgotten = new Set<string>();
  readonly requests: Request[] = [];
  /** Refuses the next `run`. */
  refuse: { readonly why: RefusedWhy; readonly fact: string } | null = null;
  hello: Partial<HelloAnswer> = {};
  /** From where a service sees it. */
  address: string | null = null;
  #commands = new Map<string, SimCommand>();
  #barred = new Map<string, "began" | "never">();
  #wake = new Set<() => void>();

  /** Another process: what ran is killed, and nothing of it is known. */
  restart(): void {
    for (const command of this.#commands.values()) this.#end(command, null, "SIGKILL");
    this.boot = randomUUID();
    this.#commands = new Map();
    this.#barred = new Map();
  }

  get running(): number {
    return [...this.begun.values()].flat().filter(({ end }) => end === null).length;
  }

  async handle(request: Request): Promise<Reply> {
    this.requests.push(request);
    const { boot } = this;
    if (request.op === "hello") return { ...HELLO, ...this.hello, kind: "hello", boot };
    if (request.op === "address") return { kind: "address", boot, address: this.address };
    if (request.op === "run") return this.#run(request);
    if (request.op === "forget") return { kind: this.#forget(request.key) ? "done" : "gone", boot };
    const command = this.#commands.get(request.key);
    if (command === undefined) return { kind: "gone", boot };
    command.askedMs = performance.now();
    switch (request.op) {
      case "pull":
        return this.#answer(command, request, true, false);
      case "signal":
        command.signals.push(request.signal);
        this.#end(command, null, `SIG${request.signal}`);
        return { kind: "done", boot };
      case "input":
        this.#input(command, request.off, Buffer.from(request.data, "base64"), request.eof);
        return { kind: "done", boot };
    }
  }

  async #run(request: RunRequest): Promise<Reply> {
    const { boot } = this;
    const no = (why: RefusedWhy, fact = "no"): Reply => ({ kind: "refused", boot, why, fact });
    if (request.boot !== boot) return no("boot");
    const known = this.#commands.get(request.key);
    if (known !== undefined) return this.#answer(known, { ...request, out: 0, err: 0 }, false, false);
    if (this.#barred.has(request.key)) return no("forgotten");
    if (this.refuse !== null) {
      const { why, fact } = this.refuse;
      this.refuse = null;
      return no(why, fact);
    }
    const plan: SimPlan = JSON.parse(request.script);
    const command: SimCommand = {
      plan,
      out: "",
      err: "",
      input: Buffer.alloc(0),
      inputEnded: false,
      early: new Map(),
      end: null,
      signals: [],
      askedMs: performance.now(),
      timers: [],
    };
    this.#commands.set(request.key, command);
    this.begun.set(plan.id, [...(this.begun.get(plan.id) ?? []), command]);
    for (const { atMs, out, err } of plan.prints) {
      this.#later(command, atMs, () => {
        command.out += out;
        command.err += err;
        this.#changed();
      });
    }
    if (plan.endsAtMs !== null) {
      this.#later(command, plan.endsAtMs, () => this.#end(command, plan.exitCode, null));
    }
    const lease = setInterval(() => {
      if (performance.now() - command.askedMs > LEASE_MS) this.#end(command, null, "SIGTERM");
    }, 10_000);
    command.timers.push(lease);
    this.#input(command, 0, Buffer.from(request.input, "base64"), request.eof);
    return this.#answer(command, { ...request, out: 0, err: 0 }, false, true);
  }

  #later(command: SimCommand, ms: number, then: () => void): void {
    const timer = setTimeout(() => {
      if (command.end === null) then();
    }, ms);
    command.timers.push(timer);
  }

  /** @returns whether it was ever begun */
  #forget(key: string): boolean {
    const command = this.#commands.get(key);
    if (command !== undefined) {
      this.forgotten.add(command.plan.id);
      if (command.end === null) this.#end(command, null, "SIGTERM");
      this.#commands.delete(key);
      this.#barred.set(key, "began");
    } else if (!this.#barred.has(key)) this.#barred.set(key, "never");
    return this.#barred.get(key) === "began";
  }

  #input(command: SimCommand, off: number, data: Buffer, eof: boolean): void {
    command.early.set(off, { data, eof });
    for (const [at, piece] of [...command.early].sort(([one], [other]) => one - other)) {
      if (at > command.input.length) continue;
      command.early.delete(at);
      command.input = Buffer.concat([command.input, piece.data.subarray(command.input.length - at)]);
      command.inputEnded ||= piece.eof;
    }
    if (command.plan.endsAtMs === null && command.inputEnded && command.end === null) {
      command.out += command.input.toString("latin1");
      this.#end(command, command.plan.exitCode, null);
    }
  }

  #end(command: SimCommand, exitCode: number | null, signal: string | null): void {
    for (const timer of command.timers) clearTimeout(timer);
    command.end ??= { exitCode, signal };
    this.#changed();
  }

  #changed(): void {
    for (const wake of [...this.#wake]) wake();
  }

  async #answer(
    command: SimCommand,
    { out, err, max, waitMs }: Pick<Pull, "out" | "err" | "max" | "waitMs">,
    isPull: boolean,
    fresh: boolean,
  ): Promise<Reply> {
    const { boot } = this;
    const untilMs = performance.now() + waitMs;
    const isEnough = (): boolean =>
      command.end !== null || (isPull && (command.out.length > out || command.err.length > err));
    while (!isEnough() && performance.now() < untilMs) {
      await new Promise<void>((resolve) => {
        const done = (): void => {
          clearTimeout(timer);
          this.#wake.delete(done);
          resolve();
        };
        const timer = setTimeout(done, untilMs - performance.now());
        this.#wake.add(done);
      });
    }
    const outPart = command.out.slice(out, out + max);
    const errPart = command.err.slice(err, err + max - outPart.length);
    const isAll = out + outPart.length >= command.out.length && err + errPart.length >= command.err.length;
    return {
      kind: "state",
      boot,
      fresh,
      processGroup: 4242,
      out: Buffer.from(outPart, "latin1").toString("base64"),
      err: Buffer.from(errPart, "latin1").toString("base64"),
      end: isAll ? command.end : null,
    };
  }
}

const HELLO: HelloAnswer = {
  kind: "hello",
  boot: "",
  protocol: WIRE_PROTOCOL,
  version: "1.0.0",
  platform: "linux",
  arch: "x64",
  hostname: "mac-sg",
  home: "/home/claw",
  user: "claw",
  shell: "/bin/bash",
  cores: 4,
  load1: 0,
  memoryTotalBytes: 8e9,
  memoryFreeBytes: 4e9,
  timeZone: "Asia/Singapore",
  nowMs: 1_700_000_000_000,
};
