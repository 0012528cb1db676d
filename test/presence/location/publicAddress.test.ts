// Public or not: only a public address says something of a place.
import { expect, test } from "vitest";
import { publicAddress } from "../../../src/presence/location/publicAddress.ts";

test.each([
  ["8.8.8.8", "8.8.8.8"],
  ["100.63.255.255", "100.63.255.255"],
  ["100.128.0.0", "100.128.0.0"],
  ["172.15.255.255", "172.15.255.255"],
  ["172.32.0.0", "172.32.0.0"],
  ["192.0.1.1", "192.0.1.1"],
  ["223.255.255.255", "223.255.255.255"],
  ["2001:4860:4860::8888", "2001:4860:4860::8888"],
  ["2A02:CF40:0:0:0:0:0:1", "2a02:cf40::1"],
  // IPv4 in the clothes of IPv6.
  ["::ffff:8.8.8.8", "8.8.8.8"],
  ["::ffff:808:808", "8.8.8.8"],
])("%s is public, and its one spelling is %s", (text, spelled) => {
  expect(publicAddress(text)).toBe(spelled);
});

test.each([
  "10.0.0.1",
  "100.64.0.1",
  "100.127.255.255",
  "127.0.0.1",
  "169.254.1.1",
  "172.16.0.1",
  "172.31.255.255",
  "192.0.0.1",
  "192.0.2.1",
  "192.88.99.1",
  "192.168.1.1",
  "198.18.0.1",
  "198.51.100.7",
  "203.0.113.9",
  "224.0.0.1",
  "240.0.0.1",
  "255.255.255.255",
  "0.0.0.0",
  "::",
  "::1",
  "::ffff:10.0.0.1",
  "::ffff:a00:1",
  "64:ff9b::808:808",
  "fd7a:115c:a1e0::1",
  "fe80::1",
  "fe80::1%en0",
  "2001:db8::1",
  "2001::1",
  "2002:808:808::1",
  "3fff::1",
  "ff02::1",
  "2001:4860::8888%eth0",
])("%s is an address, and not a public one", (text) => {
  expect(publicAddress(text)).toBe(null);
});

test.each([
  "",
  "example.com",
  "8.8.8.8:41641",
  "[2001:4860::8888]",
  "8.8.8",
  "08.8.8.8",
  "8.8.8.8 ",
  "1e3",
  "0x8.8.8.8",
])("%j is no address", (text) => {
  expect(publicAddress(text)).toBe(null);
});
