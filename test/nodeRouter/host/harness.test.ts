// Whose shell a call named exec is.
import { describe, expect, test } from "vitest";
import { createModelCallHook } from "../../../src/hooks/modelCalls.ts";
import { EMBEDDED_RUNS, isOpenClawExec } from "../../../src/nodeRouter/host/harness.ts";
import { createMemory } from "../../../src/shared/processMemory.ts";

function isOurs(params: Record<string, unknown>, runId: string | undefined = "run", announced = ["run"]) {
  const memory = createMemory(() => 0);
  const note = createModelCallHook(memory);
  for (const id of announced) note({ runId: id });
  return isOpenClawExec(memory, { toolName: "exec", params, runId }, {});
}

describe("isOpenClawExec", () => {
  test("an exec of a run whose model calls OpenClaw announced is its own", () => {
    expect(
      isOurs({ command: "id", workdir: "/w", env: {}, title: "t", timeoutSeconds: 5, yieldMs: 1_000 }),
    ).toBe(true);
  });

  test("a run without an announced model call is another harness's, as is a call without a run", () => {
    expect(isOurs({ command: "id" }, "cli")).toBe(false);
    expect(isOurs({ command: "id" }, "run", [])).toBe(false);
    expect(
      isOpenClawExec(
        createMemory(() => 0),
        { toolName: "exec", params: {} },
        {},
      ),
    ).toBe(false);
  });

  test("a run whose last model call failed may go on in another harness, until OpenClaw announces the next", () => {
    const memory = createMemory(() => 0);
    const note = createModelCallHook(memory);
    const ours = () =>
      isOpenClawExec(memory, { toolName: "exec", params: { command: "id" }, runId: "run" }, {});
    note({ runId: "run" });
    note({ runId: "run", outcome: "completed" });
    expect(ours()).toBe(true);
    note({ runId: "run" });
    note({ runId: "run", outcome: "error" });
    expect(ours()).toBe(false);
    note({ runId: "run" });
    expect(ours()).toBe(true);
  });

  test("a scheduled script's exec is OpenClaw's own, known by its run and its call together", () => {
    const memory = createMemory(() => 0);
    const isOurScript = (runId: string, toolCallId: string, params = {}) =>
      isOpenClawExec(memory, { toolName: "exec", params, runId, toolCallId }, {});
    const [run, call] = ["cron-trigger:job:1", "tool_search_code:headless:1:exec:1"];
    expect(isOurScript(run, call)).toBe(true);
    expect(isOurScript(run, call, { description: "x" })).toBe(false);
    expect(isOurScript(run, "toolu_1")).toBe(false);
    expect(isOurScript("run", call)).toBe(false);
  });

  test.each([
    { command: "id", description: "Show the user" },
    { command: "id", run_in_background: true },
    { command: "id", timeout: 120_000 },
    { command: "id", dangerouslyDisableSandbox: false },
    { cmd: ["id"] },
    { command: "id", timeout_ms: 5 },
  ])("parameters of a native shell are not OpenClaw's, also in a run that began as its own: %j", (params) => {
    expect(isOurs(params)).toBe(false);
  });

  test("the run may be named by the context alone; model calls without a run announce nothing", () => {
    const memory = createMemory(() => 0);
    createModelCallHook(memory)({});
    createModelCallHook(memory)({ runId: "run" });
    expect(isOpenClawExec(memory, { toolName: "exec", params: {} }, { runId: "run" })).toBe(true);
    expect(memory.part(EMBEDDED_RUNS).has("")).toBe(false);
  });
});
