// The one address of a node that people are shown. Pure.

/** CGNAT range 100.64.0.0/10 (RFC 6598), which tailnets use. */
const TAILNET_V4 = /^100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.\d+\.\d+$/;
const V4 = /^\d+\.\d+\.\d+\.\d+$/;

/** Tailnet IPv4 first, then any IPv4, then what is left; null without one. */
export function shownAddress(ips: readonly string[]): string | null {
  return ips.find((ip) => TAILNET_V4.test(ip)) ?? ips.find((ip) => V4.test(ip)) ?? ips[0] ?? null;
}
