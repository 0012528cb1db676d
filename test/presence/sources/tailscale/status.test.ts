// Reading Tailscale's status: several versions, missing and unknown fields, names that mean harm.
import { describe, expect, test } from "vitest";
import { idOf, parseJson } from "../../../../src/presence/sources/tailscale/json.ts";
import {
  type PeerNames,
  readPeer,
  type TailnetPeer,
} from "../../../../src/presence/sources/tailscale/peer.ts";
import {
  isForeign,
  readTailnetStatus,
  type TailnetStatus,
  whyUnknown,
} from "../../../../src/presence/sources/tailscale/status.ts";
import {
  EXPIRY,
  HOST_KEY,
  loggedOut,
  MULLVAD,
  NEVER,
  peer103,
  SUFFIX,
  status103,
  status124,
  status180,
  status2020,
} from "../../../support/tailscale/fixtures.ts";

function read(value: unknown): TailnetStatus {
  return readTailnetStatus(value) ?? expect.unreachable("no status");
}

function onlyPeer(value: unknown): TailnetPeer {
  const [peer, second] = read(value).peers;
  expect(second).toBeUndefined();
  return peer ?? expect.unreachable("no peer");
}

describe("a peer", () => {
  test("of 1.103 has every field, in one form", () => {
    expect(onlyPeer(status103([peer103({ Tags: ["tag:gpu"], sshHostKeys: [HOST_KEY] })]))).toEqual({
      names: {
        dnsName: `mac-sg.${SUFFIX}`,
        hostName: "mac sg",
        addresses: ["100.64.0.2", "fd7a:115c:a1e0::2"],
      },
      id: "nSg11CNTRL",
      nodeId: "3123456789012345",
      hostName: "Mac SG",
      os: "macos",
      tags: ["tag:gpu"],
      userId: "1759203656033992",
      online: true,
      path: "idle",
      relay: "sin",
      publicAddress: null,
      lastSeenMs: null,
      keyExpiresMs: Date.parse(EXPIRY),
      expired: false,
      sshHostKeys: [HOST_KEY],
      place: null,
      sharee: false,
    });
  });

  test.each([
    ["before NodeID and PeerRelay", status180(), { online: true, path: "idle", nodeId: null, relay: "sin" }],
    ["of 2022", status124(), { online: true, path: "idle", nodeId: null, keyExpiresMs: null }],
    ["of 2020", status2020(), { online: null, path: null, relay: null, hostName: "Mac SG", os: "macos" }],
  ])("%s has what that version says, and no guess for the rest", (_, value, expected) => {
    expect(onlyPeer(value)).toMatchObject(expected);
  });

  test.each([
    ["no fields", {}],
    [
      "fields of other kinds",
      { DNSName: 7, HostName: null, TailscaleIPs: "x", Tags: {}, Online: "yes", Active: 1 },
    ],
    [
      "more of other kinds",
      { NodeID: "x", UserID: [], LastSeen: 7, KeyExpiry: "soon", Location: [], Relay: false },
    ],
    [
      "values out of range",
      { NodeID: 0, CurAddr: "nonsense:1", Location: { CountryCode: "ZZ", Latitude: 91 } },
    ],
  ])("with %s is a peer of whom nothing is known", (_, entry) => {
    expect(readPeer(entry)).toMatchObject({
      names: { dnsName: "", hostName: "", addresses: [] },
      nodeId: null,
      online: null,
      relay: null,
      publicAddress: null,
      lastSeenMs: null,
      keyExpiresMs: null,
      expired: false,
      place: null,
    });
  });

  test("that is not online and was never seen is not known to be offline", () => {
    expect(onlyPeer(status103([peer103({ Online: false })])).online).toBeNull();
    const LastSeen = "2026-08-01T00:00:00Z";
    expect(onlyPeer(status103([peer103({ Online: false, LastSeen })]))).toMatchObject({
      online: false,
      lastSeenMs: Date.parse(LastSeen),
    });
  });

  test.each([
    ["macOS", "macos"],
    ["darwin", "macos"],
    ["linux", "linux"],
    ["windows", "windows"],
    ["iOS", "ios"],
    ["android", "android"],
    ["freebsd", "freebsd"],
    ["", null],
    ["x".repeat(40), null],
  ])("of OS %j runs %j", (OS, expected) => {
    expect(readPeer({ OS }).os).toBe(expected);
  });

  test.each([
    ["direct", { Active: true, CurAddr: "8.8.8.8:41641" }],
    ["direct", { Active: false, CurAddr: "192.168.1.7:41641" }],
    ["peer-relay", { Active: true, PeerRelay: "8.8.8.8:40000:vni:3" }],
    ["relayed", { Active: true }],
    ["idle", { Active: false }],
    [null, {}],
    [null, { Relay: "sin" }],
  ])("is reached %j with %j", (path, entry) => {
    expect(readPeer(entry).path).toBe(path);
  });

  test.each([
    ["8.8.8.8:41641", "8.8.8.8"],
    ["[2606:4700:4700::1111]:41641", "2606:4700:4700::1111"],
    ["[::ffff:8.8.8.8]:1", "8.8.8.8"],
    ["", null],
    ["8.8.8.8", null],
    ["10.1.2.3:41641", null],
    ["172.20.0.1:41641", null],
    ["192.168.1.7:41641", null],
    ["100.64.0.2:41641", null],
    ["100.127.255.255:1", null],
    ["169.254.1.1:1", null],
    ["127.0.0.1:1", null],
    ["198.51.100.7:41641", null],
    ["[fd7a:115c:a1e0::2]:41641", null],
    ["[fe80::1]:41641", null],
    ["[2001:db8::1]:41641", null],
    ["[::1]:41641", null],
    ["127.3.3.40:3", null],
  ])("that is reached at %j has public address %j", (CurAddr, expected) => {
    expect(readPeer({ CurAddr }).publicAddress).toBe(expected);
  });

  test("has the location that it declared, as far as it makes sense", () => {
    expect(readPeer(MULLVAD).place).toEqual({
      source: "tailscale",
      country: "SG",
      city: "Singapore",
      latitude: 1.28967,
      longitude: 103.85007,
      precision: "city",
      confidence: "medium",
      detail: "location that it declared to Tailscale",
    });
    expect(readPeer({ Location: { CountryCode: "sg" } }).place).toMatchObject({
      country: "SG",
      precision: "country",
    });
    // The country is nonsense; the city is not made up for it.
    expect(readPeer({ Location: { CountryCode: "UK", City: "London" } }).place).toEqual({
      source: "tailscale",
      city: "London",
      precision: "city",
      confidence: "medium",
      detail: "location that it declared to Tailscale",
    });
    expect(readPeer({ Location: { CountryCode: "SG", Latitude: 1.3 } }).place).not.toHaveProperty("latitude");
    expect(readPeer({ Location: { Latitude: 0, Longitude: 0 } }).place).toBeNull();
  });

  test("keeps tags of the policy alone", () => {
    expect(readPeer({ Tags: ["tag:a", "b", 7, "tag:", null, "tag:c"] }).tags).toEqual(["tag:a", "tag:c"]);
    expect(readPeer({ Tags: "tag:a" }).tags).toEqual([]);
  });

  test("with a name of 500 characters, markup or a prototype's key is a peer like any other", () => {
    for (const name of ["<script>alert(1)</script>", "\u202eevil", "__proto__", "a".repeat(500)]) {
      expect(readPeer({ HostName: name }).hostName).toBe(name);
    }
    expect(readPeer({ HostName: "a".repeat(5_000) }).hostName).toBeNull();
  });
});

describe("ids longer than a number holds", () => {
  test("stay what they are, and a name that looks like one is left alone", () => {
    const text =
      '{"NodeID": 9223372036854775807,"UserID":38520981566058213,"HostName":"\\"NodeID\\": 9223372036854775807,"}';
    expect(parseJson(text)).toEqual({
      NodeID: "9223372036854775807",
      UserID: "38520981566058213",
      HostName: '"NodeID": 9223372036854775807,',
    });
  });

  test("that were rounded before are no ids", () => {
    expect(idOf(Number("9223372036854775807"))).toBeNull();
    expect(idOf(9_007_199_254_740_991)).toBe("9007199254740991");
    expect(idOf(0)).toBeNull();
    expect(idOf("1e5")).toBeNull();
  });
});

describe("the status", () => {
  test("knows its own tailnet, by the old field too, or by none", () => {
    expect(read(status103()).suffix).toBe(SUFFIX);
    expect(read(status124()).suffix).toBe(SUFFIX);
    expect(read(status2020()).suffix).toBeNull();
    expect(read(loggedOut()).suffix).toBeNull();
  });

  test("knows whose a peer is", () => {
    const { users, peers } = read(status103());
    expect(users.get(peers[0]?.userId ?? "")).toBe("claw@example.com");
    expect(read(status103([], { User: null })).users.size).toBe(0);
    expect(read(status103([], { User: { a: null, b: { ID: 1 }, c: { LoginName: "x" } } })).users.size).toBe(
      0,
    );
  });

  test.each([[null], [undefined], [[]], ["text"], [7]])("%j is none", (value) => {
    expect(readTailnetStatus(value)).toBeNull();
  });

  test.each([null, [], "x", { a: null, b: 7, c: [], d: "x" }])(
    "without a usable Peer (%j) has no peers",
    (Peer) => {
      expect(read(status103([], { Peer })).peers).toEqual([]);
    },
  );

  test("reads in full only who is asked for", () => {
    const asked: PeerNames[] = [];
    const status = readTailnetStatus(status103([peer103(), MULLVAD]), (names) => asked.push(names) === 1);
    expect(status?.peers.map(({ hostName }) => hostName)).toEqual(["Mac SG"]);
    expect(asked).toHaveLength(2);
  });

  test.each([
    ["Running", null],
    ["Stopped", /stopped here; "tailscale up"/],
    ["NeedsLogin", /logged out here/],
    ["NeedsMachineAuth", /waits for approval/],
    ["InUseOtherUser", /another user/],
    ["Starting", /starting/],
    ["NoState", /starting/],
    ["\u202eNew", /in state "\\u202eNew"/],
    [undefined, /does not say/],
  ])("in state %j says why nothing is known", (BackendState, expected) => {
    const why = whyUnknown(read(status103([], { BackendState })));
    if (expected === null) expect(why).toBeNull();
    else expect(why).toMatch(expected);
  });
});

describe("whose node it is", () => {
  test.each<[boolean, object]>([
    [false, {}],
    [true, MULLVAD],
    [true, { DNSName: "mac-sg.tail9.ts.net." }],
    [true, { DNSName: `mac-sg.evil${SUFFIX}.` }],
    [true, { ShareeNode: true }],
    [false, { DNSName: "" }],
  ])("%j for %j", (foreign, changes) => {
    expect(isForeign(readPeer(peer103({ ...changes })), SUFFIX)).toBe(foreign);
  });

  test("without a suffix only Tailscale's own exit nodes and sharees are foreign", () => {
    expect(isForeign(readPeer(peer103()), null)).toBe(false);
    expect(isForeign(readPeer(MULLVAD), null)).toBe(true);
  });

  test("Go's zero time is no time", () => {
    expect(readPeer(peer103({ LastSeen: NEVER, KeyExpiry: NEVER }))).toMatchObject({
      lastSeenMs: null,
      keyExpiresMs: null,
    });
  });
});
