// What looks at peers come to: who is there, who is gone and since when, and who answers without being of use.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { resolveConfig } from "../../../../src/config/resolve.ts";
import type { PeerAnswer } from "../../../../src/nodeRouter/delegation/carrier/peerClient.ts";
import { type KnownPeer, UNKNOWN_PEER } from "../../../../src/nodeRouter/delegation/peers/knownPeers.ts";
import { withChange } from "../../../../src/nodeRouter/delegation/peers/peerChanges.ts";
import { afterLook } from "../../../../src/nodeRouter/delegation/peers/peerLook.ts";
import { watchPeers } from "../../../../src/nodeRouter/delegation/peers/peerWatch.ts";
import { writeCard } from "../../../../src/nodeRouter/delegation/protocol/card.ts";
import { refusal } from "../../../../src/shared/refusal.ts";

const NOW = 1_800_000_000_000;
const card = (parts: object = {}) =>
  writeCard("http://b", {
    gateway: "id-b",
    name: "gw-sg",
    pluginVersion: "0.1.0",
    agents: ["worker-sg"],
    running: 1,
    queued: 0,
    maxRunning: 2,
    maxQueued: 20,
    maxMinutes: 60,
    maxTaskBytes: 1_024,
    draining: false,
    nowMs: NOW,
    ...parts,
  });
const result = (parts: object = {}, rttMs = 70): PeerAnswer => ({ is: "result", result: card(parts), rttMs });
const silent: PeerAnswer = { is: "no-answer", why: refusal("NODE_UNREACHABLE", "it did not answer") };
const status = (code: number): PeerAnswer => ({ is: "status", status: code, retryAfterMs: null });

const look = (answer: PeerAnswer, before: KnownPeer = UNKNOWN_PEER, nowMs = NOW, isPlain = false) =>
  afterLook(before, { answer, isPlain, nowMs }, "id-a");

describe("one look", () => {
  test("with a card says that it is there, its agents, the round trip, and its clock to half of that", () => {
    expect(look(result({ nowMs: NOW + 5_000 }))).toMatchObject({
      online: true,
      sinceMs: NOW,
      heardMs: NOW,
      rttMs: 70,
      clockOffsetMs: 5_035,
      agents: ["worker-sg"],
      unfit: null,
      failure: null,
    });
  });

  test("a silence is no outage, the second in a row is, and says since when", () => {
    const there = look(result());
    const once = look(silent, there, NOW + 1);
    expect(once).toMatchObject({ online: true, misses: 1 });
    expect(look(silent, once, NOW + 2)).toMatchObject({
      online: false,
      sinceMs: NOW + 2,
      flaps: 1,
      misses: 2,
    });
    expect(look(result(), once, NOW + 2)).toMatchObject({ online: true, misses: 0, sinceMs: NOW, flaps: 0 });
  });

  test("a peer that never answered is unknown after one silence, and never was there", () => {
    const once = look(silent);
    expect(once).toMatchObject({ online: null, flaps: 0 });
    expect(look(silent, once)).toMatchObject({ online: false, flaps: 0 });
  });

  test.each([500, 502, 503])(
    "HTTP %s is a silence: so does a gateway answer while it starts or stops",
    (code) => {
      expect(look(status(code), look(result()))).toMatchObject({ online: true, misses: 1, unfit: null });
    },
  );

  test.each<[PeerAnswer, string]>([
    [status(401), "refused our token"],
    [
      status(404),
      "answered, and had no peer route (is the plugin installed there, with accept configured for us?)",
    ],
    [{ is: "result", result: { hello: 1 }, rttMs: 1 }, "answered with what is no agent card"],
    [result({ gateway: "id-a" }), "was this gateway itself"],
    [{ is: "rejected", rpcCode: -32_601, reason: null, message: "no\u001b[2J" }, 'answered "no\\u001b[2J"'],
  ])("%j is an answer of a peer that cannot be used", (answer, unfit) => {
    expect(look(answer)).toMatchObject({ online: true, unfit });
    expect(look(result(), look(answer))).toMatchObject({ unfit: null });
  });

  test.each([-32_007, -32_004, -32_601])(
    "plain A2A that answers %i is there and can be used, and says no more of itself",
    (rpcCode) => {
      const none: PeerAnswer = { is: "rejected", rpcCode, reason: null, message: "none" };
      expect(look(none, UNKNOWN_PEER, NOW, true)).toMatchObject({
        online: true,
        unfit: null,
        card: null,
        agents: null,
      });
    },
  );
});

describe("the watch", () => {
  beforeEach(() => void vi.useFakeTimers({ now: NOW }));
  afterEach(() => void vi.useRealTimers());

  const TOKEN = "a-token-of-more-than-32-characters-a";
  function arrange() {
    let { peers } = resolveConfig({
      peers: {
        "gw-sg": { url: "https://gw-sg.ts.net", token: TOKEN },
        inbound: { accept: { token: `${TOKEN}b`, agents: ["x"] } },
      },
    });
    let isDead = false;
    const asked: string[] = [];
    const changes: string[] = [];
    const watch = watchPeers({
      peers: () => peers,
      client: ({ name }) => ({
        async call(_method, _params, { timeoutMs }) {
          asked.push(name);
          if (!isDead) return result();
          await new Promise((resolve) => setTimeout(resolve, timeoutMs));
          return silent;
        },
        close() {},
      }),
      gateway: () => "id-a",
      now: Date.now,
      onChange: (peer, before, after) => changes.push(`${peer} ${before.online} ${after.online}`),
    });
    return {
      watch,
      asked,
      changes,
      die() {
        isDead = true;
      },
      revive() {
        isDead = false;
      },
      configure: (config: object) => {
        peers = resolveConfig(config).peers;
        watch.refresh();
      },
    };
  }

  test("asks whom tasks can be given to, and not a peer that only calls us", async () => {
    const { watch, asked } = arrange();
    await vi.advanceTimersByTimeAsync(10_000);
    watch.stop();
    expect(asked).toEqual(["gw-sg", "gw-sg", "gw-sg"]);
    expect([...watch.known().keys()]).toEqual(["gw-sg"]);
  });

  test("a peer that dies at the worst moment is out within 10 s, and its return is seen within 7", async () => {
    const { watch, changes, die, revive } = arrange();
    await vi.advanceTimersByTimeAsync(4_001);
    die();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(watch.known().get("gw-sg")?.online).toBe(false);
    revive();
    await vi.advanceTimersByTimeAsync(7_000);
    expect(watch.known().get("gw-sg")?.online).toBe(true);
    watch.stop();
    expect(changes).toEqual(["gw-sg null true", "gw-sg true false", "gw-sg false true"]);
  });

  test("each change is kept with its time and reason in the words of nodes, the newest first; one silence is none", async () => {
    const { watch, die, revive } = arrange();
    await vi.advanceTimersByTimeAsync(4_001);
    watch.saw("gw-sg", false);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(watch.changes?.().length).toBe(1);
    die();
    await vi.advanceTimersByTimeAsync(10_000);
    revive();
    await vi.advanceTimersByTimeAsync(7_000);
    watch.stop();
    expect(watch.changes?.().map(({ node, from, to, reason }) => `${node} ${from} ${to} ${reason}`)).toEqual([
      "gw-sg offline ready peer: it answers",
      expect.stringMatching(/^gw-sg ready offline peer: .*it did not answer/),
      "gw-sg null ready peer: it answers",
    ]);
    const times = (watch.changes?.() ?? []).map(({ atMs }) => atMs);
    expect(times).toEqual([...times].sort((a, b) => b - a));
  });

  test("one that answers and cannot be used is degraded, and the list of changes has an end", () => {
    const there = { ...UNKNOWN_PEER, online: true };
    const unfit = { ...there, unfit: "refused our token" };
    expect(withChange([], "gw-sg", there, unfit, NOW)).toEqual([
      { node: "gw-sg", from: "ready", to: "degraded", atMs: NOW, reason: "peer: it refused our token" },
    ]);
    expect(withChange([], "gw-sg", there, { ...there, rttMs: 3 }, NOW)).toEqual([]);
    let all: ReturnType<typeof withChange> = [];
    for (let n = 0; n < 2_000; n += 1)
      all = withChange(all, "gw-sg", n % 2 === 0 ? there : unfit, n % 2 === 0 ? unfit : there, n);
    expect([all.length, all[0]?.atMs]).toEqual([500, 1_999]);
  });

  test("a task that got no answer has it looked at at once", async () => {
    const { watch, die } = arrange();
    await vi.advanceTimersByTimeAsync(1);
    die();
    watch.saw("gw-sg", false);
    await vi.advanceTimersByTimeAsync(2_600);
    expect(watch.known().get("gw-sg")?.online).toBe(false);
    watch.saw("gw-sg", true);
    expect(watch.known().get("gw-sg")?.online).toBe(true);
    watch.stop();
  });

  test("who is gone from the config is asked no more, and forgotten; who is new is asked at once", async () => {
    const { watch, asked, configure } = arrange();
    await vi.advanceTimersByTimeAsync(1);
    configure({ peers: { "gw-hk": { url: "https://gw-hk.ts.net", token: TOKEN } } });
    await vi.advanceTimersByTimeAsync(1);
    expect([...watch.known().keys()]).toEqual(["gw-hk"]);
    await vi.advanceTimersByTimeAsync(20_000);
    watch.stop();
    expect(asked.filter((name) => name === "gw-sg")).toHaveLength(1);
  });

  test("nothing is asked after its end", async () => {
    const { watch, asked } = arrange();
    await vi.advanceTimersByTimeAsync(1);
    watch.stop();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(asked).toHaveLength(1);
    expect(vi.getTimerCount()).toBe(0);
  });
});
