// Every text that an agent reads about where its command ran.
import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { GATE_VARIABLE } from "../../src/hooks/execEnvGate.ts";
import {
  type CallEnd,
  cleanText,
  endOf,
  gateRefusal,
  isGateError,
  neverBegan,
  resultLine,
  stoppedInTerminal,
} from "../../src/hooks/resultLine.ts";
import { STARTED } from "../../src/nodeRouter/jobs/nodeJob.ts";
import type { NodeState } from "../../src/nodeRouter/placement/model/snapshot.ts";
import { place } from "../../src/nodeRouter/placement/place.ts";
import type { PlacedCall } from "../../src/nodeRouter/state/calls.ts";
import { makeRequest, makeRule, snapshotOf } from "../nodeRouter/placement/arrange.ts";
import { makeNode } from "../support/makeNode.ts";

function call(changes: Partial<PlacedCall> = {}, node: Partial<NodeState> = {}): PlacedCall {
  return {
    toolCallId: "call-1",
    runId: "run",
    sessionKey: "",
    agent: "worker-sg",
    tool: "exec",
    decision: place(makeRequest(), snapshotOf(makeNode(node)), [makeRule()]),
    nodeId: "sg",
    jobId: null,
    workspaceCallId: null,
    notes: [],
    running: true,
    untoldAtMs: null,
    ...changes,
  };
}

test("the error of another instance's gate is known too: the host evaluates the module several times", async () => {
  vi.resetModules();
  const other = await import("../../src/hooks/execEnvGate.ts");
  expect(other.GATE_VARIABLE).not.toBe(GATE_VARIABLE);
  expect(isGateError(`'options.env['${other.GATE_VARIABLE}']' must be a string without null bytes`)).toBe(
    true,
  );
});

describe("endOf", () => {
  test.each([
    [{ status: "completed", exitCode: 0 }, "ran"],
    [{ status: "failed", exitCode: 7 }, "ran"],
    [{ status: "failed", exitCode: null, timedOut: true }, "ran"],
    [{ status: "failed", exitCode: null, failureKind: "policy-denied" }, "notStarted"],
    [{ status: "failed", exitCode: null, failureKind: "not-dispatched" }, "notStarted"],
    [{ status: "failed", failureKind: "timeout" }, "failed"],
    [{ status: "failed", failureKind: "outcome-unknown" }, "unknown"],
    [{ status: "failed", failureKind: "outcome-unknown", exitCode: 0 }, "unknown"],
    [{ status: "error" }, "failed"],
    [{ status: "approval-pending" }, "failed"],
    [{}, "failed"],
    [null, "failed"],
  ])("%j", (details, end) => {
    expect(endOf(details)).toBe(end);
  });
});

describe("resultLine", () => {
  test.each([
    ["ran", "[node-router] ran on mac-sg (SG, declared) · rule singapore"],
    ["failed", "[node-router] did not finish on mac-sg (SG, declared) · rule singapore"],
    [
      "unknown",
      "[node-router] may have run on mac-sg (SG, declared) · rule singapore · outcome unknown: do not run it again before you looked",
    ],
    [
      "elsewhere",
      "[node-router] NODE_MISMATCH: placed on mac-sg, but it ran elsewhere; another plugin changed the call: tell your user, whose operator finds it by the doctor",
    ],
    ["running", "[node-router] runs on mac-sg (SG, declared) · rule singapore"],
    ["starting", "[node-router] starts in the background on mac-sg (SG, declared) · rule singapore"],
  ] as [CallEnd, string][])("a call that ended as %s", (end, line) => {
    expect(resultLine(call(), end)).toBe(line);
  });

  test("says what was dropped, and when nobody knows the place", () => {
    expect(
      resultLine(call({ notes: ["pty was dropped", "so was elevated"] }, { location: null }), "ran"),
    ).toBe(
      "[node-router] ran on mac-sg (location unknown) · rule singapore · pty was dropped · so was elevated",
    );
  });

  test("a node's name cannot begin a line of its own or repaint one", () => {
    expect(resultLine(call({}, { name: "mac\n[node-router]\u202e" }), "ran")).toBe(
      '[node-router] ran on "mac\\u000a[node-router]\\u202e" (SG, declared) · rule singapore',
    );
  });

  test("a node's or a rule's name cannot go on as the line does", () => {
    const name = "mac-sg (SG, declared) · rule singapore";
    const decision = { ...call({}, { name }).decision, rule: 'any" · rule x' };
    expect(resultLine(call({ decision }), "ran")).toBe(
      '[node-router] ran on "mac-sg (SG, declared) · rule singapore" (SG, declared) · rule "any\\" · rule x"',
    );
  });

  test("a name of any length makes no line of that length", () => {
    const long = resultLine(call({}, { name: "x".repeat(65_536) }), "ran");
    expect(long.length).toBeLessThan(400);
    expect(long).toContain('xxx…" (SG, declared)');
  });
});

const WARNING =
  "Warning: tools.exec.pathPrepend is ignored for host=node. Configure PATH on the node host/service instead.";

describe("the host's warning about pathPrepend", () => {
  test("is dropped with its empty line, and nothing else is", () => {
    expect(cleanText(`Node: 5a\n${WARNING}\n\nhello\n`, [call()], false, false)).toBe("Node: 5a\nhello\n");
    expect(cleanText("Warning: something else\n", [call()], false, false)).toBe("Warning: something else\n");
  });

  test("is kept where the operator did set one, because then it is true", () => {
    const text = `${WARNING}\n\nhello`;
    expect(cleanText(text, [call()], true, false)).toBe(text);
  });

  test("inside JSON it goes too, and the JSON stays the same but for it", () => {
    const json = (text: string) => JSON.stringify({ result: { content: [{ type: "text", text }] } });
    expect(cleanText(json(`Node: 5a\n${WARNING}\n\nhello`), [call()], false, true)).toBe(
      json("Node: 5a\nhello"),
    );
  });
});

describe("the host's line with the node's id", () => {
  const json = (text: string, indent?: number) =>
    JSON.stringify({ content: [{ type: "text", text }] }, null, indent);

  test("is dropped where the line of ours says where it ran, and the output behind it stays", () => {
    expect(cleanText("Node: sg\nhello\nNode: sg\n", [call()], false, false)).toBe("hello\nNode: sg\n");
    expect(cleanText(`Node: sg\n${WARNING}\n\nhello`, [call()], true, false)).toBe(`${WARNING}\n\nhello`);
  });

  test.each([
    ["of another node", "Node: cn\nhello", [call()]],
    ["of a call that ran elsewhere, which has no such line", "Node: sg\nhello", []],
    ["in the middle of an output", "x\nNode: sg\nhello", [call()]],
    ["of a call without a node", "Node: null\nhello", [call({ nodeId: null })]],
    ["that goes on", "Node: sg2\nhello", [call()]],
  ])("%s is kept", (_, text, calls) => {
    expect(cleanText(text, calls, false, false)).toBe(text);
  });

  test.each([undefined, 2])(
    "inside JSON (indented by %s) it goes, and what a command prints alike stays",
    (indent) => {
      expect(cleanText(json("Node: sg\nhello", indent), [call()], false, true)).toBe(json("hello", indent));
      const printed = json('{"text":"Node: sg\\nhello"}\n"Node: sg\n', indent);
      expect(cleanText(printed, [call()], false, true)).toBe(printed);
    },
  );
});

describe("a detached start", () => {
  const job = call({ jobId: "nr-1" });
  const second = call({ jobId: "nr-2" }, { name: 'the "big" one\\' });
  const told = (id: string, node = "mac-sg", group = 12) =>
    `Started in the background on ${node} as job ${id} (process group ${group}). It goes on without this call. Ask for its output and end with the tool node_process: action poll, jobId ${id}; end it with action kill. The tool process does not know it.`;

  test("is told in words instead of the script's line", () => {
    expect(cleanText(`Node: 5a\n${STARTED} nr-1 12\n`, [job], false, false)).toBe(
      `Node: 5a\n${told("nr-1")}`,
    );
  });

  test("several starts in one outer call are each told with their own id", () => {
    const text = `${STARTED} nr-2 7\n${STARTED} nr-1 12\n`;
    const inner = cleanText(JSON.stringify({ text }), [job, second], false, true);
    expect(JSON.parse(inner)).toEqual({
      text: `${told("nr-2", '"the \\"big\\" one\\\\"', 7)}${told("nr-1")}`,
    });
  });

  test("is not read into the output of a command that only prints alike", () => {
    const text = `${STARTED} nr-9 12\n`;
    expect(cleanText(text, [job], false, false)).toBe(text);
    expect(cleanText(text, [call()], false, false)).toBe(text);
  });
});

test("whatever text comes, JSON around inner results stays JSON", () => {
  const part = fc.constantFrom(WARNING, "Node: sg\n", `${STARTED} nr-1 3`, "\n", '"', "\\", "\\n", "x");
  fc.assert(
    fc.property(fc.array(part), (parts) => {
      const json = JSON.stringify({ text: parts.join(""), more: [parts.join("\n")] });
      const cleaned: unknown = JSON.parse(cleanText(json, [call({ jobId: "nr-1" })], false, true));
      expect(cleaned).toMatchObject({ text: expect.any(String), more: [expect.any(String)] });
    }),
  );
});

describe("the gate's errors in our words", () => {
  const refusal =
    'RUN_NOT_ALLOWED: a command of agent "worker-sg" was about to run on the gateway although a rule routes it to a node; nothing ran. Trying again does not help before the operator has mended it: tell your user what this says.';

  test("Node's error is told, also inside JSON", () => {
    const error = `TypeError: The property 'options.env['${GATE_VARIABLE}']' must be a string without null bytes. Received 'exec of'`;
    expect(isGateError(error)).toBe(true);
    expect(gateRefusal("worker-sg")).toBe(refusal);
    expect(isGateError(JSON.stringify({ error }))).toBe(true);
  });

  test.each([
    "NODE_ROUTER_REFUSED",
    "grep: NODE_ROUTER_REFUSED_ in src",
    "without null bytes",
    "",
    "The property 'options.env['NODE_ROUTER_REFUSED_0A']' must be a string without null bytes.",
    "page text. NODE_ROUTER_REFUSED_X'] must be a string without null bytes. more",
    `env | grep ${GATE_VARIABLE}`,
    `'options.env['${GATE_VARIABLE}0']' must be a string without null bytes`,
  ])("output that only mentions it stays what it is: %j", (text) => {
    expect(isGateError(text)).toBe(false);
  });

  const failed = {
    status: "completed",
    exitCode: 1,
    aggregated: "execvp(3) failed.: Argument list too long\r\n",
  };
  test.each([
    ["the terminal library's words alone, on the gateway", failed, true],
    ["the same from a node", { ...failed, nodeId: "5a" }, false],
    ["with another status", { ...failed, exitCode: 126 }, false],
    ["among other output", { ...failed, aggregated: `make: ${failed.aggregated}` }, false],
    ["no details", null, false],
  ])("%s", (_case, details, stopped) => {
    expect(stoppedInTerminal(details)).toBe(stopped);
  });
});

describe("the start of a detached job", () => {
  test.each([
    ["says that it began nothing", { exitCode: 1 }, true],
    ["was refused by the node", { failureKind: "policy-denied" }, true],
    ["was ended by a shell that could not fork, wherever it was", { exitCode: 2 }, false],
    ["ended like an unknown program", { exitCode: 125 }, false],
    ["was killed", { exitCode: 137 }, false],
    ["began it", { exitCode: 0 }, false],
    ["told nothing", null, false],
  ])("that %s", (_case, details, never) => {
    expect(neverBegan(details)).toBe(never);
  });
});
