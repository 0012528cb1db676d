// A set-up's change of the config is merged in, and taken back without touching what is somebody else's.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { section } from "../../../src/nodeRouter/host/hostConfig.ts";
import {
  type ConfigChange,
  changeText,
  missingValues,
  takeBack,
  writeValues,
} from "../../../src/nodeRouter/setup/configChange.ts";

const CHANGE: ConfigChange = {
  node: "studio-hk",
  entry: { node: false, tags: ["region=hk"], ssh: { host: "studio.example", user: "claw" } },
  rule: { name: "studio-hk", agents: ["worker-hk"], require: "region=hk" },
};

const host = (config: unknown) => ({
  plugins: { entries: { "node-router": { enabled: true, config } } },
  agents: {},
});
const configOf = (draft: unknown) => section(draft, "plugins", "entries", "node-router").config;

/** Writes the change and resolves to the draft with what was written. */
function written(config: unknown, change: ConfigChange = CHANGE) {
  const draft = structuredClone(host(config));
  const values = missingValues(config, change);
  writeValues(draft, values);
  return { draft, values };
}

describe("writing", () => {
  test("into an empty config makes the entry and the first rule, and touches nothing beside them", () => {
    const { draft } = written(undefined);
    expect(configOf(draft)).toEqual({ nodes: { "studio-hk": CHANGE.entry }, rules: [CHANGE.rule] });
    expect(draft).toMatchObject({ agents: {}, plugins: { entries: { "node-router": { enabled: true } } } });
  });

  test("into an entry that is there merges key by key: what is not named stays, also below ssh", () => {
    const present = { nodes: { "studio-hk": { workspace: "/w", ssh: { port: 2222, host: "old" } } } };
    const { draft, values } = written(present);
    expect(configOf(draft)).toMatchObject({
      nodes: {
        "studio-hk": {
          workspace: "/w",
          tags: ["region=hk"],
          ssh: { port: 2222, host: "studio.example", user: "claw" },
        },
      },
    });
    expect(values.find(({ path }) => path.at(-1) === "host")).toMatchObject({
      before: "old",
      after: "studio.example",
    });
  });

  test("twice finds nothing to write, also after the rule was changed by hand", () => {
    const { draft } = written(undefined);
    expect(missingValues(configOf(draft), CHANGE)).toEqual([]);
    const edited = { nodes: { "studio-hk": CHANGE.entry }, rules: [{ ...CHANGE.rule, agents: ["other"] }] };
    expect(missingValues(edited, CHANGE)).toEqual([]);
  });

  test("a name that means something to JavaScript becomes a key and nothing else", () => {
    const { draft } = written({ nodes: {} }, { ...CHANGE, node: "__proto__", rule: null });
    expect(Object.keys(section(configOf(draft), "nodes"))).toEqual(["__proto__"]);
    expect(section({}, "tags")).toEqual({});
  });
});

describe("taking back", () => {
  const entries = fc.dictionary(
    fc.constantFrom("node", "tags", "workspace", "ssh", "location"),
    fc.oneof(
      fc.constant(false),
      fc.constant(["a"]),
      fc.record({ host: fc.constantFrom("x", "y"), port: fc.nat() }),
    ),
  );
  const configs = fc.record({
    nodes: fc.dictionary(fc.constantFrom("studio-hk", "mac-sg"), entries),
    rules: fc.array(fc.record({ name: fc.constantFrom("studio-hk", "singapore") }), { maxLength: 2 }),
  });

  test("after any change of any config gives the config of before", () => {
    fc.assert(
      fc.property(configs, entries, (config, entry) => {
        const change = { ...CHANGE, entry };
        const { draft, values } = written(config, change);
        expect(takeBack(draft, values)).toEqual([]);
        const { nodes = {}, rules = [] } = configOf(draft) as { nodes?: unknown; rules?: unknown };
        expect({ nodes, rules }).toEqual(config);
      }),
    );
  });

  test("leaves what somebody has changed since, and names it in full", () => {
    const { draft, values } = written({ nodes: { "studio-hk": { tags: [] } } });
    Object.assign(section(configOf(draft), "nodes", "studio-hk"), { tags: ["mine"] });
    expect(takeBack(draft, values)).toEqual(["plugins.entries.node-router.config.nodes.studio-hk.tags"]);
    expect(section(configOf(draft), "nodes", "studio-hk")).toEqual({ tags: ["mine"] });
  });

  test("of what was never written, because the write failed, leaves everything and complains of nothing", () => {
    const config = { nodes: { "studio-hk": { tags: [] } } };
    const draft = host(structuredClone(config));
    expect(takeBack(draft, missingValues(config, CHANGE))).toEqual([]);
    expect(configOf(draft)).toEqual(config);
  });
});

test("a person reads each value in full with what it replaces, and nothing that could repaint the terminal", () => {
  const change = { ...CHANGE, entry: { tags: ["a\u001b[2J"] } };
  expect(changeText(missingValues({ nodes: { "studio-hk": { tags: ["b"] } } }, change))).toEqual([
    'plugins.entries.node-router.config.nodes.studio-hk.tags: ["a\\u001b[2J"] (now ["b"])',
    'plugins.entries.node-router.config.rules, one more, studio-hk: {"name":"studio-hk","agents":["worker-hk"],"require":"region=hk"}',
  ]);
});
