// The outbox of a real state folder: kept over registrations and restarts, and driven by one gateway alone.
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { PEER_CLIENTS } from "../../../../src/nodeRouter/delegation/carrier/peerClients.ts";
import { createOutboxKeeper } from "../../../../src/nodeRouter/delegation/outbox/openOutbox.ts";
import { isRefusal, OUTBOX, type Outbox } from "../../../../src/nodeRouter/delegation/outbox/outbox.ts";
import type { OutboxNeeds } from "../../../../src/nodeRouter/delegation/outbox/outboxKeeper.ts";
import { createLedger } from "../../../../src/nodeRouter/ledger/createLedger.ts";
import { LEDGER } from "../../../../src/nodeRouter/ledger/ledger.ts";
import { type InboxServer, serveInbox } from "../../../support/delegation/inboxServer.ts";
import { inboxConfig, inboxWorld, TOKEN } from "../../../support/delegation/inboxWorld.ts";
import { makeAsk } from "../../../support/delegation/simOutbox.ts";
import { type FakeDeps, fakeDeps } from "../../../support/fakeDeps.ts";
import { waitFor } from "../../../support/wait.ts";

let folder = "";
let world: ReturnType<typeof inboxWorld>;
let server: InboxServer;
const ending: (() => unknown)[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "node-router-outbox-"));
  world = inboxWorld(inboxConfig({ perMinute: 10_000 }));
  server = await serveInbox(world, "id-b");
});

afterEach(async () => {
  for (const end of ending.splice(0)) await end();
  await world.inbox.close();
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

interface Life {
  readonly deps: FakeDeps;
  readonly woken: string[];
  readonly needs: OutboxNeeds;
  outbox(): Promise<Outbox>;
}

function startLife(): Life {
  const deps = fakeDeps();
  deps.clockMs = Date.now();
  deps.configure({
    nodes: {},
    peers: { "gw-b": { url: `http://127.0.0.1:${server.port}`, token: TOKEN } },
    delegation: { rules: [{ name: "work", agents: ["master"], agent: "worker-sg" }] },
  });
  const audit = join(folder, "audit");
  deps.memory.part(LEDGER).current = createLedger({
    mode: () => "strict",
    keepText: () => false,
    folder: audit,
    now: Date.now,
    log: { warn: () => {}, info: () => {} },
  });
  const woken: string[] = [];
  const needs: OutboxNeeds = {
    deps: { ...deps, now: Date.now },
    stateFolder: folder,
    wake: (_, text) => void woken.push(text),
    onEnd: () => {},
  };
  const keeper = createOutboxKeeper(needs);
  ending.push(() => deps.memory.part(LEDGER).current?.close());
  ending.push(() => keeper.stop());
  const outbox = (): Promise<Outbox> =>
    waitFor("the outbox to open", () => deps.memory.part(OUTBOX).current ?? false);
  return { deps, woken, needs, outbox };
}

async function give(outbox: Outbox, waitMs: number): Promise<string> {
  const given = await outbox.delegate(makeAsk({ task: "count the files", waitMs }));
  if (isRefusal(given)) throw new Error(given.fact);
  return given.id;
}

const kept = (): readonly string[] => readdirSync(join(folder, "node-router/delegations/out"));

describe("the outbox of a gateway", () => {
  test("keeps one file a delegation, announces each in the ledger, and its end with where it was", async () => {
    const life = startLife();
    const outbox = await life.outbox();
    const id = await give(outbox, 0);
    expect(kept()).toContain(`${id}.json`);
    await waitFor("it to run", () => world.running().length === 1);
    world.endRun(world.running()[0]);
    await waitFor("its agent to be told", () => life.woken.length === 1);
    expect(life.woken[0]).toContain("answer to count the files");
    await life.deps.memory.part(LEDGER).current?.flush();
    const lines = readFileSync(join(folder, "audit/audit.jsonl"), "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines.map(({ phase, id: of, direction, outcome }) => [phase, of, direction, outcome])).toEqual([
      ["begin", id, "out", undefined],
      ["end", id, "out", "done"],
    ]);
    expect(lines[1]).toMatchObject({ peer: "gw-b", peerAgent: "worker-sg", agent: "master", rule: "work" });
    const answer = createHash("sha256").update("answer to count the files").digest("hex");
    expect(lines[1]).toMatchObject({ resultSha256: answer });
    expect(JSON.stringify(lines) + JSON.stringify(life.deps.lines) + life.woken.join()).not.toContain(TOKEN);
  });

  test("goes on in its next life with what the last one left, and its ledger has the end", async () => {
    const first = startLife();
    const id = await give(await first.outbox(), 0);
    await waitFor("it to run", () => world.running().length === 1);
    await ending.pop()?.();
    expect(first.deps.memory.part(OUTBOX).current).toBeNull();
    expect(first.deps.memory.part(PEER_CLIENTS).current).toBeNull();
    // What its process left behind is gone with it.
    rmSync(join(folder, "node-router/delegations/owner.json"), { force: true });
    const second = startLife();
    const outbox = await second.outbox();
    world.endRun(world.running()[0]);
    await waitFor("its agent to be told", () => outbox.find(id)?.told === true);
    expect(second.woken.length).toBe(1);
    expect(world.runs.length).toBe(1);
    await second.deps.memory.part(LEDGER).current?.flush();
    const text = readFileSync(join(folder, "audit/audit.jsonl"), "utf8");
    expect(text.split("\n").filter((line) => line.includes('"phase":"end"')).length).toBe(1);
  });

  test("keeps aside what nobody can read, says so, and does not send it again", async () => {
    const out = join(folder, "node-router/delegations/out");
    mkdirSync(out, { recursive: true });
    writeFileSync(join(out, "01977f3e-5a00-7000-8000-000000000001.json"), '{"id":"01977f3e');
    writeFileSync(join(out, "01977f3e-5a00-7000-8000-000000000002.json"), '{"state":"queued"}');
    const life = startLife();
    const outbox = await life.outbox();
    expect(outbox.all()).toEqual([]);
    expect(kept().filter((name) => name.endsWith(".unreadable")).length).toBe(2);
    expect(JSON.stringify(life.deps.lines)).toContain("records of delegations cannot be read");
    expect(world.runs).toEqual([]);
  });

  test("is not opened while another gateway has the state folder", async () => {
    mkdirSync(join(folder, "node-router/delegations"), { recursive: true });
    const owner = { life: "another", pid: process.ppid, host: (await import("node:os")).hostname() };
    writeFileSync(join(folder, "node-router/delegations/owner.json"), JSON.stringify(owner));
    const life = startLife();
    await waitFor("it to say so", () =>
      JSON.stringify(life.deps.lines).includes("looks after the delegations"),
    );
    expect(life.deps.memory.part(OUTBOX).current).toBeNull();
  });
});
