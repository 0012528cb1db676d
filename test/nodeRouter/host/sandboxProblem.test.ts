// Which sessions of a bound agent OpenClaw would leave outside of the sandbox, so that their tools must not run.
import { describe, expect, test } from "vitest";
import {
  readSessionFacts,
  type SessionFacts,
  sandboxProblem,
} from "../../../src/nodeRouter/host/sandboxProblem.ts";
import { BOUND } from "../../support/fakeDeps.ts";

const MAIN = "agent:worker-sg:main";
const TELEGRAM = "agent:worker-sg:telegram:direct:42";
const FACTS: SessionFacts = { sandboxOff: false, sandboxRequired: false, permissionMode: null };

function problem(
  sandbox: object = {},
  sessionKey = MAIN,
  facts: SessionFacts | null = null,
  more: object = {},
) {
  const host = { agents: { entries: { "worker-sg": { sandbox: { ...BOUND, ...sandbox } } } }, ...more };
  return sandboxProblem(host, "worker-sg", sessionKey, facts);
}

test("a complete binding has none, whatever the session", () => {
  for (const key of [
    MAIN,
    TELEGRAM,
    "global",
    "agent:worker-sg:subagent:1",
    "agent:worker-sg:cron:1:run:2",
  ]) {
    expect(problem({}, key)).toBe(null);
    expect(problem({}, key, FACTS)).toBe(null);
  }
});

describe('mode "non-main"', () => {
  test.each([MAIN, "main", "global", "agent:worker-sg:home"])("leaves %s on the gateway", (key) => {
    const more = { session: { mainKey: "home" } };
    expect(problem({ mode: "non-main" }, key, null, more)).toBe(
      'agent "worker-sg" has its workspace on a node, but agents.entries.worker-sg.sandbox.mode is "non-main", so its main session would run on the gateway; set it to "all"',
    );
    expect(problem({}, key, null, more)).toBe(null);
  });

  test.each([TELEGRAM, "agent:worker-sg:subagent:main-1", "agent:worker-sg:maintenance"])(
    "takes %s to the sandbox",
    (key) => {
      expect(problem({ mode: "non-main" }, key)).toBe(null);
    },
  );
});

test("a chat that an administrator took out of its sandbox is not run on the gateway instead", () => {
  expect(problem({}, TELEGRAM, { ...FACTS, sandboxOff: true })).toContain(
    "this chat was taken out of its sandbox",
  );
});

test("a role that requires isolation does not get a node, which isolates nothing", () => {
  expect(problem({}, TELEGRAM, { ...FACTS, sandboxRequired: true })).toContain(
    "requires an isolated sandbox",
  );
});

test("a call without a session has no sandbox", () => {
  expect(problem({}, "")).toContain("a call without a session");
});

test.each([
  ["ro", 'is "ro"'],
  ["none", 'is "none"'],
  [undefined, 'is not set, which means "none"'],
])("workspaceAccess %s cannot be kept on a node", (workspaceAccess, fact) => {
  expect(problem({ workspaceAccess })).toBe(
    `agent "worker-sg" has its workspace on a node, but agents.entries.worker-sg.sandbox.workspaceAccess ${fact}; set it to "rw"`,
  );
});

test("the setting that is named is the one in force", () => {
  const host = {
    agents: {
      defaults: { sandbox: { workspaceAccess: "ro" } },
      entries: { "worker-sg": { sandbox: { mode: "all" } } },
    },
  };
  expect(sandboxProblem(host, "worker-sg", MAIN, null)).toContain(
    "agents.defaults.sandbox.workspaceAccess is",
  );
});

describe("the host's session entry", () => {
  test("is read for the three things that matter", () => {
    expect(
      readSessionFacts({
        sandboxMode: "off",
        sandbox: "required",
        permissionMode: "guarded",
        execHost: "node",
      }),
    ).toEqual({
      sandboxOff: true,
      sandboxRequired: true,
      permissionMode: "guarded",
    });
    expect(readSessionFacts({})).toEqual(FACTS);
  });

  test.each([undefined, null, "x", 5, []])("%j is none", (entry) => {
    expect(readSessionFacts(entry)).toBe(null);
  });
});
