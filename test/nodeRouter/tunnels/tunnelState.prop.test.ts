// The states of a kept tunnel under any order of events: never two forwards, and never a state that nothing leads out of.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  nextTunnelState,
  retryAfter,
  type TunnelEffect,
  type TunnelEvent,
  type TunnelState,
} from "../../../src/nodeRouter/tunnels/tunnelState.ts";
import { tunnelStatus } from "../../../src/nodeRouter/tunnels/tunnelStatus.ts";
import { refusal } from "../../../src/shared/refusal.ts";

const AWAY = { reason: refusal("NODE_UNREACHABLE", "it is away"), isBlocked: false };
const FORBIDDEN = { reason: refusal("TUNNEL_FORBIDDEN", "sshd says no", { advice: null }), isBlocked: true };
const TAKEN = { reason: refusal("TUNNEL_PORT_TAKEN", "it is taken", { advice: null }), isBlocked: true };

/** What a driver does: the world of attempts and of one timer. */
class World {
  state: TunnelState = { is: "off" };
  nowMs = 1_000_000;
  last = 0;
  /** Attempts that were begun and not closed: each may hold a forward, or is about to. */
  readonly alive = new Set<number>();
  dueMs: number | null = null;

  on(event: TunnelEvent): readonly TunnelEffect[] {
    const step = nextTunnelState(this.state, event, this.last, this.nowMs);
    this.state = step.state;
    for (const effect of step.effects) {
      if (effect.do === "open") {
        this.last = effect.attempt;
        this.alive.add(effect.attempt);
      } else if (effect.do === "close") this.alive.delete(effect.attempt);
      else this.dueMs = this.nowMs + effect.afterMs;
    }
    if (event.is === "stop") this.dueMs = null;
    return step.effects;
  }

  /** The timer, if there is one. */
  wake(): void {
    if (this.dueMs === null) return;
    this.nowMs = this.dueMs;
    this.dueMs = null;
    this.on({ is: "due" });
  }
}

type Move = {
  readonly kind: "start" | "stop" | "due" | "opened" | "away" | "forbidden" | "taken";
  readonly old: number;
};

const moves = fc.array(
  fc.record<Move>({
    kind: fc.constantFrom("start", "stop", "due", "opened", "away", "forbidden", "taken"),
    // Whose news it is: of the last attempt, or of one before it that is long given up.
    old: fc.integer({ min: 0, max: 3 }),
  }),
  { maxLength: 80 },
);

function move(world: World, { kind, old }: Move): void {
  world.nowMs += 10;
  const attempt = Math.max(0, world.last - old);
  if (kind === "start" || kind === "stop") world.on({ is: kind });
  else if (kind === "due") world.wake();
  else if (kind === "opened") world.on({ is: "opened", attempt });
  else world.on({ is: "failed", attempt, ...{ away: AWAY, forbidden: FORBIDDEN, taken: TAKEN }[kind] });
}

describe("whatever happens in whatever order", () => {
  test("there is never more than one attempt that could hold a forward, and none once it was stopped", () => {
    fc.assert(
      fc.property(moves, (all) => {
        const world = new World();
        for (const one of all) {
          move(world, one);
          expect(world.alive.size).toBeLessThanOrEqual(1);
          if (world.state.is === "off") expect(world.alive.size).toBe(0);
        }
      }),
    );
  });

  test("it is up, on its way, or waits with a timer and a reason: nothing leads to standing still", () => {
    fc.assert(
      fc.property(moves, (all) => {
        const world = new World();
        for (const one of all) {
          move(world, one);
          const { state } = world;
          if (state.is === "opening" || state.is === "up")
            expect(world.alive).toEqual(new Set([state.attempt]));
          if (state.is === "waiting") {
            expect(world.dueMs).not.toBeNull();
            expect(state.setback).not.toBeNull();
          }
          const status = tunnelStatus({ state, port: 1, connections: 0 });
          if (status.state === "blocked") expect(status.reason).not.toBeNull();
          if (status.state === "up") expect(status.reason).toBeNull();
        }
      }),
    );
  });

  test("an attempt's number is used once", () => {
    fc.assert(
      fc.property(moves, (all) => {
        const world = new World();
        const seen: number[] = [];
        for (const one of all) {
          const before = world.last;
          move(world, one);
          if (world.last !== before) seen.push(world.last);
        }
        expect(new Set(seen).size).toBe(seen.length);
      }),
    );
  });

  test("once nothing stands in its way it is up with the next attempt", () => {
    fc.assert(
      fc.property(moves, (all) => {
        const world = new World();
        for (const one of all) move(world, one);
        world.on({ is: "start" });
        world.wake();
        world.on({ is: "opened", attempt: world.last });
        expect(world.state.is).toBe("up");
        expect(world.alive).toEqual(new Set([world.last]));
      }),
    );
  });
});

describe("how long it waits", () => {
  test("a second while the link may heal any moment, and gently once nobody expects that", () => {
    expect([0, 150_000, 599_000].map((downMs) => retryAfter(AWAY, 1, downMs))).toEqual([1_000, 1_000, 1_000]);
    expect(retryAfter(AWAY, 900, 600_000)).toBe(3_000);
    expect(retryAfter(AWAY, 9_000, 3_600_000)).toBe(10_000);
  });

  test("an attempt that met silence counts as a part of the wait, and one that sshd turned down does not", () => {
    const waitAfter = (event: typeof AWAY, silentMs: number): number | null => {
      const world = new World();
      world.on({ is: "start" });
      world.nowMs += silentMs;
      world.on({ is: "failed", attempt: 1, ...event });
      return world.dueMs === null ? null : world.dueMs - world.nowMs;
    };
    expect([0, 400, 2_000].map((silentMs) => waitAfter(AWAY, silentMs))).toEqual([1_000, 600, 100]);
    expect(waitAfter(FORBIDDEN, 2_000)).toBe(15_000);
  });

  test("where somebody must change something a quarter of a minute, then a minute; a port may be free sooner", () => {
    expect([1, 4, 5].map((retries) => retryAfter(FORBIDDEN, retries, 0))).toEqual([15_000, 15_000, 60_000]);
    expect([retryAfter(TAKEN, 9, 0), retryAfter(TAKEN, 9, 600_000)]).toEqual([2_000, 60_000]);
  });
});

describe("what is told of it", () => {
  const up = (attempt: number): World => {
    const world = new World();
    world.on({ is: "start" });
    world.on({ is: "opened", attempt });
    return world;
  };

  test("since when it is up, and after a loss since when it is not, with every attempt that failed since", () => {
    const world = up(1);
    expect(tunnelStatus({ state: world.state, port: 7, connections: 3 })).toMatchObject({
      state: "up",
      port: 7,
      connections: 3,
      retries: 0,
    });
    world.nowMs += 5_000;
    world.on({ is: "failed", attempt: 1, ...AWAY });
    const lostMs = world.nowMs;
    expect(tunnelStatus({ state: world.state, port: 7, connections: 3 })).toMatchObject({
      state: "down",
      retries: 0,
      connections: 0,
    });
    for (let count = 0; count < 3; count += 1) {
      world.wake();
      world.on({ is: "failed", attempt: world.last, ...AWAY });
    }
    expect(tunnelStatus({ state: world.state, port: 7, connections: 0 })).toEqual({
      state: "down",
      port: 7,
      since: new Date(lostMs).toISOString(),
      retries: 3,
      code: "NODE_UNREACHABLE",
      reason: "it is away",
      connections: 0,
    });
  });

  test("of one that was given up meanwhile nothing is believed: it is closed when it comes", () => {
    const world = new World();
    world.on({ is: "start" });
    world.on({ is: "stop" });
    expect(world.on({ is: "opened", attempt: 1 })).toEqual([{ do: "close", attempt: 1 }]);
    expect(world.state.is).toBe("off");
  });

  test("a tunnel that is up is not closed because its own news comes twice", () => {
    expect(up(1).on({ is: "opened", attempt: 1 })).toEqual([]);
  });
});
