// What the host is told of the tab and its routes.
import { AsyncLocalStorage } from "node:async_hooks";
import { once } from "node:events";
import { createServer } from "node:http";
import type { OpenClawPluginApi } from "openclaw/plugin-sdk/plugin-entry";
import { describe, expect, test } from "vitest";
import { isPageKey, PAGE_KEY } from "../../../../src/nodeRouter/surfaces/web/pageKey.ts";
import { builtAssets, registerWeb } from "../../../../src/nodeRouter/surfaces/web/register.ts";
import { createTickets, TICKET_SECRET } from "../../../../src/nodeRouter/surfaces/web/ticket.ts";
import { fakeDeps } from "../../../support/fakeDeps.ts";
import { smallFleet, statusFor } from "./fleet.ts";

function register(nodes = async () => smallFleet()) {
  const routes: Record<string, unknown>[] = [];
  const tabs: Record<string, unknown>[] = [];
  const api = {
    registerHttpRoute: (route: object) => void routes.push({ ...route }),
    session: { controls: { registerControlUiDescriptor: (tab: object) => void tabs.push({ ...tab }) } },
  };
  // The host's own type has hundreds of members; these are the ones that are called.
  const deps = fakeDeps();
  registerWeb(api as unknown as OpenClawPluginApi, deps, {
    nodes,
    status: async () => statusFor(smallFleet()),
    events: () => [],
  });
  return { routes, tabs, deps };
}

describe("registerWeb", () => {
  test("one route with the gateway's own authentication covers the tab's page, its files and its data; who has a ticket asks another", () => {
    const { routes, tabs } = register();
    expect(routes).toMatchObject([
      { path: "/plugins/node-router", match: "prefix", auth: "gateway" },
      { path: "/node-router/page-data", match: "exact", auth: "plugin" },
    ]);
    expect(tabs).toMatchObject([
      { surface: "tab", id: "nodes", label: "Nodes", requiredScopes: ["operator.read"] },
    ]);
    expect(String(tabs[0]?.path).startsWith(`${String(routes[0]?.path)}/`)).toBe(true);
  });

  test("makes no page and asks no report before somebody looks", async () => {
    expect(register).not.toThrow();
    await expect(builtAssets()).rejects.toThrow("npm run build"); // in the source there is none
  });
});

test("what answers is loaded at the first question, and a page that is not there says why", async () => {
  const { routes } = register();
  const handler = routes[0]?.handler;
  if (typeof handler !== "function") throw new Error("no handler");
  const http = createServer((request, response) => void handler(request, response)).listen(0, "127.0.0.1");
  await once(http, "listening");
  try {
    const address = http.address();
    const origin = `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
    const data = await fetch(`${origin}/plugins/node-router/nodes.json`);
    expect([data.status, await data.json()]).toMatchObject([200, { nodes: [{}, {}, {}, {}, {}, {}] }]);
    const page = await fetch(`${origin}/plugins/node-router/nodes`);
    expect([page.status, await page.text()]).toEqual([503, expect.stringContaining("npm run build")]);
  } finally {
    http.closeAllConnections();
    http.close();
    await once(http, "close");
  }
});

test("for a ticket the reports are made outside of the host's request, which has no right to the list of nodes", async () => {
  const scope = new AsyncLocalStorage<string>();
  const seen: (string | undefined)[] = [];
  const { routes, deps } = register(async () => {
    seen.push(scope.getStore());
    return smallFleet();
  });
  const [signedIn, withTicket] = routes.map(({ handler }) => handler);
  if (typeof signedIn !== "function" || typeof withTicket !== "function") throw new Error("no handlers");
  const http = createServer((request, response) => {
    const handler = request.url?.startsWith("/plugins/") === true ? signedIn : withTicket;
    void scope.run("the request's", () => handler(request, response));
  }).listen(0, "127.0.0.1");
  await once(http, "listening");
  try {
    const address = http.address();
    const origin = `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
    await (await fetch(`${origin}/plugins/node-router/nodes.json`)).text();
    const { issue } = createTickets(deps.memory.part(TICKET_SECRET), deps.now, () => "null");
    const headers = { Origin: "null", "X-Node-Router-Ticket": issue() };
    const answer = await fetch(`${origin}/node-router/page-data`, { headers });
    expect([answer.status, seen]).toEqual([200, ["the request's", undefined]]);
  } finally {
    http.closeAllConnections();
    http.close();
    await once(http, "close");
  }
});

test("for a ticket the reports have no authority of the client whose request had the plugin registered", async () => {
  const key = Symbol.for("openclaw.pluginInstanceInvocation");
  const scope = new AsyncLocalStorage<string | undefined>();
  Reflect.set(globalThis, key, { runFrame: scope.run.bind(scope) });
  const seen: (string | undefined)[] = [];
  const { routes, deps } = scope.run("an administrator's", () =>
    register(async () => {
      seen.push(scope.getStore());
      return smallFleet();
    }),
  );
  const handler = routes[1]?.handler;
  if (typeof handler !== "function") throw new Error("no handler");
  const http = createServer((request, response) => void handler(request, response)).listen(0, "127.0.0.1");
  await once(http, "listening");
  try {
    const address = http.address();
    const { issue } = createTickets(deps.memory.part(TICKET_SECRET), deps.now, () => "null");
    const headers = { Origin: "null", "X-Node-Router-Ticket": issue() };
    const port = typeof address === "object" ? address?.port : 0;
    const answer = await fetch(`http://127.0.0.1:${port}/node-router/page-data`, { headers });
    expect([answer.status, seen]).toEqual([200, [undefined]]);
  } finally {
    Reflect.deleteProperty(globalThis, key);
    http.closeAllConnections();
    http.close();
    await once(http, "close");
  }
});

describe("the page's key", () => {
  test("is the same for every instance of the module in the process, long, and compared whole", () => {
    const { memory } = fakeDeps();
    const key = memory.part(PAGE_KEY);
    expect(memory.part({ ...PAGE_KEY })).toBe(key);
    expect(fakeDeps().memory.part(PAGE_KEY)).not.toBe(key);
    expect(key.length).toBeGreaterThanOrEqual(32);
    expect(isPageKey(key, key)).toBe(true);
    for (const wrong of [null, "", key.slice(1), `${key}x`, key.toUpperCase(), "é".repeat(key.length)])
      expect(isPageKey(wrong, key)).toBe(false);
  });
});
