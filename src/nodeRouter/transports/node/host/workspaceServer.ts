// Answers the gateway's requests on this node, each with a reply of the protocol.
import { randomUUID } from "node:crypto";
import { safe, shortened } from "../../../../shared/safeText.ts";
import {
  MAX_WAIT_MS,
  type Pull,
  type RefusedWhy,
  type Reply,
  type Request,
  type RunRequest,
  type StateAnswer,
} from "../wire.ts";
import { workdirProblem } from "./commandWorkdir.ts";
import { askApprovals, type InvokeContext } from "./execApprovals.ts";
import { GroupKeeper } from "./groupKeeper.ts";
import type { HostedCommand } from "./hostedCommand.ts";
import { HostedCommands, type HostedOptions, type NotBegun } from "./hostedCommands.ts";
import { findTerminals, type RunTerminal } from "./hostTerminals.ts";
import { type Env, type LoginEnv, readLoginEnv } from "./loginEnv.ts";
import { machineFacts } from "./machineFacts.ts";
import { ownAddress } from "./ownAddress.ts";
import { PipePool } from "./pipePool.ts";
import { readRequest } from "./readRequest.ts";
import { SpareShell } from "./spareShell.ts";
import { spawnShell } from "./spawnShell.ts";
import { spawnTerminal } from "./spawnTerminal.ts";
import type { ProcessStart, StartedProcess } from "./startedProcess.ts";

export interface ServerOptions extends HostedOptions {
  /** Of the plugin. */
  readonly version: string;
  readonly platform?: NodeJS.Platform;
  readonly readEnv?: () => Promise<LoginEnv>;
  readonly terminals?: Promise<RunTerminal | null>;
  readonly ownAddress?: (url: string, waitMs: number) => Promise<string | null>;
}

/** Characters of a fact for a person. */
const MAX_FACT = 300;
/** While input has no room, it is looked for room so often. */
const ROOM_MS = 20;
/** A login shell that told nothing: the machine was busy, or its profile is broken. */
const ASK_AGAIN_MS = 60_000;
const SIGNAL = /^(HUP|INT|QUIT|KILL|TERM|USR1|USR2)$/;

/** One a node host's process. */
export class WorkspaceServer {
  /** Random: another process is never taken for this one. */
  readonly boot = randomUUID();
  readonly commands: HostedCommands;
  readonly spare: SpareShell;
  readonly #options: ServerOptions;
  readonly #keeper = new GroupKeeper();
  readonly #pipes = new PipePool();
  /** Looked for now: later the plugin's files may be gone. */
  readonly #terminals: Promise<RunTerminal | null>;
  #env: Promise<LoginEnv> | null = null;

  constructor(options: ServerOptions) {
    this.#options = options;
    this.commands = new HostedCommands(options);
    this.spare = new SpareShell(this.#pipes, () => this.#loginEnv());
    this.#terminals = options.terminals ?? findTerminals();
  }

  get hasActiveWork(): boolean {
    return this.commands.isActive;
  }

  /** The reply as JSON. Never throws: what is no request is refused. */
  async handle(paramsJSON: string | null | undefined, context: InvokeContext | undefined): Promise<string> {
    const request = readRequest(paramsJSON);
    const reply: Reply =
      typeof request === "string"
        ? this.#refused("request", `the request is none of this protocol: ${request}`)
        : await this.#reply(request, context ?? {});
    return JSON.stringify(reply);
  }

  /** Ends everything that was begun. */
  async close(): Promise<void> {
    this.commands.close();
    this.#keeper.stop();
    this.spare.close();
    await this.#pipes.close();
  }

  async #reply(request: Request, context: InvokeContext): Promise<Reply> {
    const { boot } = this;
    switch (request.op) {
      case "hello":
        // The first command then finds it done.
        void this.#loginEnv();
        return this.#ahead(() => machineFacts(boot, this.#options.version));
      case "address": {
        const ask = this.#options.ownAddress ?? ownAddress;
        return { kind: "address", boot, address: await ask(request.url, MAX_WAIT_MS) };
      }
      case "run":
        return this.#ahead(() => this.#run(request, context));
      case "forget":
        return { kind: (await this.commands.forget(request.key)) ? "done" : "gone", boot };
    }
    const command = await this.commands.find(request.key);
    if (command === null) return { kind: "gone", boot };
    switch (request.op) {
      case "pull":
        return this.#state(command, false, request, "output", context);
      case "signal":
        if (!SIGNAL.test(request.signal))
          return this.#refused("request", "the signal is none of this protocol");
        command.signal(request.signal);
        return { kind: "done", boot };
      case "input":
        return (await takeInput(command, request.off, Buffer.from(request.data, "base64"), request.eof))
          ? { kind: "done", boot }
          : this.#refused("full", "the command has not read its earlier input; this was not taken");
    }
  }

  async #run(request: RunRequest, context: InvokeContext): Promise<Reply> {
    const sinceMs = performance.now();
    if (request.boot !== this.boot) return this.#refused("boot", "the node host was restarted");
    if (this.#isWindows) {
      return this.#refused("platform", "it runs Windows, which has no POSIX shell");
    }
    const begun = await this.commands.run(request.key, (command, isForgotten) =>
      this.#begin(request, context, command, isForgotten),
    );
    if ("why" in begun) return this.#refused(begun.why, begun.fact);
    const waitMs = Math.max(0, request.waitMs - (performance.now() - sinceMs));
    return this.#state(begun.command, begun.fresh, { ...request, waitMs, out: 0, err: 0 }, "end", context);
  }

  async #begin(
    request: RunRequest,
    context: InvokeContext,
    command: HostedCommand,
    isForgotten: () => boolean,
  ): Promise<NotBegun | null> {
    const { script, args, pty } = request;
    const allowed = askApprovals(context, request.approved);
    if (!allowed.ok) return allowed.denied;
    const login = await this.#loginEnv();
    const env = commandEnv(login, request);
    const workdir = request.cwd ?? (login.HOME || "/");
    const wrong = await workdirProblem(workdir, request.makeCwd && request.cwd !== null);
    if (wrong !== null && request.cwd !== null)
      return { why: wrong, fact: "its working directory cannot be used" };
    const terminals = pty === null ? null : await this.#terminals;
    if (pty !== null && terminals === null) return { why: "pty", fact: "OpenClaw there makes no terminals" };
    const stop = (): NotBegun | null =>
      isForgotten()
        ? { why: "forgotten", fact: "it was given up before it could begin" }
        : allowed.stillDenied();
    const announce = (group: number): void => this.#keeper.watch(group);
    const withdraw = (group: number): void => this.#keeper.forget(group);
    // A home that is gone is no reason, as for a login.
    const start = { script, args, env, cwd: wrong === null ? workdir : "/", announce, withdraw };
    const started =
      pty === null || terminals === null
        ? await this.#inShell(start, login, command, stop)
        : (stop() ??
          (await spawnTerminal(terminals, { ...start, size: pty, assertCurrent: allowed.assert }, command)));
    if ("why" in started) return started;
    if (started instanceof Error) {
      return allowed.stillDenied() ?? { why: pty === null ? "spawn" : "pty", fact: started.message };
    }
    command.process = started;
    command.takeInput(0, Buffer.from(request.input, "base64"), request.eof);
    void command.whenEnded.then(() => this.#keeper.forget(started.processGroup));
    return null;
  }

  /** In the spare; where there is none for it, in one of its own. `stop` is asked right before either. */
  async #inShell(
    start: ProcessStart,
    login: Env,
    command: HostedCommand,
    stop: () => NotBegun | null,
  ): Promise<StartedProcess | NotBegun | Error> {
    const ahead = stop() ?? (await this.spare.run(start, login, command));
    if (ahead !== null) return ahead;
    await this.#pipes.ready();
    return stop() ?? spawnShell(start, command, this.#pipes);
  }

  async #state(
    command: HostedCommand,
    fresh: boolean,
    { out, err, max, waitMs }: Pick<Pull, "out" | "err" | "max" | "waitMs">,
    until: "end" | "output",
    { signal }: InvokeContext,
  ): Promise<StateAnswer> {
    return { boot: this.boot, fresh, ...(await command.answer({ out, err, max, waitMs, until, signal })) };
  }

  #refused(why: RefusedWhy, fact: string): Reply {
    return { kind: "refused", boot: this.boot, why, fact: safe(shortened(fact, MAX_FACT)) };
  }

  get #isWindows(): boolean {
    return (this.#options.platform ?? process.platform) === "win32";
  }

  /** The answer; once it is out, all is made that the next command finds done. */
  async #ahead(answer: () => Promise<Reply> | Reply): Promise<Reply> {
    return this.#isWindows ? answer() : this.spare.after(answer);
  }

  /** What was told once holds; a shell that told nothing is asked again some time, and nobody waits for that. */
  async #loginEnv(): Promise<Env> {
    const ask = this.#options.readEnv ?? readLoginEnv;
    this.#env ??= ask();
    const { env, isWhole, atMs } = await this.#env;
    if (!isWhole && performance.now() - atMs > ASK_AGAIN_MS) {
      // Meanwhile this one holds, and is not asked for a third time.
      this.#env = Promise.resolve({ env, isWhole, atMs: performance.now() });
      void ask().then((told) => {
        this.#env = Promise.resolve(told);
      });
    }
    return env;
  }
}

function commandEnv(login: Env, { env, pathPrepend }: RunRequest): Env {
  const all = { ...login, ...env };
  if (pathPrepend.length === 0) return all;
  return { ...all, PATH: [...pathPrepend, ...(all.PATH ? [all.PATH] : [])].join(":") };
}

/** Waits for room as long as an answer may take. */
async function takeInput(
  command: HostedCommand,
  offset: number,
  data: Buffer,
  eof: boolean,
): Promise<boolean> {
  const untilMs = performance.now() + MAX_WAIT_MS;
  while (!command.takeInput(offset, data, eof)) {
    if (performance.now() > untilMs) return false;
    await new Promise((resolve) => setTimeout(resolve, ROOM_MS));
  }
  return true;
}
