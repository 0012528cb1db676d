// The tool policy of an agent whose whole workspace is on a node.
import { describe, expect, test } from "vitest";
import { createNodeInvokePolicy } from "../../src/hooks/nodeInvokePolicy.ts";
import { SANDBOX_PROBLEM } from "../../src/nodeRouter/host/sandboxApi.ts";
import { CALLS } from "../../src/nodeRouter/state/calls.ts";
import { COUNTERS } from "../../src/nodeRouter/state/counters.ts";
import { refusalText } from "../../src/shared/refusal.ts";
import {
  BOUND,
  CN_ID,
  contextOf,
  execEvent,
  hostEntry,
  RUN,
  SG_ID,
  SSH_CONFIG,
  START_MS,
  workspaceOptions,
} from "../support/fakeDeps.ts";
import { arranged, paramsOf, reasonOf, SG } from "./workspaceArrange.ts";

describe("exec", () => {
  test("is led to the sandbox under an id by which the backend finds what was decided", async () => {
    const { exec, calls, deps } = arranged();
    const params = paramsOf(
      await exec({ command: "hostname", host: "gateway", elevated: true, workdir: "/a", pty: true }),
    );
    const [call] = calls();
    expect(calls()).toHaveLength(1);
    expect(params).toEqual({
      command: "hostname",
      workdir: "/a",
      pty: true,
      host: "sandbox",
      elevated: false,
      env: { NODE_ROUTER_CALL: call?.callId },
    });
    expect(call).toEqual({
      callId: expect.stringMatching(/^[0-9a-f]{32}$/),
      agent: "worker-sg",
      sessionKey: "agent:worker-sg:main",
      runId: RUN,
      toolCallId: "call-1",
      rule: "singapore",
      node: "mac-sg",
      decisionId: expect.stringMatching(/^[0-9a-f]{16}$/),
      pty: true,
      jobId: null,
      claimed: false,
      outcome: null,
    });
    expect(deps.memory.part(COUNTERS)).toMatchObject({ placed: 1, refused: 0 });
    expect(deps.lines[0]?.text).toContain('"rule":"singapore","node":"mac-sg"');
  });

  test("two calls get two ids, and a terminal is asked for only where the model did", async () => {
    const { exec, calls } = arranged();
    await exec({ command: "a" }, "1");
    await exec({ command: "b", pty: "true" }, "2");
    const [one, two] = calls();
    expect(one?.callId).not.toBe(two?.callId);
    expect([one?.pty, two?.pty]).toEqual([false, false]);
  });

  test("in the background becomes a job that the result names, unless it has a terminal, which ends with its connection", async () => {
    const { exec, deps, calls } = arranged();
    await exec({ command: "a", background: true }, "1");
    await exec({ command: "b", background: true, pty: true }, "2");
    await exec({ command: "c" }, "3");
    await exec({ command: "", background: true }, "4");
    const [job, ...others] = calls().map(({ jobId }) => jobId);
    expect(job).toMatch(/^nr-[0-9a-f]{12}$/);
    expect(others).toEqual([null, null, null]);
    const notes = ["1", "2"].map((id) => deps.memory.part(CALLS).find(RUN, id)?.notes);
    expect(notes).toEqual([[expect.stringMatching(`^job ${job}: .* ask node_process, or look into `)], []]);
  });

  test("needs no paired node, and does not go over the node protocol where there is one", async () => {
    const { exec, deps } = arranged();
    expect(paramsOf(await exec())).toMatchObject({ host: "sandbox" });
    deps.nodes = { nodes: [] };
    deps.clockMs += 5_000;
    expect(paramsOf(await exec({ command: "b" }, "2"))).toMatchObject({ host: "sandbox" });
  });

  test("says the same once more in the last hook, so that no other plugin's parameters count", async () => {
    const { exec, lastHook, deps, calls } = arranged();
    const params = paramsOf(await exec());
    expect(await lastHook(execEvent(deps, { command: "hostname", host: "gateway" }))).toEqual({ params });
    expect(calls()).toHaveLength(1);
  });

  test("with an environment that cannot be kept is refused, and is no call", async () => {
    const { exec, calls } = arranged();
    expect(reasonOf(await exec({ command: "id", env: { "A B": "1" } }))).toMatch(/^ENV_INVALID: /);
    expect(calls()).toEqual([]);
  });

  test("an agent with exec alone is placed over the node protocol, as before", async () => {
    const { deps, policy, calls } = arranged();
    const answer = await policy(execEvent(deps), { ...contextOf("worker-cn") });
    expect(paramsOf(answer)).toMatchObject({ host: "node", node: CN_ID });
    expect(calls()).toEqual([]);
  });
});

describe("what stands against it refuses exec and file tools alike, and nothing runs elsewhere", () => {
  const both = async (
    options: Parameters<typeof arranged>[0],
    change?: (deps: ReturnType<typeof arranged>["deps"]) => void,
  ) => {
    const { deps, exec, policy, calls } = arranged(options);
    change?.(deps);
    const reasons = [reasonOf(await exec())];
    for (const toolName of ["read", "write", "edit", "apply_patch", "ls"]) {
      reasons.push(
        reasonOf(await policy({ toolName, params: { path: "a" }, runId: RUN, toolCallId: toolName })),
      );
    }
    expect(calls()).toEqual([]);
    expect(new Set(reasons).size).toBe(1);
    expect(deps.memory.part(COUNTERS).refused).toBe(6);
    return reasons[0];
  };

  test("no node fits", async () => {
    const nodes = { ...SSH_CONFIG.nodes, "mac-sg": { tags: ["region=sg"], ssh: {} } };
    expect(await both({ ...workspaceOptions(), config: { ...SSH_CONFIG, nodes } })).toMatch(
      /^NO_NODE_FITS: 0\/2 nodes fit rule "singapore" for exec: 1 didn't match "region=sg", 1 had no workspace directory; nothing ran\. Node mac-sg had no workspace directory\. .* tell your user\.$/,
    );
  });

  test("no rule", async () => {
    const rules = SSH_CONFIG.rules.filter(({ name }) => name !== "singapore");
    expect(await both({ ...workspaceOptions(), config: { ...SSH_CONFIG, rules } })).toMatch(
      /^NO_NODE_FITS: .* no rule names the agent/,
    );
  });

  test("a host without the API", async () => {
    const reason = await both(workspaceOptions(), (deps) => {
      deps.memory.part(SANDBOX_PROBLEM).current = "this OpenClaw has no sandbox API";
    });
    expect(reason).toBe(
      'WORKSPACE_UNAVAILABLE: agent "worker-sg" has its workspace on a node, and this OpenClaw has no sandbox API; nothing ran. Trying again does not help before the operator has mended it: tell your user what this says.',
    );
  });

  test.each([
    [
      "a main session outside of the sandbox",
      workspaceOptions({ sandbox: { ...BOUND, mode: "non-main" } }),
      "non-main",
    ],
    [
      "an access that cannot be kept",
      workspaceOptions({ sandbox: { ...BOUND, workspaceAccess: "ro" } }),
      '"rw"',
    ],
    [
      "a chat taken out of its sandbox",
      { ...workspaceOptions(), session: { sandboxOff: true, sandboxRequired: false, permissionMode: null } },
      "taken out of its sandbox",
    ],
  ])("%s", async (_case, options, text) => {
    const reason = await both(options);
    expect(reason).toMatch(/^WORKSPACE_UNAVAILABLE: .*; nothing ran\. .* tell your user what this says\.$/);
    expect(reason).toContain(text);
  });

  test("a session that the host cannot tell of", async () => {
    expect(await both({ ...workspaceOptions(), session: new Error("locked") })).toBe(
      "INVENTORY_UNAVAILABLE: the call could not be placed: locked; nothing ran. Try again once; if it stays so, tell your user what this says.",
    );
  });

  test("a config error", async () => {
    const rules = [{ name: "singapore", agents: ["worker-sg"], require: "region=(" }];
    expect(await both({ ...workspaceOptions(), config: { ...SSH_CONFIG, rules } })).toMatch(
      /^CONFIG_INVALID: /,
    );
  });
});

describe("file tools", () => {
  const event = (toolName: string, toolCallId = "f") => ({
    toolName,
    params: { path: "a" },
    runId: RUN,
    toolCallId,
  });

  test.each(["read", "write", "edit", "apply_patch", "ls"])(
    "%s goes through the sandbox by itself",
    async (tool) => {
      const { policy, deps, calls } = arranged();
      expect(await policy(event(tool))).toBe(undefined);
      expect(calls()).toEqual([]);
      expect(deps.memory.part(COUNTERS).placed).toBe(1);
    },
  );

  test("the file tools of an agent with exec alone are left alone", async () => {
    const { policy, deps } = arranged();
    expect(await policy(event("read"), contextOf("worker-cn"))).toBe(undefined);
    expect(deps.lines).toEqual([]);
  });
});

describe("a session whose node changed", () => {
  const NODES = {
    "sg-1": { tags: ["region=sg"], ssh: {}, workspace: "/one" },
    "sg-2": { tags: ["region=sg"], ssh: {}, workspace: "/two" },
  };
  const config = (...names: (keyof typeof NODES)[]) => ({
    ...SSH_CONFIG,
    nodes: Object.fromEntries(names.map((name) => [name, NODES[name]])),
  });
  const note = 'this session\'s workspace was on "sg-1" until now; its files are there';
  const moved = async () => {
    const all = arranged({ ...workspaceOptions(), config: config("sg-1", "sg-2") });
    await all.exec({ command: "a" }, "1");
    all.deps.configure(config("sg-2"));
    return all;
  };

  test("stays where its files are while that node fits, also when another would win now", async () => {
    const { exec, deps, calls } = arranged({ ...workspaceOptions(), config: config("sg-2") });
    await exec({ command: "a" }, "1");
    deps.configure(config("sg-1", "sg-2"));
    await exec({ command: "b" }, "2");
    expect(calls().map(({ node }) => node)).toEqual(["sg-2", "sg-2"]);
    expect(deps.memory.part(CALLS).find(RUN, "2")?.notes).toEqual([]);
  });

  test("is told so with its exec", async () => {
    const { exec, deps } = await moved();
    await exec({ command: "b" }, "2");
    expect(deps.memory.part(CALLS).find(RUN, "1")?.notes).toEqual([]);
    expect(deps.memory.part(CALLS).find(RUN, "2")?.notes).toEqual([note]);
  });

  test("is told so with a file tool, whose result has no line otherwise", async () => {
    const { policy, deps } = await moved();
    await policy({ toolName: "read", params: {}, runId: RUN, toolCallId: "2" });
    expect(deps.memory.part(CALLS).find(RUN, "2")).toMatchObject({
      tool: "read",
      notes: [note],
      nodeId: null,
    });
  });
});

describe("node tools of such an agent", () => {
  const browser = { toolName: "browser", params: {}, runId: RUN, toolCallId: "b" };

  test("go over the node protocol, to the machine of the workspace", async () => {
    const { policy } = arranged();
    expect(paramsOf(await policy(browser))).toEqual({ target: "node", node: SG_ID });
  });

  test("are refused where that machine is not paired, though another node of the rule is", async () => {
    const nodes = { ...SSH_CONFIG.nodes, "sg-2": { tags: ["region=sg"] } };
    const { policy, deps } = arranged({ ...workspaceOptions(), config: { ...SSH_CONFIG, nodes } });
    deps.nodes = { nodes: [hostEntry("sg-2", "77".repeat(32))] };
    expect(reasonOf(await policy(browser))).toBe(
      'NODE_NOT_ALLOWED: "browser" of agent "worker-sg" runs over the node protocol on the machine of its workspace, node "mac-sg", which was reachable only over SSH; nothing ran. Use exec there, or pair the node with this gateway.',
    );
  });

  test("with a rule of their own go where that says", async () => {
    const rules = [
      { name: "browse", agents: ["worker-sg"], tools: ["browser"], require: "region=cn" },
      ...SSH_CONFIG.rules,
    ];
    const { policy } = arranged({ ...workspaceOptions(), config: { ...SSH_CONFIG, rules } });
    expect(paramsOf(await policy(browser))).toMatchObject({ node: CN_ID });
  });

  test("are refused with the reason of the nodes when none is paired", async () => {
    const { policy, deps } = arranged();
    deps.nodes = { nodes: [] };
    expect(reasonOf(await policy(browser))).toContain("1 was reachable only over SSH");
  });
});

describe("shadow mode, which changes nothing for other agents", () => {
  const options = () => ({ ...workspaceOptions(), config: { ...SSH_CONFIG, mode: "shadow" } });

  test("leads exec to the sandbox all the same: there is no other place to leave it to", async () => {
    const { exec, calls } = arranged(options());
    expect(paramsOf(await exec({ command: "id", host: "gateway" }))).toMatchObject({
      host: "sandbox",
      elevated: false,
    });
    expect(calls()).toHaveLength(1);
  });

  test("refuses what fits nowhere, and leaves the agent's other tools alone", async () => {
    const { exec, policy, deps } = arranged({
      ...options(),
      config: { ...SSH_CONFIG, nodes: {}, mode: "shadow" },
    });
    expect(reasonOf(await exec())).toMatch(/^NO_NODE_FITS: /);
    expect(await policy({ toolName: "browser", params: {}, runId: RUN, toolCallId: "b" })).toBe(undefined);
    expect(await policy(execEvent(deps), contextOf("worker-cn"))).toBe(undefined);
  });
});

describe("the node-invoke policy", () => {
  const invoke = (agentId: string) => ({
    nodeId: SG_ID,
    command: "system.run.prepare",
    params: { agentId, sessionKey: `agent:${agentId}:main` },
  });

  test("refuses every command of such an agent, on the right node and in shadow mode too", async () => {
    for (const mode of ["enforce", "shadow"]) {
      const { deps } = arranged({ ...workspaceOptions(), config: { ...SSH_CONFIG, mode } });
      const refusal = await createNodeInvokePolicy(deps)(invoke("worker-sg"));
      expect(refusal && refusalText(refusal)).toMatch(
        /^RUN_NOT_ALLOWED: .* by OpenClaw itself, and its commands go to its workspace on a node; nothing ran\./,
      );
      expect(deps.memory.part(COUNTERS).runsRefused).toBe(1);
    }
  });

  test("does not refuse those of an agent without a rule", async () => {
    const { deps } = arranged();
    expect(await createNodeInvokePolicy(deps)(invoke("master"))).toBe(null);
  });
});

test("the call is known to end: its result is expected in this run and no other", async () => {
  const { exec, deps } = arranged();
  await exec();
  expect(deps.memory.part(CALLS).find(RUN, "call-1")).toMatchObject({
    running: true,
    nodeId: null,
    agent: "worker-sg",
  });
  expect(deps.memory.part(CALLS).runningExecNodes("worker-sg", SG.sessionKey ?? "").size).toBe(0);
  expect(START_MS).toBe(deps.clockMs);
});
