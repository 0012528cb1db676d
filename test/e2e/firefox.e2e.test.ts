// The page "Nodes" in a real Firefox: that what the tests in Chromium hold is not true of one browser alone.
import type { Browser, BrowserContextOptions } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { HOSTILE_NAMES, hostileFleet } from "../nodeRouter/surfaces/web/fleet.ts";
import { outage } from "../nodeRouter/surfaces/web/outage.ts";
import { startWebServer, type WebServer } from "../nodeRouter/surfaces/web/server.ts";
import { openPage, screenshotFile, type WatchedPage } from "../support/chromium.ts";
import { skipWithoutFirefox, startFirefox } from "../support/firefox.ts";

const skipped = skipWithoutFirefox("the page in Firefox");
const DESK = { viewport: { width: 1200, height: 900 } };

let server: WebServer;
let browser: Browser;
const open: WatchedPage[] = [];

beforeAll(async () => {
  if (skipped) return;
  [server, browser] = await Promise.all([startWebServer(), startFirefox()]);
});
afterAll(async () => {
  await browser?.close();
  await server?.stop();
});
afterEach(async () => {
  if (skipped) return;
  await Promise.all(open.splice(0).map((page) => page.close()));
  server.reset();
});

async function show(
  path = "/plugins/node-router/nodes",
  options: BrowserContextOptions = DESK,
  where = browser,
): Promise<WatchedPage> {
  const watched = await openPage(where, options);
  open.push(watched);
  await watched.page.goto(server.origin + path);
  return watched;
}

function expectClean({ problems, requests }: WatchedPage): void {
  expect(problems).toEqual([]);
  expect(requests.filter((address) => !address.startsWith(server.origin) && address !== "data:,")).toEqual(
    [],
  );
}

/** At the end of a test: to take the picture a style is put in, which the page's own policy refuses. */
async function shoot(watched: WatchedPage, name: string): Promise<void> {
  expectClean(watched);
  await watched.page.screenshot({ path: screenshotFile(name), fullPage: true });
}

describe.skipIf(skipped)("in Firefox", () => {
  test("an outage is the first line, map and table have the nodes, and a detail opens and closes by keyboard", async () => {
    outage(server);
    const watched = await show();
    const { page } = watched;
    await page.locator("#count").getByText("6 nodes").waitFor();
    expect(await page.locator("#refused").textContent()).toBe(
      "worker-sg is refused for 4 min: mac-sg is offline",
    );
    expect(await page.locator("#body tr").count()).toBe(6);
    const marker = page.getByRole("button", { name: /^mac-cn, ready/ });
    const where = () => marker.getAttribute("transform");
    const before = await where();
    await marker.focus();
    await page.keyboard.press("Enter");
    await page.locator("#detail").getByText("/Users/claw/work").waitFor();
    expect(await page.evaluate("document.activeElement.id")).toBe("detail-title");
    await page.keyboard.press("Escape");
    expect(await page.evaluate("document.activeElement.getAttribute('aria-label')")).toMatch(
      /^mac-cn, ready/,
    );

    const map = page.getByRole("group", { name: "Map of nodes" });
    await expect.poll(where, { timeout: 60_000 }).toBe(before); // the map has its place again
    await map.focus();
    await page.keyboard.press("ArrowRight");
    await expect.poll(where, { timeout: 60_000 }).not.toBe(before);
    await page.keyboard.press("0");
    await expect.poll(where, { timeout: 60_000 }).toBe(before);
    await shoot(watched, "firefox-outage");
  });

  test("nothing is cut off at 400 px, and in the dark it is dark", async () => {
    const dark = await startFirefox({ "layout.css.prefers-color-scheme.content-override": 0 });
    onTestFinished(() => dark.close());
    const watched = await show(undefined, { viewport: { width: 400, height: 800 } }, dark);
    const { page } = watched;
    await page.locator("#count").getByText("6 nodes").waitFor();
    expect(await page.evaluate("document.documentElement.scrollWidth > window.innerWidth")).toBe(false);
    const [shade] = await page.evaluate<number[]>(
      "(getComputedStyle(document.body).backgroundColor.match(/\\d+/g) ?? []).map(Number)",
    );
    expect(shade).toBeLessThan(60);
    await shoot(watched, "firefox-400px-dark");
  });

  test("names that want to do harm do none, and a script or a question that is put in goes nowhere", async () => {
    server.nodes = hostileFleet();
    const { page, problems, requests } = await show();
    await page
      .locator("#body tr")
      .nth(HOSTILE_NAMES.length - 1)
      .waitFor();
    expect(problems).toEqual([]);
    const asked = await page.evaluate(`(async () => {
      const script = document.createElement("script");
      try { script.append("window.owned = true"); document.body.append(script); } catch {}
      const markup = document.createElement("p");
      try { markup.innerHTML = "<img src=x onerror='window.owned = true'>"; document.body.append(markup); } catch {}
      return fetch("https://example.com/").then(() => "answered", () => "refused");
    })()`);
    expect([asked, await page.evaluate("window.owned")]).toEqual(["refused", undefined]);
    expect(requests.filter((address) => address.includes("example.com"))).toEqual([]);
  });

  test.each([
    ["with the gateway's cookie", false],
    ["with its ticket, where the browser keeps cookies from frames", true],
  ])("in the Control UI's sandboxed frame it gets its data %s", async (_, withoutCookie) => {
    server.other =
      '<!doctype html><iframe title="Nodes" sandbox="allow-scripts" src="/plugins/node-router/nodes" width="1000" height="800"></iframe>';
    server.withoutCookie = withoutCookie;
    const { page, requests } = await show("/plugin");
    const frame = page.frameLocator("iframe");
    await frame.locator("#count").getByText("6 nodes").waitFor();
    await frame.locator("#body").getByRole("button", { name: "mac-sg" }).click();
    await frame.locator("#detail .facts").waitFor();
    expect(requests.filter((address) => address.includes("/nodes?"))).toEqual([]); // it did not load itself anew
    expect(requests.some((address) => address.includes("/page-data?"))).toBe(withoutCookie);
  });
});
