// The snapshot between calls: kept up while calls are made, left alone when none are, and never too costly.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { PLUGIN_CONFIG } from "../../../src/config/currentConfig.ts";
import {
  currentSnapshot,
  lastSnapshot,
  SNAPSHOT_MAX_AGE_MS,
} from "../../../src/nodeRouter/inventory/currentSnapshot.ts";
import {
  createSnapshotKeeper,
  KEEP_MS,
  SNAPSHOT_KEEPER,
} from "../../../src/nodeRouter/inventory/snapshotKeeper.ts";
import { readHostNodes } from "../../../src/presence/sources/gateway/hostList.ts";
import { NODE_READER } from "../../../src/presence/sources/gateway/nodeReader.ts";
import { fakeDeps } from "../../support/fakeDeps.ts";

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

/** @param readMs how long the host takes for its list. */
function arranged(readMs = 0) {
  const counts = { reads: 0, builds: 0 };
  let answer: () => Promise<unknown> = async () => null;
  const keeper = createSnapshotKeeper({
    async read() {
      counts.reads += 1;
      if (readMs > 0) await new Promise((resolve) => setTimeout(resolve, readMs));
      return answer();
    },
    build: () => {
      counts.builds += 1;
    },
    monotonic: () => performance.now(),
  });
  return {
    keeper,
    counts,
    refuse: () => {
      answer = async () => {
        throw new Error("draining");
      };
    },
  };
}

describe("while calls are made", () => {
  test("the list is read again before it is too old for the next one, and the snapshot is made of it", async () => {
    const { keeper, counts } = arranged();
    keeper.used();
    await vi.advanceTimersByTimeAsync(KEEP_MS - 1);
    expect(counts).toEqual({ reads: 0, builds: 0 });
    await vi.advanceTimersByTimeAsync(1);
    expect(counts).toEqual({ reads: 1, builds: 1 });
    await vi.advanceTimersByTimeAsync(4 * KEEP_MS);
    expect(counts).toEqual({ reads: 5, builds: 5 });
    expect(KEEP_MS).toBeLessThan(SNAPSHOT_MAX_AGE_MS);
  });

  test("many calls keep up one list, not one each", async () => {
    const { keeper, counts } = arranged();
    for (let call = 0; call < 50; call++) keeper.used();
    await vi.advanceTimersByTimeAsync(KEEP_MS);
    expect(counts.reads).toBe(1);
  });

  test("what is observed is in the snapshot at once, before a call asks for it", () => {
    const { keeper, counts } = arranged();
    keeper.used();
    keeper.changed();
    expect(counts).toEqual({ reads: 0, builds: 1 });
  });

  test("a host that fails is asked again, and nothing is thrown where nobody would catch it", async () => {
    const { keeper, counts, refuse } = arranged();
    refuse();
    keeper.used();
    await vi.advanceTimersByTimeAsync(2 * KEEP_MS);
    expect(counts.reads).toBe(2);
  });

  test("a list that takes long is read more seldom: a tenth of the time at most goes into it", async () => {
    const { keeper, counts } = arranged(300);
    keeper.used();
    await vi.advanceTimersByTimeAsync(KEEP_MS + 300 + 2_999);
    expect(counts.reads).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(counts.reads).toBe(2);
  });
});

describe("nothing is read and nothing is made", () => {
  test("before the first call", async () => {
    const { keeper, counts } = arranged();
    keeper.changed();
    await vi.advanceTimersByTimeAsync(10 * KEEP_MS);
    expect(counts).toEqual({ reads: 0, builds: 0 });
    expect(vi.getTimerCount()).toBe(0);
  });

  test("a minute after the last one; the next call begins it anew", async () => {
    const { keeper, counts } = arranged();
    keeper.used();
    await vi.advanceTimersByTimeAsync(61_000);
    expect(vi.getTimerCount()).toBe(0);
    const before = counts.reads;
    keeper.changed();
    await vi.advanceTimersByTimeAsync(10 * KEEP_MS);
    expect(counts).toEqual({ reads: before, builds: before });
    keeper.used();
    await vi.advanceTimersByTimeAsync(KEEP_MS);
    expect(counts.reads).toBe(before + 1);
  });

  test("once it is stopped, not even what was under way goes on", async () => {
    const { keeper, counts } = arranged(100);
    keeper.used();
    await vi.advanceTimersByTimeAsync(KEEP_MS + 50);
    keeper.stop();
    keeper.used();
    keeper.changed();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(counts).toEqual({ reads: 1, builds: 0 });
    expect(vi.getTimerCount()).toBe(0);
  });
});

test("a call then reads what is there: it asks no host, and gets the snapshot that was made between calls", async () => {
  const deps = fakeDeps();
  const config = deps.memory.part(PLUGIN_CONFIG).current;
  if (config === null) throw new Error("no config");
  const reader = deps.memory.part(NODE_READER);
  const keeper = createSnapshotKeeper({
    read: (maxAgeMs) =>
      reader.read(maxAgeMs, (before) => readHostNodes(deps.listNodes, () => deps.clockMs, before)),
    build: () => lastSnapshot(deps, config),
    monotonic: () => performance.now(),
  });
  deps.memory.part(SNAPSHOT_KEEPER).current = keeper;
  await currentSnapshot(deps, config);
  expect(deps.listCalls).toBe(1);
  deps.clockMs += KEEP_MS;
  await vi.advanceTimersByTimeAsync(KEEP_MS);
  expect(deps.listCalls).toBe(2);
  const kept = lastSnapshot(deps, config);
  // Later than the first list would have served.
  deps.clockMs += SNAPSHOT_MAX_AGE_MS - KEEP_MS / 2;
  expect(await currentSnapshot(deps, config)).toBe(kept);
  expect(deps.listCalls).toBe(2);
  keeper.stop();
});
