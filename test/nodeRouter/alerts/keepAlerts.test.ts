// The rounds: what is sent, what is kept, and what goes wrong on the way.
import { expect, test, vi } from "vitest";
import { resolveConfig } from "../../../src/config/resolve.ts";
import { LIST, type Look, type Sighting, subjectKey } from "../../../src/nodeRouter/alerts/alertState.ts";
import { ALERTS, HEALTHY } from "../../../src/nodeRouter/alerts/alertsHealth.ts";
import {
  type AlertsNeeds,
  createAlertRound,
  holdsOf,
  keepAlerts,
  pauseOf,
} from "../../../src/nodeRouter/alerts/keepAlerts.ts";
import { NodeRouterError } from "../../../src/shared/errors.ts";
import { createMemory } from "../../../src/shared/processMemory.ts";
import { refusal } from "../../../src/shared/refusal.ts";
import { fakeDeps } from "../../support/fakeDeps.ts";

const MIN = 60_000;

function settingsOf(changes: object = {}) {
  const { alerts } = resolveConfig({ alerts: { channel: "c", to: "t", ...changes } });
  if (alerts === null) throw new Error("no alerts");
  return alerts;
}

function scene() {
  const deps = fakeDeps();
  const sent: string[] = [];
  const world = {
    deps,
    sent,
    file: null as string | null,
    seen: "well" as Sighting | Error,
    failure: null as Error | null,
    writes: 0,
    memory: createMemory(() => deps.clockMs),
    health: () => world.memory.part(ALERTS).health,
    needs: (): AlertsNeeds => ({
      memory: world.memory,
      log: deps.log,
      settings: settingsOf(),
      gatewayName: null,
      now: deps.now,
      store: {
        read: async () => world.file,
        write: async (text) => {
          world.writes++;
          world.file = text;
        },
      },
      hasChannel: async () => true,
      look: async (): Promise<Look> => {
        if (world.seen instanceof Error) throw world.seen;
        return new Map([
          ["offline:sg", { kind: "offline", name: "sg", seen: world.seen }],
          [subjectKey(LIST), { ...LIST, seen: "well" as Sighting }],
        ]);
      },
      send: async (text) => {
        if (world.failure !== null) throw world.failure;
        sent.push(text);
      },
    }),
    /** Rounds, a minute apart. */
    async rounds(count: number, round = createAlertRound(world.needs())) {
      for (let at = 0; at < count; at++) {
        deps.clockMs += MIN;
        await round();
      }
    },
    /** A process that knows nothing but the file. */
    restart() {
      world.memory = createMemory(() => deps.clockMs);
    },
  };
  return world;
}

test("what was told is kept over a reload and a restart: nothing is told again, and its end is told once", async () => {
  const world = scene();
  world.seen = { detail: "no answer" };
  await world.rounds(20);
  expect(world.sent).toEqual(["node-router\nAlert: node sg is offline (10 min): no answer"]);
  expect(world.writes).toBe(2);
  await world.rounds(20);
  world.restart();
  await world.rounds(20);
  expect(world.sent).toHaveLength(1);
  world.restart();
  world.seen = "unknown";
  await world.rounds(30);
  expect(world.sent).toHaveLength(1);
  world.seen = "well";
  await world.rounds(30);
  expect(world.sent).toHaveLength(2);
  expect(world.sent[1]).toMatch(/^node-router\nOver: node sg is back \(/);
  expect(world.file).toContain('"told":[]');
});

const UNLISTED = new NodeRouterError(
  refusal("INVENTORY_UNAVAILABLE", "the gateway did not list its nodes: no answer", { advice: "try again" }),
);

test("nodes that cannot be listed are told of once, after the time of nodes that are offline, and so is its end", async () => {
  const world = scene();
  world.seen = { detail: "no answer" };
  await world.rounds(15);
  world.seen = UNLISTED;
  await world.rounds(10);
  expect(world.sent).toHaveLength(1);
  await world.rounds(60);
  world.restart();
  await world.rounds(20);
  expect(world.sent.slice(1)).toEqual([
    "node-router\nAlert: no node can be seen (10 min): the gateway did not list its nodes: no answer",
  ]);
  // A look that was had has the list; of the node nobody knows more than before.
  world.seen = "unknown";
  await world.rounds(30);
  expect(world.sent.slice(2)).toEqual([
    expect.stringMatching(/^node-router\nOver: nodes can be seen again \(/),
  ]);
});

test("nodes that cannot be listed are not told of where the list comes back in time, nor with offlineFor off", async () => {
  const world = scene();
  for (let round = 0; round < 5; round++) {
    world.seen = UNLISTED;
    await world.rounds(9);
    world.seen = "well";
    await world.rounds(1);
  }
  const off = createAlertRound({ ...world.needs(), settings: settingsOf({ offlineFor: "off" }) });
  world.seen = UNLISTED;
  await world.rounds(60, off);
  expect(world.sent).toEqual([]);
});

test("a look that fails says nothing of anybody", async () => {
  const world = scene();
  world.seen = { detail: "no answer" };
  await world.rounds(15);
  world.seen = new Error("INVENTORY_UNAVAILABLE");
  await world.rounds(60);
  expect(world.sent).toHaveLength(1);
});

test("a message that fails is tried again, and health says why until one gets there", async () => {
  const world = scene();
  world.seen = { detail: "no answer" };
  world.failure = new Error(`chat\u202e not found ${"x".repeat(5_000)}`);
  await world.rounds(12);
  const { failure, retryAtMs } = world.health();
  expect(failure).toMatch(/^chat\\u202e not found x+…$/);
  expect(failure?.length).toBeLessThanOrEqual(300);
  expect(retryAtMs).toBeGreaterThan(world.deps.clockMs);
  world.failure = null;
  await world.rounds(10);
  expect(world.sent).toHaveLength(1);
  expect(world.health()).toEqual({ hasChannel: true, failure: null, retryAtMs: 0 });
});

test("a file that cannot be read or written costs no alert, and says so in the log", async () => {
  const world = scene();
  world.seen = { detail: "no answer" };
  const store = {
    read: () => Promise.reject(new Error("EACCES")),
    write: () => Promise.reject(new Error("ENOSPC")),
  };
  await world.rounds(20, createAlertRound({ ...world.needs(), store }));
  expect(world.sent).toHaveLength(1);
  expect(world.deps.lines.map(({ text }) => text).join()).toMatch(/EACCES.*ENOSPC/);
  world.file =
    '{"version":1,"told":[{"kind":"offline"},7,{"kind":"x","name":"a","sinceMs":1}],"sentAtMs":["x"]}';
  world.restart();
  await world.rounds(20);
  expect(world.sent).toHaveLength(2);
});

test("a channel that cannot be looked for is unknown, not missing", async () => {
  const world = scene();
  const hasChannel = () => Promise.reject(new Error("stopped"));
  await world.rounds(1, createAlertRound({ ...world.needs(), hasChannel }));
  expect(world.health()).toEqual(HEALTHY);
});

test("it looks four times while the shortest time passes, at least once a second and at most every 30 s", () => {
  const pause = (changes: object) => pauseOf(holdsOf(settingsOf(changes)));
  expect(pause({})).toBe(15_000);
  expect(pause({ residency: false })).toBe(30_000);
  expect(pause({ refusedFor: "20s" })).toBe(5_000);
  expect(pause({ refusedFor: "1s" })).toBe(1_000);
  expect(pause({ residency: false, refusedFor: "off", offlineFor: "off" })).toBe(30_000);
});

test("over a reload nobody is told twice, though the earlier registration still sends", async () => {
  vi.useFakeTimers();
  try {
    const world = scene();
    const { memory } = world;
    let finish = (): void => {};
    const look = async (): Promise<Look> =>
      new Map([["mismatch:w", { kind: "mismatch", name: "w", seen: { detail: "elsewhere" } }]]);
    const needs = { ...world.needs(), look };
    const send = (text: string) =>
      new Promise<void>((resolve) => {
        finish = () => {
          world.sent.push(text);
          resolve();
        };
      });
    const stopFirst = keepAlerts({ ...needs, send });
    await vi.advanceTimersByTimeAsync(15_000);
    const stopSecond = keepAlerts(needs);
    stopFirst();
    await vi.advanceTimersByTimeAsync(20_000);
    expect(world.sent).toEqual([]);
    finish();
    await vi.advanceTimersByTimeAsync(120_000);
    expect(world.sent).toHaveLength(1);
    expect(memory.part(ALERTS).state?.alerts.get("mismatch:w")?.isTold).toBe(true);
    stopSecond();
  } finally {
    vi.useRealTimers();
  }
});

test("a channel that never loads, or never answers, ends no rounds, and a new start need not wait for it", async () => {
  vi.useFakeTimers();
  try {
    const world = scene();
    let looks = 0;
    const look = async (): Promise<Look> => {
      looks++;
      world.deps.clockMs = Date.now();
      return new Map([["mismatch:w", { kind: "mismatch", name: "w", seen: { detail: "elsewhere" } }]]);
    };
    const never = () => new Promise<never>(() => {});
    const needs = { ...world.needs(), look };
    const stopFirst = keepAlerts({ ...needs, hasChannel: never, send: never });
    await vi.advanceTimersByTimeAsync(15_000 + 60_000);
    expect(looks).toBe(1);
    const stopSecond = keepAlerts(needs);
    stopFirst();
    await vi.advanceTimersByTimeAsync(60_000);
    await vi.advanceTimersByTimeAsync(15_000);
    expect(world.sent).toHaveLength(1);
    expect(world.health()).toEqual({ hasChannel: true, failure: null, retryAtMs: 0 });
    stopSecond();
  } finally {
    vi.useRealTimers();
  }
});

test("a round that fails in itself is in the log, and the next one comes all the same", async () => {
  vi.useFakeTimers();
  try {
    const world = scene();
    let asked = 0;
    const now = (): number => {
      if (++asked === 1) throw new Error("no clock");
      return Date.now();
    };
    const stop = keepAlerts({ ...world.needs(), now });
    await vi.advanceTimersByTimeAsync(31_000);
    stop();
    expect(asked).toBe(2);
    expect(world.deps.lines.map(({ text }) => text).join()).toMatch(/no clock/);
  } finally {
    vi.useRealTimers();
  }
});

test("who is named instead is told what stands, once, and not the end of what somebody else was told", async () => {
  const world = scene();
  world.seen = { detail: "no answer" };
  await world.rounds(20);
  const other = { ...world.needs(), settings: settingsOf({ to: "u" }) };
  await world.rounds(20, createAlertRound(other));
  expect(world.sent).toHaveLength(2);
  expect(world.sent[1]).toContain("Alert: node sg is offline (20 min): no answer");
  world.restart();
  await world.rounds(20, createAlertRound({ ...world.needs(), settings: settingsOf({ to: "u" }) }));
  expect(world.sent).toHaveLength(2);
  world.restart();
  world.seen = "well";
  await world.rounds(20);
  expect(world.sent).toHaveLength(2);
});

test("rounds follow each other until it is stopped, and a new start tries at once what failed before", async () => {
  vi.useFakeTimers();
  try {
    const world = scene();
    const known = world.memory.part(ALERTS);
    known.health = { hasChannel: true, failure: "chat not found", retryAtMs: 9e15 };
    let looks = 0;
    const look = async (): Promise<Look> => {
      looks++;
      return new Map();
    };
    const stop = keepAlerts({ ...world.needs(), look });
    await vi.advanceTimersByTimeAsync(0);
    expect(known.health).toEqual(HEALTHY);
    await vi.advanceTimersByTimeAsync(46_000);
    expect(looks).toBe(3);
    stop();
    await vi.advanceTimersByTimeAsync(600_000);
    expect(looks).toBe(3);
    expect(vi.getTimerCount()).toBe(0);
  } finally {
    vi.useRealTimers();
  }
});
