// A peer's task in the ledger: announced before it is taken, ended once, under the peer's own id.
import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { inboxLedger } from "../../../../src/nodeRouter/delegation/inbox/inboxLedger.ts";
import { ended, type InboundTask, starting } from "../../../../src/nodeRouter/delegation/model/incoming.ts";
import { isFailure } from "../../../../src/nodeRouter/delegation/protocol/rpc.ts";
import { asked, inboxWorld } from "../../../support/delegation/inboxWorld.ts";
import { failingFs, ledgerIn, systemError } from "../../ledger/arrange.ts";

async function task(): Promise<InboundTask> {
  const world = inboxWorld();
  const sent = await world.inbox.send("gw-a", asked("m1"));
  await world.inbox.close();
  if (isFailure(sent)) throw new Error(sent.reason);
  return sent;
}

describe("a task that is accepted", () => {
  test("has a begin and an end of the peer's id, with what it was, and hash and size of its result", async () => {
    await using at = ledgerIn("strict");
    const ledger = inboxLedger(() => at.audit);
    const accepted = await task();
    expect(await ledger.accepted(accepted)).toBeNull();
    expect(at.lines()).toMatchObject([{ phase: "begin", id: "m1", kind: "delegation" }]);
    const done = { phase: "completed", result: "four", reason: null } as const;
    ledger.ended(accepted, ended(starting(accepted, "l", 1), done, 2));
    await at.audit.flush();
    expect(at.lines()[1]).toMatchObject({
      phase: "end",
      id: "m1",
      direction: "in",
      peer: "gw-a",
      peerAgent: "master",
      agent: "worker-sg",
      chain: ["id-a"],
      taskBytes: 5,
      taskSha256: expect.stringMatching(/^[\da-f]{64}$/),
      outcome: "done",
      bytesOut: 4,
      resultSha256: createHash("sha256").update("four").digest("hex"),
      error: null,
    });
    expect(at.text()).not.toMatch(/do m1|"four"/);
  });

  test.each([
    ["failed", 1, "failed"],
    ["canceled", 1, "failed"],
    ["canceled", 0, "not-started"],
    ["rejected", 0, "not-started"],
    ["interrupted", 1, "unknown"],
  ] as const)("and %s after %d runs has the outcome %s", async (phase, runs, outcome) => {
    await using at = ledgerIn("best-effort");
    const ledger = inboxLedger(() => at.audit);
    const accepted = await task();
    await ledger.accepted(accepted);
    const begun = runs === 0 ? accepted : starting(accepted, "l", 1);
    ledger.ended(begun, ended(begun, { phase, result: null, reason: "why" }, 2));
    await at.audit.flush();
    expect(at.lines().at(-1)).toMatchObject({ phase: "end", outcome, reason: "why" });
    expect(at.text()).not.toContain("resultSha256");
  });

  test("by an earlier life of the gateway has its end all the same", async () => {
    await using at = ledgerIn("strict");
    const accepted = await task();
    inboxLedger(() => at.audit).ended(
      accepted,
      ended(accepted, { phase: "canceled", result: null, reason: "x" }, 2),
    );
    await at.audit.flush();
    expect(at.lines()).toMatchObject([
      { phase: "end", id: "m1", kind: "delegation", outcome: "not-started" },
    ]);
  });
});

describe("a task that cannot be recorded", () => {
  test("is not to be accepted where the ledger is strict, and is where it is not", async () => {
    const disk = failingFs();
    await using strict = ledgerIn("strict", { fs: disk.fs });
    disk.state.fault = () => systemError("ENOSPC", "no space left");
    const refusal = await inboxLedger(() => strict.audit).accepted(await task());
    expect(refusal).toMatchObject({
      code: "AUDIT_UNAVAILABLE",
      fact: expect.stringContaining("the task was not recorded"),
    });
    await using loose = ledgerIn("best-effort", { fs: disk.fs });
    expect(await inboxLedger(() => loose.audit).accepted(await task())).toBeNull();
    expect(await inboxLedger(() => null).accepted(await task())).toBeNull();
  });

  test("and was not kept after all has an end that says that nothing of it ran", async () => {
    await using at = ledgerIn("strict");
    const ledger = inboxLedger(() => at.audit);
    const accepted = await task();
    await ledger.accepted(accepted);
    ledger.ended(accepted, null);
    await at.audit.flush();
    expect(at.lines().map(({ phase, outcome }) => [phase, outcome])).toEqual([
      ["begin", undefined],
      ["end", "not-started"],
    ]);
  });
});
