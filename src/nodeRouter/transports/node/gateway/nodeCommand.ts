// One command on a paired node from its request to its outcome: sent once, asked for by its key until its end is known.
import { randomUUID } from "node:crypto";
import { type Refusal, refusal } from "../../../../shared/refusal.ts";
import { quote } from "../../../../shared/safeText.ts";
import { BaseCommand } from "../../baseCommand.ts";
import type { PairedNode } from "../../nodeTransport.ts";
import type { CommandRequest, Outcome, SignalName } from "../../transport.ts";
import {
  type Input,
  LEASE_MS,
  MAX_INPUT_BYTES,
  MAX_REPLY_BYTES,
  MAX_WAIT_MS,
  type Signal,
  type StateAnswer,
} from "../wire.ts";
import type { CommandJournal } from "./commandJournal.ts";
import type { Delivery } from "./delivery.ts";
import { InputFeed, type InputPiece } from "./inputFeed.ts";
import { type NodeLink, pause } from "./nodeLink.ts";
import {
  LEASE_WORDS,
  neverArrived,
  notBegun,
  refusedRun,
  unknownOutcome,
  unsentRefusal,
} from "./nodeRefusals.ts";
import { OutputPipes } from "./outputPipes.ts";
import { runRequest } from "./runRequest.ts";

/** Beyond the node's own lease: what it says after that is true all the same. */
const AWAY_MS = LEASE_MS + 30_000;
/** What changed just then is tried again for so long. */
const PASSING_MS = 5_000;
const PASSING_PAUSE_MS = 100;
/** A reader that is slow for longer must not cost the command its lease. */
const KEEP_MS = LEASE_MS / 5;
/** A slow link may not carry a large answer in time: less is asked for after a loss, and more again after each answer. */
const MIN_REPLY_BYTES = 1 << 16;
const MAX_PAUSE_MS = 4_000;
/** It takes no more input for now: the command reads slowly. */
const FULL_PAUSE_MS = 500;

export class NodeCommand extends BaseCommand {
  protected override isDispatched = false;
  readonly #key = randomUUID();
  readonly #nodeId: string;
  readonly #link: NodeLink;
  readonly #journal: CommandJournal;
  readonly #input: InputFeed;
  /** What goes along with the command itself. */
  #first: InputPiece | null = null;
  readonly #output = new OutputPipes(this.stdout, this.stderr);
  readonly #signals: SignalName[] = [];
  #isSignalling = false;
  #isGivenUp = false;
  #boot = "";
  /** Null: its start was not seen. */
  #processGroup: number | null = null;
  /** Of the node's last word about it. */
  #heardMs = 0;
  /** In a row. */
  #losses = 0;
  /** Bytes of output that are asked for. */
  #most = MAX_REPLY_BYTES;

  constructor(node: PairedNode, request: CommandRequest, link: NodeLink, journal: CommandJournal) {
    super(node.name, request);
    this.#nodeId = node.nodeId;
    this.#link = link;
    this.#journal = journal;
    this.#input = new InputFeed(this.stdin, request.input ?? null, MAX_INPUT_BYTES);
    this.onCancel((fact) => this.notStarted(this.#cancelled(fact)));
  }

  /** Resolves when it is over, and the node was told to forget it. Never rejects. */
  async live(): Promise<void> {
    await this.#dispatch();
    while (!this.settled) await this.#pull();
    this.#journal.end(this.#key);
    if (!this.isDispatched) return;
    for (;;) {
      const { kind } = await this.#link.ask({ op: "forget", key: this.#key });
      if (kind === "answer" || !this.#isGivenUp || !(await this.#link.back(AWAY_MS))) return;
    }
  }

  protected override sendSignal(name: SignalName): void {
    this.#signals.push(name);
    if (!this.#isSignalling) void this.#sendSignals();
  }

  /** The node has no session that would have to end for it. */
  protected override giveUp(fact: string): void {
    this.#isGivenUp = true;
    this.#unknown(`the command on node ${quote(this.node)} was given up, because ${fact}`);
    void this.#link.ask({ op: "forget", key: this.#key });
  }

  /** Sends it once; again only where node or host have said of that one that nothing began. */
  async #dispatch(): Promise<void> {
    const untilMs = performance.now() + PASSING_MS;
    for (;;) {
      const host = await this.#link.host(this.node);
      if (this.settled) return;
      if (host.kind !== "host") return this.notStarted(host);
      const first = this.#first ?? this.#input.take();
      this.#first = first;
      await this.#note(host.boot);
      if (this.settled) return;
      this.isDispatched = true;
      this.#boot = host.boot;
      this.#heardMs = performance.now();
      const run = runRequest(this.#key, host.boot, first, this.request);
      const { waitMs, max } = run;
      const { sessionKey } = this.request;
      const said = await this.#link.ask(run, { waitMs, max, bytes: first.data.length, sessionKey });
      if (this.settled) return;
      const isOtherHost =
        said.kind === "answer" && said.reply.kind === "refused" && said.reply.why === "boot";
      if (said.kind !== "unsent" && !isOtherHost) return this.#take(said, true);
      this.isDispatched = false;
      if (isOtherHost) this.#link.forgetHost(host.boot);
      if (this.#signals.length > 0) return this.notStarted(this.#cancelled(null));
      const isPassing = said.kind === "answer" || said.why === "passing";
      if (isPassing && performance.now() < untilMs) {
        await pause(PASSING_PAUSE_MS);
        if (this.settled) return;
        continue;
      }
      const why = "the node host is started again and again";
      return this.notStarted(
        said.kind === "unsent" ? unsentRefusal(this.node, said) : notBegun(this.node, why),
      );
    }
  }

  async #note(boot: string): Promise<void> {
    const { auditRecord } = this.request;
    // What changes nothing that anybody records ends by itself.
    if (auditRecord === undefined) return;
    const { node } = this;
    await this.#journal.begin({ key: this.#key, nodeId: this.#nodeId, node, boot, auditRecord });
  }

  async #pull(): Promise<void> {
    const isRead = await this.#output.drained(KEEP_MS, this.outcome);
    if (this.settled) return;
    const [max, waitMs] = isRead ? [this.#most, MAX_WAIT_MS] : [0, 0];
    const { out, err } = this.#output;
    const said = await this.#link.ask({ op: "pull", key: this.#key, out, err, max, waitMs }, { waitMs, max });
    if (!this.settled) await this.#take(said);
  }

  /** @param isRun what the command itself was answered with: a refusal of anything else proves nothing of it. */
  async #take(said: Delivery, isRun = false): Promise<void> {
    if (said.kind === "lost" || said.kind === "unsent") return this.#await();
    if (said.kind === "garbled") return this.#unreadable();
    this.#losses = 0;
    this.#most = Math.min(MAX_REPLY_BYTES, 2 * this.#most);
    this.#heardMs = performance.now();
    const { reply } = said;
    if (reply.kind === "state" && reply.boot === this.#boot) return this.#state(reply);
    if (reply.kind === "refused" && isRun) {
      const why = refusedRun(this.node, reply, this.request.cwd ?? null);
      return this.#close({ kind: "notStarted", ...why });
    }
    return reply.kind === "gone" ? this.#gone(reply.boot) : this.#unreadable();
  }

  #state(state: StateAnswer): void {
    const isFirst = this.#processGroup === null;
    this.#processGroup = state.processGroup;
    this.#output.write(state);
    if (isFirst) this.begun(state.processGroup);
    if (state.end !== null) this.#close({ kind: "ran", ...state.end });
    else if (isFirst) void this.#feed();
  }

  /** The node host that answers knows nothing of it. */
  async #gone(boot: string): Promise<void> {
    const node = quote(this.node);
    if (boot !== this.#boot) return this.#unknown(`the node host on node ${node} ended`);
    if (this.#processGroup !== null) {
      return this.#unknown(`node ${node} ended it, as nobody had asked for it in ${LEASE_WORDS}`);
    }
    // It may still be on its way: only what the node says to this proves that it never begins.
    const said = await this.#link.ask({ op: "forget", key: this.#key });
    if (this.settled) return;
    if (said.kind !== "answer") return this.#await();
    const { reply } = said;
    if (reply.kind === "gone" && reply.boot === this.#boot) {
      return this.#close(neverArrived(this.node));
    }
    const what =
      reply.kind === "gone" ? `the node host on node ${node} ended` : `it came late to node ${node}`;
    this.#unknown(reply.kind === "done" ? `${what} and has ended there` : what);
  }

  /** Until the node answers again, or nobody can tell any more. */
  async #await(): Promise<void> {
    this.#losses += 1;
    this.#most = Math.max(MIN_REPLY_BYTES, this.#most / 4);
    const leftMs = (): number => this.#heardMs + AWAY_MS - performance.now();
    // A node that answers all but this would be asked without end.
    if (this.#losses > 2) await pause(Math.min(MAX_PAUSE_MS, 250 * 2 ** this.#losses, Math.max(0, leftMs())));
    const isBack = leftMs() > 0 && (await this.#link.back(leftMs()));
    if (!isBack && !this.settled) {
      this.#unknown(`node ${quote(this.node)} stayed away for more than ${LEASE_WORDS}`);
    }
  }

  /** Each piece is sent until it is answered; the node knows one that it has by its place. */
  async #feed(): Promise<void> {
    for (let isOver = this.#first?.eof === true; !isOver && (await this.#input.more()); ) {
      const { off, data, eof } = this.#input.take();
      const piece = { op: "input", key: this.#key, off, data: data.toString("base64"), eof } as const;
      const isTaken = await this.#ask(piece, data.length);
      isOver = eof || !isTaken;
    }
  }

  async #sendSignals(): Promise<void> {
    this.#isSignalling = true;
    for (let [name] = this.#signals; name !== undefined && !this.settled; [name] = this.#signals) {
      const isKnown = await this.#ask({ op: "signal", key: this.#key, signal: name }, 0);
      // It overtook the command.
      if (!isKnown && this.#processGroup === null) await this.started;
      else this.#signals.shift();
    }
    this.#isSignalling = false;
  }

  /** Until it is answered, or the command is over. @returns false: the node knows no such command. */
  async #ask(request: Input | Signal, bytes: number): Promise<boolean> {
    while (!this.settled) {
      const said = await this.#link.ask(request, { bytes });
      if (said.kind === "answer" && said.reply.kind === "refused") await pause(FULL_PAUSE_MS);
      else if (said.kind === "answer") return said.reply.kind === "done";
      else if (said.kind === "garbled" || !(await this.#link.back(AWAY_MS))) return false;
    }
    return false;
  }

  #cancelled(fact: string | null): Refusal {
    const why = fact === null ? "" : `, because ${fact}`;
    const text = `the command was cancelled before it began on node ${quote(this.node)}${why}`;
    return refusal("NOT_STARTED", text, { advice: null });
  }

  #unreadable(): void {
    this.#unknown(`node ${quote(this.node)} answered what node-router does not read`);
  }

  #unknown(what: string): void {
    this.#close(unknownOutcome(this.#processGroup, what));
  }

  #close(outcome: Outcome): void {
    this.finish(outcome, this.#processGroup ?? 0);
    this.endOutput();
  }
}
