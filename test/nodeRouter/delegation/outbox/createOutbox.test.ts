// A task that is given away: who gets it, who is told of its end, and what a fault leaves.
import { describe, expect, test } from "vitest";
import type { Delegation } from "../../../../src/nodeRouter/delegation/model/delegation.ts";
import { isRefusal } from "../../../../src/nodeRouter/delegation/outbox/outbox.ts";
import { UNKNOWN_PEER } from "../../../../src/nodeRouter/delegation/peers/knownPeers.ts";
import { EXTENSION } from "../../../../src/nodeRouter/delegation/protocol/wire.ts";
import { fieldOf } from "../../../../src/shared/jsonParts.ts";
import { type Refusal, refusal } from "../../../../src/shared/refusal.ts";
import { makeCard } from "../../../support/delegation/makeCard.ts";
import { makeAsk, SimWorld } from "../../../support/delegation/simOutbox.ts";

function taken(given: Delegation | Refusal | null): Delegation {
  if (given === null || isRefusal(given)) throw new Error(JSON.stringify(given));
  return given;
}

function refused(given: Delegation | Refusal): Refusal {
  if (!isRefusal(given)) throw new Error(given.state);
  return given;
}

/** What an operator says of a peer that will never answer. */
const GONE = refusal("OUTCOME_UNKNOWN", "gw-0 was replaced, says alice");

describe("a task", () => {
  test("is on record before it is sent, and its result comes back to whoever waits, who is not woken", async () => {
    const world = new SimWorld();
    const outbox = world.start();
    const seen: string[] = [];
    const ended = taken(await outbox.delegate(makeAsk({ onProgress: ({ state }) => void seen.push(state) })));
    expect(ended).toMatchObject({ state: "completed", result: "the result", peer: "gw-0", mayHaveRun: true });
    expect(seen).toEqual(["accepted", "working", "completed"]);
    expect(world.log).toEqual(["begin sending", "end completed"]);
    await outbox.told(ended.id);
    expect(world.disk.get(ended.id)).toMatchObject({ state: "completed", told: true });
    await outbox.stop();
    expect(world.woken).toEqual([]);
    expect(world.executions()).toBe(1);
  });

  test("whose wait is over goes on, and its agent is woken with the end, once", async () => {
    const world = new SimWorld();
    const outbox = world.start();
    const begun = taken(await outbox.delegate(makeAsk({ waitMs: 0 })));
    expect(begun.state).toBe("sending");
    await world.until("its agent to be told", () => outbox.find(begun.id)?.told === true);
    await outbox.stop();
    expect(world.woken.map(({ state, result }) => [state, result])).toEqual([["completed", "the result"]]);
  });

  test("whose waiting call was ended goes on, and its agent is woken", async () => {
    const world = new SimWorld();
    world.at(0).isSlow = true;
    const outbox = world.start();
    const abort = new AbortController();
    const waiting = outbox.delegate(makeAsk({ signal: abort.signal }));
    await world.until("it to be accepted", () => outbox.all().some(({ state }) => state === "accepted"));
    abort.abort();
    expect(taken(await waiting).state).toBe("accepted");
    world.at(0).isSlow = false;
    await world.until("its agent to be told", () => world.woken.length === 1);
    await outbox.stop();
    expect(world.executions()).toBe(1);
  });

  test("that a peer refuses goes to the next one, and to nobody where there is none", async () => {
    const world = new SimWorld();
    world.at(0).isFull = true;
    const outbox = world.start();
    const ended = taken(await outbox.delegate(makeAsk()));
    expect(ended).toMatchObject({ state: "completed", peer: "gw-1" });
    expect(ended.attempts.map(({ peer, outcome }) => [peer, outcome])).toEqual([
      ["gw-0", "not-accepted"],
      ["gw-1", "accepted"],
    ]);
    world.at(1).isFull = true;
    const none = taken(await outbox.delegate(makeAsk()));
    expect(none).toMatchObject({
      state: "not-accepted",
      mayHaveRun: false,
      reason: { code: "NO_NODE_FITS" },
    });
    await outbox.stop();
    expect(world.executions()).toBe(1);
  });

  test("whose answer was lost is found at the same peer, and never given to another", async () => {
    const world = new SimWorld();
    world.at(0).wires.push("reply-lost", "lost", "lost");
    const outbox = world.start();
    expect(taken(await outbox.delegate(makeAsk()))).toMatchObject({ state: "completed", peer: "gw-0" });
    await outbox.stop();
    expect(world.at(1).asked).toEqual([]);
    expect(world.at(0).asked.slice(0, 2)).toEqual(["SendMessage", "node-router/FindTask"]);
  });

  test("that was lost on its way is sent again in time, with the same words", async () => {
    const world = new SimWorld();
    world.at(0).wires.push("lost");
    const outbox = world.start();
    expect(taken(await outbox.delegate(makeAsk())).state).toBe("completed");
    await outbox.stop();
    expect(world.at(0).asked.slice(0, 2)).toEqual(["node-router/FindTask", "SendMessage"]);
    expect(world.at(1).asked).toEqual([]);
  });

  test("that is not found after the time to accept it is fenced there, and then goes to the next peer", async () => {
    const world = new SimWorld();
    world.at(0).wires.push("late", "lost", "lost", "lost", "lost", "lost");
    const outbox = world.start();
    expect(taken(await outbox.delegate(makeAsk()))).toMatchObject({ state: "completed", peer: "gw-1" });
    expect(world.at(0).asked).toEqual(["node-router/FenceMessage"]);
    world.arriveAll();
    await outbox.stop();
    expect(world.executions(), "the copy that came late runs nowhere").toBe(1);
  });

  test.each<[string, (world: SimWorld) => void]>([
    [
      "has forgotten since",
      (world) => {
        world.at(0).sinceMs = world.nowMs + 1;
      },
    ],
    [
      "is another one than was asked before",
      (world) => {
        world.known = { ...UNKNOWN_PEER, card: makeCard({ gateway: "gw-before" }) };
      },
    ],
  ])("is not given to another peer by the word of a gateway that %s", async (_, change) => {
    const world = new SimWorld();
    world.at(0).wires.push("lost");
    change(world);
    const outbox = world.start();
    const { id } = taken(await outbox.delegate(makeAsk({ waitMs: 0 })));
    await world.until("it to be asked for often", () => world.at(0).asked.length > 8);
    expect(world.at(0).asked).toContain("node-router/FenceMessage");
    expect(outbox.find(id)).toMatchObject({ state: "unknown", mayHaveRun: true });
    await outbox.stop();
    expect(world.at(1).asked).toEqual([]);
  });

  test("is not sent where it may not be recorded, or cannot be kept", async () => {
    const world = new SimWorld();
    const outbox = world.start();
    world.isStrictFull = true;
    expect(refused(await outbox.delegate(makeAsk())).code).toBe("AUDIT_UNAVAILABLE");
    world.isStrictFull = false;
    world.onWrite = () => Promise.reject(new Error("ENOSPC"));
    expect(refused(await outbox.delegate(makeAsk())).fact).toContain("could not be kept: ENOSPC");
    await outbox.stop();
    expect([...world.at(0).asked, ...world.at(1).asked]).toEqual([]);
    expect(world.log).toEqual(["begin sending", "end not-accepted"]);
    expect(outbox.all()).toEqual([]);
  });

  test("that is under way comes to its end while the disk is full, and to no second peer", async () => {
    const world = new SimWorld();
    world.onWrite = (count) => (count === 1 ? undefined : Promise.reject(new Error("ENOSPC")));
    const outbox = world.start();
    expect(taken(await outbox.delegate(makeAsk())).state).toBe("completed");
    world.at(0).isFull = true;
    await outbox.stop();
    expect(world.at(1).asked).toEqual([]);
  });

  test.each<[string, Partial<Parameters<typeof makeAsk>[0]>, string]>([
    ["empty", { task: "  \n" }, "is empty"],
    ["larger than allowed", { task: "x".repeat(1_001) }, "1001 bytes"],
    ["a command of the chat", { task: " /new" }, 'begins with "/"'],
    ["half a character", { task: "a\ud800b" }, "surrogate"],
    ["with a NUL", { task: "a\0b" }, "NUL"],
    ["meant for a selector that is none", { to: "region in (" }, "no selector"],
    ["come too far", { through: ["gateway-z"] }, "2 gateways"],
    ["of a conversation that nobody knows", { context: "x" }, "no conversation"],
  ])("that is %s is refused, and nothing is sent", async (_, change, words) => {
    const world = new SimWorld();
    const outbox = world.start();
    const why = refused(await outbox.delegate(makeAsk(change)));
    expect(why.fact).toContain(words);
    await outbox.stop();
    expect(world.log).toEqual([]);
    expect(world.disk.size).toBe(0);
  });

  test("says to the peer who asks, by which way it came and until when it may begin", async () => {
    const world = new SimWorld();
    const outbox = world.start();
    await outbox.delegate(makeAsk());
    await outbox.stop();
    expect(fieldOf(fieldOf(world.at(0).sent[0], "metadata"), EXTENSION)).toEqual({
      agent: "worker-sg",
      requester: "master",
      chain: ["gateway-a"],
      maxHops: 1,
      // Nobody knows its clock.
      acceptBeforeMs: null,
      maxMinutes: null,
    });
  });

  test("that was given on goes no further than every gateway before it allows, and the next one is told so", async () => {
    const world = new SimWorld();
    world.maxHops = 8;
    const outbox = world.start();
    const through = ["gateway-y", "gateway-z"];
    const why = refused(await outbox.delegate(makeAsk({ through, maxHops: 2 })));
    expect(why.fact).toContain("would go through 3 gateways");
    expect(world.log).toEqual([]);
    await outbox.delegate(makeAsk({ through, maxHops: 3 }));
    await outbox.delegate(makeAsk({ through, maxHops: 99 }));
    await outbox.stop();
    expect(world.at(0).sent.map((sent) => fieldOf(fieldOf(sent, "metadata"), EXTENSION))).toMatchObject([
      { chain: [...through, "gateway-a"], maxHops: 3 },
      { maxHops: 8 },
    ]);
  });
});

describe("a conversation", () => {
  test("goes on at the peer that has it, though another one would be chosen, and for its own agent alone", async () => {
    const world = new SimWorld();
    const outbox = world.start();
    world.at(0).isFull = true;
    const first = taken(await outbox.delegate(makeAsk()));
    world.at(0).isFull = false;
    const second = taken(await outbox.delegate(makeAsk({ context: first.context })));
    expect([first.peer, second.peer]).toEqual(["gw-1", "gw-1"]);
    const requester = { ...first.requester, agent: "other" };
    expect(refused(await outbox.delegate(makeAsk({ context: first.context, requester }))).code).toBe(
      "DELEGATION_UNKNOWN",
    );
    world.at(1).isFull = true;
    const third = taken(await outbox.delegate(makeAsk({ context: first.context })));
    expect(third, "nobody else knows it").toMatchObject({ state: "not-accepted" });
    await outbox.stop();
  });
});

describe("a peer that cannot be asked", () => {
  test("is told with its task, until it can", async () => {
    const world = new SimWorld();
    world.at(0).isSlow = true;
    const outbox = world.start();
    const { id } = taken(await outbox.delegate(makeAsk({ waitMs: 0 })));
    await world.until("it to be accepted", () => outbox.find(id)?.state === "accepted");
    world.at(0).isDown = true;
    await world.until("that to be told", () => outbox.trouble(id) !== null);
    expect(outbox.trouble(id)?.code).toBe("PEER_UNREACHABLE");
    world.at(0).isDown = false;
    await world.until("that to be over", () => outbox.trouble(id) === null);
    await outbox.stop();
  });
});

describe("a cancelled task", () => {
  test("that runs is ended at its peer, and has no result", async () => {
    const world = new SimWorld();
    world.at(0).isSlow = true;
    const outbox = world.start();
    const { id } = taken(await outbox.delegate(makeAsk({ waitMs: 0 })));
    await world.until("it to be accepted", () => outbox.find(id)?.state === "accepted");
    taken(await outbox.cancel(id));
    expect(taken(await outbox.wait(id, 5_000))).toMatchObject({ state: "canceled", result: null });
    await outbox.stop();
    expect(world.executions()).toBe(0);
  });

  test("that may have arrived is fenced before anybody says that it did not run", async () => {
    const world = new SimWorld();
    world.at(0).wires.push("late");
    const outbox = world.start();
    const { id } = taken(await outbox.delegate(makeAsk({ waitMs: 0 })));
    taken(await outbox.cancel(id));
    expect(taken(await outbox.wait(id, 5_000))).toMatchObject({ state: "canceled", mayHaveRun: false });
    world.arriveAll();
    await outbox.stop();
    expect(world.executions()).toBe(0);
    expect(world.at(1).asked).toEqual([]);
  });

  test("that has ended stays as it ended; an unknown one is a mistake", async () => {
    const world = new SimWorld();
    const outbox = world.start();
    const { id } = taken(await outbox.delegate(makeAsk()));
    expect(taken(await outbox.cancel(id)).state).toBe("completed");
    expect(refused(await outbox.cancel("nope")).code).toBe("DELEGATION_UNKNOWN");
    await outbox.stop();
  });
});

describe("a task of which nobody knows", () => {
  test.each([
    ["of ours", [false, false]],
    ["of plain A2A", [true, true]],
  ])(
    "at a peer %s that an operator has written off is lost, told and kept, and nothing is sent for it any more",
    async (_, plain) => {
      const world = new SimWorld(plain);
      world.at(0).wires.push("reply-lost");
      world.at(0).isCut = true;
      const outbox = world.start();
      const begun = taken(await outbox.delegate(makeAsk({ waitMs: 0 })));
      await world.until("it to be unknown", () => outbox.find(begun.id)?.state === "unknown");
      const ended = taken(await outbox.writeOff(begun.id, GONE));
      expect(ended).toMatchObject({ state: "lost", mayHaveRun: true, result: null, reason: GONE });
      expect(world.disk.get(begun.id)).toMatchObject({ state: "lost", mayHaveRun: true, reason: GONE });
      await world.until("its agent to be told", () => world.disk.get(begun.id)?.told === true);
      expect(world.woken.map(({ state, mayHaveRun }) => [state, mayHaveRun])).toEqual([["lost", true]]);
      world.at(0).isCut = false;
      const asked = world.at(0).asked.length;
      await outbox.stop();
      const next = world.start();
      await next.recover();
      await next.stop();
      expect(world.at(0).asked.length, "its peer is asked nothing more").toBe(asked);
      expect(world.at(1).asked, "and nobody else gets it").toEqual([]);
      expect(world.log.filter((line) => line.startsWith("end"))).toEqual(["end lost"]);
      expect(refused(await outbox.retry(begun.id, false)).fact).toContain("may have done something");
    },
  );

  test("is the only one that can be: what its peer has is canceled, what is queued too, an end stays, and none is a mistake", async () => {
    const world = new SimWorld();
    world.queues = true;
    world.at(0).isSlow = true;
    const outbox = world.start();
    const { id } = taken(await outbox.delegate(makeAsk({ waitMs: 0 })));
    await world.until("it to be accepted", () => outbox.find(id)?.state === "accepted");
    for (const gateway of world.gateways) gateway.isDown = true;
    const waits = taken(await outbox.delegate(makeAsk({ waitMs: 0 })));
    for (const [one, state] of [
      [id, /^(accepted|working)$/],
      [waits.id, /^queued$/],
    ] as const) {
      const why = refused(await outbox.writeOff(one, GONE));
      expect(why).toMatchObject({ code: "DELEGATION_REFUSED", nothingRan: "nothing changed" });
      expect(why.advice).toContain(`delegations cancel ${one}`);
      expect(outbox.find(one)?.state).toMatch(state);
    }
    for (const gateway of world.gateways) gateway.isDown = false;
    world.at(0).isSlow = false;
    await world.until("its end", () => outbox.find(id)?.state === "completed");
    expect(refused(await outbox.writeOff(id, GONE))).toMatchObject({ advice: null });
    expect(outbox.find(id)).toMatchObject({ state: "completed", result: "the result" });
    expect(refused(await outbox.writeOff("nope", GONE)).code).toBe("DELEGATION_UNKNOWN");
    await outbox.stop();
  });
});

test("what a peer has can be written off once the config has no such peer, and not before", async () => {
  const world = new SimWorld();
  world.at(0).isSlow = true;
  const outbox = world.start();
  const { id } = taken(await outbox.delegate(makeAsk({ waitMs: 0 })));
  await world.until("it to be accepted", () => outbox.find(id)?.state === "accepted");
  expect(refused(await outbox.writeOff(id, GONE)).fact).toContain("whose peer is not in the config");
  world.gateways.length = 0;
  expect(taken(await outbox.writeOff(id, GONE))).toMatchObject({
    state: "lost",
    mayHaveRun: true,
    reason: GONE,
  });
  await outbox.stop();
  expect(world.log.filter((line) => line.startsWith("end"))).toEqual(["end lost"]);
});

describe("a task that is tried again", () => {
  test("is a new one, and not by itself where the first may have done something", async () => {
    const world = new SimWorld();
    const outbox = world.start();
    const first = taken(await outbox.delegate(makeAsk()));
    expect(refused(await outbox.retry(first.id, false)).fact).toContain("may have done something");
    const again = taken(await outbox.retry(first.id, true));
    expect(again.id).not.toBe(first.id);
    await world.until("its end", () => outbox.find(again.id)?.state === "completed");
    for (const gateway of world.gateways) gateway.isFull = true;
    const none = taken(await outbox.delegate(makeAsk()));
    for (const gateway of world.gateways) gateway.isFull = false;
    expect(taken(await outbox.retry(none.id, false)).task).toBe(none.task);
    await outbox.stop();
  });
});

describe("a rule that queues", () => {
  test("keeps a task until a peer is there, and asks one that was full again", async () => {
    const world = new SimWorld();
    world.queues = true;
    for (const gateway of world.gateways) gateway.isDown = true;
    const outbox = world.start();
    const { id, state } = taken(await outbox.delegate(makeAsk({ waitMs: 0 })));
    expect(state).toBe("queued");
    world.at(0).isDown = false;
    world.at(0).isFull = true;
    await world.until("the full one to be asked again", () => world.at(0).asked.length > 1);
    expect(outbox.find(id)?.state).toMatch(/queued|sending/);
    world.at(0).isFull = false;
    await world.until("its end", () => outbox.find(id)?.state === "completed");
    await outbox.stop();
    expect(world.executions()).toBe(1);
  });
});

describe("a plain A2A peer", () => {
  test("gives its result, and the record says that its guarantee is the weaker one", async () => {
    const world = new SimWorld([true]);
    const outbox = world.start();
    expect(taken(await outbox.delegate(makeAsk()))).toMatchObject({ state: "completed", weaker: true });
    await outbox.stop();
    expect(fieldOf(world.at(0).sent[0], "metadata")).toBeUndefined();
  });

  test("that has forgotten its task has lost it: nothing is sent again", async () => {
    const world = new SimWorld([true, true]);
    world.at(0).isSlow = true;
    const outbox = world.start();
    const { id } = taken(await outbox.delegate(makeAsk({ waitMs: 0 })));
    await world.until("it to be accepted", () => outbox.find(id)?.state === "accepted");
    for (const peer of world.at(0).peers.values()) peer.crash();
    await world.until("it to be lost", () => outbox.find(id)?.state === "lost");
    expect(outbox.find(id)).toMatchObject({ mayHaveRun: true, reason: { code: "OUTCOME_UNKNOWN" } });
    await outbox.stop();
    expect(world.at(0).sent.length).toBe(1);
    expect(world.at(1).asked).toEqual([]);
  });

  test("that did not answer is asked nothing more, and no other one gets it", async () => {
    const world = new SimWorld([true, true]);
    world.at(0).wires.push("reply-lost");
    const outbox = world.start();
    const { id } = taken(await outbox.delegate(makeAsk({ waitMs: 0 })));
    await world.until("it to be unknown", () => outbox.find(id)?.state === "unknown");
    await outbox.cancel(id);
    await world.until("it to be lost", () => outbox.find(id)?.state === "lost");
    await outbox.stop();
    expect(world.at(0).asked).toEqual(["SendMessage"]);
    expect(world.at(1).asked).toEqual([]);
  });
});

describe("a follow-up", () => {
  test("goes to no other peer while it is not known whether its first one has it", async () => {
    const world = new SimWorld();
    world.at(0).wires.push("reply-lost");
    world.at(0).isCut = true;
    const outbox = world.start();
    const first = taken(await outbox.delegate(makeAsk({ waitMs: 0 })));
    await world.until("it to be unknown", () => outbox.find(first.id)?.state === "unknown");
    world.at(0).isDown = true;
    await outbox.delegate(makeAsk({ context: first.context, waitMs: 0 }));
    await outbox.stop();
    expect(world.at(1).asked).toEqual([]);
  });

  test("goes to another peer where the first one has certainly not taken it", async () => {
    const world = new SimWorld();
    world.at(0).isDown = true;
    const outbox = world.start();
    const first = taken(await outbox.delegate(makeAsk()));
    await outbox.delegate(makeAsk({ context: first.context }));
    await outbox.stop();
    expect(world.at(1).sent.length).toBe(2);
  });
});

describe("an outbox", () => {
  test("that is stopped lets go whoever waits, and a later one goes on and tells the agent", async () => {
    const world = new SimWorld();
    world.at(0).isSlow = true;
    const first = world.start();
    const waiting = first.delegate(makeAsk());
    await world.until("it to be accepted", () => first.all().some(({ state }) => state === "accepted"));
    await first.stop();
    expect(taken(await waiting).state).toBe("accepted");
    world.at(0).isSlow = false;
    const second = world.start();
    await second.recover();
    await world.until("its agent to be told", () => world.woken.length === 1);
    await second.stop();
    expect(world.executions()).toBe(1);
  });

  test("that was ended before it told of an end tells it after its start, and again until it can", async () => {
    const world = new SimWorld();
    const first = world.start();
    const { id } = taken(await first.delegate(makeAsk()));
    first.die();
    world.wakes = false;
    const second = world.start();
    await second.recover();
    await new Promise((resolve) => setImmediate(resolve));
    expect(world.woken).toEqual([]);
    world.wakes = true;
    await world.until("its agent to be told", () => world.woken.length === 1);
    await world.until("that to be kept", () => world.disk.get(id)?.told === true);
    await second.stop();
  });

  test("forgets what ended longer ago than it keeps, and nothing else", async () => {
    const world = new SimWorld();
    const outbox = world.start();
    const old = taken(await outbox.delegate(makeAsk()));
    world.nowMs += 8 * 86_400_000;
    const young = taken(await outbox.delegate(makeAsk()));
    await outbox.tidy();
    expect(outbox.all().map(({ id }) => id)).toEqual([young.id]);
    expect([...world.disk.keys()]).toEqual([young.id]);
    expect(outbox.find(old.id)).toBeNull();
    await outbox.stop();
  });
});
