// What is cut from a result of `exec` on a node is what the installed OpenClaw puts there.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { cleanText } from "../../src/hooks/resultLine.ts";
import { place } from "../../src/nodeRouter/placement/place.ts";
import type { PlacedCall } from "../../src/nodeRouter/state/calls.ts";
import { makeRequest, makeRule, snapshotOf } from "../nodeRouter/placement/arrange.ts";
import { ROOT } from "../support/environment.ts";
import { makeNode } from "../support/makeNode.ts";

const DIST = join(ROOT, "node_modules", "openclaw", "dist");
const sources = readdirSync(DIST)
  .filter((name) => /^bash-tools-[\w-]{8}\.mjs$/.test(name))
  .map((name) => readFileSync(join(DIST, name), "utf8"));
const NODE_ID = "5a".repeat(32);

const call: PlacedCall = {
  toolCallId: "call-1",
  runId: "run",
  sessionKey: "",
  agent: "worker-sg",
  tool: "exec",
  decision: place(makeRequest(), snapshotOf(makeNode()), [makeRule()]),
  nodeId: NODE_ID,
  jobId: null,
  workspaceCallId: null,
  notes: [],
  running: true,
  untoldAtMs: null,
};

/** The host's function, taken out of its file: it is exported nowhere. */
function hostFormat(): (params: object) => { content: { text: string }[]; details: object } {
  for (const source of sources) {
    const [code] = /^function formatNodeRunToolResult\(params\) \{\n[\s\S]*?^\}/m.exec(source) ?? [];
    if (code === undefined) continue;
    const render = "(({ tailText, warnings }) => [...warnings, tailText].join('\\n\\n'))";
    return new Function(
      "renderExecUpdateText",
      "appendExecTimeoutRetryGuidance",
      `${code}; return formatNodeRunToolResult;`,
    )(new Function(`return ${render}`)(), (text: string) => text);
  }
  throw new Error("the host has no formatNodeRunToolResult");
}

test("the host begins the result of a command on a node with the line that is cut, and names the node in the details", () => {
  const payload = { stdout: "hello\n", success: true, exitCode: 0 };
  const { content, details } = hostFormat()({ nodeId: NODE_ID, raw: { payload }, startedAt: 0, cwd: "/" });
  expect(content[0]?.text).toBe(`Node: ${NODE_ID}\nhello\n`);
  expect(details).toMatchObject({ nodeId: NODE_ID, status: "completed", exitCode: 0 });
  expect(cleanText(content[0]?.text ?? "", [call], false, false)).toBe("hello\n");
});

describe("a failure of the host's", () => {
  test.each(["policy-denied", "not-dispatched", "outcome-unknown"])("%s has that name", (reason) => {
    expect(sources.some((source) => source.includes(`reason: "${reason}"`))).toBe(true);
  });

  test("that was denied or not sent is said by the host to be before the execution", () => {
    const words = sources.join("");
    expect(words).toContain("Node command was denied before execution on ");
    expect(words).toContain("Node command was not dispatched to ");
  });
});
