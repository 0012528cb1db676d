// Layer 1: what the trusted policy answers the host, counts and logs for each call.
import { describe, expect, test } from "vitest";
import { createToolPolicy } from "../../src/hooks/toolPolicy.ts";
import { readJobs } from "../../src/nodeRouter/jobs/jobRecord.ts";
import { JOBS } from "../../src/nodeRouter/jobs/jobs.ts";
import { LEDGER } from "../../src/nodeRouter/ledger/ledger.ts";
import type { LedgerSubject } from "../../src/nodeRouter/ledger/ledgerSubject.ts";
import { CALLS } from "../../src/nodeRouter/state/calls.ts";
import { COUNTERS } from "../../src/nodeRouter/state/counters.ts";
import { NodeRouterError } from "../../src/shared/errors.ts";
import { refusal } from "../../src/shared/refusal.ts";
import {
  CN_ID,
  CONFIG,
  contextOf,
  execEvent,
  type FakeOptions,
  fakeDeps,
  RUN,
  SG_ID,
} from "../support/fakeDeps.ts";
import { ownStore } from "../support/ownStore.ts";

function arranged(options: FakeOptions = {}) {
  const deps = fakeDeps(options);
  return { deps, policy: createToolPolicy(deps) };
}

/** The texts that the jobs' file was given. */
function writesOf({ memory }: ReturnType<typeof fakeDeps>): string[] {
  const written: string[] = [];
  const write = async (text: string) => void written.push(text);
  memory.part(JOBS).keepIn(ownStore({ read: async () => null, write }), () => {});
  return written;
}

const SG = contextOf("worker-sg");
const SHADOW = { ...CONFIG, mode: "shadow" };

describe("a routed agent's exec", () => {
  test("gets the complete parameters of its node, whatever the model named", async () => {
    const { deps, policy } = arranged();
    const event = execEvent(deps, {
      command: "hostname",
      host: "gateway",
      node: CN_ID,
      elevated: true,
      title: "t",
    });
    expect(await policy(event, SG)).toEqual({
      params: { command: "hostname", title: "t", host: "node", node: SG_ID, workdir: "/node/ws" },
    });
    expect(deps.memory.part(COUNTERS)).toMatchObject({ placed: 1, refused: 0, unrouted: 0 });
  });

  test("is logged in one line, with its node and how long it took, and without the command", async () => {
    const { deps, policy } = arranged();
    const slow = {
      ...deps,
      listNodes: async () => {
        deps.clockMs += 12;
        return deps.nodes;
      },
    };
    await createToolPolicy(slow)(execEvent(deps, { command: "echo s3cret", env: { K: "s3cret" } }), SG);
    expect(deps.lines).toEqual([
      {
        level: "info",
        text: `placed {"part":"policy","agent":"worker-sg","tool":"exec","rule":"singapore","node":"mac-sg","runId":"${RUN}","durationMs":12,"mode":"enforce"}`,
      },
    ]);
    await policy(execEvent(deps, { command: "x", env: { "K=s3cret": "s3cret" } }), SG);
    expect(JSON.stringify(deps.lines)).not.toContain("s3cret");
  });

  test("is refused with the reason when no node fits, which is logged as a warning", async () => {
    const { deps, policy } = arranged();
    deps.nodes = { nodes: [] };
    const fact =
      'NO_NODE_FITS: 0/2 nodes fit rule "singapore" for exec: 1 didn\'t match "region=sg", 1 was not paired';
    const blockReason = `${fact}; nothing ran. Node mac-sg was not paired. Trying again does not help before the operator changes that: tell your user.`;
    const reason =
      '. Run "openclaw node-router explain --agent worker-sg --tool exec" to see each node; change plugins.entries.node-router.config.rules or bring a node up.';
    expect(await policy(execEvent(deps), SG)).toEqual({ block: true, blockReason });
    expect(deps.lines[0]).toMatchObject({ level: "warn", text: expect.stringContaining('"node":null') });
    // The operator's command is for whoever can run it.
    expect(deps.lines[0]?.text).toContain(JSON.stringify(`${fact}${reason}`).slice(1, -1));
    expect(deps.memory.part(COUNTERS)).toMatchObject({ placed: 0, refused: 1 });
    expect(deps.memory.part(CALLS).find(RUN, "call-1")).toBe(null);
  });

  test("that cannot be carried out on its node is refused, not run without what was asked", async () => {
    const { deps, policy } = arranged();
    expect(await policy(execEvent(deps, { command: "id", env: [] }), SG)).toEqual({
      block: true,
      blockReason: "ENV_INVALID: env must be an object of names and values.",
    });
    expect(deps.memory.part(COUNTERS)).toMatchObject({ placed: 0, refused: 1 });
  });

  test("an exec of a run whose model calls nobody announced is refused: it comes from another harness's shell", async () => {
    const { policy } = arranged();
    const event = { toolName: "exec", params: { command: "id" }, runId: "cli", toolCallId: "1" };
    expect(await policy(event, SG)).toMatchObject({
      block: true,
      blockReason: expect.stringMatching(/^RUNTIME_NOT_ROUTABLE: /),
    });
    expect(await policy(event, contextOf("master"))).toBe(undefined);
  });

  test("in the background is on record, with what the ledger says of it, before it may start", async () => {
    const { deps, policy } = arranged();
    const announcement = (subject: LedgerSubject) =>
      subject.kind === "call"
        ? [subject.kind, subject.node, subject.agent, subject.command].join(" ")
        : subject.kind;
    Object.assign(deps.memory.part(LEDGER), {
      current: { announcement, open: () => {}, isStrict: () => false },
    });
    const written = writesOf(deps);
    await policy(execEvent(deps, { command: "make", background: true }), SG);
    expect(written.length).toBe(1);
    const [job] = readJobs(written[0] ?? "");
    expect(job).toMatchObject({ agent: "worker-sg", auditRecord: "call mac-sg worker-sg make" });
  });

  test("in the background is on record before it may start where there is no ledger, too", async () => {
    const { deps, policy } = arranged();
    const written = writesOf(deps);
    await policy(execEvent(deps, { command: "make", background: true }), SG);
    expect(written.map((text) => readJobs(text).length)).toEqual([1]);
  });

  test("in the background whose record cannot be written in strict mode is no job that runs", async () => {
    const { deps, policy } = arranged();
    const begin = async () => {
      throw new NodeRouterError(refusal("AUDIT_UNAVAILABLE", "the disk is full"));
    };
    Object.assign(deps.memory.part(LEDGER), { current: { begin, isStrict: () => true } });
    const answer = await policy(execEvent(deps, { command: "make", background: true }), SG);
    expect(answer).toMatchObject({ block: true });
    expect(deps.memory.part(JOBS).open()).toEqual([]);
  });

  test("in the background becomes a job that the agent can ask about", async () => {
    const { deps, policy } = arranged();
    await policy(execEvent(deps, { command: "make", background: true }), SG);
    expect(deps.memory.part(JOBS).of("worker-sg")).toMatchObject([
      { nodeId: SG_ID, nodeName: "mac-sg", through: "exec", seen: false, offset: 0, end: null },
    ]);
    expect(deps.memory.part(JOBS).of("worker-cn")).toEqual([]);
  });
});

describe("calls that are none of ours are not touched, counted, logged or listed for", () => {
  const untouched: [string, FakeOptions, object, object][] = [
    ["an unrouted agent's", {}, {}, contextOf("master")],
    ["one of nobody", {}, {}, { runId: RUN }],
    ["a file tool", {}, { toolName: "read" }, SG],
    ["Code Mode's outer call, whose command is JavaScript", {}, { toolKind: "code_mode_exec" }, SG],
    ["one before there is a config", { config: null }, {}, SG],
  ];
  test.each(untouched)("%s", async (_case, options, changes, context) => {
    const { deps, policy } = arranged(options);
    expect(await policy(execEvent(deps, { command: "id" }, changes), context)).toBe(undefined);
    expect(deps.memory.part(COUNTERS)).toMatchObject({ placed: 0, refused: 0, unrouted: 0 });
    expect(deps.lines).toEqual([]);
    expect(deps.listCalls).toBe(0);
  });
});

describe("whose call", () => {
  test("an agent that only the session key names is routed; an empty id is no agent's", async () => {
    const { deps, policy } = arranged();
    const key = { sessionKey: "agent:worker-cn:subagent:1" };
    expect(await policy(execEvent(deps), key)).toMatchObject({ params: { node: CN_ID } });
    expect(await policy(execEvent(deps), { ...key, agentId: "" })).toMatchObject({ params: { node: CN_ID } });
    expect(await policy(execEvent(deps), { ...key, agentId: "worker-sg" })).toMatchObject({
      params: { node: SG_ID },
    });
    expect(await policy(execEvent(deps), { sessionKey: "main" })).toBe(undefined);
  });
});

describe("onUnavailable: gateway", () => {
  test("leaves the call to the host, without the target that the model named", async () => {
    const rules = CONFIG.rules.map((rule) => ({ ...rule, onUnavailable: "gateway" }));
    const { deps, policy } = arranged({ config: { ...CONFIG, rules } });
    deps.nodes = { nodes: [] };
    const event = execEvent(deps, { command: "id", host: "node", node: CN_ID, workdir: "/w" });
    expect(await policy(event, SG)).toEqual({ params: { command: "id", workdir: "/w" } });
    expect(deps.memory.part(COUNTERS)).toMatchObject({ placed: 0, unrouted: 1 });
    expect(deps.lines[0]).toMatchObject({
      level: "info",
      text: expect.stringMatching(/^unrouted .*"node":null/),
    });
  });
});

describe("shadow mode", () => {
  test("decides and logs, but changes and records nothing", async () => {
    const { deps, policy } = arranged({ config: SHADOW });
    expect(await policy(execEvent(deps, { command: "make", background: true }), SG)).toBe(undefined);
    expect(deps.lines[0]?.text).toMatch(/^placed .*"node":"mac-sg".*"mode":"shadow"/);
    expect(deps.memory.part(CALLS).find(RUN, "call-1")).toBe(null);
    expect(deps.memory.part(JOBS).of("worker-sg")).toEqual([]);
  });

  test("does not refuse either, and says what it would have said", async () => {
    const { deps, policy } = arranged({ config: SHADOW });
    deps.nodes = { nodes: [] };
    expect(await policy(execEvent(deps), SG)).toBe(undefined);
    expect(deps.lines[0]).toMatchObject({
      level: "warn",
      text: expect.stringContaining('"reason":"NO_NODE_FITS: '),
    });
  });
});

describe("other tools of a routed agent", () => {
  const ask = async (toolName: string, params: Record<string, unknown>, agent = "worker-sg") => {
    const { policy } = arranged();
    return policy({ toolName, params, runId: RUN, toolCallId: "call-1" }, contextOf(agent));
  };

  test("a node tool gets its node, and needs no announced model call", async () => {
    expect(await ask("nodes", { action: "notify" })).toEqual({ params: { action: "notify", node: SG_ID } });
    expect(await ask("nodes", { action: "notify", node: "mac-cn" })).toMatchObject({ block: true });
  });

  test("one that reaches no node is left as it is", async () => {
    expect(await ask("nodes", { action: "status" })).toBe(undefined);
  });

  test("terminal is refused, for a routed agent only", async () => {
    expect(await ask("terminal", {})).toMatchObject({ block: true });
    expect(await ask("terminal", {}, "master")).toBe(undefined);
  });
});
