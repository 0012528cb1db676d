// Everything that is open to one node, and what is done with it: events change its state, and one plan acts on it.
import type { Refusal } from "../../../../shared/refusal.ts";
import { requestProblem } from "../../requestProblem.ts";
import type {
  CommandRequest,
  PingOptions,
  PingResult,
  RunningCommand,
  SshCounters,
  SshNodeInfo,
} from "../../transport.ts";
import { Command } from "../session/sshCommand.ts";
import { act, emptied, refuseCommands } from "./act.ts";
import { Core } from "./core.ts";
import * as events from "./poolEvents.ts";
import type { PoolOptions } from "./poolOptions.ts";
import { askNode } from "./pulse.ts";
import { badRequest, busy, cancelled, closing, notStarted } from "./refusals.ts";
import { countersOf } from "./view.ts";

export type { PoolConnectResult, PoolLimits, PoolOptions } from "./poolOptions.ts";

export class NodePool {
  readonly #core: Core;
  #closed: Promise<void> | null = null;

  constructor(options: PoolOptions) {
    this.#core = new Core(options, act);
  }

  get info(): SshNodeInfo | null {
    return this.#core.state.info;
  }

  /** See `SshTransport.fault`. */
  get fault(): Refusal | null {
    return this.#core.state.lastFailure;
  }

  counters(): SshCounters {
    return countersOf(this.#core.state);
  }

  warm(): void {
    if (this.#core.state.life !== "open") return;
    this.#core.set({ keepsWarm: true });
    this.#core.advance();
  }

  start(request: CommandRequest): RunningCommand {
    const { options, limits, state } = this.#core;
    const { node } = options;
    const command = new Command(node, request);
    const problem = requestProblem(request);
    if (problem !== null) {
      command.notStarted(badRequest(node, problem));
    } else if (request.abortSignal?.aborted === true) {
      command.notStarted(notStarted(node, "it was cancelled before it began"));
    } else if (state.life !== "open") {
      command.notStarted(closing(node));
    } else if (state.queue.length >= limits.queue) {
      const fact = `${state.queue.length} commands already wait for a session`;
      command.notStarted(busy(node, fact));
    } else {
      enqueue(this.#core, command);
    }
    return command;
  }

  /** See `SshTransport.ping`. */
  ping(timeoutMs: number, { connect: mayConnect = false }: PingOptions): Promise<PingResult> {
    return askNode(this.#core, timeoutMs, mayConnect);
  }

  /** Takes no more commands, and resolves when those that run have ended and the connections are closed. */
  close(): Promise<void> {
    this.#closed ??= this.#drain();
    return this.#closed;
  }

  async #drain(): Promise<void> {
    this.#core.set({ life: "closing" });
    refuseAll(this.#core, "the connections are being closed");
    await Promise.all([...this.#core.state.running.keys()].map(({ outcome }) => outcome));
    this.destroy();
  }

  /** Ends everything at once; running commands have an unknown outcome, and the keeper ends them on the node. */
  destroy(): void {
    this.#core.set({ life: "destroyed" });
    this.#core.destroy();
    refuseAll(this.#core, "the connections were closed");
    this.#core.wake();
  }
}

/** It waits for a limited time, until it is planned, given up or too late. */
function enqueue(core: Core, command: Command): void {
  const { node } = core.options;
  const timer = setTimeout(() => {
    core.on(events.commandTaken, command);
    late(core, command);
  }, core.limits.queueMs);
  timer.unref();
  command.onCancel((fact) => {
    core.on(events.commandTaken, command);
    command.notStarted(fact === null ? cancelled(node) : notStarted(node, fact));
  });
  void command.outcome.then(() => {
    clearTimeout(timer);
    core.used(command);
  });
  core.on(events.commandAsked, command, core.limits.warm);
  core.advance();
}

function late({ state, limits, options: { node } }: Core, command: Command): void {
  const fact = `no session came free in ${limits.queueMs / 1000} s`;
  if (state.lastFailure !== null) {
    // Nobody's command is in the way: to wait for one, or to end one, would not help.
    command.notStarted(state.lastFailure);
  } else if (state.running.size === 0) command.notStarted(notStarted(node, fact));
  else command.notStarted(busy(node, `${fact}, ${state.running.size} commands run`));
}

function refuseAll(core: Core, fact: string): void {
  refuseCommands([...emptied(core), ...core.state.opening], notStarted(core.options.node, fact));
}
