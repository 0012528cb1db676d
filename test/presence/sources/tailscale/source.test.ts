// The Tailscale source: what becomes of a status and of changes on the bus, and what is never said.
import type { ServerResponse } from "node:http";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { FACTS } from "../../../../src/presence/facts.ts";
import type {
  Observation,
  PresenceSink,
  PresenceTarget,
  ReachAnswer,
} from "../../../../src/presence/record.ts";
import {
  createTailnetReader,
  type TailnetReader,
} from "../../../../src/presence/sources/tailscale/reader.ts";
import {
  createTailscaleSource,
  type TailscaleSource,
} from "../../../../src/presence/sources/tailscale/source.ts";
import {
  EXPIRY,
  HOST_KEY,
  loggedOut,
  MULLVAD,
  manyPeers,
  peer103,
  SUFFIX,
  self103,
  status103,
} from "../../../support/tailscale/fixtures.ts";
import { type LocalApiStandIn, machine, startLocalApi } from "../../../support/tailscale/localApi.ts";

const NOW = Date.parse("2026-09-01T00:00:00Z");
const SEEN = "2026-08-31T23:00:00Z";
/** `peer103`'s. */
const ID = 3_123_456_789_012_345;
const never = new AbortController().signal;

let api: LocalApiStandIn;
let nowMs: number;
let source: TailscaleSource;
let stops: (() => void)[];

beforeEach(async () => {
  api = await startLocalApi();
  nowMs = NOW;
  stops = [];
  source = sourceOf(createTailnetReader(machine({ sockets: [api.socket] })));
});

afterEach(async () => {
  vi.useRealTimers();
  for (const stop of stops) stop();
  await api.close();
});

function sourceOf(reader: TailnetReader): TailscaleSource {
  return createTailscaleSource({ now: () => nowMs, reader });
}

function target(name: string, tailscale: string | null = name): PresenceTarget {
  return { name, nodeId: null, tailscale, ssh: false, workspace: null, declared: null };
}

interface Sink extends PresenceSink {
  readonly observed: Observation[];
  readonly forgotten: string[];
  /** Resolves when something more was said that fulfils the condition. */
  until(condition: () => boolean): Promise<void>;
}

function sink(): Sink {
  let waiting: (() => void)[] = [];
  const said = () => {
    const woken = waiting;
    waiting = [];
    for (const wake of woken) wake();
  };
  const self: Sink = {
    observed: [],
    forgotten: [],
    observe(observation) {
      self.observed.push(observation);
      said();
    },
    answer: (_: ReachAnswer) => expect.unreachable("Online is no test of reachability"),
    forget(name, nodes) {
      expect(name).toBe("tailscale");
      self.forgotten.push(...nodes);
      said();
    },
    async until(condition) {
      while (!condition()) await new Promise<void>((resolve) => waiting.push(resolve));
    },
  };
  return self;
}

const round = async (targets: readonly PresenceTarget[] = [target("mac-sg")], into: Sink = sink()) => {
  await source.round(targets, into, never);
  return into;
};

const factsOf = async (peer: object, status: object = {}) => {
  api.status = status103([peer103({ ...peer })], { ...status });
  const [observation] = (await round()).observed;
  return observation?.facts ?? expect.unreachable("nothing was observed");
};

describe("a round", () => {
  test("observes every fact of the peer, and when", async () => {
    api.status = status103([
      peer103({ Active: true, CurAddr: "8.8.8.8:41641", Tags: ["tag:gpu"], sshHostKeys: [HOST_KEY] }),
    ]);
    expect((await round()).observed).toEqual([
      {
        node: "mac-sg",
        source: "tailscale",
        of: expect.any(String),
        atMs: NOW,
        facts: {
          ips: ["100.64.0.2", "fd7a:115c:a1e0::2"],
          dnsName: `mac-sg.${SUFFIX}`,
          hostname: "Mac SG",
          os: "macos",
          tailnetOnline: true,
          tailnetPath: "direct",
          tailnetRelay: "sin",
          tailnetTags: ["tag:gpu"],
          tailnetUser: "claw@example.com",
          tailnetKeyExpiresMs: Date.parse(EXPIRY),
          tailnetKeyExpired: false,
          tailnetSsh: true,
          publicAddress: "8.8.8.8",
        },
        places: [],
      },
    ]);
  });

  test("states only facts that Tailscale is a source of", async () => {
    api.status = status103([
      peer103({ Online: false, LastSeen: SEEN, sshHostKeys: [HOST_KEY], CurAddr: "8.8.8.8:1" }),
    ]);
    const [observation] = (await round()).observed;
    const stated = Object.keys(observation?.facts ?? {});
    expect(stated).toContain("tailnetLastSeenMs");
    const wrong = Object.entries(FACTS).filter(
      ([name, { sources }]) => stated.includes(name) && !sources.includes("tailscale"),
    );
    expect(wrong).toEqual([]);
  });

  test("tells when a peer was seen last only while it is offline", async () => {
    expect(await factsOf({ Online: false, LastSeen: SEEN })).toMatchObject({
      tailnetOnline: false,
      tailnetLastSeenMs: Date.parse(SEEN),
    });
    expect(await factsOf({ Online: true, LastSeen: SEEN })).not.toHaveProperty("tailnetLastSeenMs");
  });

  test("does not call a peer offline of which the control plane says nothing", async () => {
    const facts = await factsOf({ Online: false });
    expect(facts).not.toHaveProperty("tailnetOnline");
    expect(facts).toHaveProperty("tailnetRelay", "sin");
  });

  test("says nothing of peers' being online while this machine is cut off from the control plane", async () => {
    const cut = { Self: self103({ Online: false }) };
    expect(await factsOf({ Online: true }, cut)).not.toHaveProperty("tailnetOnline");
    expect(await factsOf({ Online: false, LastSeen: SEEN }, cut)).not.toHaveProperty("tailnetOnline");
    expect(await factsOf({ Online: true }, { Self: null })).toHaveProperty("tailnetOnline", true);
  });

  test("a key without an end has not ended, and nobody says so; one whose time has come has", async () => {
    const endless = await factsOf({ KeyExpiry: undefined });
    expect(endless).not.toHaveProperty("tailnetKeyExpired");
    expect(endless).not.toHaveProperty("tailnetKeyExpiresMs");
    expect(await factsOf({ KeyExpiry: "2026-08-31T00:00:00Z" })).toHaveProperty("tailnetKeyExpired", true);
    expect(await factsOf({ KeyExpiry: undefined, Expired: true })).toHaveProperty("tailnetKeyExpired", true);
  });

  test("Tailscale SSH is known by its keys, and their absence is no no", async () => {
    expect(await factsOf({ sshHostKeys: [] })).not.toHaveProperty("tailnetSsh");
  });

  test("a tagged machine belongs to nobody", async () => {
    expect(await factsOf({ UserID: 1003, Tags: ["tag:a"] })).not.toHaveProperty("tailnetUser");
  });

  test("this machine itself may be a node; there is no path to oneself", async () => {
    const { observed } = await round([target("gw", "gateway")]);
    expect(observed[0]).toMatchObject({ node: "gw", facts: { tailnetOnline: true, tailnetRelay: "hkg" } });
    expect(observed[0]?.facts).not.toHaveProperty("tailnetPath");
    expect(source.selfNodes()).toEqual(["gw"]);
    await round([target("mac-sg")]);
    expect(source.selfNodes()).toEqual([]);
  });

  test("one peer may be several nodes, and a node without a peer is none", async () => {
    const into = await round([
      target("a", "mac-sg"),
      target("b", "100.64.0.2"),
      target("c"),
      target("d", null),
    ]);
    expect(into.observed.map(({ node }) => node)).toEqual(["a", "b"]);
    expect([...source.unmatched()]).toEqual([["c", 'no peer is called "c"']]);
    expect(into.forgotten).toEqual([]);
  });

  test("several peers of one name are none, and the reason is told", async () => {
    api.status = status103(
      ["x", "y"].map((label) => peer103({ DNSName: `${label}.${SUFFIX}.`, HostName: "twin" })),
    );
    expect((await round([target("twin")])).observed).toEqual([]);
    expect(source.unmatched().get("twin")).toBe('several peers are called "twin"');
  });

  test("Tailscale's exit nodes and shared machines are left out, also by their whole names", async () => {
    const shared = peer103({ DNSName: "box.tail9.ts.net.", HostName: "box", TailscaleIPs: ["100.64.0.9"] });
    api.status = status103([MULLVAD, shared, peer103({ HostName: "sharee", ShareeNode: true })]);
    const wanted = [
      "sg-sin-wg-001.mullvad.ts.net",
      "100.90.1.1",
      "box.tail9.ts.net",
      "100.64.0.9",
      "mac-sg",
      "box",
    ];
    expect((await round(wanted.map((name) => target(name)))).observed).toEqual([]);
    for (const name of wanted) expect(source.unmatched().get(name)).toMatch(/another tailnet/);
    expect((await round([target("no-such")])).observed).toEqual([]);
    expect(source.unmatched().get("no-such")).toBe('no peer is called "no-such"');
  });

  test("a declared location is a place", async () => {
    api.status = status103([peer103({ Location: { CountryCode: "SG", City: "Singapore" } })]);
    const [observation] = (await round()).observed;
    expect(observation?.places).toMatchObject([{ source: "tailscale", country: "SG", city: "Singapore" }]);
  });

  test("names that mean harm arrive as they are, for whoever prints them to escape", async () => {
    const HostName = "<script>alert(1)</script>\u202e";
    expect(await factsOf({ HostName })).toHaveProperty("hostname", HostName);
  });

  test("asks nobody when no node is on a tailnet, and forgets what it said", async () => {
    const into = await round();
    await round([target("mac-sg", null)], into);
    expect(into.forgotten).toEqual(["mac-sg"]);
    expect(api.asked.filter((path) => path.endsWith("status"))).toHaveLength(1);
  });

  test("finds 1,000 nodes among 5,000 peers", async () => {
    api.status = status103(manyPeers(5_000));
    const targets = Array.from({ length: 1_000 }, (_, index) => target(`node-${index * 5}`));
    const { observed } = await round(targets);
    expect(observed).toHaveLength(1_000);
    expect(observed.every(({ node, facts }) => facts.hostname === node)).toBe(true);
  });
});

describe("unknown is not offline", () => {
  test.each([
    ["Stopped", /Tailscale is stopped here/],
    ["NeedsLogin", /logged out/],
    ["NeedsMachineAuth", /approval/],
    ["Starting", /starting/],
  ])("in state %s it forgets every node and says why", async (state, expected) => {
    const into = await round();
    api.status = loggedOut(state);
    await expect(source.round([target("mac-sg")], into, never)).rejects.toThrow(expected);
    expect(into.forgotten).toEqual(["mac-sg"]);
    expect(into.observed).toHaveLength(1);
  });

  test("a peer that left is forgotten, the others are not", async () => {
    api.status = status103([
      peer103(),
      peer103({ DNSName: `b.${SUFFIX}.`, HostName: "b", TailscaleIPs: [] }),
    ]);
    const into = await round([target("mac-sg"), target("b")]);
    api.status = status103([peer103()]);
    await round([target("mac-sg"), target("b")], into);
    expect(into.forgotten).toEqual(["b"]);
  });

  test("a Tailscale that fails once leaves what it said; one that is gone does not", async () => {
    const into = await round();
    api.instead = (_, answer) => answer.writeHead(500).end();
    await expect(source.round([target("mac-sg")], into, never)).rejects.toThrow(
      "Tailscale could not be asked: LocalAPI answered 500",
    );
    expect(into.forgotten).toEqual([]);
    await api.close();
    await expect(source.round([target("mac-sg")], into, never)).rejects.toThrow("Tailscale is not installed");
    expect(into.forgotten).toEqual(["mac-sg"]);
  });

  test("a round that was aborted says nothing", async () => {
    const ended = new AbortController();
    api.instead = (_, answer) => {
      ended.abort(new Error("late"));
      answer.end(JSON.stringify(status103()));
    };
    const into = sink();
    await expect(source.round([target("mac-sg")], into, ended.signal)).rejects.toThrow();
    expect(into.observed).toEqual([]);
  });
});

describe("the relay map", () => {
  const asked = () => api.asked.filter((path) => path.endsWith("derpmap")).length;
  const map = {
    Regions: {
      3: { RegionID: 3, RegionCode: "sin", RegionName: "Singapore", Latitude: 1.3, Longitude: 103.8 },
    },
  };

  test("is had with the first round and kept for an hour", async () => {
    api.derpMap = map;
    expect(source.derpMap()).toBeNull();
    await round();
    expect(source.derpMap()?.get("sin")?.name).toBe("Singapore");
    nowMs += 59 * 60_000;
    await round();
    expect(asked()).toBe(1);
    nowMs += 2 * 60_000;
    api.derpMap = undefined;
    await round();
    expect(asked()).toBe(2);
    expect(source.derpMap()?.has("sin")).toBe(true);
  });

  test("that is not there is not asked for with every round, and a clock that was set back holds nothing up", async () => {
    await round();
    await round();
    expect(asked()).toBe(1);
    nowMs -= 24 * 60 * 60_000;
    await round();
    expect(asked()).toBe(2);
  });
});

describe("the bus", () => {
  /** Watches, and resolves when the first status was observed. */
  async function watching(targets: readonly PresenceTarget[] = [target("mac-sg")]) {
    const into = sink();
    const ends: unknown[] = [];
    const ended = new Promise<void>((resolve) => {
      const stop = source.watch?.(
        () => targets,
        into,
        (error) => {
          ends.push(error);
          resolve();
        },
      );
      stops.push(stop ?? expect.unreachable("it watches"));
    });
    await into.until(() => into.observed.length + into.forgotten.length > 0);
    return { into, ends, ended, stop: stops.at(-1) ?? expect.unreachable() };
  }
  const last = (into: Sink) => into.observed.at(-1)?.facts;

  test("begins with a whole status", async () => {
    const { into } = await watching();
    expect(into.observed).toMatchObject([{ node: "mac-sg", facts: { tailnetOnline: true } }]);
    expect(api.asked).toEqual(["/localapi/v0/watch-ipn-bus?mask=57346"]);
  });

  test("a change of a node is observed at once, and changes nothing else", async () => {
    const { into } = await watching();
    const before = last(into);
    nowMs += 5_000;
    api.send({ PeerChangedPatch: [{ NodeID: ID, Online: false, LastSeen: SEEN }] });
    await into.until(() => into.observed.length === 2);
    expect(into.observed[1]).toMatchObject({ node: "mac-sg", atMs: NOW + 5_000 });
    expect(last(into)).toEqual({ ...before, tailnetOnline: false, tailnetLastSeenMs: Date.parse(SEEN) });
    // A patch is the control plane's explicit word, with or without a time.
    api.send({ PeerChangedPatch: [{ NodeID: ID, Online: true }] });
    await into.until(() => into.observed.length === 3);
    expect(last(into)).toEqual(before);
  });

  test("a change of somebody else is none, nor is one by another id", async () => {
    const { into } = await watching();
    api.send({ PeerChangedPatch: [{ NodeID: 7, Online: false }] });
    api.send({ PeersChanged: [{ ID: 7, Name: "other." }], PeersRemoved: [8] });
    api.send({ Health: {}, Engine: { RBytes: 1 } });
    api.send({ PeerChangedPatch: [{ NodeID: ID, Online: false }] });
    await into.until(() => into.observed.length === 2);
    expect(last(into)).toMatchObject({ tailnetOnline: false });
    expect(api.asked).toHaveLength(1);
  });

  test("a status that was asked for before a change does not undo it; a later one does", async () => {
    const { into } = await watching();
    let release: () => void = () => expect.unreachable();
    const asked = new Promise<void>((resolve) => {
      api.instead = (request, answer) => {
        if (!request.url?.endsWith("/status")) return void answer.writeHead(404).end();
        release = () => answer.end(JSON.stringify(status103()));
        resolve();
      };
    });
    const running = source.round([target("mac-sg")], into, never);
    await asked;
    nowMs += 10;
    api.send({ PeerChangedPatch: [{ NodeID: ID, Online: false, LastSeen: SEEN }] });
    await into.until(() => into.observed.length === 2);
    release();
    await running;
    expect(last(into)).toMatchObject({ tailnetOnline: false });
    nowMs += 10;
    api.instead = null;
    await round([target("mac-sg")], into);
    expect(last(into)).toMatchObject({ tailnetOnline: true });
  });

  test("a peer that was replaced or removed is read anew", async () => {
    const { into } = await watching();
    api.status = status103([peer103({ Tags: ["tag:new"] })]);
    api.send({ PeersChanged: [{ ID, Name: "mac-sg." }] });
    await into.until(() => into.observed.length === 2);
    expect(last(into)).toMatchObject({ tailnetTags: ["tag:new"] });
    api.status = status103([]);
    api.send({ PeersRemoved: [ID] });
    await into.until(() => into.forgotten.length === 1);
    expect(into.forgotten).toEqual(["mac-sg"]);
  });

  test("a Tailscale that is stopped forgets all at once, and one that runs again tells all at once", async () => {
    const { into } = await watching();
    api.send({ State: 4 });
    await into.until(() => into.forgotten.length === 1);
    expect(into.forgotten).toEqual(["mac-sg"]);
    api.send({ State: 6 });
    await into.until(() => into.observed.length === 2);
    expect(last(into)).toMatchObject({ tailnetOnline: true });
  });

  test("that begins logged out says nothing of anybody", async () => {
    await round();
    api.status = loggedOut();
    const { into } = await watching();
    expect(into.forgotten).toEqual(["mac-sg"]);
    expect(into.observed).toEqual([]);
  });

  test("messages may arrive in any pieces, and of a map of the network nothing is read", async () => {
    const { into } = await watching();
    const message = JSON.stringify({
      NetMap: { Peers: [{ ID }] },
      PeerChangedPatch: [{ NodeID: ID, Online: false }],
    });
    api.sendRaw(`${message.slice(0, 30)}`);
    api.sendRaw(`${message.slice(30)}\n`);
    await into.until(() => into.observed.length === 2);
    expect(last(into)).toMatchObject({ tailnetOnline: false });
  });

  test.each<[string, () => void, RegExp]>([
    ["ends", () => api.endBus(), /Tailscale ended the bus/],
    ["is cut off in a message", () => api.endBus('{"State":'), /Tailscale ended the bus/],
    ["sends garbage", () => api.sendRaw("<html>\n"), /not in a form that can be read/],
  ])("that %s says so once, and takes nothing back", async (_, act, expected) => {
    const { into, ends, ended } = await watching();
    act();
    await ended;
    expect(ends).toEqual([expect.objectContaining({ message: expect.stringMatching(expected) })]);
    expect(into.forgotten).toEqual([]);
    // Whoever opens it again sees all again.
    const again = await watching();
    expect(again.into.observed).toHaveLength(1);
    expect(again.ends).toEqual([]);
  });

  test("of a Tailscale that knows no first status still tells: the status is read", async () => {
    api.instead = (request, answer) => {
      if (request.url?.includes("watch-ipn-bus")) answer.write('{"Version":"1.60.0","State":6}\n');
      else answer.end(JSON.stringify(status103()));
    };
    const { into } = await watching();
    expect(last(into)).toMatchObject({ tailnetOnline: true });
  });

  test("a burst of changes is read once more, not once each", async () => {
    const { into } = await watching();
    const asked: ServerResponse[] = [];
    api.instead = (request, answer) => {
      if (!request.url?.endsWith("/status")) return void answer.writeHead(404).end();
      asked.push(answer);
      // While the first is open, all the others come.
      if (asked.length === 1) for (let count = 0; count < 20; count++) api.send({ PeersChanged: [{ ID }] });
      if (asked.length === 1) api.send({ PeerChangedPatch: [{ NodeID: ID, Online: true }] });
      else answer.end(JSON.stringify(status103()));
    };
    api.send({ PeersChanged: [{ ID }] });
    await into.until(() => into.observed.length === 2);
    asked[0]?.end(JSON.stringify(status103()));
    await into.until(() => into.observed.length === 4);
    expect(asked).toHaveLength(2);
  });

  test("that never begins is given up", async () => {
    api.instead = () => undefined;
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const error = new Promise((resolve) => {
      stops.push(source.watch?.(() => [target("mac-sg")], sink(), resolve) ?? expect.unreachable());
    });
    vi.advanceTimersByTime(8_000);
    expect(await error).toMatchObject({ message: "no answer within 8000 ms" });
  });

  test("that there is none says so, and a round can still ask the command", async () => {
    const none = sourceOf(createTailnetReader(machine()));
    const error = await new Promise((resolve) => none.watch?.(() => [target("mac-sg")], sink(), resolve));
    expect(error).toMatchObject({ message: "there is no LocalAPI here to listen to" });
  });

  test("that was stopped is closed, and says nothing any more", async () => {
    const { into, ends, stop } = await watching();
    expect(api.watchers()).toBe(1);
    stop();
    await expect.poll(() => api.watchers()).toBe(0);
    api.send({ State: 4 });
    expect(ends).toEqual([]);
    expect(into.forgotten).toEqual([]);
  });
});
