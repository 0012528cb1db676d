// OpenClaw refuses by the manifest's patterns before anything is written. They must never refuse what the checks let pass.
import { createRequire } from "node:module";
import { Check } from "@sinclair/typebox/value";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { PATTERN_PATHS } from "../../src/config/manifestSchema.ts";
import { manifestConfig } from "../../src/config/pluginManifest.ts";
import { resolveConfig } from "../../src/config/resolve.ts";
import { ConfigSchema } from "../../src/config/schema/schema.ts";
import { parseTaint, parseToleration } from "../../src/nodeRouter/placement/model/taint.ts";
import { losesItsStart } from "../../src/nodeRouter/placement/selector/agentGlob.ts";
import { parseSelector } from "../../src/nodeRouter/placement/selector/parser.ts";
import { parseTag, reservedPrefix } from "../../src/nodeRouter/placement/selector/tags.ts";
import { countryCodes } from "../../src/shared/countries.ts";
import { mangledConfig, misspeltConfig } from "./mangled.ts";

const requireFromHost = createRequire(new URL("../../node_modules/openclaw/package.json", import.meta.url));
const host: { Check(value: unknown): boolean } = requireFromHost("typebox/compile").Compile(
  manifestConfig().configSchema,
);

const MANY = { numRuns: 2000 };

/** Texts that are nearly what they should be. */
const near = (...words: string[]) =>
  fc
    .array(
      fc.oneof(
        { weight: 6, arbitrary: fc.constantFrom(...words) },
        { weight: 1, arbitrary: fc.string({ maxLength: 3, unit: "grapheme" }) },
      ),
      { maxLength: 9 },
    )
    .map((parts) => parts.join(""));

const node = (entry: object) => ({ nodes: { a: entry } });
const rule = (entry: object) => ({ rules: [{ name: "r", agents: ["x"], ...entry }] });

const selectorText = near(
  "region",
  "a/b",
  "in",
  "notin",
  " ",
  " ",
  ",",
  "=",
  "==",
  "!=",
  "!",
  "(",
  ")",
  "node.tz",
  "x-1",
  "Etc/GMT+5",
  "\t",
);

/** A text, where it stands, and whether the parser of such texts reads it. */
const KINDS: Readonly<
  Record<string, [fc.Arbitrary<string>, (text: string) => object, (text: string) => boolean]>
> = {
  "a tag": [
    near("region", "=", "sg", "node.", "tailscale.", "a.b/", "-", "_", "G"),
    (text) => node({ tags: [text] }),
    (text) => {
      const tag = parseTag(text);
      return tag.ok && reservedPrefix(tag.key) === null;
    },
  ],
  "a taint": [
    near("prod", "=", "a1", ":NoSchedule", ":PreferNoSchedule", ":NoExecute", ":", "x/y"),
    (text) => node({ taints: [text] }),
    (text) => parseTaint(text).ok,
  ],
  "a toleration": [
    near("prod", "*", "=", "a1", ":", "NoSchedule", "NoExecute"),
    (text) => rule({ tolerate: [text] }),
    (text) => parseToleration(text).ok,
  ],
  "a selector": [selectorText, (text) => rule({ require: text }), (text) => parseSelector(text).ok],
  "a wish": [
    selectorText,
    (text) => rule({ prefer: [{ selector: text, weight: 1 }] }),
    (text) => parseSelector(text).ok,
  ],
  "an agent": [
    near("worker", "-", "*", "?", " ", "_", "A", "\u212a", "\u0130", "!", "中"),
    (text) => rule({ agents: [text] }),
    (text) => !losesItsStart(text),
  ],
};

describe.each(Object.entries(KINDS))("%s", (_, [texts, configOf, isRead]) => {
  test("that is read is never refused by OpenClaw", () => {
    let read = 0;
    fc.assert(
      fc.property(texts, (text) => {
        if (text === "" || !isRead(text)) return;
        read++;
        expect(host.Check(configOf(text))).toBe(true);
      }),
      MANY,
    );
    expect(read).toBeGreaterThan(15);
  });
});

test("every country and every time zone that there is may be written", () => {
  for (const country of countryCodes()) expect(host.Check(node({ location: { country } }))).toBe(true);
  for (const zone of Intl.supportedValuesOf("timeZone")) {
    expect(host.Check(node({ location: { timeZone: zone } }))).toBe(true);
    expect(host.Check(rule({ require: `node.tz=${zone}` }))).toBe(true);
  }
});

test("whatever the config, what OpenClaw refuses is wrong by the checks too", () => {
  let refused = 0;
  fc.assert(
    fc.property(fc.oneof(mangledConfig, misspeltConfig), (raw) => {
      if (host.Check(raw) || !Check(ConfigSchema, raw)) return;
      refused++;
      expect(resolveConfig(raw).problems.some(({ severity }) => severity === "error")).toBe(true);
    }),
    MANY,
  );
  expect(refused).toBeGreaterThan(5);
});

test.each([
  [node({ location: { country: "Hongkong" } })],
  [node({ location: { country: "hk" } })],
  [node({ tags: ["region = sg"] })],
  [node({ tags: ["region=sg,gpu"] })],
  [node({ tags: ["node.os=linux"] })],
  [node({ tags: ["-gpu"] })],
  [node({ taints: ["prod"] })],
  [node({ taints: ["prod:noschedule"] })],
  [node({ workspace: "work" })],
  [node({ paths: ["~/x"] })],
  [node({ pathPrepend: ["/a:/b"] })],
  [node({ env: { "A-B": "" } })],
  [node({ ssh: { host: "-oProxyCommand=x" } })],
  [node({ ssh: { user: "-x" } })],
  [node({ ssh: { hostKey: "MD5:1" } })],
  [{ nodes: { "a\u001b": {} } }],
  [{ gateway: { location: { country: "China" } } }],
  [rule({ require: "region in sg" })],
  [rule({ require: "region in (sg" })],
  [rule({ require: "region sg" })],
  [rule({ require: "region=sg," })],
  [rule({ require: "region>1" })],
  [rule({ prefer: [{ selector: "!!gpu", weight: 1 }] })],
  [rule({ agents: ["!worker-sg"] })],
  [rule({ residency: { allow: ["EUR"] } })],
  [rule({ tolerate: ["prod:NoWay"] })],
  [rule({ onUnavailable: "gatewy" })],
  [{ tests: [{ agent: "x", expect: "node" }] }],
  [{ peers: { p: { location: { country: "de" } } } }],
])("OpenClaw refuses %j when it is written", (config) => {
  expect(host.Check(config)).toBe(false);
  expect(resolveConfig(config).problems.some(({ severity }) => severity === "error")).toBe(true);
});

test("every pattern stands in the manifest: no path of them is misspelt", () => {
  const written = JSON.stringify(manifestConfig().configSchema).match(/"pattern":/g) ?? [];
  // And one of onUnavailable, whose words stand beside objects.
  expect(written).toHaveLength(PATTERN_PATHS.length + 1);
});

test("no pattern takes long for a text that it refuses", () => {
  // Of the processor, which others may have meanwhile.
  const { user } = process.cpuUsage();
  for (const tail of [
    `a in (${" , ".repeat(500)}`,
    `${"a=  ,".repeat(400)}(`,
    `${" !  a  ,".repeat(250)}(`,
    `${"a notin ( )  ,".repeat(140)}(`,
    `${"a , ".repeat(500)}(`,
    `${" ".repeat(2000)}(`,
    `a${"-".repeat(2000)}(`,
  ])
    expect(host.Check(rule({ require: tail }))).toBe(false);
  for (const tag of [`${"a".repeat(370)}(`, `${"a-".repeat(180)}=`]) host.Check(node({ tags: [tag] }));
  expect(process.cpuUsage().user - user).toBeLessThan(1_000_000);
});
