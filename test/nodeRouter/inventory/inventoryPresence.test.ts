// What observing the nodes adds to the snapshot: what it takes away, what it adds, and what it must not touch.
import { describe, expect, test } from "vitest";
import { resolveConfig } from "../../../src/config/resolve.ts";
import { buildSnapshot, type KnownHostNodes } from "../../../src/nodeRouter/inventory/inventory.ts";
import { type NodeState, UNKNOWN_CAPACITY } from "../../../src/nodeRouter/placement/model/snapshot.ts";
import type { NodePresence } from "../../../src/presence/record.ts";
import { readHostNode } from "../../../src/presence/sources/gateway/hostNode.ts";
import { hostEntry, SG_ID } from "../../support/fakeDeps.ts";
import { fact, makePlace, makePresence, reachOf } from "../../support/makePresence.ts";

const SSH = { ssh: {}, workspace: "/w" };

function hostOf(...entries: object[]): KnownHostNodes {
  return { nodes: entries.map(readHostNode).filter((node) => node !== null), takenAtMs: 5 };
}

/** `mac-sg` as it is configured, listed by the host and observed. Null: not listed. */
function stateOf(
  record: Partial<NodePresence> | null,
  { config = SSH, entry = {} }: { config?: object | null; entry?: object | null } = {},
): NodeState {
  const { nodes } = resolveConfig({ nodes: config === null ? {} : { "mac-sg": config } });
  const host = entry === null ? hostOf() : hostOf(hostEntry("mac-sg", SG_ID, entry));
  const presence = new Map(record === null ? [] : [["mac-sg", makePresence(record)]]);
  const [state] = buildSnapshot(nodes, host, presence).nodes;
  if (state === undefined) throw new Error("no node");
  return state;
}

const tagsWith = (...asked: Parameters<typeof stateOf>) => Object.fromEntries(stateOf(...asked).tags);

describe("the connection to the gateway", () => {
  const over = (state: "up" | "failing" | "down" | "unknown") => ({
    reach: { node: reachOf(state), ssh: null },
  });

  test.each([
    [true, "up", true],
    [true, "failing", true],
    [true, "unknown", true],
    [true, "down", false],
    [false, "up", false],
    [false, "down", false],
    [null, "up", null],
    [null, "unknown", null],
    [null, "down", false],
  ] as const)("the host says %s, the asking %s: %s", (connected, state, expected) => {
    expect(stateOf(over(state), { entry: { connected } }).online).toBe(expected);
  });

  test.each([
    ["before it connected anew", 9_999, true],
    ["in the very moment", 10_000, false],
    ["after it connected", 10_001, false],
    ["nobody knows when", null, false],
  ] as const)("that it did not answer %s (%s)", (_, askedMs, expected) => {
    const reach = { node: { ...reachOf("down"), askedMs }, ssh: null };
    const entry = { connected: true, connectedAtMs: 10_000 };
    expect(stateOf({ reach }, { entry }).online).toBe(expected);
    expect(stateOf({ reach }, { entry: { ...entry, connected: false } }).online).toBe(false);
    expect(stateOf({ reach }, { entry: { ...entry, connectedAtMs: null } }).online).toBe(false);
  });

  test("without a record the host's word stands", () => {
    expect(stateOf(null).online).toBe(true);
    expect(stateOf({}).online).toBe(true);
  });

  test("a machine that the host does not list is neither up nor down by an old answer", () => {
    expect(stateOf(over("down"), { entry: null }).online).toBe(null);
    expect(stateOf(over("up"), { entry: null }).online).toBe(null);
  });

  test("a node that answers gets neither approval nor commands by it", () => {
    const state = stateOf(over("up"), { entry: { approvalState: "pending-approval", commands: [] } });
    expect(state).toMatchObject({ approval: "pending", commands: new Set() });
  });
});

describe("SSH", () => {
  test.each([
    ["up", true],
    ["failing", true],
    ["down", false],
    ["unknown", null],
  ] as const)("%s: %s", (state, expected) => {
    expect(stateOf({ reach: { node: null, ssh: reachOf(state) } }).sshReachable).toBe(expected);
  });

  test("nobody asked: not known. Not configured: not known either, whatever a record says", () => {
    expect(stateOf({}).sshReachable).toBe(null);
    expect(stateOf(null).sshReachable).toBe(null);
    expect(stateOf({ reach: { node: null, ssh: reachOf("up") } }, { config: {} }).sshReachable).toBe(null);
  });
});

describe("what is free", () => {
  const GIB = 1024 ** 3;
  const facts = {
    cpuCount: fact(8),
    load1: fact(2),
    memoryTotalBytes: fact(16 * GIB),
    memoryAvailableBytes: fact(4 * GIB),
    diskTotalBytes: fact(100 * GIB),
    diskAvailableBytes: fact(50 * GIB),
  };

  test("is worked out of what was measured", () => {
    expect(stateOf({ facts, rttMs: 12.5 })).toMatchObject({
      rttMs: 12.5,
      capacity: {
        idleCpus: 6,
        loadPerCpu: 0.25,
        freeMemoryBytes: 4 * GIB,
        freeMemoryShare: 0.25,
        freeDiskBytes: 50 * GIB,
        freeDiskShare: 0.5,
      },
    });
  });

  test("is unknown where it is stale, missing or of nothing, and not zero", () => {
    expect(stateOf({}).capacity).toEqual(UNKNOWN_CAPACITY);
    expect(stateOf(null).capacity).toEqual(UNKNOWN_CAPACITY);
    const stale = Object.fromEntries(
      Object.entries(facts).map(([key, { value }]) => [key, fact(value, true)]),
    );
    expect(stateOf({ facts: stale }).capacity).toEqual(UNKNOWN_CAPACITY);
    const half = stateOf({
      facts: { load1: fact(2), cpuCount: fact(0), diskAvailableBytes: fact(1) },
    }).capacity;
    expect(half).toMatchObject({ loadPerCpu: null, freeDiskBytes: 1, freeDiskShare: null });
  });

  test("more that wants to run than can is below zero, not zero", () => {
    expect(stateOf({ facts: { cpuCount: fact(2), load1: fact(5) } }).capacity.idleCpus).toBe(-3);
  });
});

describe("location", () => {
  const declared = { ...SSH, location: { country: "SG", city: "Singapore" } };

  test("an inferred place is used where nothing was declared, and says what it is", () => {
    expect(stateOf({ location: makePlace() }).location).toEqual({
      country: "SG",
      city: "Singapore",
      latitude: 1.29,
      longitude: 103.85,
      source: "geoip",
    });
  });

  test("an inferred place adds nothing to a declared one, not even coordinates", () => {
    expect(
      stateOf({ location: makePlace({ country: "JP", city: "Tokyo" }) }, { config: declared }).location,
    ).toEqual({
      country: "SG",
      city: "Singapore",
      source: "declared",
    });
  });

  test("coordinates that were looked up for the declared words are used, those for older words are not", () => {
    const looked = makePlace({ source: "declared", confidence: "high" });
    expect(stateOf({ location: looked }, { config: declared }).location).toMatchObject({
      latitude: 1.29,
      source: "declared",
    });
    const older = makePlace({ source: "declared", city: "Jurong" });
    expect(stateOf({ location: older }, { config: declared }).location).not.toHaveProperty("latitude");
    expect(stateOf({ location: older }).location).toBe(null);
  });

  test("declared coordinates stay as they are", () => {
    const config = { ...SSH, location: { country: "SG", latitude: 1, longitude: 2 } };
    const looked = makePlace({ source: "declared" });
    expect(stateOf({ location: looked }, { config }).location).toMatchObject({ latitude: 1, longitude: 2 });
  });
});

describe("tags", () => {
  test("facts that hold become tags; stale ones do not", () => {
    const facts = { os: fact("freebsd"), arch: fact("arm64"), timeZone: fact("Asia/Tokyo") };
    expect(tagsWith({ facts }, { entry: null })).toEqual({
      "node.name": "mac-sg",
      "node.os": "freebsd",
      "node.arch": "arm64",
      "node.transport": "ssh",
    });
    const stale = {
      os: fact("freebsd", true),
      arch: fact("arm64", true),
      timeZone: fact("Asia/Tokyo", true),
    };
    expect(tagsWith({ facts: stale }, { entry: null })).toEqual({
      "node.name": "mac-sg",
      "node.transport": "ssh",
    });
  });

  test("the host's own word for the system goes before what was observed: the tag does not change by observing", () => {
    expect(tagsWith({ facts: { os: fact("freebsd") } })["node.os"]).toBe("linux");
  });

  test("the tailnet's tags are bare tags under tailscale., and odd ones are none", () => {
    const tags = ["tag:prod", "tag:web-1", "prod", "tag:", "tag:a b", "tag:x-", "tag:x=y"];
    const found = tagsWith({ facts: { tailnetTags: fact(tags) } });
    expect(Object.keys(found).filter((key) => key.startsWith("tailscale."))).toEqual([
      "tailscale.prod",
      "tailscale.web-1",
    ]);
    expect(found["tailscale.prod"]).toBe("");
    expect(tagsWith({ facts: { tailnetTags: fact(["tag:prod"], true) } })).not.toHaveProperty(
      "tailscale.prod",
    );
  });

  const places = (...asked: Parameters<typeof stateOf>) => {
    const { "node.country": country, "node.region": region, "node.city": city } = tagsWith(...asked);
    return [country, region, city];
  };

  test("a declared place gives all of its tags, and its time zone; the node's own clock gives none", () => {
    const location = { country: "DE", region: "Bavaria", city: "Munich", timeZone: "Europe/Berlin" };
    const record = { location: makePlace(), facts: { timeZone: fact("Asia/Tokyo") } };
    expect(places(record, { config: { ...SSH, location } })).toEqual(["DE", "Bavaria", "Munich"]);
    expect(tagsWith(record, { config: { ...SSH, location } })["node.tz"]).toBe("Europe/Berlin");
    expect(tagsWith(record)).not.toHaveProperty("node.tz");
    const zoned = { ...record, location: makePlace({ timeZone: "Asia/Singapore" }) };
    expect(tagsWith(zoned)["node.tz"]).toBe("Asia/Singapore");
  });

  test("an inferred place gives tags to a configured node", () => {
    expect(places({ location: makePlace() })).toEqual(["SG", undefined, "Singapore"]);
  });

  test("a weak hint gives none: a clock's zone is no proof of a country", () => {
    const hint = makePlace({ source: "timezone", confidence: "low" });
    expect(places({ location: hint })).toEqual([undefined, undefined, undefined]);
  });

  test("a machine of which the operator said nothing gets no place by a guess, nor by what it declared to its tailnet", () => {
    expect(places({ location: makePlace() }, { config: null })).toEqual([undefined, undefined, undefined]);
    const word = makePlace({ source: "tailscale" });
    const ips = { ips: { ...fact(["100.64.0.7"]), source: "tailscale" as const } };
    const asked = { config: null, entry: { remoteIp: "100.64.0.7" } };
    expect(places({ location: word, facts: ips }, asked)).toEqual([undefined, undefined, undefined]);
    expect(places({ location: word, facts: ips })).toEqual(["SG", undefined, "Singapore"]);
  });

  test("a display name makes no peer: a node that nobody configured has a peer's tags only from its address", () => {
    const ips = { ...fact(["100.64.0.7", "fd7a:115c:a1e0::7"]), source: "tailscale" as const };
    const record = {
      location: makePlace({ source: "tailscale" }),
      facts: { tailnetTags: fact(["tag:prod"]), ips },
    };
    const seenAt = (remoteIp: string | undefined) => tagsWith(record, { config: null, entry: { remoteIp } });
    for (const other of ["192.0.2.1", "127.0.0.1", "100.64.0.8", undefined]) {
      expect(seenAt(other)).not.toHaveProperty("tailscale.prod");
      expect(seenAt(other)).not.toHaveProperty("node.country");
    }
    for (const own of ["100.64.0.7", "::ffff:100.64.0.7", "FD7A:115C:A1E0::7"]) {
      expect(seenAt(own)).toMatchObject({ "tailscale.prod": "" });
      expect(seenAt(own)).not.toHaveProperty("node.country");
    }
    // The gateway's own word for its address proves nothing of a peer.
    const listed = { ...record, facts: { ...record.facts, ips: { ...ips, source: "gateway" as const } } };
    expect(tagsWith(listed, { config: null, entry: { remoteIp: "100.64.0.7" } })).not.toHaveProperty(
      "tailscale.prod",
    );
    // An entry of the config names its peer itself.
    expect(tagsWith(record, { entry: { remoteIp: undefined } })).toHaveProperty("tailscale.prod");
  });

  test.each([
    ["darwin", "macos"],
    ["macOS 15.1", "macos"],
    ["macos 26.0", "macos"],
    ["iOS 18.4.0", "ios"],
    ["win32", "windows"],
    ["linux", "linux"],
  ])("a client that says %s is %s: a version is no part of the system", (platform, os) => {
    expect(tagsWith(null, { entry: { platform } })["node.os"]).toBe(os);
  });

  test("no fact gets the better of a configured tag, for they share no key", () => {
    const config = { ...SSH, tags: ["region=sg", "tailscale", "nodes"] };
    expect(tagsWith({ facts: { tailnetTags: fact(["tag:x"]) } }, { config })).toMatchObject({
      region: "sg",
      tailscale: "",
      nodes: "",
      "tailscale.x": "",
    });
  });
});

describe("what was worked out is used again", () => {
  const { nodes } = resolveConfig({ nodes: { a: SSH, b: SSH } });
  const host = hostOf();

  test("of a node whose record is the same object, and of no other", () => {
    const records = (changes: Partial<NodePresence>) =>
      new Map([
        ["a", makePresence({ node: "a" })],
        ["b", makePresence({ node: "b", ...changes })],
      ]);
    const first = records({});
    const before = buildSnapshot(nodes, host, first);
    const after = buildSnapshot(
      nodes,
      host,
      new Map([...first, ["b", makePresence({ node: "b", rttMs: 7 })]]),
    );
    expect(after.nodes[0]).toBe(before.nodes[0]);
    expect(after.nodes[1]).not.toBe(before.nodes[1]);
    expect(after.nodes[1]?.rttMs).toBe(7);
    // Back again: what is kept is the last one, not a wrong one.
    expect(buildSnapshot(nodes, host, first).nodes[1]?.rttMs).toBe(null);
    expect(buildSnapshot(nodes, host).nodes[0]?.rttMs).toBe(null);
  });

  test("and not of another config or another list", () => {
    const listed = hostOf(hostEntry("a", SG_ID));
    expect(buildSnapshot(nodes, listed).nodes[0]?.nodeId).toBe(SG_ID);
    expect(buildSnapshot(nodes, host).nodes[0]?.nodeId).toBe(null);
    const tagged = resolveConfig({ nodes: { a: { ...SSH, tags: ["new"] } } }).nodes;
    expect(buildSnapshot(tagged, listed).nodes[0]?.tags.has("new")).toBe(true);
  });
});
