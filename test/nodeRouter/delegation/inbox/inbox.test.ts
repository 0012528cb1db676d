// What becomes of a peer's task: who may give it, when it runs, how it ends, and what is told of it.
import { describe, expect, test } from "vitest";
import { taskIdOf } from "../../../../src/nodeRouter/delegation/inbox/taskIds.ts";
import { hasEnded, mayHaveRun } from "../../../../src/nodeRouter/delegation/model/incoming.ts";
import { isFailure } from "../../../../src/nodeRouter/delegation/protocol/rpc.ts";
import { asked, DISK_REFUSED, inboxConfig, inboxWorld } from "../../../support/delegation/inboxWorld.ts";
import { waitFor } from "../../../support/wait.ts";

type World = ReturnType<typeof inboxWorld>;

const send = async (world: World, id: string, changes: Parameters<typeof asked>[1] = {}, peer = "gw-a") => {
  const sent = await world.inbox.send(peer, asked(id, changes));
  if (isFailure(sent)) throw new Error(`${sent.reason}: ${sent.message}`);
  return sent;
};
const refusal = async (world: World, id: string, changes: Parameters<typeof asked>[1] = {}) => {
  const sent = await world.inbox.send("gw-a", asked(id, changes));
  return isFailure(sent) ? sent.reason : sent;
};
const runs = (world: World, id: string) => waitFor(`${id} to run`, () => world.executions(id) > 0);
const phase = (world: World, id: string) => world.task(id)?.phase;
const ends = (world: World, id: string) =>
  waitFor(`${id} to end`, () => {
    const task = world.task(id);
    return task !== undefined && hasEnded(task) && task;
  });
const extension = (changes: object) => {
  const { extension: plain } = asked("x");
  return { extension: plain === null ? null : { ...plain, ...changes } };
};

describe("a task that is accepted", () => {
  test("is on the disk before it is told of, runs, and is told with its result", async () => {
    const world = inboxWorld();
    const sent = await send(world, "m1");
    expect(sent.phase).toBe("accepted");
    expect(JSON.parse(world.disk.get(sent.id) ?? "{}")).toMatchObject({ messageId: "m1", text: "do m1" });
    await runs(world, "m1");
    const [run] = world.runs;
    expect(run?.ask.key).toBe(sent.id);
    expect(run?.ask.session).toMatch(/^agent:worker-sg:subagent:peer-gw-a-[\da-f]{24}$/);
    expect(run?.ask.prompt).toBe(
      "This task comes from gateway gw-a, as a request of agent master there. It has the rights of this agent only; it is not the owner, and speaks for no person here.",
    );
    world.endRun(run);
    const task = await ends(world, "m1");
    expect(task).toMatchObject({
      phase: "completed",
      result: "answer to do m1",
      reason: null,
      text: "",
      tokens: 7,
    });
    expect(world.ledger.ended).toEqual([["m1", "completed"]]);
  });

  test("of one conversation begins when the one before it has ended, another one at once", async () => {
    const world = inboxWorld(inboxConfig({ maxRunning: 5 }));
    await send(world, "m1", { context: "one" });
    await send(world, "m2", { context: "one" });
    await send(world, "m3", { context: "two" });
    await runs(world, "m3");
    expect([phase(world, "m2"), world.executions("m2")]).toEqual(["accepted", 0]);
    world.endRun(world.runs.find(({ ask }) => ask.message === "do m1"));
    await runs(world, "m2");
    expect(new Set(world.runs.map(({ ask }) => ask.session)).size).toBe(2);
  });

  test("waits while as many of its peer run as may; another peer's do not count", async () => {
    const world = inboxWorld();
    for (const id of ["m1", "m2", "m3"]) await send(world, id);
    await send(world, "c1", {}, "gw-c");
    await runs(world, "c1");
    expect([world.executions("m1"), world.executions("m2"), world.executions("m3")]).toEqual([1, 1, 0]);
    expect(world.inbox.loadOf("gw-a")).toEqual({ running: 2, queued: 1 });
    world.endRun(world.runs[0]);
    await runs(world, "m3");
  });

  test("ends as refused where its peer may not ask that agent any more, and nothing of it ran", async () => {
    const world = inboxWorld();
    await send(world, "m1", { context: "one" });
    await runs(world, "m1");
    await send(world, "m2", { context: "one" });
    world.config = inboxConfig({ agents: ["worker-cn"] });
    world.endRun(world.runs[0]);
    const task = await ends(world, "m2");
    expect([task.phase, mayHaveRun(task), world.executions("m2")]).toEqual(["rejected", false, 0]);
  });

  test("whose agent waits for its sub-agents has not ended before the run after them has", async () => {
    const world = inboxWorld();
    await send(world, "m1");
    await runs(world, "m1");
    world.endRun(world.runs[0], "yielded");
    world.clockMs += 60_000;
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(phase(world, "m1")).toBe("working");
    world.goOn(world.runs[0]);
    world.clockMs += 60_000;
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(phase(world, "m1")).toBe("working");
    world.endRun(world.runs[1]);
    world.clockMs += 60_000;
    expect(await ends(world, "m1")).toMatchObject({ phase: "completed", result: "answer to do m1" });
  });

  test("whose agent waits for sub-agents that never end has what it said, when its time is over", async () => {
    const world = inboxWorld();
    await send(world, "m1");
    await runs(world, "m1");
    world.endRun(world.runs[0], "yielded");
    world.clockMs += 3_601_000;
    expect(await ends(world, "m1")).toMatchObject({ phase: "completed", result: "answer to do m1" });
  });

  test("whose run fails has failed, with the host's words, and may have done something", async () => {
    const world = inboxWorld();
    await send(world, "m1");
    await runs(world, "m1");
    world.endRun(world.runs[0], "failed");
    const task = await ends(world, "m1");
    expect([task.phase, task.reason, mayHaveRun(task)]).toEqual(["failed", "its run failed: failed", true]);
  });

  test("that runs longer than it may is ended", async () => {
    const world = inboxWorld();
    await send(world, "m1", extension({ maxMinutes: 5 }));
    await runs(world, "m1");
    world.clockMs += 299_000;
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(phase(world, "m1")).toBe("working");
    world.clockMs += 2_000;
    const task = await ends(world, "m1");
    expect([task.phase, task.reason]).toEqual([
      "failed",
      "it was ended after 5 minutes, which is as long as it may run here",
    ]);
    expect(world.runs[0]?.state).toBe("aborted");
  });

  test("may run as long as the peer may here, whatever it asks for", async () => {
    const world = inboxWorld(inboxConfig({ maxMinutes: 10 }));
    expect((await send(world, "m1", extension({ maxMinutes: 1_000 }))).maxMinutes).toBe(10);
    expect((await send(world, "m2", extension({ maxMinutes: -1 }))).maxMinutes).toBeGreaterThan(0);
  });

  test("with a result that is too long has what fits, in whole characters", async () => {
    const world = inboxWorld(inboxConfig({}, { maxResultKiB: 1 }));
    await send(world, "m1", { text: `do m1 ${"\u{1f600}".repeat(300)}` });
    await runs(world, "m1");
    world.endRun(world.runs[0]);
    const task = await ends(world, "m1");
    expect(Buffer.byteLength(task.result ?? "")).toBeLessThanOrEqual(1_024);
    expect(task.result?.isWellFormed()).toBe(true);
    expect(task.reason).toBe("its result was too long and is cut");
  });

  const onDisk = (world: ReturnType<typeof inboxWorld>, id: string) =>
    JSON.parse(world.disk.get(id) ?? "{}").phase;

  test("has its end told at once, also while the disk is full, which gets it later", async () => {
    const world = inboxWorld();
    const { id } = await send(world, "m1");
    await waitFor("it to work", () => onDisk(world, id) === "working");
    world.fillDisk(true);
    world.endRun(world.runs[0]);
    expect((await ends(world, "m1")).result).toBe("answer to do m1");
    expect([onDisk(world, id), world.ledger.ended.length]).toEqual(["working", 1]);
    world.fillDisk(false);
    await waitFor("the disk to have it", () => onDisk(world, id) === "completed");
    expect([world.executions("m1"), world.ledger.ended.length]).toEqual([1, 1]);
  });

  test("that may be begun again after a crash has its end told once the disk took it, and not before", async () => {
    const world = inboxWorld(inboxConfig({ onInterrupted: "continue" }));
    const { id } = await send(world, "m1");
    await waitFor("it to work", () => onDisk(world, id) === "working");
    world.fillDisk(true);
    world.endRun(world.runs[0]);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(phase(world, "m1")).toBe("working");
    world.fillDisk(false);
    expect((await ends(world, "m1")).phase).toBe("completed");
    expect(world.executions("m1")).toBe(1);
  });

  test("that was never begun is told to be canceled once the disk took it: it would begin after a crash", async () => {
    const world = inboxWorld();
    world.isStopping = true;
    const { id } = await send(world, "m1");
    world.fillDisk(true);
    await expect(world.inbox.cancelOf("gw-a", id)).rejects.toThrow();
    expect(phase(world, "m1")).toBe("accepted");
  });

  test("is not begun by a gateway that is being stopped, and is by the next one", async () => {
    const world = inboxWorld();
    world.isStopping = true;
    const { id } = await send(world, "m1");
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect([phase(world, "m1"), JSON.parse(world.disk.get(id) ?? "{}").phase]).toEqual([
      "accepted",
      "accepted",
    ]);
    world.restart();
    await runs(world, "m1");
    expect(world.executions("m1")).toBe(1);
  });

  test("is followed by the next registration of the same process, and runs once", async () => {
    const world = inboxWorld();
    await send(world, "m1");
    await waitFor("it to work", () => phase(world, "m1") === "working");
    await world.reload();
    expect(phase(world, "m1")).toBe("working");
    world.endRun(world.runs[0]);
    expect((await ends(world, "m1")).result).toBe("answer to do m1");
    expect(world.executions("m1")).toBe(1);
  });
});

describe("a wait for a task's end", () => {
  test("ends when the gateway is being stopped, which nobody is told of", async () => {
    const world = inboxWorld();
    const { id } = await send(world, "m1");
    await runs(world, "m1");
    world.isStopping = true;
    const from = performance.now();
    await world.inbox.ended(id, 60_000);
    expect(performance.now() - from).toBeLessThan(30_000);
    expect(phase(world, "m1")).toBe("working");
  });

  test("ends with the task, with its time, and with the inbox", async () => {
    const world = inboxWorld();
    const { id } = await send(world, "m1");
    await runs(world, "m1");
    await world.inbox.ended(id, 5);
    expect(phase(world, "m1")).toBe("working");
    const waiting = world.inbox.ended(id, 60_000);
    world.endRun(world.runs[0]);
    await waiting;
    expect(phase(world, "m1")).toBe("completed");
    const other = await send(world, "m2");
    const open = world.inbox.ended(other.id, 60_000);
    await world.inbox.close();
    await open;
  });
});

describe("a message that is not accepted", () => {
  test.each<[string, Parameters<typeof asked>[1], string]>([
    ["an agent that is not offered", { agent: "master" }, "AGENT_NOT_OFFERED"],
    ["no agent where several are offered", { agent: null, extension: null }, "INVALID_PARAMS"],
    ["a time that has passed", extension({ acceptBeforeMs: 1_700_000_000_000 }), "TOO_LATE"],
    ["this gateway in its chain", extension({ chain: ["id-b"] }), "LOOP"],
    ["more hops than are allowed here", extension({ chain: ["id-a", "id-c"], maxHops: 8 }), "TOO_MANY_HOPS"],
    ["more bytes than are taken", { text: "x".repeat(256 * 1024 + 1) }, "TASK_TOO_LARGE"],
  ])("for %s leaves nothing behind", async (_what, changes, reason) => {
    const world = inboxWorld();
    expect(await refusal(world, "m1", changes)).toBe(reason);
    expect([world.disk.size, world.inbox.tasks().length, world.ledger.begun.length]).toEqual([0, 0, 0]);
  });

  test("for its agent's one name in other letters is none: that is the agent", async () => {
    expect((await send(inboxWorld(), "m1", { agent: "Worker-SG" })).agent).toBe("worker-sg");
    const world = inboxWorld(inboxConfig({ agents: ["worker-cn"] }));
    expect((await send(world, "m1", { agent: null, extension: null })).agent).toBe("worker-cn");
  });

  test("for an agent that the host does not have is refused though the config offers it", async () => {
    const world = inboxWorld();
    world.agents = ["worker-cn"];
    expect(await refusal(world, "m1")).toBe("AGENT_NOT_OFFERED");
  });

  test("for want of room is one too many of its own peer", async () => {
    const world = inboxWorld(inboxConfig({ maxRunning: 1, maxQueued: 1 }));
    await send(world, "m1");
    await send(world, "m2");
    expect(await refusal(world, "m3")).toBe("FULL");
    await send(world, "c1", {}, "gw-c");
    // What is known is told all the same.
    expect((await send(world, "m1")).messageId).toBe("m1");
  });

  test("for want of room is not raced: of many at once as many are taken as fit", async () => {
    const world = inboxWorld(inboxConfig({ maxRunning: 1, maxQueued: 2 }));
    const sent = await Promise.all([..."abcdefgh"].map((id) => world.inbox.send("gw-a", asked(id))));
    expect(sent.filter(isFailure).map(({ reason }) => reason)).toEqual(Array(5).fill("FULL"));
  });

  test("because it could not be recorded, or kept, is forgotten, and may come again", async () => {
    const world = inboxWorld();
    world.ledger.refuses = DISK_REFUSED;
    expect(await refusal(world, "m1")).toBe("NOT_KEPT");
    world.ledger.refuses = null;
    world.failNext("does-it-and-refuses");
    expect(await refusal(world, "m1")).toBe("NOT_KEPT");
    expect([world.disk.size, world.inbox.tasks().length]).toEqual([0, 0]);
    expect(world.ledger.ended).toEqual([["m1", null]]);
    await send(world, "m1");
    await runs(world, "m1");
  });

  test("is not said of one that may be on the disk: nobody is told anything then", async () => {
    const world = inboxWorld();
    world.failNext("does-it-and-refuses", "refuses");
    await expect(world.inbox.send("gw-a", asked("m1"))).rejects.toThrow("refused by the test");
    expect(world.disk.size).toBe(1);
    // Whoever asks for it has it taken away first.
    expect(await world.inbox.find("gw-a", "m1")).toBeNull();
    expect(world.disk.size).toBe(0);
  });

  test("because the gateway stops is told so", async () => {
    const world = inboxWorld();
    await world.inbox.close();
    expect(await refusal(world, "m1")).toBe("DRAINING");
    await expect(world.inbox.fence("gw-a", "m1")).rejects.toThrow("being stopped");
  });
});

describe("a message that was seen before", () => {
  test("is the same task with the same words, and none with others", async () => {
    const world = inboxWorld();
    const first = await send(world, "m1");
    expect((await send(world, "m1", extension({ acceptBeforeMs: 1, chain: ["z", "y", "x"] }))).id).toBe(
      first.id,
    );
    expect(await refusal(world, "m1", { text: "do something else" })).toBe("ALREADY_USED");
    expect(await refusal(world, "m1", { context: "another" })).toBe("ALREADY_USED");
    expect(world.inbox.tasks()).toHaveLength(1);
  });

  test("of another peer is another one, and neither sees the other's", async () => {
    const world = inboxWorld();
    const own = await send(world, "m1");
    const other = await send(world, "m1", {}, "gw-c");
    expect(other.id).not.toBe(own.id);
    expect(other.session).not.toBe(own.session);
    expect(world.inbox.get("gw-c", own.id)).toBeNull();
    expect(await world.inbox.cancelOf("gw-c", own.id)).toMatchObject({ reason: "TASK_NOT_FOUND" });
  });

  test("of a peer that has another name since is nobody's: it is neither refused nor begun again", async () => {
    const world = inboxWorld();
    const id = "0190f3a0-0000-7000-8000-000000000001";
    await send(world, id);
    world.config = { ...world.config, peers: new Map(world.config.peers) };
    const peer = world.config.peers.get("gw-a");
    if (peer === undefined) throw new Error("no peer");
    (world.config.peers as Map<string, typeof peer>).delete("gw-a");
    (world.config.peers as Map<string, typeof peer>).set("gw-new", peer);
    await expect(send(world, id, {}, "gw-new")).rejects.toThrow('of "gw-a", which peers has no more');
    await expect(world.inbox.find("gw-new", id)).rejects.toThrow("gw-a");
    await expect(world.inbox.fence("gw-new", id)).rejects.toThrow("gw-a");
    // Another message of it, and another peer's with the same id while both are there.
    expect(await world.inbox.find("gw-new", id.replace(/1$/, "2"))).toBeNull();
    (world.config.peers as Map<string, typeof peer>).set("gw-a", peer);
    expect(await world.inbox.find("gw-new", id)).toBeNull();
  });

  test("in a record that nobody can read is interrupted, may have run, and never runs again", async () => {
    const world = inboxWorld();
    world.unreadable.push(taskIdOf("gw-a", "m1"));
    world.restart();
    const task = await send(world, "m1");
    expect([task.phase, mayHaveRun(task)]).toEqual(["interrupted", true]);
    expect(await world.inbox.find("gw-a", "m1")).toMatchObject({ is: "task", phase: "interrupted" });
    expect(await world.inbox.fence("gw-a", "m1")).toMatchObject({ is: "task" });
    expect(world.runs).toEqual([]);
  });

  test("is forgotten after its time alone", async () => {
    const world = inboxWorld(inboxConfig({}, { keepDays: 1 }));
    await send(world, "m1");
    await runs(world, "m1");
    world.endRun(world.runs[0]);
    await ends(world, "m1");
    await world.inbox.fence("gw-a", "m2");
    world.clockMs += 86_400_000 - 1;
    world.restart();
    expect(world.disk.size).toBe(2);
    world.clockMs += 2;
    world.restart();
    await waitFor("both to be gone", () => world.disk.size === 0);
    expect(await world.inbox.find("gw-a", "m1")).toBeNull();
  });
});

describe("cancel", () => {
  test("ends what runs, and what waits before it began", async () => {
    const world = inboxWorld();
    const one = await send(world, "m1", { context: "one" });
    const two = await send(world, "m2", { context: "one" });
    await runs(world, "m1");
    expect(await world.inbox.cancelOf("gw-a", two.id)).toMatchObject({ phase: "canceled", runs: 0 });
    expect(await world.inbox.cancelOf("gw-a", one.id)).toMatchObject({ phase: "canceled", runs: 1 });
    expect(world.runs.map(({ state }) => state)).toEqual(["aborted"]);
    expect(await world.inbox.cancelOf("gw-a", one.id)).toMatchObject({ phase: "canceled" });
  });

  test("is told when the run has ended, and the next of its conversation begins when its session is gone", async () => {
    const world = inboxWorld();
    const gone = Promise.withResolvers<void>();
    world.deletion = gone.promise;
    const { id } = await send(world, "m1", { context: "one" });
    await runs(world, "m1");
    await send(world, "m2", { context: "one" });
    expect(await world.inbox.cancelOf("gw-a", id)).toMatchObject({ phase: "canceled" });
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(world.executions("m2")).toBe(0);
    gone.resolve();
    await runs(world, "m2");
  });

  test("of one that has ended otherwise is refused, and changes nothing", async () => {
    const world = inboxWorld();
    const { id } = await send(world, "m1");
    await runs(world, "m1");
    world.endRun(world.runs[0]);
    await ends(world, "m1");
    expect(await world.inbox.cancelOf("gw-a", id)).toMatchObject({ reason: "TASK_NOT_CANCELABLE" });
    expect(phase(world, "m1")).toBe("completed");
  });

  test("that the gateway dies over is canceled when it is back, and not run again", async () => {
    const world = inboxWorld(inboxConfig({ onInterrupted: "continue" }));
    const { id } = await send(world, "m1");
    await waitFor("it to work", () => phase(world, "m1") === "working");
    world.disk.set(id, JSON.stringify({ ...JSON.parse(world.disk.get(id) ?? "{}"), cancelRequested: true }));
    world.restart();
    expect((await ends(world, "m1")).phase).toBe("canceled");
    expect(world.executions("m1")).toBe(1);
  });
});

describe("after the gateway died", () => {
  const started = async (accept: object = {}) => {
    const world = inboxWorld(inboxConfig(accept));
    await send(world, "m1");
    await waitFor("it to work", () => phase(world, "m1") === "working");
    return world;
  };

  test("a task that ran is interrupted and not run again", async () => {
    const world = await started();
    world.restart();
    const task = await ends(world, "m1");
    expect([task.phase, mayHaveRun(task), world.executions("m1")]).toEqual(["interrupted", true, 1]);
  });

  test("its agent goes on once where the config says so, with the same key, and a second time it is interrupted", async () => {
    const world = await started({ onInterrupted: "continue" });
    world.restart();
    await waitFor("it to go on", () => world.executions("m1") === 2);
    expect(new Set(world.runs.map(({ ask }) => ask.key)).size).toBe(1);
    world.restart();
    expect((await ends(world, "m1")).phase).toBe("interrupted");
    expect(world.executions("m1")).toBe(2);
  });

  test("a session that worked on a task is still known by it", async () => {
    const world = await started();
    const session = world.task("m1")?.session ?? "";
    expect(world.delegated.find(session, () => null)).toEqual({
      delegation: "m1",
      peer: "gw-a",
      maxHops: 1,
      chain: ["id-a"],
    });
    world.restart();
    expect(world.delegated.find(session, () => null)?.delegation).toBe("m1");
    expect(world.delegated.find("agent:worker-sg:main", () => null)).toBeNull();
  });

  test("a task whose run had ended before has its result", async () => {
    const world = await started();
    world.fillDisk(true);
    world.endRun(world.runs[0]);
    await new Promise((resolve) => setTimeout(resolve, 10));
    world.fillDisk(false);
    world.restart();
    expect(await ends(world, "m1")).toMatchObject({ phase: "completed", result: "answer to do m1" });
    expect(world.executions("m1")).toBe(1);
  });
});
