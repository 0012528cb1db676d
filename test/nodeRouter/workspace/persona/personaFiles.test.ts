// The host's reads and writes of persona files, on nodes that are folders of this machine.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { placeSession } from "../../../../src/nodeRouter/current/placeSession.ts";
import { PERSONA_FILES, type PersonaBridge } from "../../../../src/nodeRouter/host/workspaceAccessApi.ts";
import { CURRENT_TURN } from "../../../../src/nodeRouter/state/currentTurn.ts";
import { SESSION_NODES } from "../../../../src/nodeRouter/state/sessionNodes.ts";
import { SSH_TRANSPORT } from "../../../../src/nodeRouter/transports/transport.ts";
import { createFileBridge } from "../../../../src/nodeRouter/workspace/files/createFileBridge.ts";
import { openPersona } from "../../../../src/nodeRouter/workspace/persona.ts";
import { PRESENCE } from "../../../../src/presence/presence.ts";
import { BOUND } from "../../../support/fakeDeps.ts";
import { fakePresence, makePresence, reachOf } from "../../../support/makePresence.ts";
import { type Arranged, arrange, configOf } from "../arrange.ts";
import type { LocalOptions } from "../localTransport.ts";

const KEY = "agent:worker:main";
let at: Arranged;
/** Agent to its folder on the gateway. */
let folders: Record<string, string>;
let entries: Record<string, object>;

beforeEach(() => start());
afterEach(() => at.stop());

function start(options: LocalOptions = {}): void {
  entries = { worker: { sandbox: BOUND } };
  at = arrange({ ...options, hostConfig: { agents: { entries } } });
  folders = { worker: join(at.folder, "gateway") };
  put("gateway/AGENTS.md", "of the gateway");
  put("gateway/MEMORY.md", "of the gateway");
  put("one/AGENTS.md", "agents on one");
  put("one/SOUL.md", "soul on one");
  put("two/AGENTS.md", "agents on two");
}

function put(path: string, text: string): void {
  mkdirSync(dirname(join(at.folder, path)), { recursive: true });
  writeFileSync(join(at.folder, path), text);
}

function bridge(agent = "worker", readMs = 15_000): PersonaBridge {
  const deps = { ...at.deps, agentWorkspace: (id: string) => folders[id] ?? null };
  const opened = openPersona({ deps, audit: at.parts.audit, createFileBridge }, at.deps.log, host, readMs);
  return opened.persona(folders[agent] ?? "");
}

const host = async () => ({ ok: false as const, reason: "not in this test" });

const inTurn = <T>(sessionKey: string, step: () => Promise<T>, agent = "worker"): Promise<T> =>
  at.deps.memory.part(CURRENT_TURN).run({ agent, sessionKey }, step);

const text = async (from: PersonaBridge, filePath = "AGENTS.md"): Promise<string> =>
  (await from.readFileWithSource({ filePath, maxBytes: 2 * 1024 * 1024 })).data.toString();

function observe(state: "up" | "down", node = "one"): void {
  const record = makePresence({ node, reach: { node: null, ssh: reachOf(state, { reason: "no answer" }) } });
  at.deps.memory.part(PRESENCE).current = fakePresence(() => new Map([[node, record]]));
}

describe("in a turn", () => {
  test("the files are those of the session's node, in one trip, and none of the gateway's is used for one that is missing", async () => {
    const from = bridge();
    const texts = await inTurn(KEY, async () => {
      const read = [];
      for (const name of PERSONA_FILES) {
        read.push(await text(from, name).catch((error: { code?: string }) => error.code));
      }
      return read;
    });
    expect(texts).toEqual(["agents on one", "soul on one", "ENOENT", "ENOENT", "ENOENT", "ENOENT"]);
    expect(at.transport.started.map(({ node }) => node)).toEqual(["one"]);
  });

  test("the node is the one that the session's tools have, whatever another session of the agent has", async () => {
    const from = bridge();
    await placeSession(at.deps, "worker", KEY);
    at.deps.memory.part(SESSION_NODES).put("agent:worker:other", "two", "ssh");
    expect(await inTurn("agent:worker:other", () => text(from))).toBe("agents on two");
    expect(await inTurn(KEY, () => text(from))).toBe("agents on one");
    // The session that was used last is another one by then.
    at.deps.memory.part(SESSION_NODES).put("agent:worker:other", "two", "ssh");
    expect(await inTurn(KEY, () => text(from))).toBe("agents on one");
  });

  test("a session that the read placed is where its tools then are", async () => {
    const from = bridge();
    await inTurn("agent:worker:fresh", () => text(from));
    expect(at.deps.memory.part(SESSION_NODES).get("agent:worker:fresh")?.node).toBe("one");
  });

  test("what one turn has read, another does not get", async () => {
    const from = bridge();
    await inTurn(KEY, () => text(from));
    put("one/SOUL.md", "changed");
    expect(await inTurn(KEY, () => text(from, "SOUL.md"))).toBe("changed");
  });

  test("a node that is away is not asked, and the words are those that its tools would get", async () => {
    const from = bridge();
    await inTurn(KEY, () => text(from));
    observe("down");
    const asked = at.transport.started.length;
    await expect(inTurn(KEY, () => text(from))).rejects.toThrow(
      /^NODE_UNREACHABLE: node "one", which holds the files of this session, is offline \(no answer/,
    );
    expect(at.transport.started).toHaveLength(asked);
    observe("up");
    expect(await inTurn(KEY, () => text(from))).toBe("agents on one");
  });

  test("a fault on the way is an error and no missing file", async () => {
    await at.stop();
    start({
      outcome: () => ({
        kind: "notStarted",
        code: "NODE_UNREACHABLE",
        fact: "gone",
        nothingRan: null,
        advice: null,
      }),
    });
    const error: unknown = await inTurn(KEY, () => text(bridge())).catch((fault: unknown) => fault);
    expect(error).toMatchObject({
      message: expect.stringMatching(/NODE_UNREACHABLE/),
      code: "NODE_UNREACHABLE",
    });
  });

  test("an onboarding that cannot be read is none, so that no agent is sent to follow it; one that is there is read", async () => {
    const from = bridge();
    put("one/BOOTSTRAP.md", "who are you?");
    expect(await inTurn(KEY, () => text(from, "BOOTSTRAP.md"))).toBe("who are you?");
    observe("down");
    await expect(inTurn(KEY, () => text(from, "BOOTSTRAP.md"))).rejects.toMatchObject({ code: "ENOENT" });
    await expect(inTurn(KEY, () => text(from))).rejects.toMatchObject({ code: "NODE_UNREACHABLE" });
  });

  test("a node that never answers is waited for once, and its script is ended", async () => {
    const { start: begin } = at.transport;
    at.transport.start = (node, request) => begin(node, { ...request, script: "sleep 600" });
    const from = bridge("worker", 200);
    await inTurn(KEY, async () => {
      for (const name of PERSONA_FILES) {
        await expect(text(from, name)).rejects.toThrow(/OUTCOME_UNKNOWN|FILE_FAILED|NOT_STARTED/);
      }
    });
    expect(at.transport.started).toHaveLength(1);
    expect(at.transport.groups.size).toBe(0);
  });

  test("without any connection it is refused with words", async () => {
    at.deps.memory.part(SSH_TRANSPORT).current = null;
    await expect(inTurn(KEY, () => text(bridge()))).rejects.toThrow(/^WORKSPACE_UNAVAILABLE/);
  });
});

describe("a folder", () => {
  test("of another agent is not read in this agent's turn", async () => {
    folders.other = join(at.folder, "gateway-of-other");
    entries.other = { sandbox: BOUND };
    const error = inTurn("agent:other:main", () => text(bridge()), "other");
    await expect(error).rejects.toThrow(
      /^WORKSPACE_UNAVAILABLE: the folder ".*gateway" is the workspace of another agent than "other"/,
    );
    expect(at.transport.started).toEqual([]);
  });

  test.each(["in a turn", "outside of one"])(
    "of an agent that is no longer bound to a node is refused %s, and its copy on the gateway is not taken",
    async (where) => {
      entries.worker = {};
      const read = () => text(bridge());
      await expect(where === "in a turn" ? inTurn(KEY, read) : read()).rejects.toThrow(
        /^WORKSPACE_UNAVAILABLE: no agent has the folder .* on a node any more, .* until it ends\. Restart the gateway$/,
      );
    },
  );

  test("of two agents that are on different nodes is refused outside of a turn, and is each one's own in it", async () => {
    entries.second = { sandbox: BOUND };
    folders.second = folders.worker ?? "";
    at.deps.configure({
      ...configOf(at.folder),
      rules: [
        { name: "a", agents: ["worker"], require: "one" },
        { name: "b", agents: ["second"], require: "two" },
      ],
    });
    const from = bridge();
    await expect(text(from)).rejects.toThrow(/agents "worker" and "second", on different nodes/);
    expect(await inTurn("agent:second:main", () => text(from), "second")).toBe("agents on two");
    expect(await inTurn(KEY, () => text(from))).toBe("agents on one");
  });
});

describe("outside of a turn, for the dashboard", () => {
  test("the files are those of the agent's latest session, else of the rule's choice; no session is placed by it", async () => {
    const from = bridge();
    expect(await text(from)).toBe("agents on one");
    expect(at.deps.memory.part(SESSION_NODES).latestOf("worker")).toBeNull();
    at.deps.memory.part(SESSION_NODES).put(KEY, "two", "ssh");
    expect(await text(from)).toBe("agents on two");
    expect((await from.readFile({ filePath: "AGENTS.md" })).toString()).toBe("agents on two");
    expect(await from.stat({ filePath: "SOUL.md" })).toBeNull();
  });

  test("a write goes to the node with a record, and the gateway's copy stays as it is", async () => {
    await bridge().writeFile({ filePath: "IDENTITY.md", data: "me", mkdir: true });
    expect(readFileSync(join(at.folder, "one/IDENTITY.md"), "utf8")).toBe("me");
    expect(existsSync(join(at.folder, "gateway/IDENTITY.md"))).toBe(false);
    expect(at.records.map(({ subject, result }) => [subject.kind, subject.agent, result?.outcome])).toEqual([
      ["file", "worker", undefined],
      ["file", "worker", "done"],
    ]);
  });

  test("a write is recorded without a session, also after a turn has looked at the same folder", async () => {
    const from = bridge();
    await inTurn(KEY, () => from.stat({ filePath: "AGENTS.md" }));
    await from.writeFile({ filePath: "IDENTITY.md", data: "me" });
    expect(at.records.map(({ subject }) => subject.sessionKey)).toEqual(["", ""]);
  });

  test("a write that follows a read is refused when the file is another by then, and loses nothing", async () => {
    const from = bridge();
    await from.readFile({ filePath: "AGENTS.md" });
    put("one/AGENTS.md", "by the agent");
    await expect(from.writeFile({ filePath: "AGENTS.md", data: "by the dashboard" })).rejects.toThrow(
      /^FILE_CHANGED/,
    );
    expect(readFileSync(join(at.folder, "one/AGENTS.md"), "utf8")).toBe("by the agent");
    await from.writeFile({ filePath: "AGENTS.md", data: "again" });
    expect(readFileSync(join(at.folder, "one/AGENTS.md"), "utf8")).toBe("again");
  });

  test("a read of a prompt is no condition for a later write that read nothing", async () => {
    const from = bridge();
    await inTurn(KEY, () => text(from));
    put("one/AGENTS.md", "by the agent");
    await from.writeFile({ filePath: "AGENTS.md", data: "by a script" });
    expect(readFileSync(join(at.folder, "one/AGENTS.md"), "utf8")).toBe("by a script");
  });
});

describe("what a node can do to a prompt", () => {
  test("names that a path in a prompt must not have are left out of a listing, and others are not", async () => {
    for (const name of ["plain", "日本語", "two\nlines", "bell\x07", "right\u202eleft"])
      put(`one/docs/${name}`, "");
    const listed = await bridge().readDirectory({ filePath: "docs" });
    expect(listed.map(({ name }) => name).sort()).toEqual(["plain", "日本語"].sort());
  });

  test("a folder of thousands of names is refused as a whole", async () => {
    for (let count = 0; count < 2_001; count++) put(`one/many/${count}`, "");
    await expect(bridge().readDirectory({ filePath: "many" })).rejects.toThrow(
      /^FILE_TOO_LARGE: .*more than 2000 names/,
    );
  });

  test("no more than two MiB of a file are taken, whatever the host allows", async () => {
    put("one/SOUL.md", "x".repeat(2 * 1024 * 1024 + 1));
    const soul = bridge().readFileWithSource({ filePath: "SOUL.md", maxBytes: 10 * 1024 * 1024 });
    await expect(soul).rejects.toThrow(/^FILE_TOO_LARGE/);
  });
});

test("a node without persona files while the gateway has some is said once, with both places", async () => {
  at.deps.configure(configOf(at.folder, { workspace: join(at.folder, "empty") }));
  const from = bridge();
  for (const round of [1, 2]) {
    await inTurn(`agent:worker:${round}`, () => text(from)).catch(() => {});
  }
  await expect.poll(() => at.deps.lines.filter(({ level }) => level === "warn")).toHaveLength(1);
  expect(at.deps.lines.find(({ level }) => level === "warn")?.text).toMatch(
    /no persona files, and those in ".*gateway" on the gateway are not read: copy them to ".*empty" on the node.*AGENTS\.md, MEMORY\.md/,
  );
});
