// Hosts that plain http may go to: this machine and the tailnet, where others do not read along.

/** Of `URL.hostname`: loopback, 100.64.0.0/10, fd7a:115c:a1e0::/48 (Tailscale's), and MagicDNS names. */
export const PRIVATE_HTTP_HOST =
  /^(localhost|127(\.\d{1,3}){3}|\[::1\]|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])(\.\d{1,3}){2}|\[fd7a:115c:a1e0:[0-9a-f:]*\]|([a-z0-9-]+\.)+ts\.net)$/;
