// Calls for which no node fits now: they wait, each begins once, and none waits for what does not come by itself.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createAfterToolCall } from "../../src/hooks/afterToolCall.ts";
import { createBeforeToolCall } from "../../src/hooks/beforeToolCall.ts";
import { createToolPolicy } from "../../src/hooks/toolPolicy.ts";
import { placeSession } from "../../src/nodeRouter/current/placeSession.ts";
import { WAITING } from "../../src/nodeRouter/current/waiting.ts";
import { JOBS } from "../../src/nodeRouter/jobs/jobs.ts";
import { PLUGIN_COMMAND } from "../../src/nodeRouter/placement/filters/plugin.ts";
import { CALLS } from "../../src/nodeRouter/state/calls.ts";
import { LAST_NODES } from "../../src/nodeRouter/state/lastNodes.ts";
import { OUTLIERS } from "../../src/nodeRouter/state/outliers.ts";
import { RUNNING } from "../../src/nodeRouter/state/running.ts";
import { PRESENCE } from "../../src/presence/presence.ts";
import {
  CONFIG,
  contextOf,
  execEvent,
  type FakeDeps,
  fakeDeps,
  hostEntry,
  RUN,
  SG_ID,
  workspaceOptions,
} from "../support/fakeDeps.ts";
import { fakePresence, makePresence, reachOf } from "../support/makePresence.ts";
import { ownStore } from "../support/ownStore.ts";

const SG = contextOf("worker-sg");
const SG2_ID = "5b".repeat(32);
const up = () => ({ nodes: [hostEntry("mac-sg", SG_ID)] });
const down = () => ({ nodes: [hostEntry("mac-sg", SG_ID, { connected: false })] });

const configOf = (rule: object, node: object = {}, more: object = {}) => ({
  nodes: { "mac-sg": { ...CONFIG.nodes["mac-sg"], ...node }, ...more },
  rules: [{ name: "singapore", agents: ["worker-sg"], require: "region=sg", ...rule }],
});
const WAITS = { onUnavailable: { wait: "20s" } };
const FULL = { maxRunning: 1 };

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

function arranged(config: object, nodes: object = up(), options: object = {}) {
  const deps = fakeDeps({ config, ...options });
  deps.nodes = nodes;
  const policy = createToolPolicy(deps);
  const after = createAfterToolCall(deps);
  const exec = (id: string, context: object = SG) =>
    policy(execEvent(deps, { command: "date" }, { toolCallId: id }), { ...SG, ...context, toolCallId: id });
  const end = (id: string, details: object = { nodeId: SG_ID, exitCode: 0 }) =>
    after({ ...execEvent(deps, {}, { toolCallId: id }), result: { details } }, { ...SG, toolCallId: id });
  return { deps, policy, exec, end };
}

async function pass(deps: FakeDeps, ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 500) {
    deps.clockMs += Math.min(500, left);
    await vi.advanceTimersByTimeAsync(Math.min(500, left));
  }
}

/** What became of it so far; undefined: it waits. */
function soFar(call: Promise<unknown>): () => unknown {
  let settled: unknown;
  void call.then((answer) => {
    settled = answer;
  });
  return () => settled;
}

const PLACED = { params: { host: "node", node: SG_ID } };
const notesOf = (deps: FakeDeps, id: string) => deps.memory.part(CALLS).find(RUN, id)?.notes;
const waiting = (deps: FakeDeps) => deps.memory.part(WAITING).calls.size;

describe("a call whose node is offline", () => {
  test("waits, begins once when it is back, and its result says how long that was", async () => {
    const { deps, exec } = arranged(configOf(WAITS), down());
    const answer = soFar(exec("1"));
    await pass(deps, 3_000);
    expect([answer(), waiting(deps)]).toEqual([undefined, 1]);
    deps.nodes = up();
    await pass(deps, 2_000);
    expect(answer()).toMatchObject(PLACED);
    expect(notesOf(deps, "1")).toEqual([expect.stringMatching(/^waited [34] s for a node$/)]);
    expect([waiting(deps), vi.getTimerCount()]).toEqual([0, 0]);
    expect(deps.lines.filter(({ text }) => text.startsWith("waits for a node"))).toHaveLength(1);
  });

  test("is refused when its time is over, with how long it waited, and leaves nothing behind", async () => {
    const { deps, exec } = arranged(configOf(WAITS), down());
    const answer = soFar(exec("1"));
    await pass(deps, 19_000);
    expect(answer()).toBeUndefined();
    await pass(deps, 1_500);
    expect(answer()).toMatchObject({
      blockReason: expect.stringMatching(
        /^NO_NODE_FITS: 0\/1 nodes fit rule "singapore" for exec: 1 was offline; it waited 20 s; nothing ran\. Node mac-sg is offline\. Trying again helps once that has changed/,
      ),
    });
    expect([waiting(deps), vi.getTimerCount()]).toEqual([0, 0]);
  });

  test.each([
    ["approval", { nodes: [hostEntry("mac-sg", SG_ID, { approvalState: "pending" })] }],
    ["a node with another tag", { nodes: [] }],
  ])("does not wait for %s, which does not come by itself", async (_, nodes) => {
    const { deps, exec } = arranged(configOf(WAITS), nodes);
    expect(await exec("1")).toMatchObject({ block: true });
    expect(waiting(deps)).toBe(0);
  });

  test("ends with its run, and takes no place that comes free afterwards", async () => {
    const { deps, exec } = arranged(configOf(WAITS, FULL), down());
    const run = new AbortController();
    const answer = soFar(exec("1", { abortSignal: run.signal }));
    await pass(deps, 1_000);
    run.abort();
    await pass(deps, 1);
    expect(answer()).toMatchObject({
      blockReason: expect.stringMatching(/^NOT_STARTED: the call was cancelled while it waited for a node/),
    });
    deps.nodes = up();
    await pass(deps, 2_000);
    expect([deps.memory.part(RUNNING).on("mac-sg"), waiting(deps), vi.getTimerCount()]).toEqual([0, 0, 0]);
  });

  test("waits at most 10 s in the hook, which OpenClaw would end after 15 s", async () => {
    const { deps, policy } = arranged(configOf(WAITS), down());
    const hook = createBeforeToolCall(deps, policy);
    const answer = soFar(hook(execEvent(deps, { command: "date" }), { ...SG, toolCallId: "call-1" }));
    await pass(deps, 10_500);
    expect(answer()).toMatchObject({ block: true });
  });

  test("does not wait in shadow mode, which changes nothing", async () => {
    const { exec, deps } = arranged({ ...configOf(WAITS), mode: "shadow" }, down());
    expect(await exec("1")).toBeUndefined();
    expect(waiting(deps)).toBe(0);
  });
});

describe("a call that is no exec of a paired node", () => {
  test("waits as well: a node tool, and a command in a workspace whose node is away", async () => {
    const { deps, policy } = arranged(configOf(WAITS), down());
    const tool = soFar(policy(execEvent(deps, {}, { toolName: "browser", toolCallId: "b" }), SG));
    await pass(deps, 1_000);
    expect(tool()).toBeUndefined();
    deps.nodes = up();
    await pass(deps, 1_500);
    expect(tool()).toMatchObject({ params: { node: SG_ID } });

    const { hostConfig } = workspaceOptions();
    const bound = arranged(configOf(WAITS, { ssh: {} }), up(), { hostConfig });
    const seen = (state: "up" | "down") =>
      new Map([["mac-sg", makePresence({ reach: { node: null, ssh: reachOf(state) } })]]);
    let records = seen("up");
    bound.deps.memory.part(PRESENCE).current = fakePresence(() => records);
    expect(await bound.exec("1")).toMatchObject({ params: expect.anything() });
    bound.end("1", { exitCode: 0 });
    records = seen("down");
    const command = soFar(bound.exec("2"));
    await pass(bound.deps, 1_000);
    expect([command(), waiting(bound.deps)]).toEqual([undefined, 1]);
    records = seen("up");
    await pass(bound.deps, 1_500);
    expect(command()).toMatchObject({ params: expect.anything() });
    expect(notesOf(bound.deps, "2")).toEqual([expect.stringMatching(/^waited [12] s for a node$/)]);
  });

  test("of a run whose session has no node yet: it waits for one as it begins, and another look does not", async () => {
    const { hostConfig } = workspaceOptions();
    const { deps } = arranged(configOf(WAITS, { transport: "node" }), down(), { hostConfig });
    const key = "agent:worker-sg:main";
    expect(await placeSession(deps, "worker-sg", key)).toMatchObject({ ok: false });
    const begins = soFar(placeSession(deps, "worker-sg", key, true));
    await pass(deps, 1_000);
    expect(begins()).toBeUndefined();
    deps.nodes = { nodes: [hostEntry("mac-sg", SG_ID, { commands: ["system.run", PLUGIN_COMMAND] })] };
    await pass(deps, 1_500);
    expect(begins()).toMatchObject({ ok: true, node: { name: "mac-sg" } });
  });
});

describe("a config that is loaded while a call waits", () => {
  test("holds for it: a rule that no longer waits refuses it, one that means another node sends it there", async () => {
    const { deps, exec } = arranged(configOf(WAITS), down());
    const [one, two] = [soFar(exec("1")), soFar(exec("2"))];
    await pass(deps, 1_000);
    deps.configure(null);
    await pass(deps, 2_000);
    expect([one(), two()]).toEqual([undefined, undefined]);
    deps.configure(configOf({}));
    await pass(deps, 1_500);
    expect(one()).toMatchObject({ blockReason: expect.stringMatching(/it waited [34] s/) });
    const three = soFar(exec("3"));
    await pass(deps, 1);
    expect(three()).toMatchObject({ block: true });

    deps.configure(configOf(WAITS));
    const four = soFar(exec("4"));
    await pass(deps, 1_000);
    deps.nodes = { nodes: [hostEntry("mac-sg", SG_ID, { connected: false }), hostEntry("sg-2", SG2_ID)] };
    deps.configure(configOf(WAITS, {}, { "sg-2": { tags: ["region=sg"] } }));
    await pass(deps, 2_000);
    expect(four()).toMatchObject({ params: { node: SG2_ID } });
  });
});

test("whoever waits gives way to a reload, which waits for every call and lets no other one begin", async () => {
  const { deps, exec } = arranged(configOf(WAITS), down());
  const answer = soFar(exec("1"));
  await pass(deps, 2_000);
  expect(answer()).toBeUndefined();
  deps.configure(configOf(WAITS));
  await pass(deps, 500);
  expect(answer()).toMatchObject({
    blockReason:
      "NOT_STARTED: the call waited for a node, and OpenClaw is loading node-router or its config anew; trying again is safe.",
  });
  expect([waiting(deps), vi.getTimerCount()]).toEqual([0, 0]);
});

describe("a node that may run one call", () => {
  test("gives its last place to one of two calls of the same moment, and the other is refused in counted words", async () => {
    const { exec, end } = arranged(configOf({}, FULL));
    const both = await Promise.all([exec("1"), exec("2")]);
    expect(both[0]).toMatchObject(PLACED);
    expect(both[1]).toMatchObject({ blockReason: expect.stringContaining("for exec: 1 was full") });
    end("1");
    expect(await exec("3")).toMatchObject(PLACED);
  });

  test("serves those who wait in the order in which they came, and whoever comes later waits behind them", async () => {
    const { deps, exec, end } = arranged(configOf(WAITS, FULL));
    await exec("1");
    const two = soFar(exec("2"));
    await pass(deps, 1);
    const three = soFar(exec("3"));
    await pass(deps, 1);
    end("1");
    const four = soFar(exec("4"));
    await pass(deps, 1);
    expect([two(), three(), four()]).toEqual([
      expect.objectContaining({ params: expect.anything() }),
      undefined,
      undefined,
    ]);
    end("2");
    await pass(deps, 1);
    expect([three() !== undefined, four()]).toEqual([true, undefined]);
    end("3");
    await pass(deps, 1);
    expect(four()).toMatchObject(PLACED);
  });

  test.each([["whose parameters nobody can carry out", { command: "x", env: { "K=bad": "1" } }]])(
    "has its place again after a call %s",
    async (_, params) => {
      const { deps, policy } = arranged(configOf({}, FULL));
      expect(await policy(execEvent(deps, params), SG)).toMatchObject({ block: true });
      expect(deps.memory.part(RUNNING).on("mac-sg")).toBe(0);
    },
  );

  test("is full for as long as a detached command runs there, although its call is over", async () => {
    const { deps, policy, exec, end } = arranged(configOf({}, FULL));
    await policy(execEvent(deps, { command: "sleep 9", background: true }, { toolCallId: "1" }), SG);
    end("1");
    expect(await exec("2")).toMatchObject({ block: true });
    // The job holds the place, so a restart keeps it; its end frees it.
    expect(deps.memory.part(RUNNING).on("mac-sg")).toBe(0);
    const [job] = deps.memory.part(JOBS).on("mac-sg");
    deps.memory.part(JOBS).end(job?.jobId ?? "", { outcome: "ran", exitCode: 0, signal: null });
    expect(await exec("3")).toMatchObject(PLACED);
  });

  test("counts the commands of a workspace, and no file that is looked at", async () => {
    const options = workspaceOptions();
    const config = {
      ...(options.config as typeof CONFIG),
      nodes: { ...(options.config as typeof CONFIG).nodes },
    };
    config.nodes["mac-sg"] = { ...config.nodes["mac-sg"], ...FULL };
    const { deps, policy, exec } = arranged(config, up(), { hostConfig: options.hostConfig });
    expect(await exec("1")).toMatchObject({ params: expect.anything() });
    expect(
      await policy(execEvent(deps, { path: "a" }, { toolName: "read", toolCallId: "2" }), SG),
    ).toBeUndefined();
    expect(await exec("3")).toMatchObject({
      blockReason: expect.stringContaining("runs as many calls as it may"),
    });
  });
});

describe("a node to which calls fail", () => {
  const two = { nodes: [hostEntry("mac-sg", SG_ID), hostEntry("sg-2", SG2_ID)] };
  const config = configOf({}, {}, { "sg-2": { tags: ["region=sg"] } });
  const LOST = { nodeId: SG_ID, failureKind: "outcome-unknown" };

  test("three times in a row is left alone while another fits; what a command exits with is no failure", async () => {
    const { exec, end } = arranged(config, two);
    for (const id of ["1", "2", "3"]) {
      expect(await exec(id)).toMatchObject(PLACED);
      end(id, { nodeId: SG_ID, exitCode: 1 });
    }
    for (const id of ["4", "5", "6"]) {
      expect(await exec(id)).toMatchObject(PLACED);
      end(id, LOST);
    }
    expect(await exec("7")).toMatchObject({ params: { node: SG2_ID } });
  });

  test("is used all the same when it is the last one", async () => {
    const { deps, exec } = arranged(configOf({}));
    for (let at = 0; at < 3; at++) deps.memory.part(OUTLIERS).failed("mac-sg", "NODE_UNREACHABLE");
    expect(await exec("1")).toMatchObject(PLACED);
    expect(deps.memory.part(CALLS).find(RUN, "1")?.decision.isLastResort).toBe(true);
  });
});

describe("a rule with stick", () => {
  const two = (first: object = {}) => ({
    nodes: [hostEntry("mac-sg", SG_ID, first), hostEntry("sg-2", SG2_ID)],
  });
  const config = (rule: object) =>
    configOf(
      { prefer: [{ selector: "fast", weight: 50 }], ...rule },
      { tags: ["region=sg", "fast"] },
      { "sg-2": { tags: ["region=sg"] } },
    );

  test.each([
    ["session", true, false],
    ["agent", true, true],
    ["none", false, false],
  ])("%s keeps commands where earlier ones of it ran", async (stick, sameSession, otherSession) => {
    const { deps, exec, end } = arranged(config({ stick }), two({ connected: false }));
    expect(await exec("1")).toMatchObject({ params: { node: SG2_ID } });
    end("1", { nodeId: SG2_ID, exitCode: 0 });
    deps.nodes = two();
    deps.clockMs += 2_000;
    const at = (id: string) => ({ params: { node: id } });
    expect(await exec("2")).toMatchObject(at(sameSession ? SG2_ID : SG_ID));
    expect(await exec("3", { sessionKey: "agent:worker-sg:other" })).toMatchObject(
      at(otherSession ? SG2_ID : SG_ID),
    );
  });

  test("refuses while that node is away, and tells of the move when the rule no longer means it", async () => {
    const { deps, exec } = arranged(config({ stick: "session" }), two());
    expect(await exec("1")).toMatchObject(PLACED);
    deps.nodes = two({ connected: false });
    deps.clockMs += 2_000;
    expect(await exec("2")).toMatchObject({
      blockReason: expect.stringContaining("1 was offline, 1 did not hold the files of earlier calls"),
    });
    deps.configure(config({ stick: "session", require: "!fast,region=sg" }));
    expect(await exec("3")).toMatchObject({ params: { node: SG2_ID } });
    expect(notesOf(deps, "3")).toEqual(['earlier commands ran on "mac-sg"; their files are there']);
  });

  test("goes to the rule that is next, and the result says so", async () => {
    const rules = {
      ...configOf(
        { stick: "session", onUnavailable: { next: "backup" } },
        {},
        { "sg-2": { tags: ["backup"] } },
      ),
    };
    rules.rules.push({ name: "backup", agents: [], require: "backup" });
    const { deps, exec } = arranged(rules, two());
    expect(await exec("1")).toMatchObject(PLACED);
    deps.nodes = two({ connected: false });
    deps.clockMs += 2_000;
    expect(await exec("2")).toMatchObject({ params: { node: SG2_ID } });
    expect(deps.memory.part(CALLS).find(RUN, "2")?.decision).toMatchObject({
      rule: "backup",
      before: [{ rule: "singapore" }],
    });
    expect(notesOf(deps, "2")).toEqual(['earlier commands ran on "mac-sg"; their files are there']);
  });

  test("remembers it over a restart", async () => {
    vi.useRealTimers();
    const { deps, exec } = arranged(config({ stick: "session" }), two());
    let kept = "";
    const store = ownStore({
      read: async () => kept || null,
      write: async (text: string) => {
        kept = text;
      },
    });
    deps.memory.part(LAST_NODES).stuck.keepIn(store, () => {});
    await exec("1");
    await deps.memory.part(LAST_NODES).stuck.flush();
    const again = arranged(config({ stick: "session", prefer: [] }), two());
    again.deps.memory.part(LAST_NODES).stuck.keepIn(store, () => {});
    again.deps.nodes = { nodes: [hostEntry("aaa", "0".repeat(64)), ...two().nodes] };
    expect(await again.exec("1")).toMatchObject(PLACED);
    expect(JSON.parse(kept)).toMatchObject({
      sessions: [{ sessionKey: "agent:worker-sg:main\0singapore", node: "mac-sg" }],
    });
  });
});
