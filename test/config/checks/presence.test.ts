// How presence is found out.
import { expect, test } from "vitest";
import { resolveConfig } from "../../../src/config/resolve.ts";
import { linesOf } from "../support.ts";

const resolved = (presence: unknown) => resolveConfig({ presence }).presence;

test("is found out by default, from the file that OpenClaw keeps, and asks nobody on the internet", () => {
  const byDefault = { connect: true, geoipFile: null, publicAddressUrl: null };
  expect(resolved(undefined)).toEqual(byDefault);
  expect(resolved({})).toEqual(byDefault);
});

test("keeps what was written", () => {
  const written = {
    connect: false,
    geoipFile: "~/geo.mmdb",
    publicAddressUrl: "https://ip.example/?format=text",
  };
  expect(linesOf({ presence: written })).toEqual([]);
  expect(resolved(written)).toEqual(written);
  expect(resolved({ geoipFile: false }).geoipFile).toBe(false);
});

test.each([
  [
    { geoipFile: "geo.mmdb" },
    'error presence.geoipFile: "geo.mmdb" is not the absolute path of a file, such as "/var/lib/GeoIP/GeoLite2-City.mmdb"',
  ],
  [
    { geoipFile: "/geo\n" },
    'error presence.geoipFile: "/geo\\u000a" is not the absolute path of a file, such as "/var/lib/GeoIP/GeoLite2-City.mmdb"',
  ],
])("%j is one problem", (presence, line) => {
  expect(linesOf({ presence })).toEqual([line]);
});

test("what is wrong is not done: no other file is read, nobody is asked, no connection is opened", () => {
  expect(resolved("yes")).toEqual({ connect: false, geoipFile: false, publicAddressUrl: null });
  expect(resolved({ connect: "false" }).connect).toBe(false);
  expect(resolved({ geoipFile: "geo.mmdb" }).geoipFile).toBe(false);
  expect(resolved({ publicAddressUrl: "http://ip.example" }).publicAddressUrl).toBe(null);
});

const plain =
  'error presence.publicAddressUrl: is not an address that begins with "https://", without spaces, quotes and letters outside ASCII';
test.each([
  "http://ip.example",
  "ftp://ip.example",
  "ip.example",
  "https://",
  "https:ip example",
  "https://ip.example/'$(id)'",
  "https://ip.example/`id`",
  'https://ip.example/"',
  "https://ip.example/a b",
  "https://ip.example/\n",
  "https://ip.example/é",
  "file:///etc/passwd",
])("%j is no address that nodes may be told to ask", (publicAddressUrl) => {
  expect(linesOf({ presence: { publicAddressUrl } })).toEqual([plain]);
});

test("a password in the address is refused, and repeated nowhere", () => {
  const { problems, presence } = resolveConfig({
    presence: { publicAddressUrl: "https://me:hunter2@ip.example" },
  });
  expect(problems.map(({ message }) => message)).toEqual(["must hold no user name and no password"]);
  expect(JSON.stringify([problems, presence])).not.toContain("hunter2");
});
