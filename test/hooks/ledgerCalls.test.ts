// What of each call gets into the ledger, and which end it has there.
import { describe, expect, test } from "vitest";
import { createAfterToolCall } from "../../src/hooks/afterToolCall.ts";
import { createToolPolicy } from "../../src/hooks/toolPolicy.ts";
import { LEDGER } from "../../src/nodeRouter/ledger/ledger.ts";
import { nodeLedgerFs } from "../../src/nodeRouter/ledger/ledgerFs.ts";
import { OPEN_CALLS, type ScriptEnd } from "../../src/nodeRouter/ledger/openCalls.ts";
import { readCalls } from "../../src/nodeRouter/ledger/readCalls.ts";
import { CALLS } from "../../src/nodeRouter/state/calls.ts";
import { DELEGATED_RUNS } from "../../src/nodeRouter/state/delegatedRuns.ts";
import { WORKSPACE_CALLS } from "../../src/nodeRouter/state/workspaceCalls.ts";
import { failingFs, ledgerIn, systemError } from "../nodeRouter/ledger/arrange.ts";
import {
  CN_ID,
  CONFIG,
  contextOf,
  execEvent,
  type FakeOptions,
  fakeDeps,
  hostEntry,
  RUN,
  SG_ID,
  workspaceOptions,
} from "../support/fakeDeps.ts";

const SG = contextOf("worker-sg");

function arranged(
  options: FakeOptions = {},
  mode: "off" | "best-effort" | "strict" = "best-effort",
  change: Parameters<typeof ledgerIn>[1] = {},
) {
  const deps = fakeDeps(options);
  const ledger = ledgerIn(mode, { now: () => deps.clockMs, ...change });
  deps.memory.part(LEDGER).current = ledger.audit;
  const policy = createToolPolicy(deps);
  const after = createAfterToolCall(deps);
  return {
    deps,
    ledger,
    policy,
    after,
    /** The call's way up to its result. */
    async run(event: Parameters<typeof policy>[0], result: unknown, error?: string, context = SG) {
      const answer = await policy(event, context);
      deps.clockMs += 250;
      after({ ...event, result, error }, context);
      return answer;
    },
    async rows(writer = ledger.audit.writer) {
      await ledger.audit.flush();
      return readCalls(nodeLedgerFs, ledger.file, writer, { limit: 50 });
    },
    [Symbol.asyncDispose]: () => ledger[Symbol.asyncDispose](),
  };
}

const ON_SG = { details: { status: "completed", exitCode: 0, nodeId: SG_ID } };

test("a placed command has one row: who, which rule, where, how it ended and how long it took", async () => {
  await using at = arranged();
  await at.run(execEvent(at.deps, { command: "echo s3cret" }), ON_SG);
  const rows = await at.rows();
  expect(rows).toEqual([
    {
      id: expect.stringMatching(/^[0-9a-f]{16}$/),
      at: "2023-11-14T22:13:20.000Z",
      agent: "worker-sg",
      session: SG.sessionKey,
      tool: "exec",
      rule: "singapore",
      outcome: "ran",
      node: "mac-sg",
      transport: "node",
      place: { country: "SG", source: "declared" },
      code: null,
      ms: 250,
      reason: null,
    },
  ]);
  const [begin, end] = at.ledger.lines();
  expect(begin).toMatchObject({ phase: "begin", kind: "call", candidates: { total: 2, fitting: 1 } });
  expect(end).toMatchObject({ phase: "end", runId: RUN, commandSha256: expect.stringMatching(/^\w{64}$/) });
  expect(at.ledger.text()).not.toContain("s3cret");
});

test("what runs is running, and what an earlier life of the gateway left open is unknown", async () => {
  await using at = arranged();
  await at.policy(execEvent(at.deps, { command: "sleep 9" }), SG);
  expect(await at.rows()).toMatchObject([{ outcome: "running", code: null, ms: null }]);
  expect(await at.rows("another life")).toMatchObject([
    { outcome: "unknown", code: "OUTCOME_UNKNOWN", ms: null },
  ]);
});

describe("the end of a placed command", () => {
  test.each([
    ["that failed on its node", { status: "failed", exitCode: 7, nodeId: SG_ID }, "ran", null],
    [
      "whose link was lost",
      { status: "failed", failureKind: "outcome-unknown" },
      "unknown",
      "OUTCOME_UNKNOWN",
    ],
    ["that never left", { status: "failed", failureKind: "not-dispatched" }, "not-started", "NOT_STARTED"],
    [
      "that the node's policy denied",
      { status: "failed", failureKind: "policy-denied" },
      "not-started",
      "NOT_STARTED",
    ],
    ["that another plugin blocked", { status: "blocked" }, "not-started", "NOT_STARTED"],
    ["that ran elsewhere", { status: "completed", exitCode: 0, nodeId: CN_ID }, "unknown", "NODE_MISMATCH"],
    ["of which nothing is said", undefined, "unknown", "OUTCOME_UNKNOWN"],
  ])("%s is true", async (_name, details, outcome, code) => {
    await using at = arranged();
    await at.run(execEvent(at.deps, { command: "x" }), { details });
    expect(await at.rows()).toMatchObject([{ outcome, code, node: "mac-sg" }]);
  });

  test.each([
    ["waits for a person", { status: "approval-pending" }],
    ["goes on", { status: "running", nodeId: SG_ID }],
  ])("is not there while it %s", async (_name, details) => {
    await using at = arranged();
    await at.run(execEvent(at.deps, { command: "x" }), { details });
    expect(await at.rows()).toMatchObject([{ outcome: "running" }]);
  });

  test("is not that of the start of a detached job", async () => {
    await using at = arranged();
    await at.run(execEvent(at.deps, { command: "x", background: true }), ON_SG);
    expect(await at.rows()).toMatchObject([{ outcome: "running" }]);
  });

  test("is unknown where the host gives the call no ids: nobody could tell whose end it is", async () => {
    await using at = arranged();
    await at.policy(execEvent(at.deps, { command: "x" }, { toolCallId: undefined }), SG);
    expect(await at.rows()).toMatchObject([{ outcome: "unknown", code: "OUTCOME_UNKNOWN" }]);
  });
});

test("a call that is decided anew under the ids of one without an end leaves that one unknown", async () => {
  await using at = arranged();
  await at.policy(execEvent(at.deps, { command: "x" }), SG);
  at.deps.clockMs += 1_000;
  await at.run(execEvent(at.deps, { command: "x" }), ON_SG);
  expect((await at.rows()).map(({ outcome }) => outcome)).toEqual(["ran", "unknown"]);
});

test("a refusal is one row with its code and its words, and has no node", async () => {
  await using at = arranged();
  at.deps.nodes = { nodes: [] };
  await at.run(execEvent(at.deps, { command: "x" }), { details: { status: "blocked" } });
  expect(await at.rows()).toMatchObject([
    {
      outcome: "refused",
      code: "NO_NODE_FITS",
      node: null,
      place: null,
      rule: "singapore",
      reason: expect.stringContaining('0/2 nodes fit rule "singapore"'),
    },
  ]);
  expect(at.ledger.lines()).toHaveLength(1);
});

test("what no rule speaks for is not recorded, and what a rule leaves to the gateway is", async () => {
  await using at = arranged({
    config: { ...CONFIG, rules: [{ ...CONFIG.rules[0], onUnavailable: "gateway" }] },
  });
  await at.policy(execEvent(at.deps, { command: "x" }), contextOf("master"));
  await at.policy({ ...execEvent(at.deps, {}), toolName: "web_search" }, SG);
  expect(await at.rows()).toEqual([]);
  at.deps.nodes = { nodes: [] };
  await at.policy(execEvent(at.deps, { command: "x" }), SG);
  expect(await at.rows()).toMatchObject([{ outcome: "left", rule: "singapore", node: null }]);
});

test("in shadow mode nothing is refused or placed, and the ledger says so", async () => {
  await using at = arranged({ config: { ...CONFIG, mode: "shadow" } });
  await at.run(execEvent(at.deps, { command: "x" }), ON_SG);
  at.deps.nodes = { nodes: [] };
  at.deps.clockMs += 60_000;
  await at.run(execEvent(at.deps, { command: "x" }, { toolCallId: "other" }), ON_SG);
  expect((await at.rows()).map(({ outcome, code }) => [outcome, code])).toEqual([
    ["left", "NO_NODE_FITS"],
    ["left", null],
  ]);
});

describe("strict", () => {
  test("has a placed command on the disk before the host gets its parameters", async () => {
    const disk = failingFs();
    await using at = arranged({}, "strict", { fs: disk.fs });
    const answer = await at.policy(execEvent(at.deps, { command: "x" }), SG);
    expect(answer).toHaveProperty("params");
    expect(disk.state.operations).toContain("sync");
    expect(at.ledger.lines()).toMatchObject([{ phase: "begin", kind: "call" }]);
  });

  test("refuses a placed command that cannot be recorded, and best-effort does not", async () => {
    const disk = failingFs();
    await using at = arranged({}, "strict", { fs: disk.fs });
    disk.state.fault = () => systemError("ENOSPC", "no space left on device, write");
    expect(await at.policy(execEvent(at.deps, { command: "x" }), SG)).toMatchObject({
      block: true,
      blockReason: expect.stringMatching(
        /^AUDIT_UNAVAILABLE: the call was not recorded in .*; nothing ran\. /,
      ),
    });
    at.ledger.settings.mode = "best-effort";
    expect(await at.policy(execEvent(at.deps, { command: "x" }, { toolCallId: "b" }), SG)).toHaveProperty(
      "params",
    );
  });
});

test("off records nothing", async () => {
  await using at = arranged({}, "off");
  await at.run(execEvent(at.deps, { command: "x" }), ON_SG);
  expect(await at.rows()).toEqual([]);
});

describe("in a workspace", () => {
  const started = { details: { status: "completed", exitCode: 0 } };

  test("a command that the backend was never brought did not start", async () => {
    await using at = arranged(workspaceOptions());
    await at.run(execEvent(at.deps, { command: "x" }), { details: { status: "blocked" } });
    expect(await at.rows()).toMatchObject([
      { outcome: "not-started", node: "mac-sg", transport: "ssh", code: "NOT_STARTED" },
    ]);
  });

  test("one that the backend has refused has its code", async () => {
    await using at = arranged(workspaceOptions());
    const event = execEvent(at.deps, { command: "x" });
    await at.policy(event, SG);
    const [call] = at.deps.memory.part(WORKSPACE_CALLS).values();
    Object.assign(call ?? {}, {
      claimed: true,
      outcome: { kind: "notStarted", code: "RUN_NOT_ALLOWED", fact: "", nothingRan: null, advice: null },
    });
    at.after({ ...event, result: started }, SG);
    expect(await at.rows()).toMatchObject([{ outcome: "not-started", code: "RUN_NOT_ALLOWED" }]);
  });

  test("one that goes on in the background is ended by its command, not by its call", async () => {
    await using at = arranged(workspaceOptions());
    const event = execEvent(at.deps, { command: "x" });
    await at.policy(event, SG);
    const [call] = at.deps.memory.part(WORKSPACE_CALLS).values();
    Object.assign(call ?? {}, { claimed: true });
    at.after({ ...event, result: { details: { status: "running", sessionId: "s" } } }, SG);
    const ids = { runId: RUN, toolCallId: "call-1" };
    expect(await at.rows()).toMatchObject([{ outcome: "running", id: call?.decisionId }]);
    expect(at.deps.memory.part(OPEN_CALLS).find(ids.runId, event.toolCallId ?? "")).not.toBeNull();
  });

  const file = ({ deps }: ReturnType<typeof arranged>, ends: readonly ScriptEnd[]): void => {
    for (const end of ends) deps.memory.part(OPEN_CALLS).script("worker-sg", SG.sessionKey ?? "", end, null);
  };

  test.each([
    ["ran", ["ran", "ran", "changed"], undefined, "ran"],
    ["was lost", ["ran", "unknown"], "connection lost", "unknown"],
    ["never began", ["notStarted"], "CONNECT_FAILED", "not-started"],
    ["failed before it sent anything", [], "outside of the workspace", "not-started"],
    ["changed one file and lost its node before the next", ["ran", "changed", "notStarted"], "x", "unknown"],
  ] as const)("a write that %s has that end, by its scripts", async (_name, ends, error, outcome) => {
    await using at = arranged(workspaceOptions());
    const event = { ...execEvent(at.deps, { path: "a.txt", content: "x" }), toolName: "write" };
    await at.policy(event, SG);
    file(at, ends);
    at.after({ ...event, result: {}, error }, SG);
    expect(await at.rows()).toMatchObject([{ tool: "write", outcome, node: "mac-sg", transport: "ssh" }]);
  });

  test.each([
    ["write", { path: "a.txt", content: "x" }, ["a.txt"]],
    ["edit", { file_path: "/w/a.txt", edits: [] }, ["/w/a.txt"]],
    [
      "apply_patch",
      {
        input:
          "*** Begin Patch\n*** Update File: a\n@@\n-*** Add File: no\n+y\n*** Add File: b c\n+z\n*** End Patch",
      },
      ["a", "b c"],
    ],
    ["ls", {}, ["."]],
  ])("%s is told from others by the files that it names: %j", async (toolName, params, files) => {
    await using at = arranged(workspaceOptions());
    const event = { ...execEvent(at.deps, params), toolName };
    await at.policy(event, SG);
    expect(at.deps.memory.part(OPEN_CALLS).find(RUN, event.toolCallId ?? "")?.files).toEqual(files);
  });
});

describe("a call for a task of another gateway", () => {
  const RUN_OF = { delegation: "d1", peer: "gw-a", chain: ["id-a"], maxHops: 1 };

  test("carries the task's id, and is counted with where it ran; another session's does neither", async () => {
    await using at = arranged();
    at.deps.memory.part(DELEGATED_RUNS).set(SG.sessionKey ?? "", RUN_OF);
    await at.run(execEvent(at.deps, { command: "x" }), ON_SG);
    await at.run({ ...execEvent(at.deps, { command: "y" }), toolCallId: "other" }, ON_SG, undefined, {
      ...SG,
      sessionKey: "agent:worker-sg:other",
    });
    await at.ledger.audit.flush();
    const [mine, , others] = at.ledger.lines();
    expect(mine).toMatchObject({ kind: "call", delegation: "d1", peer: "gw-a" });
    expect(others).not.toHaveProperty("delegation");
    expect(at.deps.memory.part(DELEGATED_RUNS).counted("d1")).toEqual([
      { tool: "exec", node: "mac-sg", country: "SG", calls: 1 },
    ]);
  });

  test("of a sub-agent carries it too", async () => {
    const spawnedBy = "agent:master:subagent:peer-gw-a-1";
    const session = { sandboxOff: false, sandboxRequired: false, permissionMode: null, spawnedBy };
    await using at = arranged({ session });
    at.deps.memory.part(DELEGATED_RUNS).set(spawnedBy, RUN_OF);
    await at.run(execEvent(at.deps, { command: "x" }), ON_SG);
    await at.ledger.audit.flush();
    expect(at.ledger.lines()[0]).toMatchObject({ delegation: "d1", peer: "gw-a" });
  });

  test("that the host cannot tell the parent of is recorded without it", async () => {
    await using at = arranged({ session: new Error("busy") });
    at.deps.memory.part(DELEGATED_RUNS).set("elsewhere", RUN_OF);
    await at.run(execEvent(at.deps, { command: "x" }), ON_SG);
    await at.ledger.audit.flush();
    expect(at.ledger.lines()[0]).not.toHaveProperty("delegation");
  });
});

test("a node tool's call is on record on the node that the model named, which fits, and not on the winner", async () => {
  const nodes = { ...CONFIG.nodes, "a-sg": { tags: ["region=sg"], location: { country: "MY" } } };
  await using at = arranged({ config: { ...CONFIG, nodes } });
  const ids = { "a-sg": "a5".repeat(32), "mac-sg": SG_ID };
  at.deps.nodes = { nodes: Object.entries(ids).map(([name, id]) => hostEntry(name, id)) };
  for (const [named, id] of Object.entries(ids)) {
    const event = {
      toolName: "nodes",
      params: { action: "notify", node: named },
      runId: RUN,
      toolCallId: named,
    };
    const answer = await at.run(event, { details: {} });
    expect(answer).toMatchObject({ params: { node: id } });
    expect(at.deps.memory.part(CALLS).find(RUN, named)).toMatchObject({
      nodeId: id,
      decision: { node: { name: named } },
    });
  }
  const rows = await at.rows();
  expect(rows.map(({ node, place }) => [node, place?.country])).toEqual([
    ["mac-sg", "SG"],
    ["a-sg", "MY"],
  ]);
  const logged = at.deps.lines.flatMap(({ text }) => /"node":"([^"]+)"/.exec(text)?.[1] ?? []);
  expect(logged).toEqual(["a-sg", "mac-sg"]);
});
