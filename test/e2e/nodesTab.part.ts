// The tab "Nodes" in a real gateway: who gets its routes, and how the real Control UI shows it.
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openPage, screenshotFile, skipWithoutChromium, startChromium } from "../support/chromium.ts";
import type { Gateway } from "../support/gateway.ts";
import { type Deployment, startDeployment } from "./deployment.ts";

const ROOT = "/plugins/node-router";

let deployment: Deployment;
let gateway: Gateway;

beforeAll(async () => {
  deployment = await startDeployment();
  gateway = deployment.gateway;
});
afterAll(() => deployment?.stop());

const ask = (path: string, token: string | null = gateway.token, init: RequestInit = {}): Promise<Response> =>
  fetch(`http://127.0.0.1:${gateway.port}${path}`, {
    redirect: "manual",
    ...init,
    headers: token === null ? {} : { Authorization: `Bearer ${token}` },
  });

describe("the routes", () => {
  test.each(["/nodes", "/nodes.json", "/metrics", "", "/nothing"])(
    "%j is refused without the gateway's token",
    async (path) => {
      const answer = await ask(ROOT + path, null);
      expect(answer.status).toBe(401);
      expect(await answer.text()).not.toContain("mac-sg");
    },
  );

  test("a wrong token is refused", async () => {
    expect((await ask(`${ROOT}/nodes.json`, "wrong")).status).toBe(401);
  });

  test("with the token nodes.json has both nodes, connected, and the agents that go there", async () => {
    const answer = await ask(`${ROOT}/nodes.json`);
    expect([answer.status, answer.headers.get("cache-control")]).toEqual([200, "no-store"]);
    expect(await answer.json()).toMatchObject({
      mode: "enforce",
      nodes: [
        { name: "mac-cn", online: true, agents: ["worker-cn"] },
        { name: "mac-sg", online: true, agents: ["worker-sg"], place: { country: "SG", source: "declared" } },
      ],
      agents: expect.arrayContaining([
        expect.objectContaining({ agent: "worker-sg", node: "mac-sg", rule: "singapore" }),
      ]),
    });
  });

  test("Prometheus gets its text with the token as a bearer", async () => {
    const answer = await ask(`${ROOT}/metrics`);
    expect(answer.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
    const text = await answer.text();
    expect(text).toMatch(/^openclaw_node_router_node_info\{(?=.*node="mac-sg").*country="SG".*\} 1$/m);
    expect(text).toMatch(/^openclaw_node_router_calls_total\{outcome="placed"\} \d+$/m);
  });

  test("the data for the page in a frame comes through with the page's ticket, asked for as browsers ask, and without one not", async () => {
    const path = "/node-router/page-data";
    const from = (headers: Record<string, string>, method = "GET"): Promise<Response> =>
      fetch(`http://127.0.0.1:${gateway.port}${path}`, { method, headers: { Origin: "null", ...headers } });
    const asked = await from({ "Access-Control-Request-Headers": "x-node-router-ticket" }, "OPTIONS");
    expect([asked.status, asked.headers.get("access-control-allow-origin")]).toEqual([204, "null"]);
    const html = await (await ask(`${ROOT}/nodes`)).text();
    const ticket = /name="node-router-ticket" content="([^"]+)"/.exec(html)?.[1] ?? "none";
    const answer = await from({ "X-Node-Router-Ticket": ticket });
    const data: unknown = await answer.json();
    expect(data).not.toHaveProperty("error");
    expect(data).toMatchObject({ nodes: [{ name: "mac-cn" }, { name: "mac-sg" }] });
    for (const headers of [
      {},
      { "X-Node-Router-Ticket": ticket.replace(/.$/, "!") },
      { Authorization: `Bearer ${gateway.token}` },
      { "X-Node-Router-Ticket": ticket, Origin: "https://example.com" },
    ] as const)
      expect((await from(headers)).status).toBe(401);
    for (const rest of ["/", "/nodes.json", "/../../plugins/node-router/nodes.json"]) {
      const other = await fetch(`http://127.0.0.1:${gateway.port}${path}${rest}`, {
        headers: { Origin: "null" },
      });
      expect(await other.text()).not.toContain("mac-sg");
    }
  });

  test("the page's own headers come through the gateway, and nothing but reading is answered", async () => {
    const page = await ask(`${ROOT}/nodes`);
    expect(page.headers.get("content-security-policy")).toContain("default-src 'none'; script-src 'sha256-");
    expect((await ask(`${ROOT}/nodes.json`, gateway.token, { method: "POST" })).status).toBe(405);
    expect((await ask(`${ROOT}/nothing`)).status).toBe(404);
  });
});

const skipped = skipWithoutChromium("the tab in the Control UI");

describe.skipIf(skipped)("in the Control UI", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await startChromium();
  });
  afterAll(() => browser?.close());

  test("the sidebar has the tab, and its sandboxed frame shows the real nodes and stays up to date", async () => {
    // The sidebar leaves 980 px of it to the tab.
    const { page, problems, requests, close } = await openPage(browser, {
      viewport: { width: 1280, height: 900 },
    });
    try {
      await page.goto(`http://127.0.0.1:${gateway.port}/#token=${gateway.token}`);
      await page.getByRole("link", { name: "Nodes", exact: true }).click();
      const frame = page.frameLocator("iframe.plugin-tab-embed__frame");
      await frame.locator("#count").getByText("2 nodes").waitFor();
      expect(await page.locator("iframe.plugin-tab-embed__frame").getAttribute("sandbox")).toBe(
        "allow-scripts",
      );
      expect(await frame.locator("html").getAttribute("data-theme")).toBe("light"); // the Control UI's own
      const row = frame.locator("#body tr", { hasText: "mac-sg" });
      await row.getByText("ready").waitFor();
      for (const text of ["Singapore, SG", "declared", "worker-sg"])
        expect(await row.textContent()).toContain(text);

      // Facts come with an answer of their own: a browser that keeps cookies from frames, as Debian's Chromium does, asks
      // with the page's ticket. Neither loads the page anew.
      await frame.locator("#body").getByRole("button", { name: "mac-sg" }).click();
      await frame.locator("#detail .facts").waitFor();
      expect(await frame.locator("#detail").textContent()).toContain("gateway");
      expect(requests.filter((address) => address.includes(`${ROOT}/nodes?detail`))).toEqual([]);
      await page.screenshot({ path: screenshotFile("control-ui-tab") });
      for (const what of ["#table", "#agents"]) {
        await frame.locator(what).scrollIntoViewIfNeeded();
        await page.screenshot({ path: screenshotFile(`control-ui-tab-${what.slice(1)}`) });
      }
      // A text would be an expression to Playwright, and these are the browser's names.
      const cut = await frame
        .locator("body")
        .evaluate(
          new Function(
            "body",
            "return [...body.querySelectorAll('.scroll'), document.documentElement].filter((one) => one.scrollWidth > one.clientWidth).length",
          ) as (body: unknown) => number,
        );
      expect(cut).toBe(0);
      expect(problems.filter((problem) => problem.includes(ROOT) && !problem.includes("nodes.json"))).toEqual(
        [],
      );
    } finally {
      await close();
    }
  });
});
