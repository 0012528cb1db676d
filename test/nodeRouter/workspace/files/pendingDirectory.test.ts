// A directory that is left to the next write: made by it, or all the same.
import { expect, test } from "vitest";
import { createPendingDirectory } from "../../../../src/nodeRouter/workspace/files/pendingDirectory.ts";

function arrange() {
  const made: string[] = [];
  let timer: (() => void) | null = null;
  const pending = createPendingDirectory((task) => {
    timer = task;
    return () => {
      timer = null;
    };
  });
  return {
    made,
    pending,
    leave: (directory: string) =>
      pending.leave(directory, async () => {
        made.push(directory);
      }),
    ring: () => timer?.(),
    isArmed: () => timer !== null,
  };
}

test("a directory is not made when the write below it comes, which makes it", async () => {
  const { made, pending, leave, isArmed } = arrange();
  leave("/ws/a");
  pending.take((directory) => directory === "/ws/a");
  await pending.settle();
  expect(made).toEqual([]);
  expect(isArmed()).toBe(false);
});

test("a directory is made when another step comes before the write, and when none comes", async () => {
  const first = arrange();
  first.leave("/ws/a");
  first.pending.take((directory) => directory === "/ws/other");
  await first.pending.settle();
  expect(first.made).toEqual(["/ws/a"]);

  const second = arrange();
  second.leave("/ws/a");
  second.ring();
  await second.pending.settle();
  expect(second.made).toEqual(["/ws/a"]);
});

test("a directory is made when a second one is put off", async () => {
  const { made, pending, leave } = arrange();
  leave("/ws/a");
  leave("/ws/b");
  expect(made).toEqual(["/ws/a"]);
  await pending.settle();
  expect(made).toEqual(["/ws/a", "/ws/b"]);
});

test("a directory that could not be made does not stop the step that made it due", async () => {
  const { pending } = arrange();
  pending.leave("/ws/a", async () => {
    throw new Error("disk full");
  });
  await expect(pending.settle()).resolves.toBeUndefined();
});
