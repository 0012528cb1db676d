// What a peer's task stands on in the installed OpenClaw: runs in sessions of our own, which nobody resumes but us.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { OpenClawPluginApi } from "openclaw/plugin-sdk/plugin-entry";
import { describe, expect, expectTypeOf, test } from "vitest";
import { sessionOf } from "../../src/nodeRouter/delegation/inbox/taskIds.ts";
import { readRunEnd, type SubagentRuntime } from "../../src/nodeRouter/host/subagents.ts";
import { ROOT } from "../support/environment.ts";

const DIST = join(ROOT, "node_modules", "openclaw", "dist");
type Any = (...args: readonly unknown[]) => unknown;

/** A function of the one file of the host whose name begins so, by its own name. */
async function hostFunction(prefix: string, name: string): Promise<Any> {
  const [file = "", ...others] = readdirSync(DIST).filter((one) =>
    new RegExp(`^${prefix}-[\\w-]{8}\\.mjs$`).test(one),
  );
  expect([file, others]).toEqual([expect.any(String), []]);
  const module: object = await import(pathToFileURL(join(DIST, file)).href);
  const found: unknown = Object.values(module).find(
    (value: unknown) => typeof value === "function" && value.name === name,
  );
  if (typeof found !== "function") throw new Error(`the host has no ${name}`);
  return (...args) => Reflect.apply(found, undefined, args) as unknown;
}

test("the host's runtime has the calls that we make, with the parameters that we give", () => {
  expectTypeOf<OpenClawPluginApi["runtime"]>().toExtend<SubagentRuntime>();
});

describe("after a crash the host resumes", () => {
  test("no session of a peer's task, and a session that is named otherwise", async () => {
    const isResumed = await hostFunction("main-session-recovery-state", "isMainRestartRecoveryCandidate");
    expect(isResumed({}, sessionOf("worker-sg", "gw-a", "c"))).toBe(false);
    expect(isResumed({}, "agent:worker-sg:peer-gw-a")).toBe(true);
  });
});

test("the end of a run is told in words that we read", () => {
  const text = readdirSync(DIST)
    .filter((file) => /^agent-(?:job|run-terminal-reply|run-wait)[\w.-]*\.mjs$/.test(file))
    .map((file) => readFileSync(join(DIST, file), "utf8"))
    .join("\n");
  for (const word of ["terminalReply", "endedAt", "stopReason", '"timeout"']) expect(text).toContain(word);
  expect(readRunEnd({ status: "timeout", timeoutPhase: "gateway_draining" })).toBeNull();
});

test("the scope that a route has can be left", () => {
  const [file = ""] = readdirSync(DIST).filter((one) =>
    /^plugin-instance-invocation-[\w-]{8}\.mjs$/.test(one),
  );
  const text = readFileSync(join(DIST, file), "utf8");
  expect(text).toContain("openclaw.pluginInstanceInvocation");
  expect(text).toMatch(/runFrame\(frame, run\)/);
});
