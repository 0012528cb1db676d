// The operator's cordons through the gateway's methods: who may name what, what the rules then say, what a drain finds.
import { describe, expect, test } from "vitest";
import type { Delegation } from "../../../../src/nodeRouter/delegation/model/delegation.ts";
import { OUTBOX, type Outbox } from "../../../../src/nodeRouter/delegation/outbox/outbox.ts";
import { CORDONS } from "../../../../src/nodeRouter/inventory/cordons.ts";
import { JOBS } from "../../../../src/nodeRouter/jobs/jobs.ts";
import { place } from "../../../../src/nodeRouter/placement/place.ts";
import { CALLS } from "../../../../src/nodeRouter/state/calls.ts";
import { noteEndedRuns } from "../../../../src/nodeRouter/state/endedRuns.ts";
import { SESSION_NODES } from "../../../../src/nodeRouter/state/sessionNodes.ts";
import {
  cordon,
  drain,
  drained,
  uncordon,
} from "../../../../src/nodeRouter/surfaces/methods/cordonMethods.ts";
import { createMethods } from "../../../../src/nodeRouter/surfaces/methods/methods.ts";
import { UsageError } from "../../../../src/nodeRouter/surfaces/methods/params.ts";
import { NODE_TRANSPORT } from "../../../../src/nodeRouter/transports/nodeTransport.ts";
import { SSH_TRANSPORT } from "../../../../src/nodeRouter/transports/transport.ts";
import {
  CN_ID,
  CONFIG,
  type FakeOptions,
  fakeDeps,
  hostEntry,
  SG_ID,
  START_MS,
  workspaceOptions,
} from "../../../support/fakeDeps.ts";
import { makeNode } from "../../../support/makeNode.ts";
import { JOB, makeJob } from "../../jobs/makeJob.ts";
import { makeRequest, makeRule, snapshotOf } from "../../placement/arrange.ts";

const HOST = { agents: { entries: { "worker-sg": {}, "worker-cn": {} } } };

function arrange(options: FakeOptions = { hostConfig: HOST }) {
  const deps = fakeDeps(options);
  return { deps, methods: createMethods(deps, "1", async () => {}) };
}

describe("a cordoned node", () => {
  test("gets no call: its agent is refused in counted words, and says who, why and until when wherever it is shown", async () => {
    const { deps, methods } = arrange();
    const answer = await cordon(deps, { node: "mac-sg", reason: "disk", for: "2h", by: "alice@gw" }, "cli");
    const until = new Date(START_MS + 7_200_000).toISOString();
    const at = new Date(START_MS).toISOString();
    const told = { by: "alice@gw (cli)", reason: "disk", at, until, drain: false, move: false };
    expect(answer).toEqual({ node: "mac-sg", peer: false, cordon: told, before: null });
    const words = `cordoned by "alice@gw (cli)" since ${at}: "disk"; until ${until}`;
    const explained = await methods.explain({ agent: "worker-sg" });
    expect(explained).toMatchObject({ outcome: "refused", node: null });
    expect(explained.message).toContain(
      '0/2 nodes fit rule "singapore" for exec: 1 didn\'t match "region=sg", 1 was cordoned',
    );
    expect(explained.candidates.find(({ node }) => node === "mac-sg")).toMatchObject({
      reason: "was cordoned",
      detail: words,
    });
    expect((await methods.nodes()).nodes.map((node) => node.cordon)).toEqual([null, told]);
    expect((await methods.status()).cordons).toEqual([{ node: "mac-sg", cordon: told }]);
    const { findings } = await methods.doctor();
    expect(findings.find(({ id }) => id === "node-router/node-cordoned")).toMatchObject({
      severity: "info",
      message: `node "mac-sg" is ${words}`,
    });
    expect((await methods.explain({ agent: "worker-cn" })).outcome).toBe("placed");
  });

  test("gets calls again when its time is over, or when it is uncordoned, and not before", async () => {
    const { deps, methods } = arrange();
    const outcome = async () => (await methods.explain({ agent: "worker-sg" })).outcome;
    await cordon(deps, { node: "mac-sg" }, "cli");
    expect(await outcome()).toBe("refused");
    expect(await uncordon(deps, { node: "mac-sg" })).toEqual({ lifted: ["mac-sg"] });
    expect(await outcome()).toBe("placed");
    expect(await uncordon(deps, { node: "mac-sg" })).toEqual({ lifted: [] });
  });

  test.each<readonly [string, readonly object[], object]>([
    ["takes another name", [hostEntry("nice", SG_ID)], {}],
    ["gets a namesake, so that both go by their ids", [hostEntry("box", SG_ID), hostEntry("box", CN_ID)], {}],
    ["gets an entry under another name", [hostEntry("box", SG_ID)], { desk: { node: SG_ID } }],
  ])("stays cordoned when it %s, and no other machine is", async (_, listed, nodes) => {
    const rules = [{ name: "open", agents: ["worker-sg"], require: "node.os=linux" }];
    const { deps, methods } = arrange({ hostConfig: HOST, config: { rules } });
    deps.nodes = { nodes: [hostEntry("box", SG_ID)] };
    await cordon(deps, { node: "box" }, "cli");
    deps.clockMs += 1_000;
    deps.nodes = { nodes: listed };
    deps.configure({ rules, nodes });
    const { message, candidates } = await methods.explain({ agent: "worker-sg" });
    const free = listed.length === 2 ? [[CN_ID, null]] : [];
    const name = candidates.find(({ reason }) => reason === "was cordoned")?.node ?? "";
    expect(candidates.map(({ node, reason }) => [node, reason])).toEqual([[name, "was cordoned"], ...free]);
    expect(message).toMatch(free.length === 1 ? `runs on ${CN_ID}` : /1 was cordoned/);
    expect((await methods.doctor()).findings.map(({ id }) => id)).not.toContain(
      "node-router/cordon-unknown-node",
    );
    expect(await uncordon(deps, { node: name })).toEqual({ lifted: ["box"] });
    expect((await methods.explain({ agent: "worker-sg" })).message).not.toContain("cordoned");
  });

  test("is said to be from whom the gateway knows, however much the client says of itself", async () => {
    const { deps } = arrange();
    const { cordon: told } = await cordon(
      deps,
      { node: "mac-sg", by: `alice (cli)${"x".repeat(300)}` },
      "webchat",
    );
    expect(told).toMatchObject({ by: expect.stringMatching(/^alice \(cli\)x+… \(webchat\)$/) });
    expect(told).toMatchObject({ by: expect.stringMatching(/^.{100,120}$/) });
  });

  test("is not one without an end because its time was a number", async () => {
    const { deps } = arrange();
    await expect(cordon(deps, { node: "mac-sg", for: 7_200 }, "cli")).rejects.toThrow(
      "for takes a time span",
    );
    expect(deps.memory.part(CORDONS).view().records.size).toBe(0);
  });

  test("is none where a dry run is asked for, and not another one where a word stands for true", async () => {
    const { deps } = arrange();
    for (const act of [cordon, drain, uncordon])
      for (const dryRun of [true, "true", null])
        await expect(act(deps, { node: "mac-sg", dryRun }, "cli")).rejects.toThrow(UsageError);
    await expect(cordon(deps, { node: "mac-sg", dryRun: true }, "cli")).rejects.toThrow(
      "there is no dry run of this: ask noderouter.plan with cordon",
    );
    await expect(drain(deps, { node: "mac-sg", move: "true" }, "cli")).rejects.toThrow(
      "move is true or false",
    );
    expect(deps.memory.part(CORDONS).view().records.size).toBe(0);
    await cordon(deps, { node: "mac-sg", dryRun: false }, "cli");
    expect(deps.memory.part(CORDONS).view().records.size).toBe(1);
  });

  test("is one that the config or the gateway's list has: any other name is the caller's mistake, with the nearest", async () => {
    const { deps } = arrange();
    for (const act of [cordon, drain]) {
      await expect(act(deps, { node: "mac-gs" }, "cli")).rejects.toThrow(UsageError);
      await expect(act(deps, { node: "mac-gs" }, "cli")).rejects.toThrow('did you mean "mac-sg"?');
      await expect(act(deps, {}, "cli")).rejects.toThrow("a node is needed");
    }
    await expect(uncordon(deps, { node: "nobody" })).rejects.toThrow(UsageError);
    await expect(uncordon(deps, {})).rejects.toThrow(UsageError);
    await expect(cordon(deps, { node: "mac-sg", for: "soon" }, "cli")).rejects.toThrow(
      "for takes a time span",
    );
    expect(deps.memory.part(CORDONS).view().records.size).toBe(0);
  });

  test("that left the config can still be uncordoned, and doctor says that nobody has the name", async () => {
    const { deps, methods } = arrange();
    await cordon(deps, { node: "mac-sg" }, "cli");
    deps.nodes = { nodes: [] };
    deps.configure({});
    deps.clockMs += 1;
    const { findings } = await methods.doctor();
    expect(findings.map(({ id }) => id)).toContain("node-router/cordon-unknown-node");
    expect(await uncordon(deps, { node: "mac-sg" })).toEqual({ lifted: ["mac-sg"] });
  });

  test("keeps its words short and printable, whatever the caller sends", async () => {
    const { deps } = arrange();
    const { cordon: told } = await cordon(
      deps,
      { node: "mac-sg", reason: `\u001b[2J${"x".repeat(999)}` },
      "y".repeat(999),
    );
    if (told === null || told === "unreadable") throw new Error("not cordoned");
    expect(told.reason).toMatch(/^\\u001b\[2Jx+…$/);
    expect([told.reason?.length, told.by.length]).toEqual([200, 100]);
  });
});

test("a cordon never adds a node: what did not fit does not fit, and the counts add up", () => {
  const cordoned = { by: "x", reason: null, atMs: 0, untilMs: null, drain: false, move: false };
  const nodes = [
    makeNode({ cordon: cordoned }),
    makeNode({ name: "b", cordon: "unreadable" }),
    makeNode({ name: "c" }),
  ];
  const decision = place(makeRequest(), snapshotOf(...nodes), [makeRule()]);
  expect(decision.node?.name).toBe("c");
  expect(decision.filtered.map(({ reason, count }) => [reason.one, count])).toEqual([
    ["had a cordon record that cannot be read", 1],
    ["was cordoned", 1],
  ]);
});

describe("drain", () => {
  const placed = (
    deps: ReturnType<typeof fakeDeps>,
    toolCallId: string,
    node = makeNode(),
    nodeId = SG_ID,
  ) => {
    const decision = place(makeRequest(), snapshotOf(node), [makeRule()]);
    const call = { toolCallId, runId: "r", sessionKey: "s", agent: "worker-sg", tool: "exec", decision };
    deps.memory.part(CALLS).add({ ...call, nodeId, jobId: null, workspaceCallId: null, notes: [] });
  };

  test("is done when the last call that ran there has its result, and not while one runs", async () => {
    const { deps } = arrange();
    placed(deps, "c1");
    placed(deps, "c2");
    const first = await drain(deps, { node: "mac-sg", reason: "kernel" }, "cli");
    expect(first).toMatchObject({ done: false, ssh: null, cordon: { drain: true, reason: "kernel" } });
    expect(first.calls).toEqual([
      { agent: "worker-sg", tool: "exec" },
      { agent: "worker-sg", tool: "exec" },
    ]);
    deps.memory.part(CALLS).end("r", "c1");
    expect((await drained(deps, { node: "mac-sg" })).calls).toHaveLength(1);
    deps.memory.part(CALLS).end("r", "c2");
    expect(await drained(deps, { node: "mac-sg" })).toMatchObject({ done: true, calls: [] });
    expect(await drained(deps, { node: "mac-cn" })).toMatchObject({ done: true, cordon: null });
  });

  test("waits for no call whose run ended without its result, and names it for half an hour: a stopped run tells none", async () => {
    const { deps } = arrange();
    const note = noteEndedRuns(deps.memory, deps.now);
    placed(deps, "c1");
    placed(deps, "c2");
    deps.memory.part(CALLS).end("r", "c1");
    note({ runId: "other", stream: "lifecycle", data: { phase: "end" } });
    note({ runId: "r", stream: "lifecycle", data: { phase: "start" } });
    note({ runId: "r", stream: "tool", data: { phase: "end" } });
    expect(await drain(deps, { node: "mac-sg" }, "cli")).toMatchObject({ done: false, untold: [] });
    note({ runId: "r", stream: "lifecycle", data: { phase: "error" } });
    const untold = [{ agent: "worker-sg", tool: "exec" }];
    expect(await drained(deps, { node: "mac-sg" })).toMatchObject({ done: true, calls: [], untold });
    expect(await drained(deps, { node: "mac-cn" })).toMatchObject({ untold: [] });
    deps.clockMs += 1_800_001;
    expect(await drained(deps, { node: "mac-sg" })).toMatchObject({ done: true, untold: [] });
  });

  test("that the gateway is restarted under goes on as it was said, and knows no call of the old life", async () => {
    let text: string | null = null;
    const store = {
      file: "cordons.json",
      read: async () => text,
      write: async (next: string) => {
        text = next;
      },
      alone: <T>(work: () => Promise<T>) => work(),
    };
    const { deps } = arrange();
    deps.memory.part(CORDONS).keepIn(store);
    placed(deps, "c1");
    await drain(deps, { node: "mac-sg", reason: "kernel", move: true }, "cli");
    const { deps: reborn, methods } = arrange();
    reborn.memory.part(CORDONS).keepIn(store);
    expect(await drained(reborn, { node: "mac-sg" })).toMatchObject({
      done: true,
      calls: [],
      cordon: { drain: true, move: true, reason: "kernel" },
    });
    expect((await methods.explain({ agent: "worker-sg" })).message).toContain("1 was cordoned");
  });

  test.each<readonly [string, readonly object[], object, string]>([
    ["takes another name itself", [hostEntry("desk", SG_ID)], {}, "desk"],
    [
      "takes another name, and another machine takes its old one",
      [hostEntry("desk", SG_ID), hostEntry("box", CN_ID)],
      {},
      "desk",
    ],
    ["gets an entry under another name", [hostEntry("box", SG_ID)], { desk: { node: SG_ID } }, "desk"],
    ["is gone from the gateway's list", [], {}, "box"],
  ])(
    "counts what runs there on when the machine %s, under the old name and the new",
    async (_, listed, nodes, name) => {
      const { deps } = arrange({ hostConfig: HOST, config: { rules: [] } });
      deps.nodes = { nodes: [hostEntry("box", SG_ID)] };
      const box = makeNode({ name: "box", nodeId: SG_ID });
      placed(deps, "c1", box);
      deps.memory.part(SESSION_NODES).put("agent:worker-sg:main", "box", "node");
      deps.memory.part(JOBS).add(makeJob({ nodeName: "box", nodeId: SG_ID }));
      await drain(deps, { node: "box" }, "cli");
      deps.clockMs += 1_000;
      deps.nodes = { nodes: listed };
      deps.configure({ rules: [], nodes });
      placed(deps, "c2", makeNode({ name, nodeId: SG_ID }));
      placed(deps, "of another machine", makeNode({ name: "box", nodeId: CN_ID }), CN_ID);
      for (const asked of new Set(["box", name])) {
        const report = await drained(deps, { node: asked });
        expect(report).toMatchObject({ node: name, done: false, cordon: { drain: true } });
        expect(report.calls).toHaveLength(2);
        expect(report.sessions).toHaveLength(1);
        expect(report.jobs).toHaveLength(1);
      }
      for (const id of ["c1", "c2"]) deps.memory.part(CALLS).end("r", id);
      expect(await drained(deps, { node: name })).toMatchObject({ node: name, done: true });
    },
  );

  test("counts what runs by the old id and by the new one of a node that was paired anew", async () => {
    const { deps } = arrange();
    placed(deps, "c1");
    await drain(deps, { node: "mac-sg" }, "cli");
    const anew = "5b".repeat(32);
    deps.clockMs += 1_000;
    deps.nodes = { nodes: [hostEntry("mac-sg", anew)] };
    const counters = (id: string) => (id === anew ? { running: 2 } : id === SG_ID ? { running: 1 } : null);
    Object.assign(deps.memory.part(NODE_TRANSPORT), { current: { counters } });
    const report = await drained(deps, { node: "mac-sg" });
    expect(report).toMatchObject({ node: "mac-sg", done: false, cordon: { drain: true } });
    expect(report.calls).toHaveLength(1);
    expect(report.overNode).toEqual({ running: 1 });
    deps.configure({ nodes: {}, rules: [] });
    expect((await drained(deps, { node: "mac-sg" })).overNode).toEqual({ running: 3 });
  });

  test("of a peer is not done while a task that it has, or may have, has not ended; other peers' tasks and those of nobody hold nothing", async () => {
    const peers = { "gw-sg": { url: "https://gw-sg.ts.net", token: "t".repeat(32) } };
    const { deps } = arrange({ hostConfig: HOST, config: { ...CONFIG, peers } });
    const task = (id: string, peer: string | null, state: Delegation["state"]) => ({
      id,
      peer,
      state,
      agent: "w",
    });
    let given = [
      task("1", "gw-sg", "unknown"),
      task("2", "gw-sg", "working"),
      task("3", "gw-sg", "completed"),
    ];
    given.push(task("4", "gw-hk", "working"), task("5", null, "queued"));
    // Only what a drain asks of it.
    const outbox: unknown = { all: () => given };
    deps.memory.part(OUTBOX).current = outbox as Outbox;
    expect(await drain(deps, { node: "gw-sg" }, "cli")).toMatchObject({
      node: "gw-sg",
      peer: true,
      cordon: { drain: true },
      done: false,
      tasks: [
        { id: "1", agent: "w" },
        { id: "2", agent: "w" },
      ],
    });
    expect(await drained(deps, { node: "mac-sg" })).toMatchObject({ peer: false, done: true, tasks: [] });
    given = [task("1", "gw-sg", "canceled"), task("2", "gw-sg", "lost")];
    expect(await drained(deps, { node: "gw-sg" })).toMatchObject({ done: true, tasks: [] });
  });

  test("of a peer is not done before the records of delegations are read; of one that gets no tasks it is", async () => {
    const peers = {
      "gw-sg": { url: "https://gw-sg.ts.net", token: "t".repeat(32) },
      "gw-cn": { accept: { token: "u".repeat(32), agents: ["worker-sg"] } },
    };
    const { deps } = arrange({ hostConfig: HOST, config: { ...CONFIG, peers } });
    expect(await drain(deps, { node: "gw-sg" }, "cli")).toMatchObject({ done: false, tasks: null });
    expect(await drain(deps, { node: "gw-cn" }, "cli")).toMatchObject({ peer: true, done: true, tasks: [] });
    expect(await drained(deps, { node: "mac-sg" })).toMatchObject({ done: true, tasks: [] });
  });

  test("counts a call on the node that the model named, and not on the one that its rule would have chosen", async () => {
    const { deps } = arrange();
    placed(deps, "c1", makeNode({ name: "mac-cn", nodeId: CN_ID }));
    expect(await drained(deps, { node: "mac-sg" })).toMatchObject({ done: false });
    expect(await drained(deps, { node: "mac-cn" })).toMatchObject({ done: true });
  });

  test("does not name a call whose result came after all", async () => {
    const { deps } = arrange();
    placed(deps, "c1");
    noteEndedRuns(deps.memory, deps.now)({ runId: "r", stream: "lifecycle", data: { phase: "error" } });
    deps.memory.part(CALLS).end("r", "c1");
    expect(await drained(deps, { node: "mac-sg" })).toMatchObject({ done: true, untold: [] });
  });

  test("is not done while a command of a workspace over the node protocol runs there, and nothing of it shows elsewhere", async () => {
    const { deps } = arrange();
    let running = 1;
    const counters = (nodeId: string) => (nodeId === SG_ID ? { running } : null);
    Object.assign(deps.memory.part(NODE_TRANSPORT), { current: { counters } });
    expect(await drain(deps, { node: "mac-sg" }, "cli")).toMatchObject({
      done: false,
      overNode: { running: 1 },
    });
    expect(await drained(deps, { node: "mac-cn" })).toMatchObject({ done: true, overNode: null });
    running = 0;
    expect(await drained(deps, { node: "mac-sg" })).toMatchObject({ done: true, overNode: { running: 0 } });
  });

  test("does not wait for what only carries the output of a detached command on, and waits for the command beside it", async () => {
    const { deps } = arrange();
    let running = 2;
    Object.assign(deps.memory.part(SSH_TRANSPORT), {
      current: { counters: (name: string) => (name === "mac-sg" ? { running, queued: 0 } : null) },
    });
    const jobs = deps.memory.part(JOBS);
    jobs.add(makeJob({ through: "ssh" }));
    const unfollow = jobs.follow(JOB);
    expect(await drain(deps, { node: "mac-sg" }, "cli")).toMatchObject({ done: false, ssh: { running: 1 } });
    running = 1;
    expect(await drained(deps, { node: "mac-sg" })).toMatchObject({
      done: true,
      ssh: { running: 0 },
      jobs: [{ job: JOB }],
    });
    unfollow();
    expect(await drained(deps, { node: "mac-sg" })).toMatchObject({ done: false, ssh: { running: 1 } });
  });

  test("names the sessions whose files are there and the detached commands that were started there, no others", async () => {
    const { deps } = arrange();
    deps.memory.part(SESSION_NODES).put("agent:worker-sg:main", "mac-sg", "ssh");
    deps.memory.part(SESSION_NODES).put("agent:worker-cn:main", "mac-cn", "node");
    deps.memory.part(JOBS).add(makeJob({ jobId: "nr-1" }));
    deps.memory.part(JOBS).add(makeJob({ jobId: "nr-2", nodeName: "mac-cn", nodeId: CN_ID }));
    deps.memory.part(JOBS).add(makeJob({ jobId: "nr-3" }));
    deps.memory.part(JOBS).end("nr-3", { outcome: "ran", exitCode: 0, signal: null });
    expect(await drain(deps, { node: "mac-sg" }, "cli")).toMatchObject({
      done: true,
      sessions: [{ session: "agent:worker-sg:main", agent: "worker-sg" }],
      jobs: [{ job: "nr-1", agent: "worker-sg", startedAt: new Date(START_MS).toISOString() }],
    });
  });

  test.each([
    [false, "NODE_UNREACHABLE", null],
    [true, null, "mac-2"],
  ])("with move %s a session whose files are there gets %s, and goes to %s", async (move, code, node) => {
    const { decideSession } = await import("../../../../src/nodeRouter/policy/sessionNode.ts");
    const { currentSnapshot } = await import("../../../../src/nodeRouter/inventory/currentSnapshot.ts");
    const { worldNow, policyNow } = await import("../../../../src/nodeRouter/current/worldNow.ts");
    const { LAST_NODES } = await import("../../../../src/nodeRouter/state/lastNodes.ts");
    const { PLUGIN_CONFIG } = await import("../../../../src/config/currentConfig.ts");
    const ssh = { tags: ["region=sg"], ssh: {}, workspace: "/ws" };
    const config = {
      nodes: { "mac-sg": ssh, "mac-2": ssh },
      rules: [{ name: "singapore", agents: ["worker-sg"], require: "region=sg" }],
    };
    const { deps } = arrange({ ...workspaceOptions(), config });
    await drain(deps, { node: "mac-sg", move }, "cli");
    const resolved = deps.memory.part(PLUGIN_CONFIG).current;
    if (resolved === null) throw new Error("no config");
    const world = worldNow(deps, resolved, await currentSnapshot(deps, resolved));
    const place = decideSession(
      policyNow(deps, resolved, "worker-sg"),
      { node: "mac-sg", over: "ssh" },
      world,
      deps.memory.part(LAST_NODES),
    );
    expect(place.ok ? null : place.refusal.code).toBe(code);
    expect(place.ok ? place.node.name : null).toBe(node);
    if (!place.ok) expect(place.refusal.fact).toContain("is cordoned");
  });
});
