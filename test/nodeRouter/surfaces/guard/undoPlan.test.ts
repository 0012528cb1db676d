// Taking the guard back: its settings are unset where they are as it writes them, and nothing else is.
import { describe, expect, test } from "vitest";
import { applyGuard } from "../../../../src/nodeRouter/surfaces/guard/apply.ts";
import { planGuardUndo } from "../../../../src/nodeRouter/surfaces/guard/undoPlan.ts";

const BOUND = {
  mode: "all",
  backend: "Node-Router ",
  workspaceAccess: "rw",
  scope: "session",
  prune: { idleHours: 0, maxAgeDays: 30 },
};

function undone(agent: object, id = "worker-sg"): unknown {
  const host = { agents: { entries: { [id]: agent } } };
  const draft = structuredClone(host);
  applyGuard(draft, planGuardUndo(host, null));
  return (draft.agents.entries as Record<string, unknown>)[id];
}

describe("an agent that is guarded", () => {
  test("over the node protocol loses host and node, and keeps its other settings", () => {
    expect(undone({ model: "m", tools: { exec: { host: "node", node: "5a", security: "full" } } })).toEqual({
      model: "m",
      tools: { exec: { security: "full" } },
    });
  });

  test("with its workspace loses the binding, and keeps what the operator has set otherwise", () => {
    expect(undone({ sandbox: BOUND, tools: { exec: { host: "sandbox" } } })).toEqual({
      sandbox: { scope: "session", prune: { maxAgeDays: 30 } },
      tools: { exec: {} },
    });
  });

  test("is found whatever its key holds", () => {
    expect(undone({ tools: { exec: { host: "node" } } }, "tools.exec.agent")).toEqual({
      tools: { exec: {} },
    });
  });

  test("is left alone when it is not one of those that were named", () => {
    const host = {
      agents: {
        entries: { a: { tools: { exec: { host: "node" } } }, b: { tools: { exec: { host: "node" } } } },
      },
    };
    expect(planGuardUndo(host, ["b"]).map(({ agent }) => agent)).toEqual(["b"]);
    expect(planGuardUndo(host, []).map(({ agent }) => agent)).toEqual([]);
  });
});

describe("an agent that nobody has guarded", () => {
  test.each([
    ["with exec on the gateway", { tools: { exec: { host: "gateway", node: "5a" } } }],
    ["with a node and no host", { tools: { exec: { node: "5a" } } }],
    [
      "with another sandbox",
      { sandbox: { ...BOUND, backend: "docker" }, tools: { exec: { host: "sandbox" } } },
    ],
    ["with a sandbox without a backend of its own", { sandbox: { mode: "all", workspaceAccess: "rw" } }],
    ["with nothing", {}],
  ])("%s keeps all of it", (_, agent) => {
    expect(undone(agent)).toEqual(agent);
    expect(planGuardUndo({ agents: { entries: { x: agent } } }, null)).toEqual([]);
  });
});
