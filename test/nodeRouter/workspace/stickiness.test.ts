// A session stays where its files are: what makes it wait, and what makes it move.
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { placeSession } from "../../../src/nodeRouter/current/placeSession.ts";
import { PRESENCE } from "../../../src/presence/presence.ts";
import type { NodePresence } from "../../../src/presence/record.ts";
import { refusalText } from "../../../src/shared/refusal.ts";
import { fact, fakePresence, makePlace, makePresence, reachOf } from "../../support/makePresence.ts";
import { type Arranged, arrange, configOf } from "./arrange.ts";

const KEY = "agent:worker:main";
const GIB = 1024 ** 3;
let at: Arranged;
beforeEach(() => {
  at = arrange();
});
afterEach(() => at.stop());

function observe(...records: readonly (Partial<NodePresence> & { node: string })[]): void {
  const current = new Map(records.map((record) => [record.node, makePresence(record)]));
  at.deps.memory.part(PRESENCE).current = fakePresence(() => current);
}

/** One rule among the two nodes of the arrangement; `one` may be changed. */
function configure(rule: object, one: object = {}): void {
  at.deps.configure({
    ...configOf(at.folder, one),
    rules: [{ name: "zone", agents: ["worker"], require: "zone=a", ...rule }],
  });
}

const overSsh = (node: string, state: "up" | "failing" | "down" | "unknown", changes = {}) => ({
  node,
  reach: { node: null, ssh: reachOf(state, changes) },
});

const placed = async (key = KEY) => {
  const placement = await placeSession(at.deps, "worker", key);
  return placement.ok ? [placement.node.name, placement.movedFrom] : refusalText(placement.refusal);
};

describe("a session whose node cannot be used for the moment waits for it", () => {
  test("offline: refused with since when and why; a new session goes elsewhere, and the old one goes on when it is back", async () => {
    expect(await placed()).toEqual(["one", null]);
    observe(overSsh("one", "down", { reason: "connection refused", lastAnswerMs: Date.UTC(2026, 0, 31, 8) }));
    expect(await placed()).toBe(
      'NODE_UNREACHABLE: node "one", which holds the files of this session, is offline (connection refused; it last answered at 2026-01-31T08:00:00.000Z); nothing ran, and the session does not move, because its files are there. Try again when the node is back; a new session goes to node "two".',
    );
    expect(await placed("agent:worker:new")).toEqual(["two", null]);
    observe(overSsh("one", "up"));
    expect(await placed()).toEqual(["one", null]);
  });

  test("offline, and nothing else fits either: the same refusal, not one that counts nodes", async () => {
    await placed();
    observe(overSsh("one", "down"), overSsh("two", "down"));
    expect(await placed()).toBe(
      'NODE_UNREACHABLE: node "one", which holds the files of this session, is offline; nothing ran, and the session does not move, because its files are there. Try again when the node is back; no other node fits rule "zone" now.',
    );
  });

  test.each(["failing", "unknown", "up"] as const)("%s is not offline: the call finds out", async (state) => {
    await placed();
    observe(overSsh("one", state));
    expect(await placed()).toEqual(["one", null]);
  });

  test("too full for the rule: the same, with what is missing", async () => {
    configure({ minimum: { freeDiskGiB: 1 } });
    const disk = (node: string, bytes: number) => ({ node, facts: { diskAvailableBytes: fact(bytes) } });
    observe(disk("one", 2 * GIB), disk("two", 2 * GIB));
    expect(await placed()).toEqual(["one", null]);
    observe(disk("one", 0), disk("two", 2 * GIB));
    expect(await placed()).toMatch(
      /^NODE_UNREACHABLE: node "one", which holds the files of this session, does not have free now what the rule asks for \(it had less than the minimum free disk\); nothing ran/,
    );
    observe({ node: "one" }, disk("two", 2 * GIB));
    expect(await placed()).toMatch(/\(it had unknown free disk\)/);
    expect(await placed("agent:worker:new")).toEqual(["two", null]);
  });

  test("a fact that nobody knows now is no proof that the rule means another node", async () => {
    configure({ require: "zone=a,node.country=SG" });
    const places = (...nodes: string[]) => observe(...nodes.map((node) => ({ node, location: makePlace() })));
    places("one", "two");
    expect(await placed()).toEqual(["one", null]);
    places("two");
    expect(await placed()).toMatch(
      /^NODE_UNREACHABLE: node "one", which holds the files of this session, has no tag "node\.country" now, because nobody knows that fact of it; nothing ran/,
    );
    expect(await placed("agent:worker:new")).toEqual(["two", null]);
    places("one", "two");
    expect(await placed()).toEqual(["one", null]);
  });
});

describe("a session moves when its node is meant no longer", () => {
  test("the rule asks for a tag that the node has not: offline or not, the session moves and says from where", async () => {
    await placed();
    configure({ require: "two" });
    observe(overSsh("one", "down"));
    expect(await placed()).toEqual(["two", "one"]);
  });

  test("a fact that is known to be another one is proof", async () => {
    configure({ require: "zone=a,node.country=SG" });
    observe({ node: "one", location: makePlace() }, { node: "two", location: makePlace() });
    await placed();
    observe({ node: "one", location: makePlace({ country: "JP" }) }, { node: "two", location: makePlace() });
    expect(await placed()).toEqual(["two", "one"]);
  });

  test("a missing tag of yours beside an unknown fact is proof: you know your tags", async () => {
    await placed();
    configure({ require: "two,node.country=SG" });
    observe({ node: "two", location: makePlace() });
    expect(await placed()).toEqual(["two", "one"]);
  });

  test.each([
    ["has no ssh any more", { ssh: undefined, node: "mac-sg" }],
    ["excludes ssh", { transport: "node", node: "mac-sg" }],
    ["has no workspace any more", { workspace: undefined }],
  ])("the config says that it %s", async (_, one) => {
    await placed();
    configure({}, one);
    observe(overSsh("one", "down"));
    expect(await placed()).toEqual(["two", "one"]);
  });

  test("the config has it no more", async () => {
    await placed();
    const { nodes } = configOf(at.folder);
    const { one: _one, ...others } = { one: null, ...nodes };
    at.deps.configure({ nodes: others, rules: [{ name: "zone", agents: ["worker"], require: "zone=a" }] });
    expect(await placed()).toEqual(["two", "one"]);
  });
});

describe("ranking", () => {
  test("a nearer or freer node takes no session away, and a new session goes where the agent works, unless it gains", async () => {
    configure({ near: "gateway" });
    observe({ node: "one", rttMs: 20 }, { node: "two", rttMs: 24 });
    await placed();
    observe({ node: "one", rttMs: 24 }, { node: "two", rttMs: 20 });
    expect(await placed("agent:worker:b")).toEqual(["one", null]);
    observe({ node: "one", rttMs: 200 }, { node: "two", rttMs: 20 });
    expect(await placed()).toEqual(["one", null]);
    expect(await placed("agent:worker:c")).toEqual(["two", null]);
  });
});
