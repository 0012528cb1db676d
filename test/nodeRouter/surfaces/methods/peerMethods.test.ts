// Peers and delegations as the gateway's methods and the CLI tell them: real boxes' records, canceled and given anew.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { INBOX, type Inbox, type PeerInbox } from "../../../../src/nodeRouter/delegation/inbox/inbox.ts";
import type { Delegation } from "../../../../src/nodeRouter/delegation/model/delegation.ts";
import type { InboundTask } from "../../../../src/nodeRouter/delegation/model/incoming.ts";
import { OUTBOX, type Outbox } from "../../../../src/nodeRouter/delegation/outbox/outbox.ts";
import {
  type KnownPeer,
  PEERS,
  type PeerWatch,
  UNKNOWN_PEER,
} from "../../../../src/nodeRouter/delegation/peers/knownPeers.ts";
import * as methods from "../../../../src/nodeRouter/surfaces/methods/laterMethods.ts";
import { UsageError } from "../../../../src/nodeRouter/surfaces/methods/params.ts";
import { refusal } from "../../../../src/shared/refusal.ts";
import { CONFIG, fakeDeps, START_MS } from "../../../support/fakeDeps.ts";
import { type Ran, run } from "../cli/arrange.ts";

const FOLDER = mkdtempSync(join(tmpdir(), "node-router-peers-"));
afterAll(() => rmSync(FOLDER, { recursive: true, force: true }));

const TOKEN = "a-token-of-more-than-32-characters-";
const PEER_ENTRIES = {
  "gw-sg": {
    url: "https://gw-sg.ts.net",
    token: `${TOKEN}a`,
    tags: ["region=sg"],
    location: { country: "SG" },
  },
  "gw-cn": { accept: { token: `${TOKEN}b`, agents: ["worker-sg"] } },
};

const GIVEN: Delegation = {
  id: "01990000-0000-7000-8000-000000000001",
  context: "ctx-1",
  requester: { agent: "master", session: "agent:master:main", run: null, call: "c1" },
  rule: "sg-work",
  agent: "worker-sg",
  task: `count ${"x".repeat(400)}`,
  chain: ["gw-a"],
  maxHops: 1,
  asked: { agent: null, to: null },
  createdAtMs: START_MS,
  heardAtMs: START_MS,
  state: "working",
  peer: "gw-sg",
  weaker: false,
  taskId: "t1",
  attempts: [],
  mayHaveRun: true,
  cancelRequested: false,
  startedAtMs: START_MS,
  endedAtMs: null,
  result: null,
  reason: null,
  ran: [],
  tokens: null,
  told: false,
};
const TAKEN: InboundTask = {
  is: "task",
  id: "task-in",
  peer: "gw-cn",
  messageId: "01990000-0000-7000-8000-000000000002",
  hash: "h",
  context: "ctx-2",
  agent: "worker-sg",
  session: "agent:worker-sg:subagent:peer-gw-cn-1",
  requester: "boss",
  chain: ["gw-cn"],
  maxHops: 1,
  text: "look",
  textBytes: 4,
  maxMinutes: 60,
  phase: "accepted",
  life: null,
  runs: 0,
  cancelRequested: false,
  acceptedAtMs: START_MS + 1_000,
  startedAtMs: null,
  endedAtMs: null,
  result: null,
  reason: null,
  ran: [],
  tokens: null,
};

function arrange({ given = [GIVEN], taken = [TAKEN], known = {} as Partial<KnownPeer> } = {}) {
  const deps = fakeDeps({ config: { ...CONFIG, peers: PEER_ENTRIES, gatewayName: "gw-a" } });
  const done: string[] = [];
  const outbox: Pick<Outbox, "all" | "cancel" | "writeOff" | "retry"> = {
    all: () => given,
    async cancel(id) {
      done.push(`cancel ${id}`);
      return { ...GIVEN, cancelRequested: true };
    },
    async writeOff(id, reason) {
      done.push(`write off ${id}`);
      return { ...GIVEN, state: "lost", reason, endedAtMs: START_MS };
    },
    async retry(id, again) {
      done.push(`retry ${id} ${again}`);
      if (!again)
        return refusal("DELEGATION_REFUSED", "something of it may have run", { advice: "add --again" });
      return { ...GIVEN, id: "01990000-0000-7000-8000-000000000003", state: "queued" };
    },
  };
  // Only what the methods ask of them.
  deps.memory.part(OUTBOX).current = outbox as Outbox;
  const inbox: Inbox = {
    tasks: () => taken,
    ofSession: () => null,
    load: () => ({ running: 0, queued: 1 }),
    async cancel(id) {
      done.push(`cancel task ${id}`);
      return { ...TAKEN, phase: "canceled", endedAtMs: START_MS };
    },
  };
  deps.memory.part(INBOX).current = inbox as PeerInbox;
  const watch: PeerWatch = {
    known: () => new Map([["gw-sg", { ...UNKNOWN_PEER, ...known }]]),
    saw() {},
    async probe(peer) {
      done.push(`probe ${peer}`);
      return UNKNOWN_PEER;
    },
  };
  deps.memory.part(PEERS).current = watch;
  const answer = (method: string, params: Record<string, unknown>): unknown => {
    switch (method) {
      case "noderouter.peers":
        return methods.peers(deps, FOLDER);
      case "noderouter.probePeer":
        return methods.probePeer(deps, FOLDER, params);
      case "noderouter.delegations":
        return methods.delegations(deps, params);
      case "noderouter.delegation":
        return methods.showDelegation(deps, params);
      case "noderouter.cancelDelegation":
        return methods.cancelDelegation(deps, params);
      case "noderouter.endDelegation":
        return methods.endDelegation(deps, params, "cli");
      default:
        return methods.retryDelegation(deps, params);
    }
  };
  return { deps, done, answer };
}
const json = ({ stdout }: Ran): unknown => JSON.parse(stdout);

describe("peers", () => {
  test("tells of each whether it is there, what runs on both sides, and who this gateway is", async () => {
    const { answer } = arrange({ known: { online: true, rttMs: 70, agents: ["worker-sg"] } });
    const ran = await run("peers", { json: true }, answer);
    expect(ran.code).toBe(0);
    expect(json(ran)).toMatchObject({
      gateway: { name: "gw-a", id: expect.stringMatching(/^gw-/) },
      peers: [
        {
          name: "gw-sg",
          state: "online",
          rttMs: 70,
          agents: ["worker-sg"],
          open: 1,
          here: null,
          way: "https://gw-sg.ts.net",
        },
        {
          name: "gw-cn",
          state: "inbound",
          way: null,
          here: { running: 0, queued: 1, maxRunning: 2 },
          open: 0,
        },
      ],
    });
  });

  test("one that is away, or cannot be used, is a finding: exit code 1, with the reason; one that nobody asked is none", async () => {
    const away = await run(
      "peers",
      {},
      arrange({ known: { online: false, failure: "it is \u001b[2J gone" } }).answer,
    );
    expect([away.code, away.stdout]).toEqual([1, expect.stringContaining("it is \\u001b[2J gone")]);
    const unfit = await run(
      "peers",
      {},
      arrange({ known: { online: true, unfit: "refused our token" } }).answer,
    );
    expect([unfit.code, unfit.stdout]).toEqual([1, expect.stringContaining("unusable")]);
    expect((await run("peers", {}, arrange().answer)).code).toBe(0);
  });

  test("the page's overview has places, both directions without their texts, and counts of each state; without peers there is none", async () => {
    const { deps } = arrange({ known: { online: true, rttMs: 70, clockOffsetMs: 5 } });
    const overview = await methods.peersOverview(deps);
    expect(overview?.peers).toMatchObject([
      { name: "gw-sg", state: "online", online: true, rttMs: 70, clockOffsetMs: 5, place: { country: "SG" } },
      { name: "gw-cn", state: "inbound", online: null, rttMs: null, place: null },
    ]);
    expect(overview?.delegations.map(({ id, direction }) => [id, direction])).toEqual([
      [TAKEN.messageId, "in"],
      [GIVEN.id, "out"],
    ]);
    expect(JSON.stringify(overview)).not.toContain("count xxx");
    expect(JSON.stringify(overview)).not.toContain(TOKEN);
    const counted = (overview?.counts ?? []).filter(({ count }) => count > 0);
    expect(counted).toEqual([
      { direction: "out", state: "working", count: 1 },
      { direction: "in", state: "accepted", count: 1 },
    ]);
    deps.configure(CONFIG);
    expect(await methods.peersOverview(deps)).toBeNull();
  });

  test("the overview shows open tasks before newer ended ones, twenty in all; of a peer that is away no old round trip; of a box that is not open no count", async () => {
    const ended = (n: number): Delegation => ({
      ...GIVEN,
      id: `e${n}`,
      state: "completed",
      createdAtMs: START_MS + 10_000 + n,
      endedAtMs: START_MS + 20_000,
    });
    const given = [GIVEN, ...Array.from({ length: 25 }, (_, n) => ended(n))];
    const { deps } = arrange({ given, known: { online: false, rttMs: 70, clockOffsetMs: 5 } });
    deps.memory.part(INBOX).current = null;
    const overview = await methods.peersOverview(deps);
    expect(overview?.delegations.map(({ id }) => id).slice(0, 3)).toEqual([GIVEN.id, "e24", "e23"]);
    expect([overview?.delegations.length, overview?.left]).toEqual([20, 6]);
    expect(overview?.peers[0]).toMatchObject({ online: false, rttMs: null, clockOffsetMs: null });
    expect(overview?.counts.filter(({ direction }) => direction === "in")).toEqual([]);
    expect(overview?.counts.find(({ state }) => state === "queued")?.count).toBe(0);
  });

  test("no token is in any answer", async () => {
    const { answer } = arrange();
    for (const asJson of [true, false])
      expect((await run("peers", { json: asJson }, answer)).stdout).not.toContain(TOKEN);
  });

  test("probe asks the peer now; one that is not configured is told with the nearest name", async () => {
    const { answer, done } = arrange({ known: { online: true } });
    expect((await run("peers", { node: "probe", id: "gw-sg" }, answer)).code).toBe(0);
    expect(done).toEqual(["probe gw-sg"]);
    const { deps } = arrange();
    await expect(methods.probePeer(deps, FOLDER, { peer: "gw-sq" })).rejects.toThrow(
      'no peer "gw-sq" is configured; did you mean "gw-sg"? configured are "gw-sg", "gw-cn"',
    );
  });

  test.each([
    [{ node: "prod" }, 'peers takes probe, invite, join, or nothing for the list, not "prod"'],
    [{ node: "probe" }, "peers probe needs a peer: openclaw node-router peers probe <peer>"],
  ])("%j is wrong usage: 2, and nobody is asked", async (options, stderr) => {
    expect(await run("peers", options, arrange().answer)).toMatchObject({ code: 2, stderr, asked: [] });
  });
});

describe("delegations", () => {
  test("are listed with both directions, the newest first, and long texts begin", async () => {
    const ran = await run("delegations", { json: true }, arrange().answer);
    expect(ran.code).toBe(0);
    const { delegations } = json(ran) as { delegations: { task: string }[] };
    expect(delegations).toMatchObject([
      {
        id: TAKEN.messageId,
        direction: "in",
        state: "accepted",
        peer: "gw-cn",
        requester: "boss",
        mayHaveRun: false,
      },
      {
        id: GIVEN.id,
        direction: "out",
        state: "working",
        peer: "gw-sg",
        requester: "master",
        mayHaveRun: true,
      },
    ]);
    expect(delegations[1]?.task.length).toBeLessThan(210);
  });

  test.each([
    [{ peer: "gw-sg" }, [GIVEN.id]],
    [{ peer: "gw-sg", open: true, agent: "nobody" }, []],
    [{ state: "accepted" }, [TAKEN.messageId]],
    [{ agent: "Boss" }, [TAKEN.messageId]],
    [{ agent: "worker-sg" }, [TAKEN.messageId, GIVEN.id]],
    [{ open: true }, [TAKEN.messageId, GIVEN.id]],
    [{ limit: "1" }, [TAKEN.messageId]],
  ])("%j leaves %j", async (options, ids) => {
    const { delegations } = json(await run("delegations", { ...options, json: true }, arrange().answer)) as {
      delegations: { id: string }[];
    };
    expect(delegations.map(({ id }) => id)).toEqual(ids);
  });

  test("a peer that nobody has is a mistake with the nearest name, not an empty list", async () => {
    const ran = await run("delegations", { peer: "gw-gs" }, arrange().answer);
    expect(ran).toMatchObject({ code: 1, stdout: "" });
    expect(ran.stderr).toContain('no peer "gw-gs" is configured; did you mean "gw-sg"?');
  });

  test("show has all of it, by the id or its beginning; a beginning of two, or of none, is told", async () => {
    const { deps, answer } = arrange();
    const ran = await run("delegations", { node: "show", id: GIVEN.id }, answer);
    expect(ran.stdout).toContain("x".repeat(90));
    expect(ran.stdout).toContain("something of it may have run");
    expect(methods.showDelegation(deps, { id: GIVEN.id.slice(0, 36) }).task).toBe(GIVEN.task);
    expect(() => methods.showDelegation(deps, { id: "01990000" })).toThrow(
      "is the beginning of 2 delegations",
    );
    expect(() => methods.showDelegation(deps, { id: "0199" })).toThrow(
      'DELEGATION_UNKNOWN: no delegation "0199" is kept here',
    );
    expect((await run("delegations", { node: "show", id: "nope-nope-nope" }, answer)).code).toBe(1);
  });

  test("show says of each peer why it did not take it", async () => {
    const offered = { atMs: 1, acceptBeforeMs: null, clockOffsetMs: null, gateway: null, inDoubt: false };
    const why = refusal("PEER_REFUSED", 'peer "gw-hk" refused the task: FULL: \u001b[2J');
    const given: Delegation = {
      ...GIVEN,
      attempts: [
        { ...offered, peer: "gw-hk", isFenced: false, outcome: "not-accepted", reason: why },
        { ...offered, peer: "gw-sg", isFenced: false, outcome: "accepted", reason: null },
      ],
    };
    const { answer } = arrange({ given: [given] });
    const shown = await run("delegations", { node: "show", id: GIVEN.id }, answer);
    expect(shown.stdout).toContain(
      'gw-hk: PEER_REFUSED: peer "gw-hk" refused the task: FULL: \\u001b[2J; nothing',
    );
    expect(shown.stdout).not.toContain("gw-sg: ");
    const asJson = await run("delegations", { node: "show", id: GIVEN.id, json: true }, answer);
    expect(json(asJson)).toMatchObject({
      offers: [
        { peer: "gw-hk", outcome: "not-accepted", reason: expect.stringContaining("FULL") },
        { peer: "gw-sg", outcome: "accepted", reason: null },
      ],
    });
  });

  test("cancel goes to the side that has it", async () => {
    const { answer, done } = arrange();
    await run("delegations", { node: "cancel", id: GIVEN.id }, answer);
    await run("delegations", { node: "cancel", id: TAKEN.messageId }, answer);
    expect(done).toEqual([`cancel ${GIVEN.id}`, "cancel task task-in"]);
  });

  test("end tells why and who says it, and is no finding; without a reason, or of another gateway's task, it is refused", async () => {
    const { deps, answer, done } = arrange();
    const reason = "gw-sg was \u001b[2J replaced";
    const ran = await run("delegations", { node: "end", id: GIVEN.id, reason, json: true }, answer);
    expect(ran.code).toBe(0);
    expect(ran.asked[0]).toMatch(/^noderouter\.endDelegation .*"by":"[^"]+@/);
    expect(json(ran)).toMatchObject({ state: "lost", mayHaveRun: true });
    const told = String((json(ran) as { reason: string }).reason);
    expect(told).toMatch(
      /^OUTCOME_UNKNOWN: peer "gw-sg" is asked about the task no more: "gw-sg was \\u001b\[2J replaced", says .*@.* \(cli\); it was not run again/,
    );
    expect(done).toEqual([`write off ${GIVEN.id}`]);
    await expect(methods.endDelegation(deps, { id: GIVEN.id }, "cli")).rejects.toThrow("a reason is needed");
    await expect(methods.endDelegation(deps, { id: TAKEN.messageId, reason }, "cli")).rejects.toThrow(
      "is another gateway's",
    );
    expect(done.length).toBe(1);
  });

  test("end that the outbox refuses changes nothing, and says why", async () => {
    const { deps, answer } = arrange();
    const why = refusal("DELEGATION_REFUSED", "it is working", { nothingRan: "nothing changed" });
    deps.memory.part(OUTBOX).current = {
      ...deps.memory.part(OUTBOX).current,
      writeOff: async () => why,
    } as Outbox;
    const ran = await run("delegations", { node: "end", id: GIVEN.id, reason: "gone" }, answer);
    expect([ran.code, ran.stderr]).toEqual([
      1,
      expect.stringContaining("DELEGATION_REFUSED: it is working; nothing changed"),
    ]);
  });

  test("retry of what may have run needs --again, and another gateway's is not ours to give", async () => {
    const { deps, answer, done } = arrange();
    const without = await run("delegations", { node: "retry", id: GIVEN.id }, answer);
    expect([without.code, without.stderr]).toEqual([1, expect.stringContaining("may have run")]);
    const again = await run("delegations", { node: "retry", id: GIVEN.id, again: true, json: true }, answer);
    expect(json(again)).toMatchObject({ state: "queued" });
    expect(done).toEqual([`retry ${GIVEN.id} false`, `retry ${GIVEN.id} true`]);
    await expect(methods.retryDelegation(deps, { id: TAKEN.messageId })).rejects.toThrow(UsageError);
  });

  test.each([
    [{ node: "stop" }, 'delegations takes show, cancel, end, retry, or nothing for the list, not "stop"'],
    [{ node: "cancel" }, "delegations cancel needs an id: openclaw node-router delegations cancel <id>"],
    [{ node: "show", id: "x", again: true }, "--again goes with delegations retry"],
    [{ node: "cancel", id: "x", reason: "y" }, "--reason goes with delegations end"],
    [{ reason: "y" }, "--reason goes with delegations end"],
    [
      { node: "end", id: "x", reason: " " },
      "delegations end needs a reason: openclaw node-router delegations end <id> --reason <text>",
    ],
    [{ limit: "0" }, '--limit takes a number from 1 to 1000, not "0"'],
  ])("%j is wrong usage: 2, and nobody is asked", async (options, stderr) => {
    expect(await run("delegations", options, arrange().answer)).toMatchObject({ code: 2, stderr, asked: [] });
  });

  test("what ended badly is exit code 1 where it is shown, and 0 in the list", async () => {
    const lost: Delegation = { ...GIVEN, state: "lost", endedAtMs: START_MS };
    const { answer } = arrange({ given: [lost], taken: [] });
    expect((await run("delegations", { node: "show", id: lost.id }, answer)).code).toBe(1);
    expect((await run("delegations", {}, answer)).code).toBe(0);
  });
});
