// Which addresses are public: only those say something about a place. Pure.
import { BlockList, isIP, SocketAddress } from "node:net";

/** IANA's registry of special-purpose IPv4 addresses (RFC 6890), without the few that are globally reachable. */
const SPECIAL_IPV4: readonly (readonly [string, number])[] = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  // Shared address space: carriers, and every tailnet.
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  // 6to4 relays: anycast, and retired.
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 4],
  ["240.0.0.0", 4],
];

/** What is special inside 2000::/3; all that IANA gives out as global unicast is in there. */
const SPECIAL_IPV6: readonly (readonly [string, number])[] = [
  ["2001::", 23],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["3fff::", 20],
];

const GLOBAL_IPV6 = listOf([["2000::", 3]], "ipv6");
const SPECIAL_4 = listOf(SPECIAL_IPV4, "ipv4");
const SPECIAL_6 = listOf(SPECIAL_IPV6, "ipv6");

const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/;

/**
 * The address in its one usual spelling when it is public, else null: private, shared (100.64/10), loopback,
 * link-local, documentation, multicast, reserved, and everything that is no address. An IPv4 address that is
 * written as an IPv6 one (`::ffff:…`) comes back as IPv4.
 */
export function publicAddress(text: string): string | null {
  const version = isIP(text);
  // An address with a zone (`fe80::1%en0`) is of this link alone.
  if (version === 0 || text.includes("%")) return null;
  if (version === 4) return SPECIAL_4.check(text, "ipv4") ? null : text;
  const { address } = new SocketAddress({ address: text, family: "ipv6" });
  const mapped = MAPPED.exec(address)?.[1];
  if (mapped !== undefined) return publicAddress(mapped);
  return GLOBAL_IPV6.check(address, "ipv6") && !SPECIAL_6.check(address, "ipv6") ? address : null;
}

function listOf(subnets: readonly (readonly [string, number])[], family: "ipv4" | "ipv6"): BlockList {
  const list = new BlockList();
  for (const [address, prefix] of subnets) list.addSubnet(address, prefix, family);
  return list;
}
