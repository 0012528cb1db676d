// What Tailscale really prints, with invented names: `ipnstate.Status` and its peers in the shapes of several versions.

export const HOST_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBAjMWmiYXnNwjcUWt1c4gr1GkEj4GSXSVz3UExtWKpk";
export const SUFFIX = "tail1a2b3c.ts.net";
/** Go's zero time. */
export const NEVER = "0001-01-01T00:00:00Z";
export const EXPIRY = "2027-06-01T00:00:00Z";

type Fields = Readonly<Record<string, unknown>>;

/** An idle macOS peer as Tailscale 1.103 (2026-08) says it. */
export function peer103(changes: Fields = {}): Fields {
  return {
    ID: "nSg11CNTRL",
    NodeID: 3_123_456_789_012_345,
    PublicKey: `nodekey:${"b".repeat(64)}`,
    HostName: "Mac SG",
    DNSName: `mac-sg.${SUFFIX}.`,
    OS: "macOS",
    UserID: 1_759_203_656_033_992,
    TailscaleIPs: ["100.64.0.2", "fd7a:115c:a1e0::2"],
    AllowedIPs: ["100.64.0.2/32", "fd7a:115c:a1e0::2/128"],
    Addrs: null,
    CurAddr: "",
    Relay: "sin",
    PeerRelay: "",
    RxBytes: 512,
    TxBytes: 1024,
    Created: "2026-01-05T08:00:00.112670989Z",
    LastWrite: NEVER,
    LastSeen: NEVER,
    LastHandshake: NEVER,
    Online: true,
    ExitNode: false,
    ExitNodeOption: false,
    Active: false,
    PeerAPIURL: ["http://100.64.0.2:54331"],
    TaildropTarget: 5,
    NoFileSharingReason: "",
    InNetworkMap: true,
    InMagicSock: true,
    InEngine: false,
    KeyExpiry: EXPIRY,
    ...changes,
  };
}

/** This machine, as 1.103 says it. */
export function self103(changes: Fields = {}): Fields {
  return peer103({
    ID: "nGw11CNTRL",
    NodeID: 3_123_456_789_012_000,
    PublicKey: `nodekey:${"a".repeat(64)}`,
    HostName: "gateway",
    DNSName: `gateway.${SUFFIX}.`,
    OS: "linux",
    TailscaleIPs: ["100.64.0.1", "fd7a:115c:a1e0::1"],
    Addrs: ["198.51.100.4:41641", "192.168.1.4:41641"],
    Relay: "hkg",
    InMagicSock: false,
    ...changes,
  });
}

export function peersOf(entries: readonly unknown[]): Fields {
  return Object.fromEntries(entries.map((entry, index) => [`nodekey:${index}`, entry]));
}

export function status103(peers: readonly unknown[] = [peer103()], changes: Fields = {}): Fields {
  return {
    Version: "1.103.0-tde9ec7ee2",
    TUN: true,
    BackendState: "Running",
    HaveNodeKey: true,
    AuthURL: "",
    TailscaleIPs: ["100.64.0.1", "fd7a:115c:a1e0::1"],
    Self: self103(),
    Health: [],
    MagicDNSSuffix: SUFFIX,
    CurrentTailnet: { Name: "claw@example.com", MagicDNSSuffix: SUFFIX, MagicDNSEnabled: true },
    CertDomains: null,
    ExtraRecords: null,
    Peer: peersOf(peers),
    User: {
      "1759203656033992": {
        ID: 1_759_203_656_033_992,
        LoginName: "claw@example.com",
        DisplayName: "Claw",
        ProfilePicURL: "https://example.com/claw.png",
      },
      "1003": { ID: 1003, LoginName: "tagged-devices", DisplayName: "Tagged Devices" },
    },
    ClientVersion: null,
    ...changes,
  };
}

/** Before May 2026 there was no NodeID, and before peer relays no PeerRelay; capabilities came with every peer. */
export function status180(): Fields {
  const {
    NodeID: _,
    PeerRelay: __,
    ...peer
  } = peer103({
    Capabilities: ["https://tailscale.com/cap/ssh"],
    CapMap: { "https://tailscale.com/cap/ssh": null },
  });
  const { ExtraRecords: ___, ...status } = status103([peer]);
  return status;
}

/** About 2022: no CurrentTailnet, no expiry, and a last time for peers that are online. */
export function status124(): Fields {
  return {
    Version: "1.24.2-t9d6867fb0",
    BackendState: "Running",
    AuthURL: "",
    TailscaleIPs: ["100.64.0.1"],
    Self: { HostName: "gateway", DNSName: `gateway.${SUFFIX}.`, OS: "linux", Online: true },
    Health: null,
    MagicDNSSuffix: SUFFIX,
    CertDomains: null,
    Peer: {
      [`nodekey:${"b".repeat(64)}`]: {
        ID: "nSg11CNTRL",
        HostName: "Mac SG",
        DNSName: `mac-sg.${SUFFIX}.`,
        OS: "macOS",
        UserID: 33_022,
        TailscaleIPs: ["100.64.0.2"],
        Addrs: null,
        CurAddr: "",
        Relay: "sin",
        LastSeen: "2022-05-05T10:00:00.1Z",
        Online: true,
        KeepAlive: false,
        Active: false,
        InNetworkMap: true,
      },
    },
    User: { "33022": { ID: 33_022, LoginName: "claw@example.com", Roles: [] } },
  };
}

/** 2020, before MagicDNS: an address of another name, nothing of Online, Active or Relay. */
export function status2020(): Fields {
  return {
    BackendState: "Running",
    Peer: {
      key1: {
        HostName: "Mac SG",
        OS: "macOS",
        UserID: 33_022,
        TailAddr: "100.64.0.2",
        Addrs: ["derp-3", "192.168.68.148:57619"],
        CurAddr: "",
        LastSeen: "2020-04-13T23:00:00.000000001Z",
        KeepAlive: true,
      },
    },
    User: null,
  };
}

/** As status says it while nobody is logged in. */
export function loggedOut(state = "NeedsLogin"): Fields {
  return status103([], {
    BackendState: state,
    TailscaleIPs: null,
    Self: { ID: "", HostName: "gateway", DNSName: "", OS: "linux", TailscaleIPs: null, Online: false },
    Health: ["You are logged out."],
    MagicDNSSuffix: "",
    CurrentTailnet: null,
    Peer: null,
    User: null,
  });
}

export const MULLVAD = peer103({
  ID: "nMullvad1CNTRL",
  NodeID: 8_000_000_000_000_001,
  HostName: "sg-sin-wg-001",
  DNSName: "sg-sin-wg-001.mullvad.ts.net.",
  OS: "",
  TailscaleIPs: ["100.90.1.1"],
  Tags: ["tag:mullvad-exit-node"],
  Relay: "",
  ExitNodeOption: true,
  Location: {
    Country: "Singapore",
    CountryCode: "SG",
    City: "Singapore",
    CityCode: "SIN",
    Latitude: 1.28967,
    Longitude: 103.85007,
    Priority: 100,
  },
});

/** A tailnet of that many peers, `node-0` and so on, each of another address. */
export function manyPeers(count: number): readonly Fields[] {
  return Array.from({ length: count }, (_, index) =>
    peer103({
      ID: `n${index}CNTRL`,
      NodeID: 5_000_000_000_000_000 + index,
      HostName: `node-${index}`,
      DNSName: `node-${index}.${SUFFIX}.`,
      TailscaleIPs: [
        `100.${70 + Math.floor(index / 65_536)}.${Math.floor(index / 256) % 256}.${index % 256}`,
      ],
      CapMap: { "https://tailscale.com/cap/file-sharing": null, "cap/filler": ["x".repeat(200)] },
    }),
  );
}
