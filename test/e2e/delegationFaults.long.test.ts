// Whatever fails between two gateways, or of them: a task runs at most once over all peers, and a result that exists is told.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { DelegationsReport } from "../../src/nodeRouter/surfaces/reports/delegationsReport.ts";
import { waitFor } from "../support/wait.ts";
import { type DelegationPair, startDelegationPair } from "./delegationPair.ts";

/** A busy peer must be able to keep it; one test waits for all of it. */
const ACCEPT_WITHIN_S = 20;

let pair: DelegationPair;
beforeAll(async () => {
  pair = await startDelegationPair({ delegation: { acceptWithinSeconds: ACCEPT_WITHIN_S } });
});
afterAll(() => pair?.stop());
// Nor is a peer passed over that the test before had put away.
beforeEach(() => pair.reached());

const seconds = (count: number) => new Promise((resolve) => setTimeout(resolve, count * 1_000));

describe("a link that fails", () => {
  test("for some seconds after the task was sent: it is asked for at the same peer, and runs once", async () => {
    await pair.inState(await pair.give(pair.marking("warm")), "completed");
    // The next byte that comes back is the last one: the request is there, its answer is not.
    pair.wire.freezeAfter(1);
    const giving = pair.give(pair.marking("after"));
    await seconds(6);
    pair.wire.cut();
    pair.wire.thaw();
    expect(await pair.ended(await giving)).toMatchObject({ state: "completed" });
    expect(pair.marks("after")).toBe("start end");
  });

  test("while this gateway is killed, and nobody knows whether it was sent: it runs once, and is told", async () => {
    pair.wire.holdFrom("SendMessage");
    const id = await pair.give(pair.marking("doubt"), { to: "one" });
    await pair.inState(id, "unknown");
    await pair.a.kill9();
    pair.wire.letGo();
    pair.wire.thaw();
    await pair.a.start();
    expect(await pair.ended(id)).toMatchObject({
      state: "completed",
      result: expect.stringContaining("done-doubt"),
    });
    expect(pair.marks("doubt")).toBe("start end");
  });

  test("holds it back until another peer has done it: what comes then is refused", async () => {
    pair.wire.holdFrom("SendMessage");
    const id = await pair.give(pair.marking("held"), {}, "worker-cn");
    await pair.inState(id, "unknown");
    await seconds(ACCEPT_WITHIN_S + 1);
    expect((await pair.report(id)).state, "no other peer before the first one has refused it").toBe(
      "unknown",
    );
    pair.wire.thaw();
    expect(await pair.ended(id)).toMatchObject({
      state: "completed",
      peer: "two",
      offers: [
        { peer: "small", outcome: "not-accepted" },
        { peer: "two", outcome: "accepted" },
      ],
    });
    pair.wire.letGo();
    await seconds(2);
    expect(pair.marks("held")).toBe("start end");
  });

  test("during the run is waited for, and the result is told after it, though the peer is killed once it has ended", async () => {
    const id = await pair.give(pair.marking("during", true), { to: "one" });
    await pair.running("during");
    pair.wire.freeze();
    pair.wire.cut();
    pair.go("during");
    await waitFor("its end at the peer", async () => {
      const { delegations } = await pair.b.rpc<DelegationsReport>("noderouter.delegations", {});
      return delegations.some((one) => one.id === id && one.state === "completed");
    });
    await pair.b.kill9();
    await pair.b.start();
    expect((await pair.report(id)).endedAt).toBeNull();
    pair.wire.thaw();
    expect(await pair.ended(id)).toMatchObject({
      state: "completed",
      result: expect.stringContaining("done-during"),
    });
    expect(pair.marks("during")).toBe("start end");
  });
});

describe("the peer's gateway", () => {
  test("killed while it runs has interrupted it, and nobody runs it again; what it had not begun it begins then", async () => {
    const id = await pair.give(pair.marking("killed", true));
    await pair.running("killed");
    const { context } = await pair.report(id);
    const next = await pair.give(pair.marking("next"), { context });
    await pair.inState(next, "accepted");
    await pair.b.kill9();
    pair.go("killed");
    await pair.b.start();
    const end = await pair.ended(id);
    expect(end).toMatchObject({ state: "interrupted", mayHaveRun: true, result: null });
    expect(pair.marks("killed").startsWith("start")).toBe(true);
    expect(pair.marks("killed").match(/start/g)).toHaveLength(1);
    expect(await pair.ended(next)).toMatchObject({ state: "completed" });
    expect(pair.marks("next")).toBe("start end");
  });

  test("restarted in good order finishes it, and tells the result after that", async () => {
    const id = await pair.give(pair.marking("restart", true));
    await pair.running("restart");
    const restarting = pair.b.restart();
    pair.go("restart");
    await restarting;
    expect(await pair.ended(id)).toMatchObject({
      state: "completed",
      result: expect.stringContaining("done-restart"),
    });
    expect(pair.marks("restart")).toBe("start end");
  });
});

describe("this gateway", () => {
  test("killed while the peer works goes on after its start: one run, and the result", async () => {
    const id = await pair.give(pair.marking("a-killed", true));
    await pair.running("a-killed");
    await pair.a.kill9();
    pair.go("a-killed");
    await pair.a.start();
    expect(await pair.ended(id)).toMatchObject({
      state: "completed",
      result: expect.stringContaining("done-a-killed"),
    });
    expect(pair.marks("a-killed")).toBe("start end");
  });

  test("killed together with the peer's: one run at most, and an end that says so", async () => {
    const id = await pair.give(pair.marking("both", true));
    await pair.running("both");
    await Promise.all([pair.a.kill9(), pair.b.kill9()]);
    pair.go("both");
    await Promise.all([pair.a.start(), pair.b.start()]);
    expect(await pair.ended(id)).toMatchObject({ state: "interrupted", mayHaveRun: true });
    expect(pair.marks("both").match(/start/g)).toHaveLength(1);
  });
});

test("a peer that is full gets nothing more, and the next one runs it once", async () => {
  const first = await pair.give(pair.marking("fills", true), {}, "worker-cn");
  await pair.running("fills");
  const second = await pair.give(pair.marking("next-one"), {}, "worker-cn");
  expect(await pair.ended(second)).toMatchObject({ state: "completed", peer: "two" });
  pair.go("fills");
  expect(await pair.ended(first)).toMatchObject({ state: "completed", peer: "small" });
  expect([pair.marks("fills"), pair.marks("next-one")]).toEqual(["start end", "start end"]);
});

test("a peer that cannot be reached gets nothing, and the next one runs it once", async () => {
  await pair.wire.stop();
  const id = await pair.give(pair.marking("refused"));
  expect(await pair.ended(id)).toMatchObject({
    state: "completed",
    peer: "two",
    result: expect.stringContaining("done-refused"),
  });
  expect(pair.marks("refused")).toBe("start end");
});
