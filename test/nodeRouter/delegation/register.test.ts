// What is registered for peers, and when a gateway begins and ends to take their tasks: on a real disk, over a real socket.
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import type { OpenClawPluginApi } from "openclaw/plugin-sdk/plugin-entry";
import { afterEach, describe, expect, test } from "vitest";
import { registerDelegation } from "../../../src/nodeRouter/delegation/register.ts";
import { fieldOf } from "../../../src/shared/jsonParts.ts";
import { fakeDeps } from "../../support/fakeDeps.ts";
import { waitFor } from "../../support/wait.ts";

const TOKEN = "t".repeat(40);
const PEERS = { "gw-a": { accept: { token: TOKEN, agents: ["worker-sg"] } } };

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const one of undo.splice(0).reverse()) await one();
});

interface Service {
  readonly id: string;
  start(): Promise<void> | void;
  stop(): Promise<void> | void;
}
type Handler = (request: IncomingMessage, response: ServerResponse) => boolean;

function state(): string {
  const folder = mkdtempSync(join(tmpdir(), "node-router-inbox-"));
  undo.push(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A gateway of this process; `deps` of an earlier one: its plugin is registered again. */
async function gateway(config: object, stateFolder: string, deps = fakeDeps({ config })) {
  const services: Service[] = [];
  const routes: { path: string; auth: string; match: string; handler: Handler }[] = [];
  const runs: string[] = [];
  let end: (() => void) | null = null;
  const runtime = {
    state: { resolveStateDir: () => stateFolder },
    agent: { session: { getSessionEntry: () => undefined } },
    subagent: {
      run: async ({ message }: { message: string }) => void runs.push(message),
      waitForRun: async ({ timeoutMs }: { timeoutMs: number }) => {
        if (timeoutMs > 1) await new Promise<void>((resolve) => (end = resolve));
        return timeoutMs > 1
          ? { status: "ok", terminalReply: { disposition: "visible", text: "the answer" } }
          : { status: "timeout" };
      },
      getSessionMessages: async () => ({ messages: [] }),
      deleteSession: async () => {},
    },
  };
  const api = {
    version: "1.2.3",
    runtime,
    registerService: (service: Service) => void services.push(service),
    registerHttpRoute: (route: (typeof routes)[number]) => void routes.push(route),
  };
  registerDelegation(api as unknown as OpenClawPluginApi, deps);
  const [route] = routes;
  let returned: unknown = null;
  const server = createServer((request, response) => {
    returned = route?.handler(request, response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const stop = async () => {
    for (const service of services) await service.stop();
  };
  undo.push(async () => {
    await stop();
    server.closeAllConnections();
    server.close();
  });
  return {
    deps,
    services,
    routes,
    runs,
    stop,
    start: async () => {
      for (const service of services) await service.start();
    },
    endRun: () => end?.(),
    returned: () => returned,
    async ask(method: string, params: object = {}) {
      const response = await fetch(`http://127.0.0.1:${port}/`, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          "a2a-version": "1.0",
          authorization: `Bearer ${TOKEN}`,
        },
        body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
      });
      return response.status === 200 ? ((await response.json()) as unknown) : response.status;
    },
  };
}

type Gateway = Awaited<ReturnType<typeof gateway>>;

const sendTo = (at: Gateway, messageId: string, waits = false) =>
  at.ask("SendMessage", {
    message: { messageId, role: "ROLE_USER", parts: [{ text: `do ${messageId}` }] },
    configuration: { returnImmediately: !waits },
  });
const open = (at: Gateway) =>
  waitFor("the inbox", async () => typeof (await at.ask("GetExtendedAgentCard")) === "object");

describe("what is registered", () => {
  test.each([
    ["no peers", {}],
    ["a peer that may do nothing here", { peers: { "gw-a": { url: "https://x.ts.net" } } }],
  ])("with %s is nothing that takes tasks", async (_what, config) => {
    const { services, routes } = await gateway({ nodes: {}, ...config }, state());
    expect([services.map(({ id }) => id), routes]).toEqual([[], []]);
  });

  test("with a peer that is accepted is one route, which authenticates by itself, and its service", async () => {
    const { services, routes } = await gateway({ nodes: {}, peers: PEERS }, state());
    expect(services.map(({ id }) => id)).toEqual(["node-router-delegation"]);
    expect(routes).toMatchObject([{ path: "/node-router/peer", auth: "plugin", match: "exact" }]);
  });
});

describe("a gateway", () => {
  test("takes nothing before it has started, says so as a refusal, and holds up no reload", async () => {
    const at = await gateway({ nodes: {}, peers: PEERS }, state());
    expect(await at.ask("GetExtendedAgentCard")).toBe(503);
    await at.start();
    await open(at);
    await sendTo(at, "m1");
    expect(at.returned()).toBe(true);
  });

  test("does a task, and goes on with it over a reload: it runs once, and its answer is told", async () => {
    const folder = state();
    const config = { nodes: {}, peers: PEERS };
    const before = await gateway(config, folder);
    await before.start();
    await open(before);
    const waiting = sendTo(before, "m1", true);
    await waitFor("the run", () => before.runs.length === 1);
    await before.stop();
    // Whoever waits is answered now, with how it is.
    expect(JSON.stringify(await waiting)).toContain("TASK_STATE_WORKING");
    expect(await sendTo(before, "m2")).toMatchObject({ error: { data: [{ reason: "DRAINING" }] } });
    const after = await gateway(config, folder, before.deps);
    await after.start();
    const again = await waitFor("the new one", async () => {
      const answer = await sendTo(after, "m1");
      return fieldOf(answer, "result") !== undefined && answer;
    });
    expect(JSON.stringify(again)).toContain("TASK_STATE_WORKING");
    await waitFor("it to be followed", () => {
      after.endRun();
      return true;
    });
    await waitFor("the answer", async () => {
      after.endRun();
      return JSON.stringify(await sendTo(after, "m1")).includes("the answer");
    });
    expect([before.runs, after.runs]).toEqual([["do m1"], []]);
  });

  test("takes nothing while another one looks after its folder", async () => {
    const folder = state();
    const tasks = join(folder, "node-router", "delegations");
    mkdirSync(tasks, { recursive: true });
    writeFileSync(
      join(tasks, "owner.json"),
      JSON.stringify({ life: "other", pid: process.ppid, host: hostname() }),
    );
    const config = { nodes: {}, peers: PEERS };
    const deps = fakeDeps({ config });
    // The file's time is the real one.
    deps.clockMs = Date.now();
    const at = await gateway(config, folder, deps);
    await at.start();
    await waitFor("it to be said", () =>
      at.deps.lines.some(({ text }) => text.includes("looks after the tasks")),
    );
    expect(await at.ask("GetExtendedAgentCard")).toBe(503);
    expect(readdirSync(tasks)).not.toContain("in");
  });

  test("says which records it cannot read, and never runs what they were", async () => {
    const folder = state();
    const inbox = join(folder, "node-router", "delegations", "in");
    const first = await gateway({ nodes: {}, peers: PEERS }, folder);
    await first.start();
    await open(first);
    await sendTo(first, "m1");
    await first.stop();
    const [record = ""] = readdirSync(inbox);
    writeFileSync(join(inbox, record), "{");
    const second = await gateway({ nodes: {}, peers: PEERS }, folder);
    await second.start();
    await open(second);
    expect(
      second.deps.lines.some(({ text }) => text.includes("records of peers' tasks cannot be read")),
    ).toBe(true);
    expect(JSON.stringify(await sendTo(second, "m1"))).toContain('"phase":"interrupted"');
    expect(second.runs).toEqual([]);
  });
});
