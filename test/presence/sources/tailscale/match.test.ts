// Which peer a name means: one, or none with the reason.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { indexPeers, leadsTo, peersCalled } from "../../../../src/presence/sources/tailscale/match.ts";
import { readPeer, type TailnetPeer } from "../../../../src/presence/sources/tailscale/peer.ts";
import { peer103, SUFFIX } from "../../../support/tailscale/fixtures.ts";

const mac = readPeer(peer103());
const named = (label: string, hostName: string, address: string, suffix = SUFFIX): TailnetPeer =>
  readPeer({ DNSName: `${label}.${suffix}.`, HostName: hostName, TailscaleIPs: [address] });
const found = (peer: TailnetPeer) => ({ kind: "peer", peer });

describe("a name", () => {
  const find = indexPeers([mac], SUFFIX);

  test.each([
    "mac-sg",
    "MAC-SG",
    " mac-sg ",
    `mac-sg.${SUFFIX}`,
    `mac-sg.${SUFFIX}.`,
    "Mac SG",
    "100.64.0.2",
  ])("%j means the peer", (name) => {
    expect(find(name)).toEqual(found(mac));
  });

  test.each(["", ".", "mac", "sg", SUFFIX, "100.64.0.20", "__proto__", "constructor"])(
    "%j means none",
    (name) => {
      expect(find(name)).toEqual({ kind: "none", reason: `no peer is called ${JSON.stringify(name)}` });
    },
  );

  test("that the control plane gave goes before what a machine calls itself", () => {
    const impostor = named("impostor", "mac-sg", "100.64.0.66");
    expect(indexPeers([impostor, mac], SUFFIX)("mac-sg")).toEqual(found(mac));
    expect(indexPeers([impostor], SUFFIX)("mac-sg")).toEqual(found(impostor));
  });

  test("a name that two machines give themselves means neither of them, and the reason is escaped", () => {
    const twins = [named("a", "x\u202e", "100.64.0.3"), named("b", "x\u202e", "100.64.0.4")];
    expect(indexPeers(twins, SUFFIX)("x\u202e")).toEqual({
      kind: "several",
      reason: 'several peers are called "x\\u202e"',
    });
    expect(indexPeers(twins, SUFFIX)("100.64.0.4")).toEqual(found(twins[1] ?? expect.unreachable()));
  });

  test("a name of another tailnet counts only when it is written in full", () => {
    const other = named("mac-sg", "mac-sg", "100.64.0.9", "tail9.ts.net");
    expect(indexPeers([other], SUFFIX)("mac-sg").kind).toBe("none");
    expect(indexPeers([other], SUFFIX)("mac-sg.tail9.ts.net")).toEqual(found(other));
    expect(indexPeers([other], null)("mac-sg")).toEqual(found(other));
  });

  test("that looks like an address but is what a machine calls itself does not beat the address", () => {
    const liar = named("liar", "100.64.0.2", "100.64.0.66");
    expect(indexPeers([liar, mac], SUFFIX)("100.64.0.2")).toEqual(found(mac));
  });
});

test("a host leads to the peer by the names that can be resolved, not by what it calls itself", () => {
  expect(
    ["mac-sg", `mac-sg.${SUFFIX}.`, "fd7a:115c:a1e0::2"].every((host) => leadsTo(mac, host, SUFFIX)),
  ).toBe(true);
  expect(["Mac SG", "10.0.0.7", "mac-sg.example.com"].some((host) => leadsTo(mac, host, SUFFIX))).toBe(false);
});

test("reading only the peers that are called so changes no answer", () => {
  const label = fc.constantFrom("a", "b", "c", "A.");
  const peer = fc
    .tuple(label, label, fc.constantFrom("100.64.0.1", "100.64.0.2"), fc.constantFrom(SUFFIX, "other.ts.net"))
    .map((fields) => named(...fields));
  const wanted = fc.oneof(
    label,
    fc.constantFrom("100.64.0.1", `a.${SUFFIX}`, `B.${SUFFIX}.`, "a.other.ts.net"),
  );
  fc.assert(
    fc.property(fc.array(peer), wanted, fc.constantFrom(SUFFIX, null), (peers, name, suffix) => {
      const few = peers.filter(({ names }) => peersCalled([name])(names));
      expect(indexPeers(few, suffix)(name)).toEqual(indexPeers(peers, suffix)(name));
    }),
  );
});
