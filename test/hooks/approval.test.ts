// A person is asked before a command runs on a node, where the operator's exec policy says so; without a yes nothing runs.
import { describe, expect, test } from "vitest";
import { execEvent, RUN, workspaceOptions } from "../support/fakeDeps.ts";
import { arranged, paramsOf, questionOf, reasonOf } from "./workspaceArrange.ts";

const asking = (exec: object) => arranged(workspaceOptions({ tools: { exec } }));

describe("mode ask", () => {
  test("asks with node, directory and command, once, and offers no yes for ever", async () => {
    const { exec } = asking({ mode: "ask" });
    const question = questionOf(await exec({ command: "make all", workdir: "/src" }));
    expect(question).toMatchObject({
      title: "Run a command on mac-sg",
      allowedDecisions: ["allow-once", "deny"],
      // Without it the host refuses a trusted policy's question.
      pluginId: "node-router",
    });
    expect(question.description).toContain(
      'on node "mac-sg" (SG, declared) over SSH, rule "singapore", in "/src":\n"make all"',
    );
  });

  test("gives the parameters along, which are the same after the host has merged them over the model's", async () => {
    const { exec } = asking({ mode: "ask" });
    const model = {
      command: "id",
      host: "gateway",
      node: "x",
      elevated: true,
      env: { NODE_ROUTER_CALL: "other" },
    };
    const params = paramsOf(await exec(model));
    expect({ ...model, ...params }).toEqual(params);
    expect(params).toMatchObject({ host: "sandbox", elevated: false });
  });

  test("after a yes the last hook says the parameters and asks no second time", async () => {
    const { exec, lastHook, deps } = asking({ mode: "ask" });
    const answer = await exec();
    questionOf(answer).onResolution("allow-once");
    expect(await lastHook(execEvent(deps, paramsOf(answer)))).toEqual({ params: paramsOf(answer) });
  });

  test.each(["deny", "timeout", "cancelled", "allow-always", ""])(
    "%j is no yes: should the host go on, the last hook asks again",
    async (decision) => {
      const { exec, lastHook, deps } = asking({ mode: "ask" });
      const answer = await exec();
      questionOf(answer).onResolution(decision);
      expect(questionOf(await lastHook(execEvent(deps, paramsOf(answer))))).toMatchObject({
        pluginId: "node-router",
      });
    },
  );

  test("a question that another plugin's took the place of is asked in the last hook", async () => {
    const { exec, lastHook, deps } = asking({ mode: "ask" });
    const answer = await exec();
    expect(questionOf(await lastHook(execEvent(deps, paramsOf(answer)))).description).toContain("hostname");
  });

  test("a host that did not ask the policy has the question from the last hook", async () => {
    const { lastHook, deps, calls } = asking({ mode: "ask" });
    questionOf(await lastHook(execEvent(deps)));
    expect(calls()).toHaveLength(1);
  });

  test("one call's yes is no other's", async () => {
    const { exec, lastHook, deps } = asking({ mode: "ask" });
    questionOf(await exec({ command: "ls" }, "1")).onResolution("allow-once");
    const other = await exec({ command: "rm -rf /" }, "2");
    questionOf(other);
    questionOf(await lastHook(execEvent(deps, paramsOf(other), { toolCallId: "2" })));
  });

  test("nobody is asked about a call without a command, which the host refuses, or about a file", async () => {
    const { exec, policy } = asking({ mode: "ask" });
    expect(await exec({})).not.toHaveProperty("requireApproval");
    expect(await policy({ toolName: "write", params: {}, runId: RUN, toolCallId: "w" })).toBe(undefined);
  });
});

test.each([{}, { mode: "full" }, { security: "full", ask: "on-miss" }])("%j asks nobody", async (exec) => {
  expect(await asking(exec).exec()).not.toHaveProperty("requireApproval");
});

test.each([
  [
    { mode: "deny" },
    'RUN_NOT_ALLOWED: agents.entries.worker-sg.tools.exec.mode "deny" forbids commands of agent "worker-sg"; nothing ran. To go on, use other tools, or let the operator change it.',
  ],
  [
    { mode: "allowlist" },
    'RUN_NOT_ALLOWED: agents.entries.worker-sg.tools.exec.mode "allowlist" lets agent "worker-sg" run only commands on OpenClaw\'s allowlist, which names programs of the gateway and can be checked for no command on a node; nothing ran. To go on, let the operator set mode to "ask" or "full".',
  ],
])("%j refuses, and nobody is asked", async (exec, reason) => {
  const { exec: call, calls, policy } = asking(exec);
  expect(reasonOf(await call())).toBe(reason);
  expect(calls()).toEqual([]);
  expect(await policy({ toolName: "read", params: {}, runId: RUN, toolCallId: "r" })).toBe(undefined);
});

test("the session's permission mode counts: guarded asks, read-only refuses", async () => {
  const session = (permissionMode: string) => ({ sandboxOff: false, sandboxRequired: false, permissionMode });
  questionOf(await arranged({ ...workspaceOptions(), session: session("guarded") }).exec());
  expect(reasonOf(await arranged({ ...workspaceOptions(), session: session("read-only") }).exec())).toContain(
    'permissionMode "read-only" of the session',
  );
});
