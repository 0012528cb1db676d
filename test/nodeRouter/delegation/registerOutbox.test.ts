// What is registered to give tasks to peers, and that it goes on over a reload of the plugin, with the newest host.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { OpenClawPluginApi } from "openclaw/plugin-sdk/plugin-entry";
import { afterEach, beforeEach, expect, test } from "vitest";
import { isRefusal, OUTBOX } from "../../../src/nodeRouter/delegation/outbox/outbox.ts";
import { OUTBOX_KEEPER } from "../../../src/nodeRouter/delegation/outbox/outboxKeeper.ts";
import { registerDelegation } from "../../../src/nodeRouter/delegation/register.ts";
import { type InboxServer, serveInbox } from "../../support/delegation/inboxServer.ts";
import { inboxConfig, inboxWorld, TOKEN } from "../../support/delegation/inboxWorld.ts";
import { makeAsk } from "../../support/delegation/simOutbox.ts";
import { type FakeDeps, fakeDeps } from "../../support/fakeDeps.ts";
import { waitFor } from "../../support/wait.ts";

let folder = "";
let world: ReturnType<typeof inboxWorld>;
let server: InboxServer;
let deps: FakeDeps;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "node-router-outbox-"));
  world = inboxWorld(inboxConfig());
  server = await serveInbox(world, "id-b");
  deps = fakeDeps();
  deps.clockMs = Date.now();
});

afterEach(async () => {
  await deps.memory.part(OUTBOX_KEEPER).current?.stop();
  await world.inbox.close();
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

function configure(peer: object): void {
  deps.configure({
    nodes: {},
    peers: { "gw-b": peer },
    delegation: { rules: [{ name: "work", agents: ["master"], agent: "worker-sg" }] },
  });
}

interface Registered {
  readonly services: Map<string, { start(): unknown; stop(): unknown }>;
  readonly routes: string[];
  readonly events: string[];
}

function register(): Registered {
  const services: Registered["services"] = new Map();
  const routes: string[] = [];
  const events: string[] = [];
  const api = {
    registerService: (service: { id: string; start(): unknown; stop(): unknown }) =>
      void services.set(service.id, service),
    registerHttpRoute: ({ path }: { path: string }) => void routes.push(path),
    runtime: {
      state: { resolveStateDir: () => folder },
      system: {
        enqueueSystemEvent: (text: string, { sessionKey }: { sessionKey: string }) =>
          void events.push(`${sessionKey}: ${text}`),
        requestHeartbeat: (wake: object) => void events.push(JSON.stringify(wake)),
      },
    },
  };
  registerDelegation(api as unknown as OpenClawPluginApi, { ...deps, now: Date.now });
  return { services, routes, events };
}

test("a peer that tasks may be given to needs no route, and one that only gives needs no outbox", () => {
  configure({ url: `http://127.0.0.1:${server.port}`, token: TOKEN });
  const giving = register();
  expect([[...giving.services.keys()], giving.routes]).toEqual([["node-router-outbox"], []]);
  configure({ accept: { token: TOKEN, agents: ["worker-sg"] } });
  const taking = register();
  expect([[...taking.services.keys()], taking.routes]).toEqual([
    ["node-router-delegation"],
    ["/node-router/peer"],
  ]);
});

test("a task goes on over a reload, and the newest host tells its end", async () => {
  configure({ url: `http://127.0.0.1:${server.port}`, token: TOKEN });
  const first = register();
  first.services.get("node-router-outbox")?.start();
  const outbox = await waitFor("the outbox", () => deps.memory.part(OUTBOX).current ?? false);
  const waiting = outbox.delegate(makeAsk({ task: "count the files", waitMs: 20_000 }));
  const late = await outbox.delegate(makeAsk({ task: "and the folders", waitMs: 0 }));
  if (isRefusal(late)) throw new Error(late.fact);
  await waitFor("both to run", () => world.running().length === 2);
  const second = register();
  first.services.get("node-router-outbox")?.stop();
  second.services.get("node-router-outbox")?.start();
  expect(deps.memory.part(OUTBOX).current, "it is the same one").toBe(outbox);
  for (const run of world.running()) world.endRun(run);
  expect(await waiting).toMatchObject({ state: "completed", result: "answer to count the files" });
  await waitFor("the other one's end to be told", () => second.events.length === 2);
  expect(second.events[0]).toContain("agent:master:main: Delegation");
  expect(second.events[0]).toContain("answer to and the folders");
  expect(JSON.parse(second.events[1] ?? "")).toEqual({
    source: "background-task",
    intent: "immediate",
    reason: "node-router",
    sessionKey: "agent:master:main",
    agentId: "master",
  });
  expect(first.events).toEqual([]);
  expect(world.runs.length).toBe(2);
});
