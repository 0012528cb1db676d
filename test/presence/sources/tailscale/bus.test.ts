// Messages of the bus: what they say of peers, and what a change makes of a peer.
import { describe, expect, test } from "vitest";
import { applyPatch, BUS_MASK, readNotify } from "../../../../src/presence/sources/tailscale/bus.ts";
import { parseJson } from "../../../../src/presence/sources/tailscale/json.ts";
import { readPeer } from "../../../../src/presence/sources/tailscale/peer.ts";
import { peer103, status103 } from "../../../support/tailscale/fixtures.ts";

const mac = readPeer(peer103());

test("the mask asks for state, a whole status and patches, and for no map of the network", () => {
  expect(BUS_MASK).toBe((1 << 1) + (1 << 13) + (1 << 14) + (1 << 15));
});

describe("a message", () => {
  test("with a status is that status, whatever state it names beside", () => {
    const [event, ...more] = readNotify({ State: 6, InitialStatus: status103([]) }, [mac]);
    expect(more).toEqual([]);
    expect(event).toMatchObject({ kind: "status", status: { state: "Running", peers: [mac] } });
  });

  test.each([
    [6, true],
    [5, false],
    [4, false],
    [2, false],
  ])("of state %j: running is %j", (State, running) => {
    expect(readNotify({ State }, [])).toEqual([{ kind: "state", running }]);
  });

  test("with patches has those that name a peer", () => {
    const message = {
      PeerChangedPatch: [
        { NodeID: 7, Online: false, LastSeen: "2026-08-01T00:00:00Z" },
        { NodeID: 8, DERPRegion: 3, KeyExpiry: "2027-01-01T00:00:00Z", Endpoints: ["192.0.2.1:1"] },
        { NodeID: 9, Online: null, LastSeen: "0001-01-01T00:00:00Z" },
        { Online: true },
        null,
      ],
    };
    expect(readNotify(message, [])).toEqual([
      {
        kind: "patches",
        patches: [
          { nodeId: "7", online: false, lastSeenMs: Date.parse("2026-08-01T00:00:00Z") },
          { nodeId: "8", relayId: "3", keyExpiresMs: Date.parse("2027-01-01T00:00:00Z") },
          { nodeId: "9" },
        ],
      },
    ]);
  });

  test("with peers that came, changed or went names them, long ids whole", () => {
    const text = '{"PeersChanged":[{"ID":9223372036854775807},{"Name":"x"},null],"PeersRemoved":[12,null]}';
    expect(readNotify(parseJson(text), [])).toEqual([
      { kind: "peers", nodeIds: ["9223372036854775807", "12"] },
    ]);
  });

  test.each([
    [null],
    [[]],
    ["x"],
    [{}],
    [{ State: null, PeerChangedPatch: null }],
    [{ Health: {}, State: "Running" }],
  ])("%j says nothing of peers", (message) => {
    expect(readNotify(message, [])).toEqual([]);
  });
});

describe("a change", () => {
  test("changes what it names and nothing else", () => {
    expect(applyPatch(mac, { nodeId: "7", online: false }, () => null)).toEqual({ ...mac, online: false });
    expect(applyPatch(mac, { nodeId: "7" }, () => "never")).toEqual(mac);
  });

  test("of the home relay names its region if that is known, else the old one stands", () => {
    expect(applyPatch(mac, { nodeId: "7", relayId: "7" }, (id) => `r${id}`).relay).toBe("r7");
    expect(applyPatch(mac, { nodeId: "7", relayId: "7" }, () => null).relay).toBe("sin");
  });
});
