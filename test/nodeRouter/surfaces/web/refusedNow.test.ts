// Who is refused now, why, and since when.
import { describe, expect, test } from "vitest";
import { NEWEST_CALLS } from "../../../../src/nodeRouter/ledger/newestCalls.ts";
import type { CallRow } from "../../../../src/nodeRouter/ledger/readCalls.ts";
import { MAX_BLOCKED } from "../../../../src/nodeRouter/surfaces/reports/maxBlocked.ts";
import type { NodeReport } from "../../../../src/nodeRouter/surfaces/reports/nodeReport.ts";
import type { AgentStatus } from "../../../../src/nodeRouter/surfaces/reports/statusReport.ts";
import { refusedNow } from "../../../../src/nodeRouter/surfaces/web/refusedNow.ts";
import { call, NOW_MS, nodeReport, smallFleet, statusFor } from "./fleet.ts";

const at = (minutes: number): string => new Date(NOW_MS - minutes * 60_000).toISOString();

const gone = (name: string, minutes: number, changes: Partial<NodeReport> = {}): NodeReport =>
  nodeReport(name, { state: "offline", since: at(minutes), ...changes });

function refused(
  blocked: readonly string[],
  nodes: readonly NodeReport[],
  calls: readonly CallRow[] = [],
  why = "was offline",
) {
  const [first] = statusFor(smallFleet()).agents;
  if (first === undefined) throw new Error("no agent");
  const agent: AgentStatus = {
    ...first,
    agent: "worker-sg",
    outcome: "refused",
    node: null,
    blocked: blocked.map((node) => ({ node, why })),
  };
  return refusedNow({ agents: [first, agent] }, { nodes }, calls);
}

const refusal = (minutes: number, changes: Partial<CallRow> = {}): CallRow =>
  call({ id: `call ${minutes}`, at: at(minutes), outcome: "refused", node: null, ...changes });

test("is nobody while every agent has a node", () => {
  const fleet = smallFleet();
  expect(refusedNow(statusFor(fleet), fleet, [])).toEqual([]);
});

test("names the nodes that the agent's rule means, with their state", () => {
  const [one, ...others] = refused(["mac-sg"], [gone("mac-sg", 4)]);
  expect(others).toEqual([]);
  expect(one).toMatchObject({
    agent: "worker-sg",
    rule: "rule-mac-cn",
    nodes: [{ node: "mac-sg", why: "was offline", state: "offline", since: at(4) }],
  });
});

describe("since when", () => {
  test("since the last of its nodes went: until then it could run there", () => {
    const nodes = [gone("a", 60), gone("b", 4), gone("c", 9)];
    expect(refused(["a", "b", "c"], nodes)).toMatchObject([{ since: at(4), sinceBy: "node" }]);
  });

  test("where a node is kept away by something else than its state, since its calls are refused", () => {
    const calls = [refusal(1), refusal(2), call({ id: "ran", at: at(3) }), refusal(8)];
    const nodes = [gone("a", 60), nodeReport("b")];
    expect(refused(["a", "b"], nodes, calls)).toMatchObject([{ since: at(2), sinceBy: "call" }]);
  });

  test("calls of other agents say nothing of it", () => {
    const calls = [refusal(1), call({ id: "other", at: at(2), agent: "worker-cn" }), refusal(3)];
    expect(refused([], [], calls)).toMatchObject([{ since: at(3) }]);
  });

  test("is not made up: nobody knows where there is neither", () => {
    expect(refused(["gone"], [])).toMatchObject([{ since: null, sinceBy: null, nodes: [{ state: null }] }]);
    expect(refused([], [], [call({ id: "ran", at: at(3) })])).toMatchObject([{ since: null }]);
  });

  test("is not the oldest refusal of a list that may begin in the middle: an agent that tries on fills it in minutes", () => {
    const calls = Array.from({ length: NEWEST_CALLS }, (_, minutes) => refusal(minutes));
    expect(refused([], [], calls)).toMatchObject([{ since: null, sinceBy: null }]);
    expect(refused([], [], calls.slice(1))).toMatchObject([{ since: at(NEWEST_CALLS - 1) }]);
    const ran = call({ id: "ran", at: at(NEWEST_CALLS) });
    expect(refused([], [], [...calls.slice(1), ran])).toMatchObject([{ since: at(NEWEST_CALLS - 1) }]);
  });

  test("is not since the last of the nodes that are named, where one that is not named may have gone later", () => {
    const names = Array.from({ length: MAX_BLOCKED }, (_, number) => `n${number}`);
    const nodes = names.map((name) => gone(name, 60));
    expect(refused(names, nodes, [refusal(3)])).toMatchObject([{ since: at(3), sinceBy: "call" }]);
  });
});
