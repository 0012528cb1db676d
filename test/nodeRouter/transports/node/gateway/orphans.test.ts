// What a gateway that was killed left running: its real end where it has one, and else an end.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { JournalEntry } from "../../../../../src/nodeRouter/transports/node/gateway/commandJournal.ts";
import { orphanOutcome } from "../../../../../src/nodeRouter/transports/node/gateway/orphans.ts";
import { LEASE_MS } from "../../../../../src/nodeRouter/transports/node/wire.ts";
import { arranged, fakeTime, NODE, pass, script } from "./arrange.ts";

beforeEach(fakeTime);
afterEach(() => void vi.useRealTimers());

/** A gateway that began a command, and is gone; then the next one, on the same node. */
async function nextLife(plan: Parameters<typeof script>[0], afterMs: number) {
  const first = arranged();
  first.start({ script: script(plan), auditRecord: "record", input: null });
  await pass(500);
  const { commands }: { commands: JournalEntry[] } = JSON.parse(first.file.text ?? "");
  // Nothing of it is heard any more: it is killed.
  first.unpublish();
  await pass(afterMs);
  const next = arranged(commands);
  next.net.handle = (request) => first.host.handle(request);
  return { first, next };
}

describe("after the gateway was killed", () => {
  test("a command that ended meanwhile is told with its real end, once, and is not in the file any more", async () => {
    const { first, next } = await nextLife({ endsAtMs: 1_000, exitCode: 3, prints: [] }, 3_000);
    await pass(2_000);
    expect(next.orphans).toEqual([
      {
        entry: expect.objectContaining({ node: "mac-sg", auditRecord: "record" }),
        outcome: { kind: "ran", exitCode: 3, signal: null },
      },
    ]);
    expect(JSON.parse(next.file.text ?? "").commands).toEqual([]);
    expect(first.host.begun.get("one")).toHaveLength(1);
  });

  test("what an earlier life left counts as running there until its end is told, and no longer", async () => {
    const { next } = await nextLife({ endsAtMs: 1_000, exitCode: 3 }, 3_000);
    next.net.disconnect();
    await pass(2_000);
    expect(next.transport.counters(NODE.nodeId)).toEqual({ running: 1 });
    next.net.heal();
    await pass(60_000);
    expect(next.orphans).toHaveLength(1);
    expect(next.transport.counters(NODE.nodeId)).toEqual({ running: 0 });
  });

  test("one whose output nobody read is told with its end all the same", async () => {
    const prints = [{ atMs: 600, out: "x".repeat(1_000), err: "y" }];
    const { next } = await nextLife({ endsAtMs: 1_000, prints }, 3_000);
    await pass(2_000);
    expect(next.orphans.map(({ outcome }) => outcome.kind)).toEqual(["ran"]);
  });

  test("one that runs on is ended, and its outcome unknown", async () => {
    const { first, next } = await nextLife({ endsAtMs: 3_600_000 }, 3_000);
    await pass(2_000);
    expect(next.orphans.map(({ outcome }) => outcome)).toEqual([
      expect.objectContaining({ kind: "unknown", processGroup: 4242 }),
    ]);
    expect(first.host.running).toBe(0);
  });

  test("and the node is away: it is asked until that is back", async () => {
    const { next } = await nextLife({ endsAtMs: 1_000, exitCode: 3 }, 3_000);
    next.net.disconnect();
    await pass(60_000);
    expect(next.orphans).toEqual([]);
    next.net.heal();
    await pass(6_000);
    expect(next.orphans.map(({ outcome }) => outcome.kind)).toEqual(["ran"]);
  });

  test("and the node never comes back: nothing runs there unasked for so long, and its outcome is unknown", async () => {
    const { next } = await nextLife({ endsAtMs: 1_000 }, 3_000);
    next.net.disconnect();
    await pass(LEASE_MS + 10_000);
    expect(next.orphans.map(({ outcome }) => outcome.kind)).toEqual(["unknown"]);
  });

  test("a command without a record is not asked for: it is nobody's, and ends by itself", async () => {
    const there = arranged();
    there.start({ script: script({ endsAtMs: 60_000 }) });
    await pass(3_000);
    expect(there.file.writes).toBe(0);
  });
});

describe("what is true of it", () => {
  const entry = { boot: "b1", node: "mac-sg" };
  const gone = (boot: string) => ({ kind: "gone", boot }) as const;

  test("it never arrived: the node says so, and will not begin it", () => {
    expect(orphanOutcome(entry, gone("b1"), gone("b1"))).toMatchObject({ kind: "notStarted" });
  });

  test.each([
    ["the node host ended", gone("b2"), gone("b2")],
    ["it came between the two questions", gone("b1"), { kind: "done", boot: "b1" } as const],
    ["the node host ended between the two questions", gone("b1"), gone("b2")],
    ["the node did not say that it is barred", gone("b1"), null],
  ])("%s: unknown", (_, state, last) => {
    expect(orphanOutcome(entry, state, last)).toMatchObject({ kind: "unknown" });
  });
});
