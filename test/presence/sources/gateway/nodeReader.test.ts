// The shared list: how old it may be, who asks the host, and what a failed read means for those who joined it.
import { describe, expect, test } from "vitest";
import type { HostNodes } from "../../../../src/presence/sources/gateway/hostList.ts";
import { createNodeReader } from "../../../../src/presence/sources/gateway/nodeReader.ts";

function listAt(takenAtMs: number): HostNodes {
  return { nodes: [], takenAtMs };
}

/** A read that ends when the test says so. */
function slowRead() {
  const { promise, resolve, reject } = Promise.withResolvers<HostNodes>();
  let calls = 0;
  const read = () => {
    calls += 1;
    return promise;
  };
  return { read, resolve, reject, calls: () => calls };
}

const never = () => Promise.reject(new Error("must not be asked"));

describe("age", () => {
  test("a list of exactly the allowed age is used; one millisecond more and it is read anew", async () => {
    let clock = 0;
    const reader = createNodeReader(() => clock);
    await reader.read(1_000, async () => listAt(clock));
    clock = 1_000;
    expect(await reader.read(1_000, never)).toEqual(listAt(0));
    clock = 1_001;
    expect(await reader.read(1_000, async () => listAt(clock))).toEqual(listAt(1_001));
  });

  test("a list from the future, after the clock was set back, is not young but useless", async () => {
    let clock = 10_000;
    const reader = createNodeReader(() => clock);
    await reader.read(1_000, async () => listAt(clock));
    clock = 2_000;
    expect(await reader.read(1_000, async () => listAt(clock))).toEqual(listAt(2_000));
    expect(reader.last()).toEqual(listAt(2_000));
  });

  test("last is null before the first list, and then the last one however old", async () => {
    let clock = 0;
    const reader = createNodeReader(() => clock);
    expect(reader.last()).toBe(null);
    await reader.read(0, async () => listAt(0));
    clock = 1e9;
    expect(reader.last()).toEqual(listAt(0));
  });
});

describe("concurrent reads", () => {
  test("share one question to the host, and the next read after it asks again", async () => {
    let clock = 0;
    const reader = createNodeReader(() => clock);
    const slow = slowRead();
    const both = Promise.all([reader.read(0, slow.read), reader.read(0, never)]);
    slow.resolve(listAt(0));
    expect(await both).toEqual([listAt(0), listAt(0)]);
    expect(slow.calls()).toBe(1);
    clock = 1;
    expect(await reader.read(0, async () => listAt(1))).toEqual(listAt(1));
  });

  test("a joined read that failed is read anew by the joiner's own way; only its starter gets the error", async () => {
    const reader = createNodeReader(() => 0);
    const slow = slowRead();
    const starter = reader.read(0, slow.read);
    const joiner = reader.read(0, async () => listAt(7));
    slow.reject(new Error("authority closed"));
    await expect(starter).rejects.toThrow(new Error("authority closed"));
    expect(await joiner).toEqual(listAt(7));
  });

  test("a failure is not remembered, and does not take the last good list away", async () => {
    let clock = 0;
    const reader = createNodeReader(() => clock);
    await reader.read(0, async () => listAt(0));
    clock = 5_000;
    await expect(reader.read(0, () => Promise.reject(new Error("down")))).rejects.toThrow("down");
    expect(reader.last()).toEqual(listAt(0));
    expect(await reader.read(0, async () => listAt(clock))).toEqual(listAt(5_000));
  });

  test("when two reads overlap, the one that began later is kept, also when it ends first", async () => {
    const reader = createNodeReader(() => 100);
    const first = slowRead();
    const [older, newer] = [slowRead(), slowRead()];
    const starter = reader.read(0, first.read).catch(() => null);
    const joiners = [reader.read(0, older.read), reader.read(0, newer.read)];
    first.reject(new Error("down"));
    await starter;
    newer.resolve(listAt(50));
    await joiners[1];
    older.resolve(listAt(40));
    await joiners[0];
    expect(reader.last()).toEqual(listAt(50));
  });
});
