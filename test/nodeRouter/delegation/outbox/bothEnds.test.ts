// The outbox and two real inboxes over real connections that are cut, held back and let go: no task runs twice.
import { afterEach, expect, test } from "vitest";
import { resolveConfig } from "../../../../src/config/resolve.ts";
import {
  createPeerClients,
  type PeerClients,
} from "../../../../src/nodeRouter/delegation/carrier/peerClients.ts";
import type { Delegation } from "../../../../src/nodeRouter/delegation/model/delegation.ts";
import {
  createOutbox,
  type RunningOutbox,
} from "../../../../src/nodeRouter/delegation/outbox/createOutbox.ts";
import { isRefusal } from "../../../../src/nodeRouter/delegation/outbox/outbox.ts";
import { choosePeer } from "../../../../src/nodeRouter/delegation/peers/choosePeer.ts";
import { UNKNOWN_PEER } from "../../../../src/nodeRouter/delegation/peers/knownPeers.ts";
import { peerSnapshot } from "../../../../src/nodeRouter/delegation/peers/peerSnapshot.ts";
import { type Breakage, type InboxServer, serveInbox } from "../../../support/delegation/inboxServer.ts";
import { inboxConfig, inboxWorld, TOKEN } from "../../../support/delegation/inboxWorld.ts";
import { makeAsk } from "../../../support/delegation/simOutbox.ts";
import { waitFor } from "../../../support/wait.ts";

/** Real pauses are of seconds. */
const FASTER = 50;
/** Within which a task must be taken where the test waits until that is over: more than a busy machine stands still. */
const SOON_S = 4;

const ending: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ending.splice(0).reverse()) await end();
});

const tokenOf = (index: number): string => `${index}${TOKEN}`;

type World = ReturnType<typeof inboxWorld>;

async function startPeers(
  count: number,
): Promise<{ readonly worlds: World[]; readonly servers: InboxServer[] }> {
  const worlds = Array.from({ length: count }, (_, index) =>
    inboxWorld(inboxConfig({ token: tokenOf(index), maxRunning: 50, maxQueued: 200, perMinute: 10_000 })),
  );
  const servers = await Promise.all(worlds.map((world, index) => serveInbox(world, `id-${index}`)));
  for (const [index, world] of worlds.entries()) {
    const timer = setInterval(() => {
      for (const run of world.running()) world.endRun(run);
    }, 20);
    ending.push(async () => {
      clearInterval(timer);
      await world.inbox.close();
      await servers[index]?.stop();
    });
  }
  return { worlds, servers };
}

function startOutbox(servers: readonly InboxServer[], acceptWithinSeconds = 60): RunningOutbox {
  const peers = Object.fromEntries(
    servers.map(({ port }, index) => [
      `gw-${index}`,
      { url: `http://127.0.0.1:${port}`, token: tokenOf(index), tags: [`number=${index}`] },
    ]),
  );
  const rules = [
    { name: "work", agents: ["master"], prefer: [{ selector: "number=0", weight: 50 }], agent: "worker-sg" },
  ];
  const config = resolveConfig({ nodes: {}, peers, delegation: { rules, acceptWithinSeconds } });
  const clients: PeerClients = createPeerClients(() => config);
  const outbox = createOutbox({
    gateway: "id-a",
    records: { kept: new Map(), put: async () => {}, remove: async () => {} },
    settings: () => config.delegation,
    choose: async (request) => {
      const snapshot = peerSnapshot(config.peers, new Map(), { gatewayLocation: null }, Date.now());
      return choosePeer(request, snapshot, config.delegation);
    },
    peerOf(name) {
      const peer = config.peers.get(name);
      const client = peer === undefined ? null : clients.of(peer);
      return peer === undefined || client === null ? null : { config: peer, client };
    },
    knownOf: () => UNKNOWN_PEER,
    saw: () => {},
    ledger: { begin: async () => {}, end: () => {} },
    wake: async () => {},
    now: Date.now,
    chance: Math.random,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        const timer = setTimeout(resolve, ms / FASTER);
        signal.addEventListener(
          "abort",
          () => {
            clearTimeout(timer);
            resolve();
          },
          { once: true },
        );
      }),
    log: { warn: () => {} },
  });
  ending.push(async () => {
    clients.close();
    await outbox.stop();
  });
  return outbox;
}

function executions(worlds: readonly World[], words: string): number {
  return worlds.reduce((sum, world) => sum + world.executions(words), 0);
}

function taken(given: Awaited<ReturnType<RunningOutbox["delegate"]>>): Delegation {
  if (isRefusal(given)) throw new Error(given.fact);
  return given;
}

test("wherever the connection is cut, a task runs once and its result comes", async () => {
  const { worlds, servers } = await startPeers(2);
  const outbox = startOutbox(servers);
  const breakages: Breakage[] = [];
  for (let after = 0; after < 1_200; after += 60) {
    breakages.push({ do: "cut-up", after }, { do: "cut-down", after: after / 2 });
  }
  for (const [index, breakage] of breakages.entries()) {
    servers[0]?.breakages.push(breakage);
    const task = `task-${index}-end`;
    const ended = taken(await outbox.delegate(makeAsk({ task, waitMs: 60_000 })));
    const what = `${JSON.stringify(breakage)}: ${JSON.stringify(ended)}`;
    expect(ended.state, what).toBe("completed");
    expect(ended.result, what).toContain(task);
    expect(executions(worlds, task), what).toBe(1);
  }
});

test("what is held back until the task went to another peer runs nowhere", async () => {
  const { worlds, servers } = await startPeers(2);
  const outbox = startOutbox(servers, SOON_S);
  // The message, and every search for it until it is too late to begin.
  for (let count = 0; count < 60; count += 1) servers[0]?.breakages.push({ do: "hold" });
  const begun = taken(await outbox.delegate(makeAsk({ task: "task-held-end", waitMs: 0 })));
  await waitFor("it to be too late", () => Date.now() - begun.createdAtMs > SOON_S * 1_000 + 100);
  servers[0]?.breakages.splice(0);
  await waitFor("its end", () => outbox.find(begun.id)?.state === "completed");
  expect(outbox.find(begun.id)?.peer).toBe("gw-1");
  servers[0]?.letGo();
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(executions(worlds, "task-held-end")).toBe(1);
  expect(worlds[0]?.runs).toEqual([]);
});

test("a peer whose records are an older copy since does not do a task again, and no other one does it", async () => {
  const { worlds, servers } = await startPeers(2);
  const outbox = startOutbox(servers, SOON_S);
  const [world, server] = [worlds[0], servers[0]];
  if (world === undefined || server === undefined) throw new Error("no peer");
  // Its answer is lost, and so is every search until the copy is back.
  server.breakages.push({ do: "cut-down", after: 0 });
  for (let count = 0; count < 200; count += 1) server.breakages.push({ do: "hold" });
  const begun = taken(await outbox.delegate(makeAsk({ task: "task-copied-end", waitMs: 0 })));
  await waitFor("it to run", () => world.executions("task-copied-end") === 1);
  world.disk.clear();
  world.restart();
  world.blanks = [{ fromMs: begun.createdAtMs - 1, toMs: Date.now() }];
  server.breakages.splice(0);
  await waitFor("its end", () => outbox.find(begun.id)?.endedAtMs != null);
  expect(outbox.find(begun.id)).toMatchObject({ state: "lost", peer: "gw-0", mayHaveRun: true });
  expect(executions(worlds, "task-copied-end")).toBe(1);
});

test("a hundred at once over connections that break come to their ends, each once", async () => {
  const { worlds, servers } = await startPeers(2);
  const outbox = startOutbox(servers);
  for (const server of servers)
    for (let after = 1; after < 40; after += 1)
      server.breakages.push({ do: after % 2 === 0 ? "cut-up" : "cut-down", after: (after * 97) % 1_500 });
  const all = await Promise.all(
    Array.from({ length: 100 }, (_, index) =>
      outbox.delegate(makeAsk({ task: `task-${index}-end`, waitMs: 60_000 })),
    ),
  );
  for (const [index, given] of all.entries()) {
    const { state, result } = taken(given);
    expect([state, executions(worlds, `task-${index}-end`)], `task ${index}`).toEqual(["completed", 1]);
    expect(result).toContain(`task-${index}-end`);
  }
});
