// The host checks the manifest's plain JSON Schema with its own engine; both must draw the line at the same place.
import { createRequire } from "node:module";
import { Check } from "@sinclair/typebox/value";
import fc from "fast-check";
import { expect, test } from "vitest";
import { manifestConfig } from "../../../src/config/pluginManifest.ts";
import { ConfigSchema } from "../../../src/config/schema/schema.ts";
import { mangledConfig } from "../mangled.ts";
import { REFERENCE_CONFIG } from "../support.ts";

const requireFromHost = createRequire(new URL("../../node_modules/openclaw/package.json", import.meta.url));
const host: { Check(value: unknown): boolean } = requireFromHost("typebox/compile").Compile(
  manifestConfig().configSchema,
);

test.each([
  [{}],
  [REFERENCE_CONFIG],
  [{ nodes: { a: { node: false, tailscale: false } } }],
  [{ nodes: { a: { ssh: { identityData: { source: "env", provider: "default", id: "KEY" } } } } }],
  [{ rules: [{ name: "a", agents: ["*"] }] }],
  [{ audit: "strict", auditCommandText: true, auditKeepDays: 1, auditAgentMiB: 1, auditMaxMiB: 1 }],
  [{ nodes: { a: { paths: ["/"], pathPrepend: ["/bin"], env: { A: "" }, loginShell: false } } }],
])("both accept %j", (config) => {
  expect(host.Check(config)).toBe(true);
  expect(Check(ConfigSchema, config)).toBe(true);
});

test.each([
  [null],
  [[]],
  [{ mode: "off" }],
  [{ extra: 1 }],
  [{ nodes: { a: { extra: 1 } } }],
  [{ nodes: { a: { node: true } } }],
  [{ nodes: { a: { location: { latitude: 91 } } } }],
  [{ nodes: { a: { ssh: { port: 0 } } } }],
  [{ nodes: { a: { ssh: { passphrase: { source: "env", provider: "default" } } } } }],
  [{ nodes: { a: { ssh: { passphrase: { source: "vault", provider: "default", id: "x" } } } } }],
  [{ audit: "on" }],
  [{ auditCommandText: 1 }],
  [{ auditKeepDays: 0 }],
  [{ auditAgentMiB: 0.5 }],
  [{ auditMaxMiB: "1" }],
  [{ nodes: { a: { paths: [""] } } }],
  [{ nodes: { a: { pathPrepend: Array.from({ length: 65 }, () => "/bin") } } }],
  [{ nodes: { a: { env: { A: null } } } }],
  [{ nodes: { a: { loginShell: "true" } } }],
  [{ rules: [{ name: "a" }] }],
  [{ rules: [{ agents: ["x"] }] }],
  [{ rules: [{ name: "a", agents: ["x"], tools: [] }] }],
  [{ rules: [{ name: "a", agents: ["x"], onUnavailable: "wait" }] }],
  [{ rules: [{ name: "a", agents: ["x"], onUnavailable: { wait: "1s", next: "b" } }] }],
  [{ rules: [{ name: "a", agents: ["x"], stick: "run" }] }],
  [{ nodes: { a: { maxRunning: 1.5 } } }],
  [{ rules: [{ name: "a", agents: ["x"], prefer: [{ selector: "gpu" }] }] }],
  [{ rules: [{ name: "a", agents: ["x"], prefer: [{ selector: "gpu", weight: 0.5 }] }] }],
])("both refuse %j", (config) => {
  expect(host.Check(config)).toBe(false);
  expect(Check(ConfigSchema, config)).toBe(false);
});

test("whatever the config, what the host's engine takes for one has the shape that ours asks for", () => {
  fc.assert(
    fc.property(mangledConfig, (config) => {
      // The host's also knows patterns: of what those refuse, manifestSchema.prop.test.ts speaks.
      if (host.Check(config)) expect(Check(ConfigSchema, config)).toBe(true);
    }),
    { numRuns: 1000 },
  );
});

test("a text that is short for the host and long for us is refused: it counts what a reader takes for one character", () => {
  const config = { rules: [{ name: "e\u0301".repeat(200), agents: ["x"] }] };
  expect(host.Check(config)).toBe(true);
  expect(Check(ConfigSchema, config)).toBe(false);
});

test("a secret that came by reference may be longer than any key: the host compares the reference alone", () => {
  expect(Check(ConfigSchema, { nodes: { a: { ssh: { identityData: "k".repeat(100_000) } } } })).toBe(true);
});

test("nothing is required at the top, so that the plugin is enabled when it is installed", () => {
  expect(manifestConfig().configSchema).not.toHaveProperty("required");
});
