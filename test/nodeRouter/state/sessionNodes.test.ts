// The sessions' nodes: what a session knows of its node, and what a restart keeps of it.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  createSessionNodes,
  MAX_SESSIONS,
  parseSessions,
} from "../../../src/nodeRouter/state/sessionNodes.ts";
import { sessionFile } from "../../../src/nodeRouter/state/sessionNodesFile.ts";
import { ownStore } from "../../support/ownStore.ts";

const KEY = "agent:worker:main";
const fail = (error: unknown) => {
  throw error;
};

describe("a session and its node", () => {
  test("a first node is no move", () => {
    expect(createSessionNodes().put(KEY, "a", "ssh")).toEqual({
      sessionKey: KEY,
      node: "a",
      over: "ssh",
      movedFrom: null,
    });
  });

  test("a change is told until the agent knows it, not only once", () => {
    const nodes = createSessionNodes();
    nodes.put(KEY, "a", "ssh");
    expect(nodes.put(KEY, "b", "ssh").movedFrom).toBe("a");
    expect(nodes.put(KEY, "b", "ssh").movedFrom).toBe("a");
    nodes.told(KEY);
    expect(nodes.put(KEY, "b", "ssh").movedFrom).toBeNull();
  });

  test("moved twice before it was told, it comes from where its files are; moved back, from nowhere", () => {
    const nodes = createSessionNodes();
    nodes.put(KEY, "a", "ssh");
    nodes.put(KEY, "b", "ssh");
    expect(nodes.put(KEY, "c", "ssh").movedFrom).toBe("a");
    expect(nodes.put(KEY, "a", "ssh").movedFrom).toBeNull();
  });

  test("sessions know nothing of each other; the latest of an agent is found, not of one with a longer name", () => {
    const nodes = createSessionNodes();
    nodes.put(KEY, "a", "ssh");
    nodes.put("agent:worker:other", "b", "ssh");
    nodes.put("agent:worker2:main", "c", "ssh");
    nodes.told("agent:nobody:main");
    expect(nodes.get(KEY)?.node).toBe("a");
    expect(nodes.latestOf("worker")?.node).toBe("b");
    expect(nodes.latestOf("work")).toBeNull();
  });

  test("the oldest are forgotten, not the newest", () => {
    const nodes = createSessionNodes();
    for (let index = 0; index <= MAX_SESSIONS; index++) nodes.put(`s${index}`, "a", "ssh");
    expect(nodes.get("s0")).toBeNull();
    expect(nodes.get(`s${MAX_SESSIONS}`)).not.toBeNull();
  });
});

describe("the file", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "nr-sessions-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const file = () => join(folder, "node-router", "sessions.json");

  async function opened() {
    const nodes = createSessionNodes();
    nodes.keepIn(sessionFile(folder), fail);
    await nodes.ready();
    return nodes;
  }

  test("a restart keeps the node, and a move that was not told", async () => {
    const before = await opened();
    before.put(KEY, "a", "ssh");
    before.put(KEY, "b", "ssh");
    before.put("agent:worker:two", "c", "ssh");
    await before.flush();
    const after = await opened();
    expect(after.get(KEY)).toEqual({ sessionKey: KEY, node: "b", over: "ssh", movedFrom: "a" });
    expect(after.get("agent:worker:two")?.node).toBe("c");
    expect(after.put(KEY, "b", "ssh").movedFrom).toBe("a");
  });

  test("two gateways on one folder drop none of each other's sessions: each knows its own after a restart", async () => {
    const [a, b] = [await opened(), await opened()];
    a.put(KEY, "sg-2", "ssh");
    await a.flush();
    b.put("agent:worker:two", "c", "node");
    await b.flush();
    const after = await opened();
    expect([after.get(KEY)?.node, after.get("agent:worker:two")?.node]).toEqual(["sg-2", "c"]);
    // The one that it was placed on last, by whichever gateway; an older picture of it is written by nobody.
    b.put(KEY, "sg-3", "ssh");
    await b.flush();
    a.put("agent:worker:three", "d", "ssh");
    await a.flush();
    expect((await opened()).get(KEY)?.node).toBe("sg-3");
    expect(a.get(KEY)?.node).toBe("sg-3");
  });

  test("two gateways that write at one moment both have their sessions in the file", async () => {
    const gateways = await Promise.all([opened(), opened(), opened()]);
    for (let round = 0; round < 10; round++) {
      for (const [at, nodes] of gateways.entries()) nodes.put(`agent:w${at}:${round}`, "a", "ssh");
      await Promise.all(gateways.map((nodes) => nodes.flush()));
    }
    expect((await opened()).all()).toHaveLength(30);
  });

  test("a session that was forgotten for want of room does not come back from the file", async () => {
    const nodes = await opened();
    for (let index = 0; index < MAX_SESSIONS; index++) nodes.put(`s${index}`, "a", "ssh");
    await nodes.flush();
    nodes.put("one more", "a", "ssh");
    await nodes.flush();
    const kept = (await opened()).all().map(({ sessionKey }) => sessionKey);
    expect(kept).toHaveLength(MAX_SESSIONS);
    expect([kept.includes("s0"), kept[0], kept.at(-1)]).toEqual([false, "s1", "one more"]);
  });

  test("nobody else reads it: session keys can name people", async () => {
    const nodes = await opened();
    nodes.put(KEY, "a", "ssh");
    await nodes.flush();
    expect(statSync(file()).mode & 0o777).toBe(0o600);
  });

  test("what a call noted before the file was read is newer than the file", async () => {
    const before = await opened();
    before.put(KEY, "old", "ssh");
    before.put("agent:worker:two", "kept", "ssh");
    await before.flush();
    const after = createSessionNodes();
    after.put(KEY, "new", "ssh");
    after.keepIn(sessionFile(folder), fail);
    await after.ready();
    expect(after.get(KEY)?.node).toBe("new");
    await after.flush();
    expect(
      parseSessions(readFileSync(file(), "utf8"))
        .map(({ node }) => node)
        .sort(),
    ).toEqual(["kept", "new"]);
  });

  test("no file is no error; a broken one is one, and the sessions still work", async () => {
    await opened();
    mkdirSync(join(folder, "node-router"));
    writeFileSync(file(), "{");
    const errors: unknown[] = [];
    const nodes = createSessionNodes();
    nodes.keepIn(sessionFile(folder), (error) => errors.push(error));
    await nodes.ready();
    expect(errors).toHaveLength(1);
    nodes.put(KEY, "a", "ssh");
    await nodes.flush();
    expect((await opened()).get(KEY)?.node).toBe("a");
  });

  test("many changes at once are one write, and a call waits for none", async () => {
    const written: string[] = [];
    const store = ownStore({ read: async () => null, write: async (text) => void written.push(text) });
    const nodes = createSessionNodes();
    nodes.keepIn(store, fail);
    for (let index = 0; index < 100; index++) nodes.put(`s${index}`, "a", "ssh");
    expect(written).toEqual([]);
    await nodes.flush();
    expect(written).toHaveLength(1);
    nodes.put("s0", "a", "ssh");
    await nodes.flush();
    expect(written).toHaveLength(1);
  });

  test("a write that fails is told, and the next one is tried", async () => {
    const errors: unknown[] = [];
    let full = true;
    const written: string[] = [];
    const nodes = createSessionNodes();
    nodes.keepIn(
      ownStore({
        read: async () => null,
        async write(text) {
          if (full) throw new Error("ENOSPC");
          written.push(text);
        },
      }),
      (error) => errors.push(error),
    );
    nodes.put(KEY, "a", "ssh");
    await nodes.flush();
    full = false;
    nodes.put(KEY, "b", "ssh");
    await nodes.flush();
    expect(errors).toHaveLength(1);
    expect(parseSessions(written[0] ?? null)).toEqual([
      { sessionKey: KEY, node: "b", over: "ssh", movedFrom: "a" },
    ]);
  });

  test("the way is kept with the node, and an entry from before there were two was SSH", async () => {
    const nodes = createSessionNodes();
    nodes.put(KEY, "a", "node");
    expect(nodes.get(KEY)).toMatchObject({ node: "a", over: "node", movedFrom: null });
    const sessions = [
      { sessionKey: "old", node: "n", movedFrom: null },
      { sessionKey: "new", node: "n", over: "node", movedFrom: null },
    ];
    const read = parseSessions(JSON.stringify({ version: 1, sessions }));
    expect(read.map(({ over }) => over)).toEqual(["ssh", "node"]);
  });

  test("anything may be in the file: what is no session is left out", () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        for (const session of parseSessions(text)) expect(typeof session.node).toBe("string");
      }),
    );
    const sessions = [{ sessionKey: "a", node: "n" }, { sessionKey: 1, node: "n" }, null, "x"];
    expect(parseSessions(JSON.stringify({ version: 1, sessions }))).toEqual([
      { sessionKey: "a", node: "n", over: "ssh", movedFrom: null },
    ]);
    expect(parseSessions(JSON.stringify({ version: 2, sessions }))).toEqual([]);
  });
});
