// An agent's calls stay where they ran, what is explained is what the next call does, and one agent is not another.
import { describe, expect, test } from "vitest";
import { createToolPolicy } from "../../../src/hooks/toolPolicy.ts";
import { createLastNodes, LAST_NODES } from "../../../src/nodeRouter/state/lastNodes.ts";
import { createMethods } from "../../../src/nodeRouter/surfaces/methods/methods.ts";
import { PRESENCE, type Presence } from "../../../src/presence/presence.ts";
import { contextOf, execEvent, fakeDeps, hostEntry } from "../../support/fakeDeps.ts";
import { fakePresence, makePresence, reachOf } from "../../support/makePresence.ts";

const NODES = { one: { tags: ["zone=a"] }, two: { tags: ["zone=a"] } };
const RULES = [{ name: "zone", agents: ["worker", "other"], require: "zone=a", near: "gateway" }];
const ID = { one: "11".repeat(32), two: "22".repeat(32) };

/** Two paired nodes whose round trips a test sets; null: it does not answer. */
function arranged(mode = "enforce") {
  const deps = fakeDeps({ config: { mode, nodes: NODES, rules: RULES } });
  deps.nodes = { nodes: [hostEntry("one", ID.one), hostEntry("two", ID.two)] };
  const policy = createToolPolicy(deps);
  const methods = createMethods(deps, "1", async () => {});
  let calls = 0;
  return {
    deps,
    measure(roundTrips: Record<"one" | "two", number | null>) {
      deps.memory.part(PRESENCE).current = presenceOf(
        Object.entries(roundTrips).map(([node, rttMs]) =>
          makePresence({ node, rttMs, reach: { node: reachOf(rttMs === null ? "down" : "up"), ssh: null } }),
        ),
      );
    },
    /** Name of the node that the agent's next exec is sent to. */
    async call(agent = "worker") {
      const answer = await policy(
        execEvent(deps, { command: "id" }, { toolCallId: `c${calls++}` }),
        contextOf(agent),
      );
      const params = answer !== undefined && "params" in answer ? answer.params : {};
      return Object.entries(ID).find(([, id]) => id === params.node)?.[0] ?? null;
    },
    explain: async (agent = "worker") => methods.explain({ agent }),
  };
}

function presenceOf(records: readonly ReturnType<typeof makePresence>[]): Presence {
  const current = new Map(records.map((record) => [record.node, record]));
  return fakePresence(() => current);
}

describe("calls over the node protocol", () => {
  test("stay on a node that another one beats by a little, and move for a clear gain", async () => {
    const at = arranged();
    at.measure({ one: 20, two: 30 });
    expect(await at.call()).toBe("one");
    at.measure({ one: 24, two: 20 });
    expect(await at.call()).toBe("one");
    at.measure({ one: 80, two: 20 });
    expect(await at.call()).toBe("two");
    at.measure({ one: 16, two: 20 });
    expect(await at.call()).toBe("two");
  });

  test("another agent of the same rule is placed by itself", async () => {
    const at = arranged();
    at.measure({ one: 20, two: 30 });
    await at.call();
    at.measure({ one: 24, two: 20 });
    expect(await at.call("other")).toBe("two");
    expect(await at.call("worker")).toBe("one");
  });

  test("leave a node that stopped answering though the host still lists it as connected, and come back to none", async () => {
    const at = arranged();
    at.measure({ one: 20, two: 30 });
    await at.call();
    at.measure({ one: null, two: 30 });
    expect(await at.call()).toBe("two");
    at.measure({ one: 28, two: 30 });
    expect(await at.call()).toBe("two");
  });

  test("a change of presence holds at once, without another look at the host's list", async () => {
    const at = arranged();
    at.measure({ one: 20, two: 30 });
    await at.call();
    at.measure({ one: null, two: 30 });
    await at.call();
    expect(at.deps.listCalls).toBe(1);
  });
});

describe("explain", () => {
  test("says what the next call does, and in words that it stays", async () => {
    const at = arranged();
    at.measure({ one: 20, two: 30 });
    expect((await at.explain()).message).not.toContain("stays");
    await at.call();
    at.measure({ one: 24, two: 20 });
    const report = await at.explain();
    expect(report).toMatchObject({
      node: "one",
      message:
        'exec of agent "worker" runs on one (location unknown) · rule zone · stays where it last ran: two ranks first, but not by enough to move',
      candidates: [
        { node: "one", scores: { "near (ms)": 24 } },
        { node: "two", scores: { "near (ms)": 20 } },
      ],
    });
    expect(await at.call()).toBe(report.node);
  });

  test("asking moves nobody: only calls do", async () => {
    const at = arranged();
    at.measure({ one: 20, two: 30 });
    await at.explain();
    at.measure({ one: 24, two: 20 });
    expect(await at.call()).toBe("two");
  });

  test("in shadow mode it shows what enforcing would do", async () => {
    const at = arranged("shadow");
    at.measure({ one: 20, two: 30 });
    expect(await at.call()).toBe(null);
    at.measure({ one: 24, two: 20 });
    expect((await at.explain()).node).toBe("one");
  });
});

test("a node that the model named itself is no place to stay", async () => {
  const at = arranged();
  at.measure({ one: 20, two: 21 });
  const policy = createToolPolicy(at.deps);
  const event = execEvent(at.deps, { node: "two" }, { toolName: "browser", toolCallId: "b" });
  expect(await policy(event, contextOf("worker"))).toMatchObject({ params: { node: ID.two } });
  expect(at.deps.memory.part(LAST_NODES).of("worker", "zone")).toBe(null);
  await policy(execEvent(at.deps, {}, { toolName: "browser", toolCallId: "c" }), contextOf("worker"));
  expect(at.deps.memory.part(LAST_NODES).of("worker", "zone")).toBe("one");
});

test("a gateway that runs for months forgets the oldest, not the newest", () => {
  const nodes = createLastNodes();
  for (let agent = 0; agent < 5_000; agent++) nodes.set(`agent-${agent}`, "rule", "one");
  expect([nodes.of("agent-0", "rule"), nodes.of("agent-4999", "rule")]).toEqual([null, "one"]);
  nodes.set("a", "b c", "one");
  expect(nodes.of("a b", "c")).toBe(null);
});
