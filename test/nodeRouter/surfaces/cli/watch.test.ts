// `nodes --watch`: redraws a terminal, adds lines to a pipe, and outlives a restart of the gateway. No real clock.
import { describe, expect, test } from "vitest";
import type { Terminal } from "../../../../src/nodeRouter/surfaces/cli/terminal.ts";
import { watchInterval } from "../../../../src/nodeRouter/surfaces/cli/watch.ts";
import { PRESENCE } from "../../../../src/presence/presence.ts";
import type { NodePresence } from "../../../../src/presence/record.ts";
import { START_MS } from "../../../support/fakeDeps.ts";
import { fakePresence, offlineRecord, recordOf } from "../reports/arrange.ts";
import { fakeGateway, type Ran, refusalOf, run } from "./arrange.ts";

/** One look: what the gateway knows then, or what its client throws. */
type Look = readonly NodePresence[] | Error;

const READY = [recordOf("mac-sg"), recordOf("mac-cn")];
const CUT = [offlineRecord("mac-sg"), recordOf("mac-cn")];
const CLOSED = new Error("gateway closed (1012)\u001b[2J: service restart");

/** Watches until the looks are used up; sleeping is what moves the clock. */
async function watch(
  looks: readonly Look[],
  changes: Partial<Terminal> & { json?: boolean; watch?: string; state?: string } = {},
): Promise<Ran & { slept: number[] }> {
  const { json = false, watch: seconds, state, ...machine } = changes;
  const gateway = fakeGateway();
  const stop = new AbortController();
  const slept: number[] = [];
  let round = 0;
  const ran = await run(
    "nodes",
    { watch: seconds ?? true, json, state },
    (method, params) => {
      const look = looks[round++];
      if (look instanceof Error || look === undefined) throw look ?? new Error("asked too often");
      gateway.deps.memory.part(PRESENCE).current = fakePresence(look);
      return gateway.answer(method, params);
    },
    {
      now: () => START_MS + slept.reduce((sum, ms) => sum + ms, 0),
      isTerminal: false,
      rows: 24,
      stop: stop.signal,
      sleep: async (ms) => {
        slept.push(ms);
        if (round >= looks.length) stop.abort();
      },
      ...machine,
    },
  );
  return { ...ran, slept };
}

describe("in a pipe", () => {
  test("the first table is followed by a line a change; what stays the same adds none", async () => {
    const { code, stdout, stderr, slept } = await watch([READY, READY, CUT, READY]);
    expect([code, stderr]).toEqual([0, ""]);
    const lines = stdout.split("\n");
    expect(lines[0]).toMatch(/^NAME +STATE/);
    expect(lines.slice(-2)).toEqual([
      "2023-11-14 22:13:24Z  mac-sg: ready → offline: it does not answer over the node protocol",
      "2023-11-14 22:13:26Z  mac-sg: offline → ready: it answers over the node protocol",
    ]);
    expect(stdout.match(/→/g)).toHaveLength(2);
    expect(slept).toEqual([2_000, 2_000, 2_000, 2_000]);
  });

  test("a restart of the gateway is told once on stderr, and so is its end; it goes on between", async () => {
    const unknown = refusalOf("INVALID_REQUEST", "unknown method: noderouter.nodes");
    const { code, stdout, stderr } = await watch([READY, CLOSED, CLOSED, unknown, CUT]);
    expect(code).toBe(0);
    expect(stderr.split("\n")).toEqual([
      "2023-11-14 22:13:22Z  the gateway does not answer, this goes on: gateway closed (1012)\\u001b[2J: service restart",
      "2023-11-14 22:13:28Z  the gateway answers again",
    ]);
    expect(stdout).toContain("mac-sg: ready → offline");
  });

  test("a gateway that never answered ends it, as without --watch", async () => {
    const { code, stdout, stderr, slept } = await watch([new Error("connect ECONNREFUSED")]);
    expect([code, stdout, slept]).toEqual([1, "", []]);
    expect(stderr).toMatch(/^GATEWAY_UNREACHABLE: node-router could not be asked: connect ECONNREFUSED; /);
  });

  test("a no that stays ends it with 1 and the same words as without --watch", async () => {
    const refused = refusalOf("INVALID_REQUEST", "missing scope: operator.read");
    for (const isTerminal of [false, true]) {
      const { code, stderr } = await watch([READY, refused], { isTerminal });
      expect([code, stderr]).toEqual([1, "the gateway refused nodes: missing scope: operator.read"]);
    }
  });

  test("--json is one document a line, of every look", async () => {
    const { stdout } = await watch([READY, CUT], { json: true });
    const states = stdout.split("\n").map((line) => JSON.parse(line).nodes[1].state);
    expect(states).toEqual(["ready", "offline"]);
  });

  test("--json keeps stdout clean while the gateway is away", async () => {
    const { stdout, stderr } = await watch([READY, CLOSED, READY], { json: true, isTerminal: true });
    expect(stdout.split("\n")).toHaveLength(2);
    for (const line of stdout.split("\n")) expect(JSON.parse(line)).toHaveProperty("nodes");
    expect(stderr.split("\n")).toHaveLength(2);
  });
});

describe("--state", () => {
  const names = ({ stdout }: Ran) => JSON.parse(stdout).nodes.map(({ name }: { name: string }) => name);
  const answer = (looked: readonly NodePresence[]) => {
    const gateway = fakeGateway();
    gateway.deps.memory.part(PRESENCE).current = fakePresence(looked);
    return gateway.answer;
  };

  test("shows the nodes that are so, several words are any of them, and no word is every node", async () => {
    const shown = async (state?: string) => names(await run("nodes", { state, json: true }, answer(CUT)));
    expect(await shown("offline")).toEqual(["mac-sg"]);
    expect(await shown("ready, offline")).toEqual(["mac-cn", "mac-sg"]);
    expect(await shown("unknown")).toEqual([]);
    expect(await shown()).toEqual(["mac-cn", "mac-sg"]);
  });

  test("that no node has says so, and not that none is known", async () => {
    for (const name of ["nodes", "top"] as const)
      expect((await run(name, { state: "stale" }, answer(CUT))).stdout).toBe("No node is so.");
    expect((await run("nodes", { selector: "region=mars" }, answer(CUT))).stdout).toBe("No node is so.");
    expect((await run("nodes", { state: "stale" }, () => ({ nodes: [] }))).stdout).toMatch(
      /^No nodes are known/,
    );
  });

  test("watched in a pipe, a node that comes or leaves is told of with its states, and is not gone", async () => {
    const { stdout } = await watch([READY, CUT, CUT, READY], { state: "offline" });
    expect(stdout.split("\n")).toEqual([
      "No node is so.",
      expect.stringMatching(/ {2}mac-sg: ready → offline: /),
      expect.stringMatching(/ {2}mac-sg: offline → ready: /),
    ]);
  });
});

describe("explain --watch", () => {
  const explained = async (json: boolean) => {
    const gateway = fakeGateway();
    const stop = new AbortController();
    const slept: number[] = [];
    const sleep = async (ms: number) => {
      slept.push(ms);
      gateway.deps.clockMs += ms;
      if (slept.length === 1) gateway.deps.nodes = { nodes: [] };
      if (slept.length === 3) stop.abort();
    };
    const terminal = { now: () => START_MS, isTerminal: false, rows: 24, stop: stop.signal, sleep };
    const ran = await run("explain", { agent: "worker-sg", watch: "5", json }, gateway.answer, terminal);
    return { ...ran, slept };
  };

  test("tells in a pipe what becomes of the call, once a change, and ends with 0", async () => {
    const { code, stdout, slept } = await explained(false);
    expect([code, slept]).toEqual([0, [5_000, 5_000, 5_000]]);
    expect(stdout).toMatch(/^agent worker-sg · tool exec/);
    expect(stdout.match(/^2023-11-14 22:13:20Z {2}NO_NODE_FITS: /gm)).toHaveLength(1);
  });

  test("with --json is one document a line, of every look", async () => {
    const outcomes = (await explained(true)).stdout.split("\n").map((line) => JSON.parse(line).outcome);
    expect(outcomes).toEqual(["placed", "refused", "refused"]);
  });
});

describe("on a terminal", () => {
  const HOME = "\u001b[H";

  test("the screen is cleared once, and written over from then on", async () => {
    const { stdout, stderr } = await watch([READY, CUT], { isTerminal: true });
    expect(stderr).toBe("");
    expect(stdout.split("\u001b[2J")).toHaveLength(2);
    const screens = stdout.split(HOME).slice(1);
    expect(screens).toHaveLength(2);
    expect(screens[0]?.startsWith("2023-11-14 22:13:20Z · every 2 s\u001b[K\n")).toBe(true);
    expect(screens[1]).toMatch(/mac-sg +offline/);
    for (const screen of screens) expect(screen.trimEnd().endsWith("\u001b[J")).toBe(true);
  });

  test("without an answer the last table stays, and the first line says so every time", async () => {
    const { stdout } = await watch([READY, CLOSED, CLOSED], { isTerminal: true });
    const screens = stdout.split(HOME).slice(1);
    expect(screens).toHaveLength(3);
    for (const screen of screens.slice(1)) {
      expect(screen).toMatch(/^2023-11-14 22:13:2\dZ · the gateway does not answer, this goes on: /);
      expect(screen).toMatch(/mac-sg +ready/);
      expect(screen).not.toContain("\u001b[2J");
    }
  });

  test("it never writes more lines than there are: a screen that scrolls cannot be written over", async () => {
    const { stdout } = await watch([READY], { isTerminal: true, rows: 6 });
    const [, screen = ""] = stdout.split(HOME);
    const lines = screen.split("\n");
    expect(lines).toHaveLength(5);
    expect(lines[4]).toMatch(/^… and \d+ more lines/);
  });
});

test("stopped while the gateway is silent, it ends at once with 0", async () => {
  const stop = new AbortController();
  const ran = run(
    "nodes",
    { watch: true },
    () => {
      queueMicrotask(() => stop.abort());
      return new Promise(() => undefined);
    },
    {
      now: () => START_MS,
      isTerminal: false,
      rows: 24,
      stop: stop.signal,
      sleep: () => Promise.reject(new Error("it must not sleep")),
    },
  );
  expect(await ran).toMatchObject({ code: 0, stdout: "", stderr: "" });
});

describe("--watch [seconds]", () => {
  test.each<[string | true, number]>([
    [true, 2_000],
    ["1", 1_000],
    ["0.5", 500],
    ["3600", 3_600_000],
  ])("%j is %i ms", (value, ms) => {
    expect(watchInterval(value)).toBe(ms);
  });

  test.each(["0", "0.4", "3601", "-1", "1s", "", "1e3", " 2", "2,5", "Infinity"])(
    "%j is wrong usage: 2, and nobody is asked",
    async (seconds) => {
      const ran = await watch([], { watch: seconds });
      expect([ran.code, ran.stdout, ran.asked]).toEqual([2, "", []]);
      expect(ran.stderr).toBe(`--watch takes seconds from 0.5 to 3600, not "${seconds}"`);
    },
  );
});
