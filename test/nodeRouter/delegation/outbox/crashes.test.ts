// This gateway ends at every single write of what it keeps of a delegation, right before and right after it.
import { describe, expect, test } from "vitest";
import { isEnded } from "../../../../src/nodeRouter/delegation/model/outgoing.ts";
import { isRefusal } from "../../../../src/nodeRouter/delegation/outbox/outbox.ts";
import { makeAsk, SimWorld } from "../../../support/delegation/simOutbox.ts";
import type { Wire } from "../../../support/delegation/simPeers.ts";

interface Story {
  readonly wires: readonly Wire[];
  readonly isFull: boolean;
  readonly cancels: boolean;
}

const STORIES: readonly (readonly [name: string, story: Partial<Story>])[] = [
  ["all is well", {}],
  ["its answer is lost", { wires: ["reply-lost", "lost"] }],
  ["it comes late", { wires: ["late", "lost", "lost", "lost", "lost", "lost"] }],
  ["its first peer is full", { isFull: true }],
  ["it is cancelled", { cancels: true }],
  ["it is cancelled while nobody knows where it is", { cancels: true, wires: ["late", "lost"] }],
];

/** Runs the story once, ends the gateway at write `at`, and drives what is left to its end. @returns writes of the whole */
async function live(story: Story, at: number, isBefore: boolean): Promise<number> {
  const world = new SimWorld();
  world.at(0).wires.push(...story.wires);
  world.at(0).isFull = story.isFull;
  let outbox = world.start();
  const { promise: crashed, resolve: crash } = Promise.withResolvers<void>();
  world.onWrite = (count, value) => {
    if (count !== at) return;
    if (!isBefore) world.disk.set(value.id, value);
    outbox.die();
    crash();
    return new Promise(() => {});
  };
  const first = outbox.delegate(makeAsk({ waitMs: 0 }));
  const begun = first.then(async (given) => {
    if (isRefusal(given)) throw new Error(given.fact);
    if (story.cancels) await outbox.cancel(given.id);
    await world.until("its agent to be told", () => outbox.find(given.id)?.told === true);
  });
  await Promise.race([begun, crashed]);
  const writes = world.writes;
  outbox.die();
  world.onWrite = () => {};
  outbox = world.start();
  await outbox.recover();
  await world.until("all to have ended", () => outbox.all().every((one) => isEnded(one) && one.told));
  world.arriveAll();
  await outbox.stop();
  expect(world.executions(), "over all peers").toBeLessThanOrEqual(1);
  const [kept] = outbox.all();
  if (kept === undefined) expect(world.executions(), "it was never kept, so it was never sent").toBe(0);
  else {
    if (!kept.mayHaveRun) expect(world.executions()).toBe(0);
    if (!story.cancels) expect(kept).toMatchObject({ state: "completed", result: "the result" });
    else expect(kept.state).toMatch(/canceled|completed/);
    expect(world.woken.at(-1)).toMatchObject({ id: kept.id, state: kept.state });
  }
  return writes;
}

describe("a delegation whose gateway ends at a write runs at most once, and its end is told", () => {
  test.each(STORIES)("where %s", async (_, given) => {
    const story: Story = { wires: [], isFull: false, cancels: false, ...given };
    const writes = await live(story, Number.POSITIVE_INFINITY, true);
    expect(writes).toBeGreaterThan(2);
    for (let at = 1; at <= writes; at += 1) {
      await live(story, at, true);
      await live(story, at, false);
    }
  });
});
