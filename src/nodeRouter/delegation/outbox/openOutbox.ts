// Puts the outbox together for the real host, and keeps it over reloads of the plugin: its disk, its connections, its timers.
import { join } from "node:path";
import { PLUGIN_CONFIG } from "../../../config/currentConfig.ts";
import { type ResolvedConfig, resolveConfig } from "../../../config/resolve.ts";
import { messageOf } from "../../../shared/errors.ts";
import type { Logger } from "../../../shared/logger.ts";
import { LEDGER } from "../../ledger/ledger.ts";
import { createPeerClients, PEER_CLIENTS } from "../carrier/peerClients.ts";
import { GATEWAY_LIFE, takeOwnership } from "../journal/folderOwner.ts";
import { delegationsFolder, gatewayIdIn } from "../journal/gatewayId.ts";
import { openRecords } from "../journal/recordFolder.ts";
import { readDelegation } from "../model/readDelegation.ts";
import { choosePeerNow } from "../peers/currentPeers.ts";
import { type KnownPeer, PEERS, UNKNOWN_PEER } from "../peers/knownPeers.ts";
import { type RunningPeerWatch, watchPeers } from "../peers/peerWatch.ts";
import { createOutbox, type RunningOutbox } from "./createOutbox.ts";
import { OUTBOX } from "./outbox.ts";
import type { OutboxKeeper, OutboxNeeds } from "./outboxKeeper.ts";
import { outboxLedger } from "./outboxLedger.ts";
import { endText } from "./stateText.ts";

/** After a disk that could not be read, or while another gateway has the folder. */
const RETRY_MS = 10_000;
const TIDY_MS = 3_600_000;
/** After which `release` ends everything: a reload of the plugin takes some seconds, on a busy machine many. */
const RELEASE_MS = 30_000;

/**
 * Opens nothing before the first `use`. Lives until the gateway ends, with the code that it was made of: it loads
 * nothing later, and what it needs of the host goes through the newest registration.
 */
export function createOutboxKeeper(first: OutboxNeeds): OutboxKeeper {
  let needs = first;
  let releasing: NodeJS.Timeout | null = null;
  let retry: NodeJS.Timeout | null = null;
  let told = "";
  let isOver = false;
  let current: {
    readonly outbox: RunningOutbox;
    readonly watch: RunningPeerWatch;
    end(): Promise<void>;
  } | null = null;

  const { memory, now } = first.deps;
  const config = (): ResolvedConfig => memory.part(PLUGIN_CONFIG).current ?? resolveConfig({});
  const say = (level: "info" | "warn" | "error", facts: object, text: string): void => {
    try {
      const log: Logger = needs.deps.log.child({ part: "delegation" });
      log[level](facts, text);
    } catch {
      // Between two registrations nobody listens.
    }
  };
  const log = { warn: (facts: object, text: string) => say("warn", facts, text) };

  const open = async (): Promise<void> => {
    const folder = delegationsFolder(needs.stateFolder);
    const owner = await takeOwnership({
      folder,
      life: memory.part(GATEWAY_LIFE),
      now,
      onLost() {
        say(
          "error",
          { folder },
          "another gateway has taken this gateway's delegations: this one gives no tasks",
        );
        void end().finally(again);
      },
    });
    if ("heldBy" in owner)
      throw new Error(`${owner.heldBy} looks after the delegations of this state folder`);
    const gateway = await gatewayIdIn(folder);
    const { keepMs } = config().delegation;
    const records = await openRecords({ folder: join(folder, "out"), read: readDelegation, keepMs, now });
    if (records.unreadable.length > 0) {
      const found = records.unreadable.slice(0, 10);
      say(
        "error",
        { folder, records: found },
        "records of delegations cannot be read: nobody asks for their ends",
      );
    }
    if (isOver) return owner.release();
    const clients = createPeerClients(config);
    const deps = { memory, now };
    const outbox = createOutbox({
      gateway,
      records,
      settings: () => config().delegation,
      choose: (request) => choosePeerNow(deps, config(), request),
      peerOf(name) {
        const peer = config().peers.get(name);
        const client = peer === undefined ? null : clients.of(peer);
        return peer === undefined || client === null ? null : { config: peer, client };
      },
      knownOf: (peer) => memory.part(PEERS).current?.known().get(peer) ?? UNKNOWN_PEER,
      saw(peer, answer) {
        const isOnline = answer.is === "result" || answer.is === "rejected";
        const isGone = answer.is === "not-sent" || answer.is === "no-answer";
        if (isOnline || isGone) memory.part(PEERS).current?.saw(peer, isOnline);
      },
      ledger: outboxLedger(() => memory.part(LEDGER).current),
      wake: async ({ requester, ...rest }) => needs.wake(requester, endText({ requester, ...rest })),
      now,
      sleep,
      chance: Math.random,
      log,
    });
    const tidying = setInterval(() => {
      clients.tidy();
      outbox.tidy().catch((error: unknown) => log.warn({ reason: messageOf(error) }, "old delegations stay"));
    }, TIDY_MS).unref();
    const watch = watchPeers({
      peers: () => config().peers,
      client: (peer) => clients.of(peer),
      gateway: () => gateway,
      now,
      onChange(peer, before, after) {
        tellPeer(say, peer, before, after);
        // Whoever waits for a peer looks again.
        if (after.online === true) outbox.poke();
      },
    });
    memory.part(PEERS).current = watch;
    current = {
      outbox,
      watch,
      async end() {
        watch.stop();
        if (memory.part(PEERS).current === watch) memory.part(PEERS).current = null;
        clearInterval(tidying);
        if (memory.part(OUTBOX).current === outbox) memory.part(OUTBOX).current = null;
        if (memory.part(PEER_CLIENTS).current === clients) memory.part(PEER_CLIENTS).current = null;
        clients.close();
        await outbox.stop();
        await records.flush();
        owner.release();
      },
    };
    memory.part(OUTBOX).current = outbox;
    memory.part(PEER_CLIENTS).current = clients;
    told = "";
    await outbox.tidy();
    await outbox.recover();
  };

  const end = async (): Promise<void> => {
    const before = current;
    current = null;
    await before?.end();
  };

  const again = (): void => {
    if (!isOver) retry = setTimeout(start, RETRY_MS).unref();
  };

  function start(): void {
    retry = null;
    open().catch((error: unknown) => {
      const reason = messageOf(error);
      if (reason !== told) say("error", { reason }, "no task is given to a peer yet");
      told = reason;
      again();
    });
  }

  const stop = async (): Promise<void> => {
    isOver = true;
    for (const timer of [retry, releasing]) if (timer !== null) clearTimeout(timer);
    needs.onEnd();
    await end();
  };

  start();
  return {
    use(newest) {
      needs = newest;
      if (releasing !== null) clearTimeout(releasing);
      releasing = null;
      current?.watch.refresh();
      current?.outbox.poke();
    },
    release(of) {
      if (of !== needs) return;
      if (releasing !== null) clearTimeout(releasing);
      releasing = setTimeout(() => void stop(), RELEASE_MS).unref();
    },
    stop,
  };
}

/** Once for each change: a peer that is away, or cannot be used, and its return. */
function tellPeer(
  say: (level: "info" | "warn", facts: object, text: string) => void,
  peer: string,
  before: KnownPeer,
  after: KnownPeer,
): void {
  const { failure: reason, unfit } = after;
  if (after.online === false) say("warn", { peer, reason }, "a peer is away: it gets no tasks");
  else if (unfit !== null)
    say("warn", { peer, reason: `it ${unfit}` }, "a peer cannot be used: it gets no tasks");
  else if (before.online !== null) say("info", { peer, rttMs: after.rttMs }, "a peer is back");
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms).unref();
    signal.addEventListener("abort", done, { once: true });
  });
}
