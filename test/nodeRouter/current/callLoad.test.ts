// What the nodes' report says of calls: how many run of how many, how many wait for room, and who is ejected until when and why.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createToolPolicy } from "../../../src/hooks/toolPolicy.ts";
import { placeSession } from "../../../src/nodeRouter/current/placeSession.ts";
import { callLoadText } from "../../../src/nodeRouter/explain/callLoadText.ts";
import { JOBS } from "../../../src/nodeRouter/jobs/jobs.ts";
import { OUTLIERS } from "../../../src/nodeRouter/state/outliers.ts";
import { callKey, RUNNING } from "../../../src/nodeRouter/state/running.ts";
import { answerNodes } from "../../../src/nodeRouter/surfaces/chat/register.ts";
import { nodesText } from "../../../src/nodeRouter/surfaces/cli/nodesText.ts";
import { createMethods } from "../../../src/nodeRouter/surfaces/methods/methods.ts";
import { metricsText } from "../../../src/nodeRouter/surfaces/web/metrics.ts";
import {
  CN_ID,
  contextOf,
  execEvent,
  fakeDeps,
  hostEntry,
  SG_ID,
  START_MS,
  workspaceOptions,
} from "../../support/fakeDeps.ts";
import { makeJob } from "../jobs/makeJob.ts";

const SG = contextOf("worker-sg");
const SPARE_ID = "5b".repeat(32);
const CONFIG = {
  nodes: { "mac-sg": { tags: ["region=sg"], maxRunning: 2 }, spare: {}, "mac-cn": { tags: ["region=cn"] } },
  rules: [
    {
      name: "singapore",
      agents: ["worker-sg"],
      require: "region=sg",
      onUnavailable: { wait: "20s" },
    },
  ],
};

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

function arrange(options: object = {}) {
  const deps = fakeDeps({ config: CONFIG, ...options });
  deps.nodes = {
    nodes: [hostEntry("mac-sg", SG_ID), hostEntry("mac-cn", CN_ID), hostEntry("spare", SPARE_ID)],
  };
  const policy = createToolPolicy(deps);
  const methods = createMethods(deps, "1", async () => {});
  return {
    deps,
    methods,
    exec: (id: string) =>
      policy(execEvent(deps, { command: "date" }, { toolCallId: id }), { ...SG, toolCallId: id }),
    async calls(name = "mac-sg") {
      return (await methods.nodes()).nodes.find((node) => node.name === name)?.calls;
    },
  };
}

const NONE = { running: 0, maxRunning: null, waiting: 0, ejected: null };

describe("the calls of a node", () => {
  test("are those that run of those that may, and those that wait for room; a node that none is meant for has none", async () => {
    const { deps, exec, calls } = arrange();
    await exec("1");
    expect(await calls()).toEqual({ ...NONE, running: 1, maxRunning: 2 });
    deps.memory.part(JOBS).hold(makeJob({ nodeName: "mac-sg" }));
    const third = exec("3");
    await vi.advanceTimersByTimeAsync(0);
    expect(await calls()).toEqual({ ...NONE, running: 2, maxRunning: 2, waiting: 1 });
    expect(await calls("mac-cn")).toEqual(NONE);
    deps.memory.part(RUNNING).release(callKey(SG.runId ?? "", "1") ?? "");
    expect(await third).toMatchObject({ params: { node: SG_ID } });
    expect(await calls()).toMatchObject({ running: 2, waiting: 0 });
  });

  test("do not count a call that waits for a node which is offline, not full", async () => {
    const { deps, exec, calls } = arrange();
    deps.nodes = { nodes: [hostEntry("mac-sg", SG_ID, { connected: false })] };
    void exec("1");
    await vi.advanceTimersByTimeAsync(0);
    expect(await calls()).toEqual({ ...NONE, maxRunning: 2 });
    await vi.advanceTimersByTimeAsync(30_000);
  });

  test("count a session that waits for room to begin, too", async () => {
    const options = workspaceOptions();
    const full = {
      nodes: { "mac-sg": { tags: ["region=sg"], ssh: {}, workspace: "/ws", maxRunning: 1 } },
      rules: CONFIG.rules,
    };
    const { deps, calls } = arrange({ ...options, config: full });
    deps.memory.part(RUNNING).take("k", "mac-sg", "worker-sg");
    const place = placeSession(deps, "worker-sg", "agent:worker-sg:main", true);
    await vi.advanceTimersByTimeAsync(0);
    expect(await calls()).toEqual({ ...NONE, running: 1, maxRunning: 1, waiting: 1 });
    await vi.advanceTimersByTimeAsync(30_000);
    expect(await place).toMatchObject({ ok: false });
  });
});

describe("a node to which calls failed", () => {
  const fail = (deps: ReturnType<typeof fakeDeps>, node: string, times: number) => {
    for (let at = 0; at < times; at++) deps.memory.part(OUTLIERS).failed(node, "NODE_UNREACHABLE");
  };

  test("is ejected with until when, how often in a row, and why, and only when it is", async () => {
    const { deps, calls } = arrange();
    fail(deps, "mac-sg", 2);
    expect((await calls())?.ejected).toBe(null);
    fail(deps, "mac-sg", 4);
    expect((await calls())?.ejected).toMatchObject({ times: 2, code: "NODE_UNREACHABLE" });
    const until = Date.parse((await calls())?.ejected?.until ?? "");
    expect(until - START_MS).toBeGreaterThan(55_000);
    expect(until - START_MS).toBeLessThanOrEqual(60_000);
  });

  test("is not said to be ejected where so many fail that calls go there all the same", async () => {
    const { deps, methods } = arrange();
    for (const node of ["mac-cn", "mac-sg", "spare"]) fail(deps, node, 3);
    const { nodes } = await methods.nodes();
    expect(nodes.filter(({ calls }) => calls?.ejected != null).map(({ name }) => name)).toEqual(["mac-cn"]);
  });

  test("is in the list of nodes, in a chat with what is wrong first, and in metrics", async () => {
    const { deps, methods } = arrange();
    fail(deps, "spare", 3);
    const report = await methods.nodes();
    const text = nodesText(report, START_MS, 200);
    expect(text).toMatch(
      /^spare: of its calls 0 run; ejected until \S+Z, because calls to it failed \(once; NODE_UNREACHABLE\)$/m,
    );
    expect(text).toMatch(/^mac-sg: of its calls 0 of 2 run$/m);
    expect(text).not.toContain("mac-cn: of its calls");
    expect((await answerNodes(deps)).split("\n")[1]).toMatch(/^spare · .*calls: 0 run; ejected until/);
    const metrics = await metricsText(report, await methods.status());
    expect(metrics).toContain('openclaw_node_router_node_ejected{node="spare"} 1\n');
    expect(metrics).toContain('openclaw_node_router_node_ejected{node="mac-sg"} 0\n');
    expect(metrics).toContain('openclaw_node_router_node_max_running_calls{node="mac-sg"} 2\n');
    expect(metrics).not.toContain('node_max_running_calls{node="spare"}');
  });
});

test("calls in words: no number where none may wait or none is limited", () => {
  expect(callLoadText({ ...NONE, running: 3 })).toBe("3 run");
  const ejected = { until: "2026-11-29T08:00:30.000Z", times: 2, code: "OUTCOME_UNKNOWN" };
  expect(callLoadText({ running: 8, maxRunning: 8, waiting: 2, ejected })).toBe(
    "8 of 8 run, 2 wait for room; ejected until 2026-11-29T08:00:30.000Z, because calls to it failed (2 times in a row; OUTCOME_UNKNOWN)",
  );
});
