// The tasks that agents of this gateway have given to peers: begun, driven, waited for, told, and in the end forgotten.
import { randomBytes, randomUUID } from "node:crypto";
import { messageOf, NodeRouterError } from "../../../shared/errors.ts";
import { type Refusal, refusal } from "../../../shared/refusal.ts";
import { quote } from "../../../shared/safeText.ts";
import type { Delegation } from "../model/delegation.ts";
import { delegationId, ID_BYTES } from "../model/ids.ts";
import { advance, isEnded, pauseMs } from "../model/outgoing.ts";
import { type BookOptions, createBook } from "./book.ts";
import { type DriveDeps, type Driver, drive } from "./drive.ts";
import { newDelegation } from "./newDelegation.ts";
import { barredFrom, type OfferDeps, offerTo, readTo } from "./offerTo.ts";
import type { DelegateAsk, Outbox } from "./outbox.ts";
import { taskProblem, tooManyHops } from "./taskProblem.ts";
import { createWaiters } from "./waiters.ts";

export interface OutboxOptions
  extends Omit<DriveDeps, "book" | "offer" | "barred" | "onTrouble">,
    Omit<OfferDeps, "heldBy">,
    Pick<BookOptions, "records" | "now" | "log"> {
  /** Id of this gateway. */
  readonly gateway: string;
  readonly ledger: {
    /** @throws NodeRouterError AUDIT_UNAVAILABLE: nothing may be sent */
    begin(delegation: Delegation): Promise<void>;
    end(delegation: Delegation): void;
  };
  /** Tells the agent that asked. Rejects: it could not be told now. */
  readonly wake: (delegation: Delegation) => Promise<void>;
}

export interface RunningOutbox extends Outbox {
  /** Drives what the last life of the gateway left, and tells what was not told. */
  recover(): Promise<void>;
  /** Looks again at what waits: a peer, the config or the time has changed. */
  poke(): void;
  /** Forgets what ended longer ago than `keepMs`. */
  tidy(): Promise<void>;
  /** Begins nothing more; whoever waits is answered. Resolves when nothing is under way. */
  stop(): Promise<void>;
}

/** Not ended ones: more are refused. */
const MAX_OPEN = 1_000;
const MAX_TELLS = 8;

export function createOutbox(options: OutboxOptions): RunningOutbox {
  const { settings, now, ledger, log, gateway, sleep } = options;
  const drivers = new Map<string, Driver>();
  const troubles = new Map<string, Refusal>();
  const stopped = new AbortController();
  const book = createBook({
    records: options.records,
    now,
    log,
    after: (ms, run) => void sleep(ms, stopped.signal).then(() => stopped.signal.aborted || run()),
    onChange(after, before) {
      if (isEnded(after) && !(before !== null && isEnded(before))) ledger.end(after);
      waiters.changed(after);
    },
  });
  const waiters = createWaiters({
    get: (id) => book.get(id),
    stopped: stopped.signal,
    onUnseen: (id) => void tellAgent(id),
  });
  const { wait } = waiters;
  // A peer that may have the task may have the conversation: until that is known nobody else gets more of it.
  const heldBy = (context: string): string | null =>
    book.all().find((one) => one.context === context && (one.taskId !== null || one.mayHaveRun))?.peer ??
    null;
  const offerDeps: OfferDeps = { ...options, heldBy };
  const driveDeps: DriveDeps = {
    ...options,
    book,
    offer: (delegation) => offerTo(delegation, offerDeps),
    barred: (delegation) => barredFrom(delegation, offerDeps),
    onTrouble(id, trouble) {
      if (trouble === null) troubles.delete(id);
      else troubles.set(id, trouble);
    },
  };

  const tellAgent = async (id: string): Promise<void> => {
    for (let tries = 1; tries <= MAX_TELLS && !stopped.signal.aborted; tries += 1) {
      const delegation = book.get(id);
      // Somebody who waits shows it to the agent.
      if (delegation === null || delegation.told || waiters.has(id)) return;
      try {
        await options.wake(delegation);
        await book.apply(id, { is: "told" });
        return;
      } catch (error) {
        if (tries === MAX_TELLS)
          log.warn({ id, reason: messageOf(error) }, "an agent could not be told of its delegation's end");
        else await sleep(pauseMs(tries, options.chance()), stopped.signal);
      }
    }
  };

  const begin = (id: string): void => {
    if (stopped.signal.aborted || drivers.has(id)) return;
    const driver = drive(id, driveDeps);
    drivers.set(id, driver);
    void driver.done.then(async () => {
      drivers.delete(id);
      troubles.delete(id);
      const delegation = book.get(id);
      if (delegation !== null && isEnded(delegation)) await tellAgent(id);
    });
  };

  const delegate = async (ask: DelegateAsk): Promise<Delegation | Refusal> => {
    const { maxTaskBytes, maxHops: most } = settings();
    const maxHops = Math.min(most, ask.maxHops ?? most);
    const chain = [...ask.through, gateway];
    const to = readTo(ask.to);
    const wrong = taskProblem(ask.task, maxTaskBytes) ?? tooManyHops(chain.length, maxHops);
    if (wrong !== null) return wrong;
    if (to !== null && "fact" in to) return to;
    if (stopped.signal.aborted) return refusal("DELEGATION_REFUSED", "the gateway is being stopped");
    if (book.all().filter((one) => !isEnded(one)).length >= MAX_OPEN)
      return refusal("DELEGATION_REFUSED", `${MAX_OPEN} delegations have not ended`, {
        advice: "Wait for some",
      });
    const begun = ask.context === null ? null : conversation(ask.context, ask.requester.agent);
    if (begun !== null && "fact" in begun) return begun;
    const nowMs = now();
    const id = delegationId(nowMs, randomBytes(ID_BYTES));
    const made = newDelegation(
      { ...ask, maxHops },
      id,
      ask.context ?? randomUUID(),
      chain,
      begun?.agent ?? "",
      nowMs,
    );
    // Chosen before it is kept: one write, and a refusal at once where no peer fits.
    const offer = await offerTo(made, offerDeps);
    if (offer.is === "event" && offer.event.is === "no-peer") return offer.event.reason;
    const first: Delegation =
      offer.is === "event"
        ? advance(made, offer.event, now())
        : { ...made, rule: offer.rule, reason: offer.reason };
    try {
      await ledger.begin(first);
    } catch (error) {
      if (error instanceof NodeRouterError) return error.refusal;
      throw error;
    }
    try {
      await book.add(first);
    } catch (error) {
      const reason = refusal("DELEGATION_REFUSED", `the delegation could not be kept: ${messageOf(error)}`);
      ledger.end({ ...first, state: "not-accepted", reason, mayHaveRun: false, endedAtMs: now() });
      return reason;
    }
    const waiting = wait(id, ask.waitMs, ask.signal, ask.onProgress);
    begin(id);
    return (await waiting) ?? first;
  };

  const conversation = (context: string, agent: string): Delegation | Refusal => {
    const of = ({ requester }: Delegation): boolean => requester.agent === agent;
    const found = book.all().find((one) => one.context === context && of(one));
    if (found !== undefined) return found;
    const fact = `agent ${quote(agent)} has no conversation ${quote(context.slice(0, 100))} with a peer`;
    return refusal("DELEGATION_UNKNOWN", fact, { advice: "leave context out for a new one" });
  };

  const unknown = (id: string): Refusal => {
    const fact = `there is no delegation ${quote(id.slice(0, 100))}`;
    return refusal("DELEGATION_UNKNOWN", fact, { advice: 'run "openclaw node-router delegations"' });
  };

  const notUnknown = (delegation: Delegation): Refusal => {
    const { id, state } = delegation;
    const fact = `delegation ${quote(id)} is ${state}, and only one that is unknown, or whose peer is not in the config, can be ended so`;
    const advice = isEnded(delegation) ? null : `Run "openclaw node-router delegations cancel ${id}"`;
    return refusal("DELEGATION_REFUSED", fact, { nothingRan: "nothing changed", advice });
  };

  return {
    delegate,
    all: () => book.all(),
    find: (id) => book.get(id),
    trouble: (id) => troubles.get(id) ?? null,
    wait,
    async cancel(id) {
      const after = await book.apply(id, { is: "cancel" });
      drivers.get(id)?.poke();
      return after ?? unknown(id);
    },
    async writeOff(id, reason) {
      const peer = book.get(id)?.peer ?? null;
      const isGone = peer !== null && options.peerOf(peer) === null;
      const after = await book.apply(id, { is: "written-off", reason, isGone });
      if (after === null) return unknown(id);
      drivers.get(id)?.poke();
      return after.reason === reason ? after : notUnknown(after);
    },
    async retry(id, again) {
      const before = book.get(id);
      if (before === null) return unknown(id);
      const name = `delegation ${quote(id)}`;
      if (!isEnded(before))
        return refusal("DELEGATION_REFUSED", `${name} has not ended: it is ${before.state}`);
      if (before.mayHaveRun && !again) {
        const advice = "Look at what it did first, then say again";
        return refusal("DELEGATION_REFUSED", `${name} may have done something (${before.state})`, { advice });
      }
      const { requester, task, asked, chain, context } = before;
      const isOpen = heldBy(context) !== null;
      const through = chain.slice(0, -1);
      const maxHops = through.length === 0 ? null : before.maxHops;
      const same = { requester, task, ...asked, through, maxHops };
      return delegate({ ...same, context: isOpen ? context : null, waitMs: 0 });
    },
    async told(id) {
      waiters.told(id);
      await book.apply(id, { is: "told" });
    },
    async recover() {
      for (const { id } of book.all()) {
        const after = await book.apply(id, { is: "recovered", keepMs: settings().keepMs });
        if (after !== null && isEnded(after)) void tellAgent(id);
        else begin(id);
      }
    },
    poke() {
      for (const driver of drivers.values()) driver.poke();
    },
    async tidy() {
      const { keepMs } = settings();
      const old = book.all().filter(({ endedAtMs }) => endedAtMs !== null && endedAtMs + keepMs < now());
      for (const { id } of old) await book.remove(id);
    },
    async stop() {
      stopped.abort();
      for (const driver of drivers.values()) driver.stop();
      await Promise.all([...drivers.values()].map(({ done }) => done));
    },
  };
}
