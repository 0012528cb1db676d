// Long work gives way to what else the process does, and comes to the same.
import { expect, test, vi } from "vitest";
import { inSlices } from "../../src/shared/inSlices.ts";

function* steps(count: number, each: (at: number) => void = () => {}): Generator<void, number> {
  for (let at = 0; at < count; at++) {
    each(at);
    yield;
  }
  return count;
}

test("what else is due runs between two slices, and the work comes to its end", async () => {
  const order: string[] = [];
  setImmediate(() => order.push("else"));
  const clock = vi.spyOn(performance, "now").mockImplementation(() => order.length);
  try {
    expect(
      await inSlices(
        steps(3, (at) => order.push(String(at))),
        1,
      ),
    ).toBe(3);
  } finally {
    clock.mockRestore();
  }
  expect(order).toEqual(["0", "else", "1", "2"]);
});

test("work that is done within one slice gives way to nobody", async () => {
  const order: string[] = [];
  setImmediate(() => order.push("else"));
  await inSlices(
    steps(3, (at) => order.push(String(at))),
    60_000,
  );
  expect(order).toEqual(["0", "1", "2"]);
});

test("what the steps throw, or what is asked between slices, ends it", async () => {
  const fails = () => {
    throw new Error("no more");
  };
  await expect(inSlices(steps(3, fails), 60_000)).rejects.toThrow("no more");
  let done = 0;
  await expect(
    inSlices(
      steps(3, () => done++),
      0,
      fails,
    ),
  ).rejects.toThrow("no more");
  expect(done).toBe(1);
});
