// Two gateways at their edges: one that is stopped, killed, full, on a full disk, off by minutes, or that has older records than before.
import { randomUUID } from "node:crypto";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { EXTENSION } from "../../src/nodeRouter/delegation/protocol/wire.ts";
import type {
  DelegationReport,
  DelegationsReport,
} from "../../src/nodeRouter/surfaces/reports/delegationsReport.ts";
import type { PeerReport } from "../../src/nodeRouter/surfaces/reports/peersReport.ts";
import { fieldOf, readJson } from "../../src/shared/jsonParts.ts";
import { merge } from "../support/config.ts";
import { fillFolder, fullFolderProblem, restoreFolders } from "../support/fullFolder.ts";
import type { Gateway } from "../support/gateway.ts";
import { pause, waitFor } from "../support/wait.ts";
import { type DelegationPair, startDelegationPair, TOKENS } from "./delegationPair.ts";
import { changeConfig } from "./deployment.ts";

/** What a copy of a peer's records does not know to be missing: docs/delegation.md. */
const MISSED_MS = 30_000;
const PER_MINUTE = 8;
/** So long a turn may take on a busy machine, until what it gives away is sent. Milliseconds. */
const TURN_MS = 25_000;
const noFull = fullFolderProblem();
if (noFull !== null) console.warn(`test/e2e/delegationEdges on a full disk: skipped: ${noFull}`);
const own = mkdtempSync(join(tmpdir(), "node-router-edges-"));
const clock = join(own, "clock");
const copy = join(own, "delegations");
let copiedAtMs = 0;
let askedOftenAtMs = 0;

let pair: DelegationPair;
beforeAll(async () => {
  pair = await startDelegationPair({
    delegation: { acceptWithinSeconds: 20 },
    router: { audit: "strict" },
    acceptOf: {
      small: { maxRunning: 1, maxQueued: 1, perMinute: PER_MINUTE },
      two: { onInterrupted: "continue" },
    },
    env: {
      NODE_OPTIONS: `--import=${new URL("../support/shiftedClock.mjs", import.meta.url).href}`,
      NODE_ROUTER_TEST_CLOCK: clock,
    },
  });
});
afterAll(async () => {
  restoreFolders();
  await pair?.stop();
  rmSync(own, { recursive: true, force: true });
});
beforeEach(() => pair.reached());

const records = ({ home }: Gateway, name: string): string =>
  join(home.stateDir, "node-router", "delegations", name);
const audit = ({ home }: Gateway): string => join(home.stateDir, "node-router", "audit");
/** State of the record of a delegation on the disk; null: there is none. */
const kept = (gateway: Gateway, direction: "in" | "out", id: string): unknown => {
  const folder = records(gateway, direction);
  const files = readdirSync(folder).filter((file) => file.endsWith(".json"));
  const found = files
    .map((file) => readJson(readFileSync(join(folder, file), "utf8")))
    .find((record) => fieldOf(record, direction === "in" ? "messageId" : "id") === id);
  return fieldOf(found, direction === "in" ? "phase" : "state") ?? null;
};
const endedThere = (id: string) =>
  waitFor(`the end of ${id} at the peer`, async () => {
    const { delegations } = await pair.b.rpc<DelegationsReport>("noderouter.delegations", {});
    return delegations.some((one) => one.id === id && one.state === "completed");
  });
const probe = (peer: string) => pair.a.rpc<PeerReport>("noderouter.probePeer", { peer });

test("a peer that is being stopped takes nothing new, finishes what runs, and that is told when it is back", async () => {
  const id = await pair.give(pair.marking("drains", true));
  await pair.running("drains");
  const pid = pair.b.pid();
  process.kill(pid, "SIGTERM");
  await waitFor("the peer to take nothing more", async () => {
    const { status } = await fetch(`http://127.0.0.1:${pair.b.port}/node-router/peer`, { method: "POST" });
    return status === 503;
  });
  const told = await pair.refused(pair.marking("drained"));
  expect(told).toMatch(/NO_NODE_FITS: 0\/3 peers fit|PEER_REFUSED/);
  pair.go("drains");
  await waitFor("the peer's end", () => {
    try {
      return !process.kill(pid, 0);
    } catch {
      return true;
    }
  });
  await pair.b.end();
  cpSync(records(pair.b, "."), copy, { recursive: true });
  copiedAtMs = Date.now();
  await pair.b.start();
  expect(await pair.ended(id)).toMatchObject({
    state: "completed",
    result: expect.stringContaining("done-drains"),
  });
  expect([pair.marks("drains"), pair.marks("drained")]).toEqual(["start end", ""]);
});

test("a peer that is killed, and may go on: its agent goes on where it was, once, and its answer is told", async () => {
  const task = `${pair.marking("first", true)}\n${pair.marking("second")}`;
  const id = await pair.give(task, { to: "two" }, "worker-cn");
  await pair.running("first");
  await pair.b.kill9();
  pair.go("first");
  await pair.b.start();
  expect(await pair.ended(id)).toMatchObject({
    state: "completed",
    peer: "two",
    result: expect.stringContaining("done-second"),
  });
  expect(pair.marks("first").match(/start/g), "the call that was cut off is not made again").toHaveLength(1);
  expect(pair.marks("second")).toBe("start end");
});

describe("a peer that is full", () => {
  test("lets as many wait as it says; the next task goes to another peer, or is refused with words where there is none", async () => {
    const runs = await pair.give(pair.marking("runs", true), {}, "worker-cn");
    await pair.running("runs");
    const waits = await pair.give(pair.marking("waits"), {}, "worker-cn");
    expect(await pair.inState(waits, "accepted")).toMatchObject({ peer: "small" });
    const next = await pair.give(pair.marking("elsewhere"), {}, "worker-cn");
    expect(await pair.ended(next)).toMatchObject({ state: "completed", peer: "two" });
    expect(await pair.refused(pair.marking("nowhere"), { to: "small" })).toMatch(/full/i);
    expect(pair.marks("waits")).toBe("");
    pair.go("runs");
    for (const id of [runs, waits])
      expect(await pair.ended(id)).toMatchObject({ state: "completed", peer: "small" });
    const names = ["runs", "waits", "elsewhere", "nowhere"];
    expect(names.map(pair.marks)).toEqual(["start end", "start end", "start end", ""]);
  });

  test("by the minute, too: it says 429, and that is no unknown end", async () => {
    const extension = {
      agent: "nobody",
      requester: "master",
      chain: ["gw-x"],
      maxHops: 1,
      acceptBeforeMs: null,
      maxMinutes: null,
    };
    /** What it answers, and for how long it takes nothing more; null: it does. */
    const send = async (): Promise<{ readonly said: string; readonly fullForMs: number | null }> => {
      const response = await fetch(`http://127.0.0.1:${pair.b.port}/node-router/peer`, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          "a2a-version": "1.0",
          authorization: `Bearer ${TOKENS.small}`,
        },
        // It offers no such agent.
        body: JSON.stringify({
          jsonrpc: "2.0",
          id: 1,
          method: "SendMessage",
          params: {
            message: { messageId: randomUUID(), role: "ROLE_USER", parts: [{ text: "x" }] },
            metadata: { [EXTENSION]: extension },
          },
        }),
      });
      const said = `${response.status} ${await response.text()}`;
      const isFull = response.status === 429;
      return { said, fullForMs: isFull ? 1_000 * Number(response.headers.get("retry-after")) : null };
    };
    /** Until the limit is met, and so early in its minute that it is met in the next turn, too. */
    const askOften = async (): Promise<readonly string[]> => {
      for (;;) {
        const answers = [await send()];
        while (answers.length <= 2 * PER_MINUTE && answers.at(-1)?.fullForMs === null)
          answers.push(await send());
        const { said = "", fullForMs } = answers.at(-1) ?? {};
        expect([said, fullForMs]).toEqual([expect.stringContaining("429 "), expect.any(Number)]);
        askedOftenAtMs = Date.now();
        if (Number(fullForMs) > TURN_MS) return answers.map((answer) => answer.said);
        await pause(Number(fullForMs));
      }
    };
    expect((await askOften())[0]).toContain("AGENT_NOT_OFFERED");
    const id = await pair.give(pair.marking("often"), {}, "worker-cn");
    const ended = await pair.ended(id);
    expect(ended).toMatchObject({ state: "completed", peer: "two" });
    expect(ended.offers.at(-1)).toMatchObject({ peer: "two", outcome: "accepted" });
    // A look at the peer may have met the limit before.
    const before = ended.offers.slice(0, -1).map(({ peer, outcome }) => `${peer} ${outcome}`);
    expect(["", "small not-accepted"]).toContain(before.join());
    await askOften();
    expect(await pair.refused(pair.marking("too-often"), { to: "small" })).toMatch(
      /HTTP 429|asked too often|was full/,
    );
    expect([pair.marks("often"), pair.marks("too-often")]).toEqual(["start end", ""]);
  });
});

describe("a clock of the peer that is", () => {
  test.each([
    ["ahead", 600_000],
    ["behind", -600_000],
  ])(
    "10 minutes %s: what runs there is told once, the offset is shown, and nothing new goes there",
    async (how, offsetMs) => {
      const id = await pair.give(pair.marking(how, true));
      await pair.running(how);
      try {
        writeFileSync(clock, String(offsetMs));
        for (const peer of ["one", "two", "small"]) {
          // The peer's clock is set a moment later.
          const report = await waitFor(`${peer} to be unusable`, async () => {
            const seen = await probe(peer);
            return seen.state === "unusable" && seen;
          });
          expect(report.why).toMatch(new RegExp(`a clock that is (9|10) min ${how}`));
          expect(Math.abs((report.clockOffsetMs ?? 0) - offsetMs)).toBeLessThan(30_000);
        }
        expect(await pair.refused(pair.marking(`${how}-new`))).toContain("could not be used");
        pair.go(how);
        expect(await pair.ended(id)).toMatchObject({
          state: "completed",
          result: expect.stringContaining(`done-${how}`),
        });
      } finally {
        writeFileSync(clock, "0");
      }
      expect([pair.marks(how), pair.marks(`${how}-new`)]).toEqual(["start end", ""]);
    },
  );
});

test("an operator ends a task of which nobody knows: its agent is told why, and nobody is sent it again", async () => {
  pair.wire.holdFrom("SendMessage");
  const id = await pair.give(pair.marking("written-off"), { to: "one" });
  await pair.inState(id, "unknown");
  const reason = "gw-sg was replaced for good";
  const ended = await pair.a.rpc<DelegationReport>("noderouter.endDelegation", { id, reason });
  expect(ended).toMatchObject({ state: "lost", mayHaveRun: true, reason: expect.stringContaining(reason) });
  await expect(pair.a.rpc("noderouter.endDelegation", { id, reason })).rejects.toThrow("DELEGATION_REFUSED");
  pair.wire.thaw();
  await waitFor("its agent to be told", () =>
    pair.a.model.requests.some(({ messages }) => JSON.stringify(messages).includes(reason)),
  );
  await pair.reached();
  await pause(3_000);
  expect(pair.marks("written-off")).toBe("");
  // The copy that was under way, and the reason for mayHaveRun.
  pair.wire.letGo();
  await waitFor("it to run", () => pair.marks("written-off") === "start end");
  expect(await pair.report(id)).toMatchObject({ state: "lost", offers: [{ peer: "one" }] });
});

describe.skipIf(noFull !== null)("a full disk", () => {
  test("of the peer: nothing is accepted that cannot be kept, and what runs is told at once and kept later", async () => {
    const id = await pair.give(pair.marking("b-runs", true));
    await pair.running("b-runs");
    const restore = fillFolder(records(pair.b, "in"));
    expect(await pair.refused(pair.marking("b-new"))).toContain("NOT_KEPT");
    pair.go("b-runs");
    expect(await pair.ended(id)).toMatchObject({
      state: "completed",
      result: expect.stringContaining("done-b-runs"),
    });
    restore();
    await waitFor("its end to be kept", () => kept(pair.b, "in", id) === "completed");
    expect([pair.marks("b-runs"), pair.marks("b-new")]).toEqual(["start end", ""]);
  });

  test("of this gateway: nothing is sent that cannot be kept, and what runs is told at once and kept later", async () => {
    const id = await pair.give(pair.marking("a-runs", true));
    await pair.running("a-runs");
    const restore = fillFolder(records(pair.a, "out"));
    expect(await pair.refused(pair.marking("a-new"))).toContain("could not be kept");
    pair.go("a-runs");
    expect(await pair.ended(id)).toMatchObject({
      state: "completed",
      result: expect.stringContaining("done-a-runs"),
    });
    restore();
    await waitFor("its end to be kept", () => kept(pair.a, "out", id) === "completed");
    expect([pair.marks("a-runs"), pair.marks("a-new")]).toEqual(["start end", ""]);
  });

  test("of either ledger: with a strict audit nothing is sent or accepted, with best effort it runs once", async () => {
    const there = fillFolder(audit(pair.b));
    expect(await pair.refused(pair.marking("strict-b"))).toContain("NOT_KEPT");
    const here = fillFolder(audit(pair.a));
    expect(await pair.refused(pair.marking("strict-a"))).toContain("AUDIT_UNAVAILABLE");
    there();
    here();
    const change = { plugins: { entries: { "node-router": { config: { audit: "best-effort" } } } } };
    const lax = (gateway: Gateway) => changeConfig(gateway, (config) => merge(config, change));
    await Promise.all([lax(pair.a), lax(pair.b)]);
    await pair.reached();
    const again = [pair.b, pair.a].map((gateway) => fillFolder(audit(gateway)));
    const id = await pair.give(pair.marking("lax"));
    expect(await pair.ended(id)).toMatchObject({ state: "completed" });
    for (const restore of again) restore();
    const names = ["strict-b", "strict-a", "lax"];
    expect(names.map(pair.marks)).toEqual(["", "", "start end"]);
  });
});

test("an older copy of the peer's records: what they lack is lost and may have run, and no other peer gets it", async () => {
  const untilMs = Math.max(copiedAtMs + MISSED_MS, askedOftenAtMs + 60_000) + 2_000;
  await pause(Math.max(0, untilMs - Date.now()));
  await pair.reached();
  const working = await pair.give(pair.marking("working", true), {}, "worker-cn");
  await pair.running("working");
  expect(await pair.inState(working, "working")).toMatchObject({ peer: "small" });
  pair.wire.holdFrom("SendMessage");
  const doubt = await pair.give(pair.marking("doubt"), { to: "one" });
  expect(await pair.inState(doubt, "unknown")).toMatchObject({ peer: "one" });
  // Nor does an answer of before tell of an end.
  pair.wire.cut();
  pair.wire.letGo();
  pair.go("working");
  await Promise.all([endedThere(working), endedThere(doubt)]);
  await pair.b.end();
  rmSync(records(pair.b, "."), { recursive: true });
  cpSync(copy, records(pair.b, "."), { recursive: true });
  await pair.b.start();
  pair.wire.thaw();
  for (const [id, peer] of [
    [working, "small"],
    [doubt, "one"],
  ] as const)
    expect(await pair.ended(id)).toMatchObject({
      state: "lost",
      mayHaveRun: true,
      peer,
      offers: [{ peer }],
    });
  expect([pair.marks("working"), pair.marks("doubt")]).toEqual(["start end", "start end"]);
});
