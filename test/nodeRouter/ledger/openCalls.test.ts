// Whose scripts are whose: file tools of one session that run at once, through the real host's tools, each with its own end.
import { writeFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { currentToolCall } from "../../../src/nodeRouter/host/toolCall.ts";
import type { CallSubject } from "../../../src/nodeRouter/ledger/ledgerSubject.ts";
import { createOpenCalls, endOfScripts, type OpenCalls } from "../../../src/nodeRouter/ledger/openCalls.ts";
import { refused } from "../../support/refused.ts";
import { hostTools, loadToolFactory } from "../workspace/files/hostTools.ts";
import { localNode } from "../workspace/files/localNode.ts";

const [AGENT, SESSION] = ["worker-sg", "agent:worker-sg:main"];
const subjectOf = (toolCallId: string, sessionKey = SESSION): CallSubject => ({
  kind: "call",
  id: toolCallId,
  startMs: 0,
  operation: "write",
  node: "mac-sg",
  transport: "ssh",
  rule: "singapore",
  agent: AGENT,
  sessionKey,
  runId: "r",
  toolCallId,
  place: null,
  candidates: null,
  movedFrom: null,
  command: null,
});

let factory: Awaited<ReturnType<typeof loadToolFactory>>;
beforeAll(async () => {
  factory = await loadToolFactory();
}, 60_000);

/** @param isLost whether the connection is lost under a script with these arguments. */
function arranged(isLost: (args: readonly string[]) => boolean) {
  const open = createOpenCalls();
  const node = localNode({
    onCall(means) {
      const call = currentToolCall();
      if (call !== null) open.begins(AGENT, SESSION, call, means);
    },
    async intercept({ args = [] }, run) {
      const collected = isLost(args)
        ? {
            outcome: {
              kind: "unknown" as const,
              ...refused("OUTCOME_UNKNOWN", "lost"),
              processGroup: null,
            },
            stdout: Buffer.alloc(0),
            stderr: Buffer.alloc(0),
          }
        : await run();
      open.script(AGENT, SESSION, collected.outcome.kind, currentToolCall());
      return collected;
    },
  });
  const tools = hostTools(factory, { root: node.root, bridge: node.bridge });
  writeFileSync(node.at("ws", "a"), "one\n");
  writeFileSync(node.at("ws", "b"), "two\n");
  return { open, node, tools, [Symbol.dispose]: () => node[Symbol.dispose]() };
}

const endOf = (open: OpenCalls, id: string) => endOfScripts(open.find("r", id)?.scripts ?? new Set());
const ofA = (args: readonly string[]) => args.includes("a");

describe("file tools of one session at once", () => {
  test("have each its own end: the one that was lost is unknown, and the others ran", async () => {
    using at = arranged(ofA);
    const calls = [
      ["1", "write", { path: "a", content: "x" }, ["a"]],
      ["2", "read", { path: "b" }, ["b"]],
      ["3", "ls", {}, ["."]],
      [
        "4",
        "apply_patch",
        { input: "*** Begin Patch\n*** Add File: c\n+new\n*** End Patch" },
        [`${at.node.root}/c`],
      ],
    ] as const;
    for (const [id, , , files] of calls) at.open.add(subjectOf(id), files);
    at.open.add(subjectOf("elsewhere", "agent:worker-sg:other"), ["a"]);
    at.open.add(subjectOf("no file tool"), null);
    const results = await Promise.allSettled(calls.map(([, tool, params]) => at.tools.call(tool, params)));
    expect(results[1]).toMatchObject({
      status: "fulfilled",
      value: { text: expect.stringContaining("two") },
    });
    expect(calls.map(([id]) => [id, endOf(at.open, id)])).toEqual([
      ["1", "unknown"],
      ["2", "ran"],
      ["3", "ran"],
      ["4", "ran"],
    ]);
    expect(endOf(at.open, "elsewhere")).toBe(null);
    expect(at.open.find("r", "no file tool")?.scripts).toBe(null);
  });

  test("of one file cannot be told apart: what is true of one may be true of each, and of the other in the session", async () => {
    using at = arranged(ofA);
    for (const [id, file] of [
      ["1", "a"],
      ["2", "./x/../a"],
      ["3", "b"],
    ] as const)
      at.open.add(subjectOf(id), [file]);
    await Promise.allSettled([
      at.tools.call("write", { path: "a", content: "x" }),
      at.tools.call("read", { path: "a" }),
    ]);
    expect(["1", "2", "3"].map((id) => endOf(at.open, id))).toEqual(["unknown", "unknown", "unknown"]);
  });

  test("one after the other on one file are two calls, each with its end", async () => {
    using at = arranged(() => false);
    at.open.add(subjectOf("1"), ["a"]);
    await at.tools.call("read", { path: "a" });
    const first = at.open.take("r", "1");
    at.open.add(subjectOf("2"), ["a"]);
    await at.tools.call("read", { path: "a" });
    expect([endOfScripts(first?.scripts ?? new Set()), endOf(at.open, "2")]).toEqual(["ran", "ran"]);
  });

  test("in a host that does not tell its calls apart all of the session are told, as one may be another's", () => {
    const open = createOpenCalls();
    for (const id of ["1", "2"]) open.add(subjectOf(id), [id]);
    open.script(AGENT, SESSION, "notStarted", null);
    open.script(AGENT, SESSION, "ran", {});
    expect(["1", "2"].map((id) => endOf(open, id))).toEqual(["notStarted", "notStarted"]);
  });

  test("what ends after its call is over is told of no other call", () => {
    const open = createOpenCalls();
    const call = {};
    open.add(subjectOf("1"), ["a"]);
    open.begins(AGENT, SESSION, call, (file) => file === "a");
    open.take("r", "1");
    open.add(subjectOf("2"), ["b"]);
    open.script(AGENT, SESSION, "unknown", call);
    expect(endOf(open, "2")).toBe(null);
  });
});
