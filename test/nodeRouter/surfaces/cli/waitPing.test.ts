// `wait`, `ping`, `top` and the following of events: what they say, when they end, and with which exit code.
import { describe, expect, test } from "vitest";
import { totalsOf } from "../../../../src/nodeRouter/surfaces/cli/pingCommand.ts";
import type { Terminal } from "../../../../src/nodeRouter/surfaces/cli/terminal.ts";
import type { PingAnswer } from "../../../../src/nodeRouter/surfaces/methods/pingMethod.ts";
import type { NodeReport } from "../../../../src/nodeRouter/surfaces/reports/nodesReport.ts";
import { START_MS } from "../../../support/fakeDeps.ts";
import { hostOf } from "../doctor/arrange.ts";
import { nodeReport, smallFleet } from "../web/fleet.ts";
import { fakeGateway, refusalOf, run } from "./arrange.ts";

/** A clock that only sleeping moves. */
function machine(stopAfter = Number.POSITIVE_INFINITY): Terminal & { readonly slept: number[] } {
  const slept: number[] = [];
  const stop = new AbortController();
  return {
    slept,
    now: () => START_MS + slept.reduce((sum, ms) => sum + ms, 0),
    isTerminal: false,
    rows: 24,
    stop: stop.signal,
    sleep: async (ms) => {
      slept.push(ms);
      if (slept.length >= stopAfter) stop.abort();
    },
  };
}

const CORDON = { by: "a", reason: null, at: null, until: null, drain: false, move: false };
/** The node as it is at each look; the last one stays. */
const looks = (...states: (Partial<NodeReport> | Error)[]) => {
  let round = 0;
  return () => {
    const now = states[Math.min(round++, states.length - 1)];
    if (now instanceof Error) throw now;
    return { nodes: [nodeReport("mac-sg", now)] };
  };
};

describe("wait", () => {
  test("is 0 as soon as the node is so, over a gateway that restarts meanwhile", async () => {
    const clock = machine();
    const answer = looks({ state: "offline" }, new Error("gateway closed (1012)"), { state: "ready" });
    const ran = await run("wait", { argument: "mac-sg", for: "ready" }, answer, clock);
    expect(ran.code).toBe(0);
    expect(ran.stdout).toMatch(/^node mac-sg is ready/);
    expect(ran.stderr).toMatch(/waiting: node mac-sg is offline.*\n.*does not answer, this goes on/s);
    expect(clock.slept).toEqual([1_000, 1_000]);
  });

  test("is 1 when the time is over, and no later", async () => {
    const clock = machine();
    const options = { argument: "mac-sg", for: "offline", timeout: "3s" };
    const ran = await run("wait", options, looks({ state: "degraded" }), clock);
    expect(ran.code).toBe(1);
    expect(ran.stdout.replaceAll("\n", " ")).toContain(
      "degraded (answers over the node protocol): not offline in time",
    );
    expect(clock.now() - START_MS).toBe(3_000);
  });

  test.each([
    ["cordoned", { cordon: CORDON }, 0],
    ["cordoned", { cordon: null }, 1],
    ["cordoned", { cordon: "unreadable" }, 0],
    ["uncordoned", { cordon: null }, 0],
    ["ready", { state: "unknown" }, 1],
    ["offline", { state: "unknown" }, 1],
  ] as const)("for %s of %j is %i: not known is neither", async (goal, state, code) => {
    const options = { argument: "mac-sg", for: goal, timeout: "1s", json: true };
    const ran = await run("wait", options, looks(state), machine());
    expect(ran.code).toBe(code);
    expect(JSON.parse(ran.stdout)).toMatchObject({ node: "mac-sg", for: goal, met: code === 0 });
    expect(ran.stderr).toBe("");
  });

  test("a gateway that says no at first ends it at once; so does Ctrl-C later", async () => {
    const clock = machine();
    const refused = refusalOf("FORBIDDEN", "missing scope: operator.read");
    expect((await run("wait", { argument: "mac-sg" }, looks(refused), clock)).code).toBe(1);
    expect(clock.slept).toEqual([]);
    const stopped = machine(2);
    expect((await run("wait", { argument: "mac-sg" }, looks({ state: "offline" }), stopped)).code).toBe(1);
    expect(stopped.slept).toHaveLength(2);
  });
});

describe("ping", () => {
  const answers = (...rounds: (readonly PingAnswer[])[]) => {
    let round = 0;
    return () => ({ node: "mac-sg", ways: rounds[Math.min(round++, rounds.length - 1)] });
  };
  const up = (way: PingAnswer["way"], rttMs: number | null): PingAnswer => ({
    way,
    ok: true,
    rttMs,
    reason: null,
  });
  const down: PingAnswer = { way: "ssh", ok: false, rttMs: null, reason: "refused\u001b[2J" };

  test("asks as often as it is told, a second apart, and sums up every way with what it is the time of", async () => {
    const clock = machine();
    const rounds = answers([up("node", 10), up("ssh", 1)], [up("node", 30), up("ssh", 3)]);
    const ran = await run("ping", { argument: "mac-sg", count: "2" }, rounds, clock);
    expect([ran.code, clock.slept]).toEqual([0, [1_000]]);
    expect(ran.stdout).toMatch(/^node +2\/2 +10 ms +20 ms +30 ms +a look-up by OpenClaw's node host there$/m);
    expect(ran.stdout).toMatch(/^ssh +2\/2 +1 ms +2 ms +3 ms +a line to the waiting shell/m);
  });

  test("a way without an answer makes it 1 and is told with its reason; nothing of it repaints the terminal", async () => {
    const ran = await run(
      "ping",
      { argument: "mac-sg", count: "1" },
      answers([up("node", 5), down]),
      machine(),
    );
    expect(ran.code).toBe(1);
    expect(ran.stdout).toMatch(/^ssh +0\/1 +- +- +- +refused\\u001b\[2J$/m);
    const json = await run(
      "ping",
      { argument: "mac-sg", count: "1", json: true },
      answers([down]),
      machine(),
    );
    expect(JSON.parse(json.stdout).ways[0]).toMatchObject({ way: "ssh", sent: 1, answered: 0, minMs: null });
  });

  test("an answer without a time counts as an answer, and in no mean", () => {
    expect(totalsOf([up("ssh", null), up("ssh", 4)])).toEqual([
      { way: "ssh", sent: 2, answered: 2, minMs: 4, avgMs: 4, maxMs: 4, reason: null },
    ]);
  });
});

test("top has the busiest node first, and what nobody knows last", async () => {
  const ran = await run("top", {}, () => smallFleet());
  const rows = ran.stdout.split("\n").slice(1);
  const loads = rows.map((row) => /\s(\d+) %|\s(-)\s/.exec(row)?.[1] ?? null);
  const known = loads.filter((load) => load !== null).map(Number);
  expect(known.length).toBeGreaterThan(1);
  expect(known).toEqual([...known].sort((one, other) => other - one));
  expect(loads.slice(known.length).every((load) => load === null)).toBe(true);
});

test("events --follow shows each change once, and none that stood there long before", async () => {
  const change = (minute: number) => ({
    ...{ node: "mac-sg", from: "ready", to: "offline", reason: "x" },
    at: new Date(START_MS + minute * 60_000).toISOString(),
  });
  let round = 0;
  const rounds = [25, 25, 27].map((count) => Array.from({ length: count }, (_, minute) => change(minute)));
  const answer = () => ({ events: rounds[round++] });
  const ran = await run("events", { follow: true, json: true }, answer, machine(3));
  expect(ran.code).toBe(0);
  const shown = ran.stdout.split("\n").map((line) => JSON.parse(line).at);
  expect(shown).toEqual(rounds[2]?.slice(5).map(({ at }) => at));
});

test("status --watch in a pipe: the first page, then a line for each agent that fares otherwise", async () => {
  const { deps, answer } = fakeGateway({ hostConfig: hostOf({}) });
  const clock = machine(2);
  const ran = await run(
    "status",
    { watch: true },
    (method, params) => {
      if (clock.slept.length > 0) {
        deps.nodes = { nodes: [] };
        deps.clockMs += 10_000;
      }
      return answer(method, params);
    },
    clock,
  );
  expect(ran.code).toBe(0);
  expect(ran.stdout).toMatch(/^node-router 1\.2\.3/);
  expect(ran.stdout.split("\n").at(-1)).toMatch(/^\S+ \S+Z {2}worker-sg: NO_NODE_FITS: /);
});
