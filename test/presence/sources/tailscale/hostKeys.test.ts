// Which host keys Tailscale vouches for: those of exactly the peer that SSH is about to talk to.
import { describe, expect, test } from "vitest";
import { selectHostKeys, tailscaleHostKeys } from "../../../../src/presence/sources/tailscale/hostKeys.ts";
import { readTailnetStatus } from "../../../../src/presence/sources/tailscale/status.ts";

const KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBAjMWmiYXnNwjcUWt1c4gr1GkEj4GSXSVz3UExtWKpk";

function peer(changes: object = {}): object {
  return {
    HostName: "Mac SG",
    DNSName: "mac-sg.tail1.ts.net.",
    TailscaleIPs: ["100.64.0.2", "fd7a:115c:a1e0::2"],
    sshHostKeys: [KEY],
    ...changes,
  };
}

function status(peers: readonly object[] = [peer()], changes: object = {}): object {
  return {
    BackendState: "Running",
    CurrentTailnet: { Name: "x", MagicDNSSuffix: "tail1.ts.net" },
    Peer: Object.fromEntries(peers.map((entry, index) => [`nodekey:${index}`, entry])),
    ...changes,
  };
}

const known = { kind: "known", peer: "mac-sg.tail1.ts.net", keys: [KEY] };
const unknown = (reason: RegExp) => ({ kind: "unknown", reason: expect.stringMatching(reason) });

describe("the peer", () => {
  test.each([
    "mac-sg",
    "MAC-SG",
    "mac-sg.tail1.ts.net",
    "mac-sg.tail1.ts.net.",
    "Mac SG",
    "100.64.0.2",
    "fd7a:115c:a1e0::2",
  ])("is found as %j", (name) => {
    expect(selectHostKeys(status(), name, "mac-sg")).toEqual(known);
  });

  test.each(["mac-s", "mac-cn", "", "100.64.0.20", "tail1.ts.net"])("is not found as %j", (name) => {
    expect(selectHostKeys(status(), name, "mac-sg")).toEqual(unknown(/^no peer is called /));
  });

  test("two of one name are none, but a whole name or a first label wins over what a machine calls itself", () => {
    const twin = peer({
      DNSName: "mac-sg-1.tail1.ts.net.",
      HostName: "mac-sg",
      TailscaleIPs: ["100.64.0.3"],
    });
    expect(selectHostKeys(status([peer(), twin]), "mac-sg", "mac-sg")).toEqual(known);
    const third = peer({ ...twin, DNSName: "mac-sg-2.tail1.ts.net." });
    expect(selectHostKeys(status([twin, third]), "mac-sg", "100.64.0.3")).toEqual(
      unknown(/^several peers are called "mac-sg"$/),
    );
  });

  test("one that another tailnet shares does not stand in for ours by its label or its HostName", () => {
    const shared = peer({ DNSName: "mac-sg.evil.ts.net.", HostName: "mac-sg" });
    expect(selectHostKeys(status([shared]), "mac-sg", "mac-sg")).toEqual(unknown(/^no peer/));
    expect(selectHostKeys(status([shared]), "mac-sg.evil.ts.net", "mac-sg")).toEqual(
      unknown(/^"mac-sg" is not a name or address of peer "mac-sg\.evil\.ts\.net"$/),
    );
    expect(selectHostKeys(status([shared]), "mac-sg.evil.ts.net", "mac-sg.evil.ts.net").kind).toBe("known");
  });
});

describe("the host", () => {
  test.each(["mac-sg", "mac-sg.tail1.ts.net.", "100.64.0.2", "FD7A:115C:A1E0::2"])(
    "%j leads to the peer",
    (host) => {
      expect(selectHostKeys(status(), "mac-sg", host)).toEqual(known);
    },
  );

  test.each(["10.0.0.7", "mac-sg.example.com", "Mac SG", "bastion", "127.0.0.1"])(
    "%j does not, so the peer's keys say nothing about it",
    (host) => {
      expect(selectHostKeys(status(), "mac-sg", host)).toEqual(unknown(/is not a name or address of peer/));
    },
  );
});

describe("not known is not no", () => {
  test.each<[string, unknown, RegExp]>([
    ["no status", null, /not in a form that can be read/],
    ["a list", [], /not in a form that can be read/],
    ["logged out", status([], { BackendState: "NeedsLogin" }), /not running/],
    ["no state", {}, /not running/],
    ["no peers", status([], { Peer: null }), /no peer is called/],
    ["a peer that is nonsense", status([], { Peer: { a: null, b: 7, c: [] } }), /no peer is called/],
    ["a peer without keys", status([peer({ sshHostKeys: undefined })]), /has no SSH host keys there/],
    ["keys that are no list", status([peer({ sshHostKeys: KEY })]), /has no SSH host keys there/],
  ])("%s", (_, answer, expected) => {
    expect(selectHostKeys(answer, "mac-sg", "mac-sg")).toEqual(unknown(expected));
  });

  test("a status that cannot be read", async () => {
    const failing = () => Promise.reject(new Error("connect ENOENT\nsecond line"));
    expect(await tailscaleHostKeys("mac-sg", "mac-sg", failing)).toEqual({
      kind: "unknown",
      reason: "its status cannot be read (connect ENOENT)",
    });
    const reading = async () => readTailnetStatus(status()) ?? expect.unreachable();
    expect(await tailscaleHostKeys("mac-sg", "mac-sg", reading)).toEqual(known);
  });

  test("on whatever machine this runs, the real one answers in time and never throws", async () => {
    expect((await tailscaleHostKeys("no-such-peer-of-a-test", "no-such-host-of-a-test")).kind).toBe(
      "unknown",
    );
  });
});
