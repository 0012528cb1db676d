// The gateway's place, how presence is found out, and what a rule may say about near and free.
import { describe, expect, test } from "vitest";
import { problemsForAgent } from "../../../src/config/problems/problem.ts";
import { resolveConfig } from "../../../src/config/resolve.ts";
import { ianaTimeZone } from "../../../src/shared/timeZone.ts";
import { linesOf, nodeLines, ruleLines } from "../support.ts";

const rule = (parts: object) => ({ name: "a", agents: ["x"], ...parts });

describe("gateway.location", () => {
  test("is a declared place like a node's", () => {
    const location = {
      country: "CN",
      region: "Beijing",
      latitude: 39.9,
      longitude: 116.4,
      timeZone: "Asia/Shanghai",
    };
    const config = resolveConfig({ gateway: { location } });
    expect(config.problems).toEqual([]);
    expect(config.gateway.location).toEqual({ ...location, source: "declared" });
    expect(resolveConfig({ gateway: {} }).gateway.location).toBe(null);
  });

  test("has a node's problems, each at its own key", () => {
    expect(linesOf({ gateway: { location: { country: "cn", latitude: 1, city: "a\u0000" } } })).toEqual([
      'error gateway.location.country: "cn" is not two capital letters (ISO 3166-1 alpha-2) | did you mean "CN"?',
      'error gateway.location.city: "a\\u0000" has characters that cannot be shown',
      "error gateway.location.latitude: latitude is set without longitude",
    ]);
  });

  test("that is wrong is not used, and concerns the agents that rules name, no others", () => {
    const config = resolveConfig({
      gateway: { location: { country: "ZZ" } },
      rules: [rule({ require: "a" })],
    });
    expect(config.gateway.location).toBe(null);
    expect(problemsForAgent(config.problems, "x")).toHaveLength(1);
    expect(problemsForAgent(config.problems, "y")).toEqual([]);
  });
});

describe("a place", () => {
  test.each([
    ["UK", 'ISO 3166-1 gives the code "UK" to no country | did you mean "GB"?'],
    ["EU", 'ISO 3166-1 gives the code "EU" to no country'],
    ["ZZ", 'ISO 3166-1 gives the code "ZZ" to no country'],
    ["uk", '"uk" is not two capital letters (ISO 3166-1 alpha-2) | did you mean "GB"?'],
  ])("%s is no country's code", (country, line) => {
    expect(nodeLines({ location: { country } })).toEqual([`error nodes.a.location.country: ${line}`]);
  });

  test.each(["GB", "SG", "CN", "HK", "TW", "AQ"])("%s is one", (country) => {
    expect(nodeLines({ location: { country } })).toEqual([]);
  });

  test.each([
    ["Asia/Singapur", '"Asia/Singapur" is not the IANA name of a time zone, such as "Asia/Singapore"'],
    ["+08:00", '"+08:00" is not the IANA name of a time zone, such as "Asia/Singapore"'],
    ["SGT", '"SGT" is not the IANA name of a time zone, such as "Asia/Singapore"'],
    [
      "asia/singapore",
      '"asia/singapore" is not the IANA name of a time zone, such as "Asia/Singapore" | did you mean "Asia/Singapore"?',
    ],
  ])("%s is no time zone", (timeZone, line) => {
    expect(nodeLines({ location: { timeZone } })).toEqual([`error nodes.a.location.timeZone: ${line}`]);
  });

  test.each([
    "Asia/Singapore",
    "America/Argentina/Buenos_Aires",
    "Asia/Calcutta",
    "Asia/Kolkata",
    "UTC",
    "Etc/GMT+8",
  ])("%s is one, an old name too", (timeZone) => {
    expect(ianaTimeZone(timeZone)).toBe(timeZone);
    expect(nodeLines({ location: { timeZone } })).toEqual([]);
  });

  test("a region is a name that can be shown", () => {
    expect(nodeLines({ location: { region: "New South Wales" } })).toEqual([]);
    expect(nodeLines({ location: { region: "a\u202e" } })).toEqual([
      'error nodes.a.location.region: "a\\u202e" has characters that cannot be shown',
    ]);
  });
});

describe("presence", () => {
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
});

describe("near", () => {
  const near = (value: unknown, nodes: object = { "mac-sg": { location: { country: "SG" } } }) =>
    linesOf({ nodes, rules: [rule({ near: value, require: "!none" })] });
  const resolved = (value: unknown) => resolveConfig({ rules: [rule({ near: value })] }).rules[0]?.near;

  test("is the gateway, a node, or a point; without it distance does not matter", () => {
    expect(resolved("gateway")).toEqual({ kind: "gateway" });
    expect(resolved("mac-sg")).toEqual({ kind: "node", name: "mac-sg" });
    expect(resolved({ latitude: 0, longitude: -180 })).toEqual({
      kind: "point",
      latitude: 0,
      longitude: -180,
    });
    expect(resolved(undefined)).toBe(null);
    expect(near("gateway")).toEqual([]);
    expect(near("mac-sg")).toEqual([]);
  });

  test("a node that does not exist is a warning: nothing is misplaced, only not ranked", () => {
    expect(near("mac-sgg")).toEqual([
      'warning rules[0].near: no node is named "mac-sgg" under nodes, so no node counts as near | did you mean "mac-sg"?',
    ]);
    expect(near("gatewya")).toEqual([
      'warning rules[0].near: no node is named "gatewya" under nodes, so no node counts as near | did you mean "gateway"?',
    ]);
  });

  test("a node that declares no place is a warning; a country or coordinates are enough", () => {
    const line =
      'warning rules[0].near: node "b" declares neither coordinates nor a country, so distances from it are known only while its place can be inferred';
    expect(near("b", { b: {} })).toEqual([line]);
    expect(near("b", { b: { location: { timeZone: "Asia/Singapore" } } })).toEqual([line]);
    expect(near("b", { b: { location: { country: "SG" } } })).toEqual([]);
    expect(near("b", { b: { location: { latitude: 0, longitude: 0 } } })).toEqual([]);
  });

  test("a node called gateway is not meant, and that is told", () => {
    expect(near("gateway", { gateway: {} })).toEqual([
      'warning rules[0].near: "gateway" means the machine that the gateway runs on, not the node of that name',
    ]);
  });

  test.each([
    5,
    "",
    { latitude: 1 },
    { latitude: 1, longitude: 200 },
    { latitude: 1, longitude: 2, city: "x" },
  ])("%j is refused, and so is the rule", (value) => {
    expect(near(value)).toEqual([
      expect.stringMatching(/^error rules\[0\]\.near: expected string or object/),
    ]);
    expect(resolved(value)).toBe(undefined);
  });
});

describe("minimum", () => {
  const resolved = (minimum: unknown) => resolveConfig({ rules: [rule({ minimum })] }).rules[0]?.minimum;

  test("keeps what was written; what was not asks nothing", () => {
    expect(resolved({ idleCpus: 0.5, freeDiskGiB: 10 })).toEqual({
      idleCpus: 0.5,
      freeMemoryGiB: null,
      freeDiskGiB: 10,
    });
    expect(resolved(undefined)).toBe(null);
  });

  test.each([{ idleCpus: -1 }, { freeMemoryGiB: "2" }, { freeMemoryGb: 2 }, 2])(
    "%j is refused, and so is the rule: nothing runs on a node that may be too full",
    (minimum) => {
      expect(ruleLines(rule({ minimum }))).toEqual([expect.stringMatching(/^error rules\[0\]\.minimum/)]);
      expect(resolved(minimum)).toBe(undefined);
    },
  );
});

describe("tags of the plugin", () => {
  test("tailscale. is the tailnet's: config cannot set it, and may select by it without a warning", () => {
    expect(nodeLines({ tags: ["tailscale.prod"] })).toEqual([
      'error nodes.a.tags[0]: tag "tailscale.prod": tags that begin with "tailscale." are found by the plugin and cannot be set',
    ]);
    expect(nodeLines({ tags: ["tailscale", "tailscale-1", "my.tailscale.x"] })).toEqual([]);
    expect(ruleLines(rule({ require: "tailscale.prod" }))).toEqual([]);
  });

  test("a time zone is written as IANA writes it, slashes and all; nothing else may hold a slash", () => {
    const zones = "node.tz in (Asia/Singapore, America/Argentina/Buenos_Aires, Etc/GMT+8)";
    expect(ruleLines(rule({ require: zones }))).toEqual([]);
    expect(ruleLines(rule({ require: "node.tz!=asia/tokyo" }))).toEqual([
      'warning rules[0].require: node.tz holds IANA names such as "Asia/Singapore", so "asia/tokyo" is no node\'s time zone | did you mean "Asia/Tokyo"?',
    ]);
    expect(ruleLines(rule({ require: "node.tz=SGT" }))).toEqual([
      'warning rules[0].require: node.tz holds IANA names such as "Asia/Singapore", so "SGT" is no node\'s time zone',
    ]);
    const [line = ""] = ruleLines(rule({ require: "region=Asia/Singapore" }));
    expect(line).toMatch(/^error rules\[0\]\.require: selector "region=Asia\/Singapore" at column 8: /);
  });

  test("a country that there is not is no node's country, also in capitals", () => {
    expect(ruleLines(rule({ require: "node.country=UK" }))).toEqual([
      'warning rules[0].require: ISO 3166-1 gives the code "UK" to no country, so it is no node\'s country | did you mean "GB"?',
    ]);
    expect(ruleLines(rule({ require: "node.country!=" }))).toEqual([]);
  });
});
