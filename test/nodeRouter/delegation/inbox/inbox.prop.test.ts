// Whatever fails, and wherever the process dies: no message of a peer runs twice, and none after it was told that it never will.
import fc from "fast-check";
import { expect, test } from "vitest";
import { hasEnded, mayHaveRun } from "../../../../src/nodeRouter/delegation/model/incoming.ts";
import { isFailure } from "../../../../src/nodeRouter/delegation/protocol/rpc.ts";
import { asked, type Fault, inboxConfig, inboxWorld } from "../../../support/delegation/inboxWorld.ts";
import { waitFor } from "../../../support/wait.ts";

const MESSAGES = ["m1", "m2", "m3"];
const PEERS = ["gw-a", "gw-c"];

type World = ReturnType<typeof inboxWorld>;
/** What the peers were told of each message, by `peer message`. */
interface Told {
  readonly accepted: Set<string>;
  readonly fenced: Set<string>;
  readonly refused: Set<string>;
  /** Nobody answered, or with an error that says nothing. */
  readonly unclear: Set<string>;
}

type Step = { readonly name: string; readonly do: (world: World, told: Told) => Promise<void> };

const pairs = fc.tuple(fc.constantFrom(...PEERS), fc.constantFrom(...MESSAGES));
const settled = () => new Promise((resolve) => setTimeout(resolve, 3));

/** An answer, or null where the process died over it or said that it does not know. */
async function answerOf<T>(world: World, work: Promise<T>): Promise<T | null> {
  const died = (async () => {
    while (!world.isDead) await settled();
    await settled();
    return null;
  })();
  return Promise.race([work.catch((): null => null), died]);
}

const stepArbitrary: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: pairs.map(([peer, id]) => send(peer, id)) },
  { weight: 2, arbitrary: pairs.map(([peer, id]) => fence(peer, id)) },
  { weight: 1, arbitrary: pairs.map(([peer, id]) => cancel(peer, id)) },
  {
    weight: 4,
    arbitrary: fc
      .array(
        fc.option(fc.constantFrom<Fault>("refuses", "does-it-and-refuses", "crash-before", "crash-after")),
        {
          minLength: 1,
          maxLength: 6,
        },
      )
      .map((faults) => step(`fails ${faults.join()}`, async (world) => world.failNext(...faults))),
  },
  { weight: 2, arbitrary: fc.constant(step("runs end", async (world) => world.endRun(world.running()[0]))) },
  { weight: 2, arbitrary: fc.constant(step("waits", async () => void (await settled()))) },
  { weight: 2, arbitrary: fc.constant(step("restart", async (world) => world.restart())) },
  {
    weight: 1,
    arbitrary: fc.constant(
      step("reload", async (world) => {
        // A process that dies meanwhile is another one's to restart.
        await answerOf(world, world.reload());
      }),
    ),
  },
);

function step(name: string, work: Step["do"]): Step {
  return { name, do: work, toString: () => name } as Step;
}

function send(peer: string, id: string): Step {
  return step(`send ${peer} ${id}`, async (world, told) => {
    const key = `${peer} ${id}`;
    const answer = await answerOf(
      world,
      world.inbox.send(peer, asked(id, { text: `do ${key}.`, context: "one" })),
    );
    if (answer === null) told.unclear.add(key);
    else if (isFailure(answer)) told.refused.add(key);
    else told.accepted.add(key);
  });
}

function fence(peer: string, id: string): Step {
  return step(`fence ${peer} ${id}`, async (world, told) => {
    const answer = await answerOf(world, world.inbox.fence(peer, id));
    if (answer !== null && !isFailure(answer) && answer.is === "fence") told.fenced.add(`${peer} ${id}`);
  });
}

function cancel(peer: string, id: string): Step {
  return step(`cancel ${peer} ${id}`, async (world) => {
    const task = world.inbox.tasks().find((one) => one.peer === peer && one.messageId === id);
    if (task !== undefined) void world.inbox.cancelOf(peer, task.id).catch(() => {});
    await settled();
  });
}

test("no message runs twice, none that was refused or fenced ever runs, and each that was accepted ends", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(stepArbitrary, { minLength: 3, maxLength: 25 }), async (steps) => {
      const world = inboxWorld(inboxConfig({ maxQueued: 20 }));
      const told: Told = { accepted: new Set(), fenced: new Set(), refused: new Set(), unclear: new Set() };
      for (const one of steps) {
        await one.do(world, told);
        if (world.isDead) world.restart();
        check(world, told);
      }
      // Everything heals; what is still to be done is done.
      world.failNext();
      world.restart();
      await waitFor("all to end", () => {
        for (const run of world.running()) world.endRun(run);
        return world.inbox.tasks().every(hasEnded);
      });
      check(world, told);
      for (const key of told.accepted) {
        const [peer = "", id = ""] = key.split(" ");
        const found = await world.inbox.find(peer, id);
        expect(found?.is, key).toBe("task");
        if (found?.is === "task" && !mayHaveRun(found)) expect(runsOf(world, key), key).toBe(0);
      }
      await world.inbox.close();
    }),
    { numRuns: 120 },
  );
}, 240_000);

const runsOf = (world: World, key: string) => world.executions(`do ${key}.`);

function check(world: World, told: Told): void {
  for (const peer of PEERS) {
    for (const id of MESSAGES) {
      const key = `${peer} ${id}`;
      const count = runsOf(world, key);
      expect(count, `${key} ran`).toBeLessThanOrEqual(1);
      if (told.fenced.has(key)) expect(count, `${key} ran though it was fenced`).toBe(0);
      const isRefusedAlone = told.refused.has(key) && !told.accepted.has(key) && !told.unclear.has(key);
      if (isRefusedAlone) expect(count, `${key} ran though it was refused`).toBe(0);
    }
  }
}
