// A workspace on a paired node: the same tools over the node protocol, and a session that keeps its way.
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { placeSession } from "../../../src/nodeRouter/current/placeSession.ts";
import { PLUGIN_COMMAND } from "../../../src/nodeRouter/placement/filters/plugin.ts";
import { SESSION_NODES } from "../../../src/nodeRouter/state/sessionNodes.ts";
import { PRESENCE } from "../../../src/presence/presence.ts";
import { refusalText } from "../../../src/shared/refusal.ts";
import { CN_ID, hostEntry, SG_ID } from "../../support/fakeDeps.ts";
import { fakePresence, makePlace, makePresence } from "../../support/makePresence.ts";
import { type Arranged, arrange, configOf, runSpec, withNodeTransport } from "./arrange.ts";

const KEY = "agent:worker:main";
const COMMANDS = ["system.run", "system.run.prepare", PLUGIN_COMMAND];
/** `one` as a paired node without SSH. */
const PAIRED = { node: "mac-sg", ssh: undefined };

let at: Arranged;
let over: ReturnType<typeof withNodeTransport>;
beforeEach(() => {
  at = arrange({ node: PAIRED });
  over = withNodeTransport(at);
  list({ commands: COMMANDS });
});
afterEach(() => at.stop());

/** What the host lists of `one`. */
function list(changes: object, nodeId = SG_ID): void {
  at.deps.nodes = { nodes: [hostEntry("mac-sg", nodeId, changes)] };
  at.deps.clockMs += 2_000;
}

/** One rule that means `one` alone, which has these settings. */
function configure(one: object): void {
  const { nodes } = configOf(at.folder, one);
  at.deps.configure({ nodes, rules: [{ name: "zone", agents: ["worker"], require: "one" }] });
}

const placed = async (key = KEY) => {
  const place = await placeSession(at.deps, "worker", key);
  return place.ok ? [place.node.name, place.via] : refusalText(place.refusal);
};

describe("a run", () => {
  test("sends its commands to the paired node by its id, and warms it; SSH hears nothing", async () => {
    configure(PAIRED);
    const handle = await at.backend.factory(at.params());
    expect(over.warmed).toEqual([{ name: "one", nodeId: SG_ID }]);
    const end = await runSpec(await handle.buildExecSpec({ command: "pwd; exit 4", env: {} }));
    expect(end).toMatchObject({ code: 4, stdout: `${handle.workdir}\n` });
    await handle.runShellCommand({ script: "true" });
    expect(over.sent).toEqual([
      { name: "one", nodeId: SG_ID },
      { name: "one", nodeId: SG_ID },
    ]);
    expect(at.transport.started[0]?.request).toMatchObject({
      auditRecord: expect.stringMatching(/^announced /),
      sessionKey: KEY,
      approved: false,
    });
    expect(at.transport.warmed).toEqual([]);
    expect(at.records.map(({ subject }) => [subject.node, subject.transport])).toEqual([
      ["one", "node"],
      ["one", "node"],
    ]);
  });

  test("tells the node's approvals whose session asks, and the journal what the audit says of it", async () => {
    configure(PAIRED);
    const handle = await at.backend.factory(at.params());
    await runSpec(await handle.buildExecSpec({ command: "true", env: {} }));
    await handle.runShellCommand({ script: "true" });
    const [command, script] = over.requests;
    expect(command).toMatchObject({
      sessionKey: KEY,
      auditRecord: `announced ${at.records[0]?.subject.id}`,
      approved: false,
    });
    expect(script).toMatchObject({ sessionKey: KEY });
    // What changes nothing that is recorded needs no end after the gateway's own.
    expect(script).not.toHaveProperty("auditRecord");
  });

  test("keeps the id that it began with while the name moves to another machine", async () => {
    configure(PAIRED);
    const handle = await at.backend.factory(at.params());
    list({ commands: COMMANDS }, CN_ID);
    await runSpec(await handle.buildExecSpec({ command: "true", env: {} }));
    expect(over.sent).toEqual([{ name: "one", nodeId: SG_ID }]);
  });
});

test("what was brought to a machine is not taken to be on another one that has its name now", async () => {
  configure(PAIRED);
  const folderOf = async (nodeId: string) => {
    list({ commands: COMMANDS }, nodeId);
    configure({ ...PAIRED, node: nodeId });
    const handle = await at.backend.factory(at.params(`agent:worker:${nodeId}`));
    await handle.runShellCommand({ script: "true" });
    return at.mirrored.at(-1)?.memory.folder("one", "/skills");
  };
  const first = await folderOf(SG_ID);
  expect(await folderOf(SG_ID)).toBe(first);
  expect(await folderOf(CN_ID)).not.toBe(first);
});

describe("a paired node without the plugin", () => {
  test("is refused with the three commands, and nothing is sent to it", async () => {
    configure(PAIRED);
    list({ commands: ["system.run"] });
    const text = await placed();
    expect(text).toMatch(/^NO_NODE_FITS: 0\/2 nodes fit rule "zone" for exec: .*1 had no node-router plugin/);
    expect(text).toContain(
      '"openclaw plugins install openclaw-node-router" on the node, restart its node host',
    );
    expect(text).toContain('"openclaw nodes approve <id>" on the gateway');
    expect(over.sent).toEqual([]);
  });

  test("whose new commands wait is sent to the approval, not to another installation", async () => {
    configure(PAIRED);
    list({ commands: ["system.run"], approvalState: "pending-reapproval" });
    const text = await placed();
    expect(text).toContain("1 offered no node-router plugin and had commands that wait for approval");
    expect(text).not.toContain("plugins install");
    expect(text).toContain("openclaw nodes approve <id>");
  });
});

describe("a session keeps its way to its node", () => {
  const BOTH = { node: "mac-sg" };
  const NODE = ["one", { over: "node", nodeId: SG_ID }];

  test("over the node protocol, when SSH is configured later: it is refused, and a new session goes over SSH", async () => {
    configure(PAIRED);
    expect(await placed()).toEqual(NODE);
    configure(BOTH);
    expect(await placed()).toBe(
      'NODE_UNREACHABLE: node "one", which holds the files of this session, is reached over the node protocol in it, and by the config now only over SSH; nothing ran, and the session does not change its way, because its files are there. Start a new session, which goes over SSH, or set plugins.entries.node-router.config.nodes.one back.',
    );
    expect(await placed("agent:worker:new")).toEqual(["one", { over: "ssh" }]);
    configure({ ...BOTH, transport: "node" });
    expect(await placed()).toEqual(NODE);
  });

  test("over SSH, when that is taken away", async () => {
    configure(BOTH);
    expect(await placed()).toEqual(["one", { over: "ssh" }]);
    configure({ ...BOTH, transport: "node" });
    expect(await placed()).toMatch(
      /is reached over SSH in it, and by the config now only over the node protocol/,
    );
    expect(at.deps.memory.part(SESSION_NODES).get(KEY)).toMatchObject({ node: "one", over: "ssh" });
  });

  test.each([
    [
      "has lost the plugin",
      { commands: ["system.run"] },
      /of this session, offers no node-router plugin now; nothing ran/,
    ],
    [
      "is offline",
      { connected: false },
      /"one", which holds the files of this session, is offline; nothing ran/,
    ],
    [
      "is connected or not, nobody can tell",
      { connected: undefined },
      /may be connected or not, which nobody knows now; nothing ran/,
    ],
  ])("and waits while the node %s, whatever else fits", async (_, changes, words) => {
    at.deps.configure(configOf(at.folder, PAIRED));
    expect(await placed()).toEqual(NODE);
    list({ commands: COMMANDS, ...changes });
    expect(await placed()).toMatch(words);
    expect(await placed("agent:worker:new")).toEqual(["two", { over: "ssh" }]);
    list({ commands: COMMANDS });
    expect(await placed()).toEqual(NODE);
  });

  test("beside a better node over SSH, and the decision names its own way", async () => {
    const { nodes } = configOf(at.folder, PAIRED);
    const rule = { name: "zone", agents: ["worker"], require: "zone=a" };
    at.deps.configure({ nodes, rules: [rule] });
    expect(await placed()).toEqual(NODE);
    at.deps.configure({ nodes, rules: [{ ...rule, prefer: [{ selector: "two", weight: 50 }] }] });
    const place = await placeSession(at.deps, "worker", KEY);
    expect(place.ok && [place.placement.node?.name, place.placement.transport, place.via.over]).toEqual([
      "one",
      "node",
      "node",
    ]);
  });
});

test("a Windows machine is refused by that name", async () => {
  configure(PAIRED);
  list({ commands: COMMANDS, platform: "windows" });
  expect(await placed()).toContain("1 ran Windows, where no workspace can be over the node protocol");
});

describe("a rule's residency", () => {
  const SG = { ...PAIRED, location: { country: "SG" } };
  const configureResident = (): void => {
    const { nodes } = configOf(at.folder, SG);
    const rule = { name: "zone", agents: ["worker"], require: "one", residency: { allow: ["SG"] } };
    at.deps.configure({ nodes, rules: [rule] });
  };
  const dispute = (): void => {
    const place = makePlace({ country: "JP", city: "Tokyo" });
    const witnesses = [{ by: "timezone" as const, place, atMs: at.deps.clockMs, stale: false }];
    const records = new Map([["one", makePresence({ node: "one", witnesses })]]);
    at.deps.memory.part(PRESENCE).current = fakePresence(() => records);
  };

  test("holds for a workspace over the node protocol in mid-run: neither files nor commands go to a node in doubt, and they do while there is none", async () => {
    configureResident();
    const handle = await at.backend.factory(at.params());
    await handle.runShellCommand({ script: "true" });
    const spec = await handle.buildExecSpec({ command: "true", env: {} });
    expect(over.sent).toHaveLength(1);
    dispute();
    await expect(handle.runShellCommand({ script: "true" })).rejects.toThrow(/was of disputed place/);
    expect((await runSpec(spec)).code).not.toBe(0);
    expect(over.sent).toHaveLength(1);
    expect(await placed()).toMatch(/^NODE_UNREACHABLE: .* is of disputed place/);
  });
});
