// Configs that are right but for one or more values: random JSON alone never gets past the first key.
import fc from "fast-check";
import { REFERENCE_CONFIG } from "./support.ts";

const anyValue = fc.oneof(
  fc.jsonValue(),
  fc.constantFrom<unknown>(
    false,
    "",
    "region in",
    "node.name=x",
    "node.os",
    "ssh",
    0,
    -1,
    101,
    [],
    {},
    ["x", "x"],
    "\u0000",
  ),
);

/** Replaces, removes or adds a value at `steps`, each a choice among the keys that are there. */
function mangle(value: unknown, steps: readonly number[], replacement: unknown, key: string | null): unknown {
  const [step, ...rest] = steps;
  if (step === undefined || typeof value !== "object" || value === null) return replacement;
  const copy: Record<string, unknown> | unknown[] = Array.isArray(value) ? [...value] : { ...value };
  const keys = Object.keys(copy);
  const chosen = key !== null && rest.length === 0 ? key : (keys[step % Math.max(keys.length, 1)] ?? "a");
  const index = Array.isArray(copy) ? step % (copy.length + 1) : chosen;
  const inner = mangle(Reflect.get(copy, index), rest, replacement, key);
  // Defined, not assigned: "__proto__" is to be a key like any other.
  Object.defineProperty(copy, index, { value: inner, enumerable: true, configurable: true, writable: true });
  return copy;
}

const change = fc.record({
  steps: fc.array(fc.nat(9), { maxLength: 6 }),
  value: anyValue,
  key: fc.option(
    fc.oneof(fc.string(), fc.constantFrom("__proto__", "constructor", "toString", "0", "a/b~c")),
  ),
});

const [[name, node] = ["mac-cn", {}]] = Object.entries(REFERENCE_CONFIG.nodes);

/** The reference config with the keys that it leaves out. */
const FULL_CONFIG = {
  ...REFERENCE_CONFIG,
  audit: "strict",
  auditCommandText: true,
  auditKeepDays: 7,
  auditAgentMiB: 8,
  auditMaxMiB: 80,
  gateway: { location: { country: "CN", region: "Beijing", city: "Beijing", timeZone: "Asia/Shanghai" } },
  presence: { connect: false, geoipFile: "/srv/geo.mmdb", publicAddressUrl: "https://ip.example" },
  nodes: {
    ...REFERENCE_CONFIG.nodes,
    [name]: {
      ...node,
      paths: ["/srv"],
      pathPrepend: ["/opt/homebrew/bin"],
      env: { LANG: "C.UTF-8" },
      loginShell: true,
    },
  },
  rules: [
    ...REFERENCE_CONFIG.rules,
    {
      name: "near",
      agents: ["master"],
      require: "region",
      near: { latitude: 1.3, longitude: 103.8 },
      minimum: { idleCpus: 1, freeMemoryGiB: 2, freeDiskGiB: 10 },
    },
    { name: "close", agents: ["other"], require: "region", near: "gateway" },
  ],
};

/** The full config after up to four changes. */
export const mangledConfig: fc.Arbitrary<unknown> = changed(change);

/** The same with texts in place of texts, so that the shape mostly stays and the meaning does not. */
export const misspeltConfig: fc.Arbitrary<unknown> = changed(
  fc.record({
    steps: fc.array(fc.nat(9), { minLength: 2, maxLength: 6 }),
    value: fc.constantFrom<unknown>(
      "region in",
      "node.name=x",
      "!",
      "a\u0000",
      "worker-sg",
      "-x",
      "mac-sg",
      0,
    ),
    key: fc.constant(null),
  }),
);

function changed(one: typeof change): fc.Arbitrary<unknown> {
  return fc
    .array(one, { maxLength: 4 })
    .map((changes) =>
      changes.reduce<unknown>(
        (config, { steps, value, key }) => mangle(config, steps, value, key),
        FULL_CONFIG,
      ),
    );
}
