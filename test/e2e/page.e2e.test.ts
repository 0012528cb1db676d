// The page "Nodes" in a real Chromium: our real routes with made-up reports. Screenshots are kept in test-results.
import type { Browser, BrowserContextOptions, Locator, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { ExplainReport } from "../../src/nodeRouter/explain/report.ts";
import {
  call,
  HOSTILE_NAMES,
  hostileFleet,
  largeFleet,
  NOW_MS,
  placeAt,
  smallFleet,
  smallPeers,
  statusFor,
} from "../nodeRouter/surfaces/web/fleet.ts";
import { outage } from "../nodeRouter/surfaces/web/outage.ts";
import { startWebServer, type WebServer } from "../nodeRouter/surfaces/web/server.ts";
import { smallUsage } from "../nodeRouter/surfaces/web/usageSample.ts";
import {
  openPage,
  screenshotFile,
  skipWithoutChromium,
  startChromium,
  type WatchedPage,
} from "../support/chromium.ts";

const skipped = skipWithoutChromium("the page in a browser");
const DESK = { viewport: { width: 1200, height: 900 } };
const PHONE = { viewport: { width: 400, height: 800 }, hasTouch: true };

let server: WebServer;
let browser: Browser;
const open: WatchedPage[] = [];

beforeAll(async () => {
  if (skipped) return;
  [server, browser] = await Promise.all([startWebServer(), startChromium()]);
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

/** Opens the page and waits for its first answer. */
async function show(options: BrowserContextOptions = DESK): Promise<WatchedPage> {
  const watched = await openPage(browser, options);
  open.push(watched);
  await watched.page.goto(`${server.origin}/plugins/node-router/nodes`);
  await watched.page.locator("#count").getByText(/node/).waitFor();
  return watched;
}

/** What every page must hold, whatever it shows. */
async function expectClean({ page, problems, requests }: WatchedPage): Promise<void> {
  expect(problems).toEqual([]);
  expect(requests.filter((address) => !address.startsWith(`${server.origin}/plugins/node-router/`))).toEqual([
    ...requests.filter((address) => address === "data:,"),
  ]);
  expect(await page.evaluate("window.owned")).toBeUndefined();
}

const shoot = (page: Page, name: string, fullPage = true): Promise<Buffer> =>
  page.screenshot({ path: screenshotFile(name), fullPage });

/** Texts of one column, top to bottom. */
const column = (page: Page, key: "name" | "state"): Promise<string[]> =>
  page.locator(key === "name" ? "#body .name .link-button" : "#body span.state").allInnerTexts();

/** Of each row, its cells, whatever stands in them as a block. */
const rowTexts = async (rows: Locator): Promise<string[]> =>
  (await rows.allInnerTexts()).map((text) => text.split(/\s*[\t\n]\s*/).join("\t"));

const isWiderThanScreen = (page: Page): Promise<boolean> =>
  page.evaluate("document.documentElement.scrollWidth > window.innerWidth");

/** Asks now and waits for the answer to be shown. */
async function refresh(page: Page): Promise<void> {
  await page.evaluate(REFRESH);
}

describe.skipIf(skipped)("a small fleet", () => {
  test("stands on the map with its links, in the table with its facts, and asks nobody but the gateway", async () => {
    const watched = await show();
    const { page } = watched;
    const map = page.getByRole("group", { name: "Map of nodes" });
    expect(await map.getByRole("button").count()).toBe(5); // nas has no known place
    expect(
      await map
        .getByRole("button", {
          name: "mac-sg, ready, Singapore, SG, 72 ms, agents worker-sg, research-sg",
          exact: true,
        })
        .count(),
    ).toBe(1);
    expect(await map.getByRole("img", { name: "Gateway, Shanghai, CN" }).count()).toBe(1);
    expect(await page.locator(".link.direct.routed").count()).toBe(3);
    expect((await page.locator(".trip").allTextContents()).sort()).toEqual([
      "164 ms relayed",
      "213 ms",
      "72 ms",
    ]);
    expect(await page.locator("#map .label .agents").allTextContents()).toContainEqual(
      expect.stringContaining("worker-sg"),
    );

    expect(await column(page, "name")).toEqual([
      "fra-build-1",
      "fra-build-2",
      "laptop",
      "mac-cn",
      "mac-sg",
      "nas",
    ]);
    const row = await page.locator("#body tr", { hasText: "mac-sg" }).textContent();
    for (const text of [
      "ready",
      "100.64.0.2",
      "Singapore, SG",
      "declared",
      "node + ssh",
      "72 ms",
      "3.40 / 12",
      "27.5 / 64 GiB",
      "402 / 994 GiB",
      "worker-sg",
      "3 h ago",
    ])
      expect(row).toContain(text);
    expect(await page.locator("#placeless-list").textContent()).toContain("nas");
    expect(await page.locator("#credits").textContent()).toContain("IP Geolocation by DB-IP");
    expect(await isWiderThanScreen(page)).toBe(false);
    await shoot(page, "nodes-light");
    await expectClean(watched);
  });

  test("an offline node says so in words, by its shape and by its link, and has no round trip", async () => {
    const { page } = await show();
    const marker = page.getByRole("button", { name: /^fra-build-2, offline/ });
    expect(await marker.locator(".shape").getAttribute("class")).toContain("offline");
    expect(await page.locator("#map .link.cut").count()).toBe(1);
    expect(await page.locator("#body tr", { hasText: "fra-build-2" }).textContent()).toContain("offline");
    await page.locator("#states").getByRole("button", { name: "1 offline" }).click();
    expect(await column(page, "name")).toEqual(["fra-build-2"]);
    await page.locator("#body button").click();
    expect(await page.locator("#detail").textContent()).toContain("over SSH: no answer within 2.5 s");
    await shoot(page, "nodes-offline");
  });

  test("a node's detail opens by keyboard, has facts with source and age, and gives the focus back", async () => {
    const watched = await show();
    const { page } = watched;
    const marker = page.getByRole("button", { name: /^mac-sg, / });
    await marker.focus();
    await page.keyboard.press("Enter");
    await page.locator("#detail").getByText("mac-sg.local").waitFor();
    expect(await page.evaluate("document.activeElement.id")).toBe("detail-title");
    const text = await page.locator("#detail").textContent();
    for (const part of [
      "up, 72 ms, answered 1 s ago",
      "99.7 %",
      "tailscale",
      "2 h ago, old",
      "offline → ready",
    ])
      expect(text).toContain(part);
    await page.getByText("Other places (2)").click();
    expect(await page.locator("#detail").textContent()).toContain("endpoint 198.51.100.7");

    await refresh(page); // what was opened stays open
    expect(await page.locator("#detail").textContent()).toContain("endpoint 198.51.100.7");
    await page.keyboard.press("Escape");
    expect(await page.locator("#detail").isVisible()).toBe(false);
    expect(await page.locator(":focus").getAttribute("aria-label")).toMatch(/^mac-sg, ready/);
    await expectClean(watched);
  });

  test("the commands that take a node out of service are there to be copied, and nothing is sent from here", async () => {
    const watched = await show();
    const { page } = watched;
    await page.locator("#body").getByRole("button", { name: "mac-sg" }).click();
    const copy = page.getByRole("button", { name: "Copy /cordon mac-sg" });
    await copy.click();
    expect(await page.evaluate("String(document.getSelection())")).toBe("/cordon mac-sg");
    await page.getByText("Copied").waitFor();
    await page.getByLabel("Time and reason:").fill("for 2h disk");
    expect(await page.locator("#detail .command code").allInnerTexts()).toEqual([
      "/cordon mac-sg for 2h disk",
      "/drain mac-sg for 2h disk",
    ]);
    await expectClean(watched);
  });

  test("where sources differ, all of them are named", async () => {
    const { page } = await show();
    await page.locator("#body").getByRole("button", { name: "laptop" }).click();
    const difference = page.getByRole("list", { name: "Sources differ" });
    expect(await difference.textContent()).toMatch(/country: CN \(timezone.*\) · JP \(geoip.*\)/);
    expect(await page.locator("#body tr", { hasText: "laptop" }).textContent()).toContain("geoip, disputed");
  });

  test("is dark where the system is, and the colours of states can be read in both", async () => {
    for (const colorScheme of ["light", "dark"] as const) {
      const watched = await show({ ...DESK, colorScheme });
      const contrasts: unknown = await watched.page.evaluate(CONTRASTS);
      expect(contrasts).toEqual([]);
      if (colorScheme === "light") continue;
      await watched.page.locator("#body").getByRole("button", { name: "mac-sg" }).click();
      await watched.page.locator("#detail").getByText("mac-sg.local").waitFor();
      await shoot(watched.page, "nodes-dark");
      await expectClean(watched);
    }
  });

  test("fits 400 px: nothing is cut off, and the rows are cards that are still a table", async () => {
    const watched = await show(PHONE);
    const { page } = watched;
    expect(await isWiderThanScreen(page)).toBe(false);
    const table = page.getByRole("table", { name: "All nodes" });
    expect(await table.getByRole("row").count()).toBe(7);
    expect(await table.getByRole("rowheader", { name: /^mac-sg / }).count()).toBe(1);
    await page.getByLabel("Sort by").selectOption({ label: "Round trip" });
    expect((await column(page, "name"))[0]).toBe("mac-cn");
    await shoot(page, "nodes-400px");
    await expectClean(watched);
  });
});

describe.skipIf(skipped)("an outage", () => {
  test("is the first line: who is refused, for how long, and which node is away", async () => {
    outage(server);
    const watched = await show();
    const { page } = watched;
    expect(await page.getByRole("region", { name: "Refused now" }).textContent()).toBe(
      "worker-sg is refused for 4 min: mac-sg is offline",
    );
    expect(await page.locator("#agents-body tr").first().textContent()).toContain("refused");
    const [line, ran] = await page.locator("#calls-body tr").allInnerTexts();
    expect(line).toContain("NO_NODE_FITS: why");
    expect(ran).toContain("ran in 840 ms");
    expect(await page.locator("#findings").textContent()).toContain("run openclaw node-router guard");
    await expectClean(watched);
  });

  test("is told to screen readers when it begins, and its end is seen", async () => {
    const { page } = await show();
    expect(await page.locator("#refused").textContent()).toBe("No agent is refused: 5 of 5 are routed.");
    outage(server);
    await refresh(page);
    expect(await page.locator("#announcement").textContent()).toBe(
      "agent worker-sg is refused, mac-sg is offline",
    );
    server.nodes = smallFleet();
    server.status = null;
    await refresh(page);
    expect(await page.locator("#refused").textContent()).toContain("No agent is refused");
  });

  test("has what was spent by region, asked for beside everything else", async () => {
    server.usage = smallUsage();
    const watched = await show();
    const { page } = watched;
    await page.locator("#usage-body tr").first().waitFor();
    expect(await rowTexts(page.locator("#usage-body tr"))).toEqual([
      "sg\t12,430\t$0.01\t2",
      "gateway\t820\tno price known\t1",
    ]);
    await expectClean(watched);
  });

  test("is explained at a click, node by node, and closed by the next", async () => {
    outage(server);
    server.explained = {
      agent: "",
      tool: "exec",
      mode: "enforce",
      rule: "singapore",
      outcome: "refused",
      node: null,
      transport: null,
      binding: "workspace",
      message: "NO_NODE_FITS: 0/6 nodes fit",
      candidates: [
        { node: "mac-sg", fits: false, reason: "was offline", score: null, scores: {} },
        { node: "mac-cn", fits: false, reason: 'didn\'t match "region=sg"', score: null, scores: {} },
      ],
      snapshotAgeMs: 0,
    };
    const watched = await show();
    const { page } = watched;
    await page.locator("#refused").getByRole("button", { name: "worker-sg" }).click();
    const nodes = page.getByRole("list", { name: "Nodes" }).getByRole("listitem");
    await nodes.first().waitFor();
    expect(await nodes.allInnerTexts()).toEqual(["mac-sg was offline", 'mac-cn didn\'t match "region=sg"']);
    const agent = page.locator("#agents-body").getByRole("button", { name: "worker-sg", exact: true });
    expect(await agent.getAttribute("aria-expanded")).toBe("true");
    expect(await page.evaluate("document.activeElement.textContent")).toBe("worker-sg");
    await agent.click();
    expect(await nodes.count()).toBe(0);
    await expectClean(watched);
  });

  test("is foreseen: what if the node of an agent were down", async () => {
    const candidate = { node: "mac-cn", reason: null, score: null, scores: {} };
    const report: ExplainReport = {
      agent: "",
      tool: "exec",
      mode: "enforce",
      rule: "r",
      outcome: "placed",
      node: "mac-cn",
      transport: "node",
      binding: "exec",
      message: "runs on mac-cn",
      candidates: [{ ...candidate, fits: true }],
      snapshotAgeMs: 0,
    };
    server.explained = report;
    const { page } = await show();
    await page.locator("#agents-body").getByRole("button", { name: "worker-cn" }).click();
    const button = page.getByRole("button", { name: "What if mac-cn were down" });
    await button.waitFor();
    server.explained = {
      ...report,
      outcome: "refused",
      message: "NO_NODE_FITS: none",
      candidates: [{ ...candidate, fits: false, reason: "was offline" }],
    };
    const asked = page.waitForRequest(/[?&]agent=worker-cn&down=mac-cn&/);
    await button.click();
    await asked;
    await page.getByText("NO_NODE_FITS: none").waitFor();
    server.explained = report;
    await page.getByRole("button", { name: "As it is" }).click();
    await page.getByText("runs on mac-cn").waitFor();
  });

  test.each([
    { viewport: { width: 400, height: 800 }, colorScheme: "light" },
    { viewport: { width: 980, height: 800 }, colorScheme: "light" },
    { viewport: { width: 980, height: 800 }, colorScheme: "dark" },
    { viewport: { width: 1280, height: 800 }, colorScheme: "dark" },
  ] as const)(
    "cuts nothing off at $viewport.width px, $colorScheme, and everything can be read",
    async (options) => {
      outage(server);
      const { page } = await show(options);
      expect(await isWiderThanScreen(page)).toBe(false);
      expect(
        await page.evaluate(
          "[...document.querySelectorAll('.scroll')].filter((e) => e.scrollWidth > e.clientWidth).length",
        ),
      ).toBe(0);
      expect(await page.evaluate(CONTRASTS)).toEqual([]);
      await shoot(page, `nodes-outage-${options.viewport.width}-${options.colorScheme}`);
    },
  );
});

describe.skipIf(skipped)("the gateway's own state", () => {
  test("has the connections over SSH, and whether everything is recorded", async () => {
    const watched = await show();
    const { page } = watched;
    expect(await rowTexts(page.locator("#ssh-body tr"))).toEqual(["mac-sg\t1\t1\t2\t0\t0"]);
    const audit = (await page.locator("#audit").allInnerTexts()).join();
    for (const part of ["best effort", "2,415 records", "2 wait for the disk", "record 90,210", "none since"])
      expect(audit).toContain(part);
    await expectClean(watched);
  });

  test("says what the audit lacks, and is not there where nothing was to be recorded and no node has SSH", async () => {
    const status = statusFor(smallFleet());
    const audit = status.audit ?? expect.fail("the fixture has one");
    server.status = {
      ...status,
      audit: {
        ...audit,
        mode: "strict",
        failed: 2,
        refused: 1,
        lastError: "ENOSPC <b>",
        head: null,
        full: [{ agent: "worker-sg", refused: 0, dropped: 4 }],
      },
    };
    const { page } = await show();
    expect(await page.locator("#audit .bad").textContent()).toBe(
      "records lost: 2; calls refused, since they could not be recorded: 1; writing fails: ENOSPC <b>; the share of worker-sg is used up, records left out: 4",
    );
    server.status = { ...status, audit: null, ssh: [] };
    await refresh(page);
    expect(await page.locator("#audit").isVisible()).toBe(false);
    expect(await page.locator("#ssh").isVisible()).toBe(false);
  });
});

describe.skipIf(skipped)("the table", () => {
  test("shows the tags, and a selector as in a rule is its filter", async () => {
    const { page } = await show();
    expect(await page.locator("#body tr", { hasText: "mac-sg" }).locator(".tags").allInnerTexts()).toEqual([
      expect.stringContaining("region=sg"),
    ]);
    const selector = page.getByRole("textbox", { name: "Selector" });
    await selector.fill("region in (sg, eu),!gpu");
    expect(await column(page, "name")).toEqual(["fra-build-1", "fra-build-2"]);
    await page.getByRole("button", { name: "Show all" }).click();
    expect(await selector.inputValue()).toBe("");
    expect(await page.locator("#body tr").count()).toBe(6);
  });

  test("says where a selector is wrong, and leaves nobody out for it", async () => {
    const { page } = await show();
    await page.getByRole("textbox", { name: "Selector" }).fill("region in sg");
    expect(await page.locator("#selector-problem").textContent()).toContain("column 11");
    expect(await page.locator("#body tr").count()).toBe(6);
  });

  test("has bars as long as what is free, as the number says, and none of a node that is gone", async () => {
    const { page } = await show();
    const bars = (name: string): Promise<unknown> =>
      page.evaluate(
        `[...document.querySelectorAll("#body tr")].filter((e) => e.textContent.includes("${name}")).flatMap((e) => [...e.querySelectorAll(".bar > span")].map(({ style }) => style.width))`,
      );
    expect(await bars("mac-sg")).toEqual(["43%", "40%"]); // 27.5 of 64 GiB, 402 of 994
    expect(await bars("fra-build-2")).toEqual([]);
  });
});

describe.skipIf(skipped)("the map", () => {
  test("draws what is known as a country alone as a ring, and says what the ring means", async () => {
    const fleet = smallFleet();
    const { latitude, longitude, city: _city, ...china } = placeAt("shanghai", { precision: "country" });
    const place = { ...china, middle: { of: "country" as const, latitude: 35.65, longitude: 103.54 } };
    server.nodes = {
      ...fleet,
      nodes: fleet.nodes.map((node) => (node.name === "mac-cn" ? { ...node, place } : node)),
    };
    const { page } = await show();
    expect(await page.locator("#map .country").count()).toBe(1);
    expect(await page.locator("#legend").textContent()).toContain("only the country is known");
    await page.locator("#body").getByRole("button", { name: "mac-cn" }).click();
    expect(await page.locator("#detail dd").first().textContent()).toMatch(/^CN \(declared; country only/);
    server.nodes = fleet;
    await refresh(page);
    expect(await page.locator("#map .country").count()).toBe(0);
  });

  test("has only those marks and lines in its legend that are on it", async () => {
    const fleet = smallFleet();
    server.nodes = { ...fleet, nodes: fleet.nodes.filter(({ name }) => name === "mac-sg") };
    const { page } = await show();
    expect(await page.locator("#legend li").allInnerTexts()).toEqual(["gateway", "ready", "direct"]);
  });

  test("says at its edge which way the nodes are that are not seen, and goes there at a click, or with the focus", async () => {
    const watched = await show();
    const { page } = watched;
    expect(await page.locator("#map .hint").count()).toBe(0);
    const marker = page.getByRole("button", { name: /^mac-sg, / });
    await marker.focus();
    await page.keyboard.press("Enter");
    for (let step = 0; step < 4; step += 1) await page.getByRole("button", { name: "Zoom in" }).click();
    await page.getByRole("button", { name: "Close the detail" }).click();
    await page.locator("#map .hint").first().waitFor();
    await shoot(page, "nodes-zoomed", false);
    expect((await page.locator("#map .hint").allTextContents()).join()).toContain("laptop");
    await page.locator("#map .hint", { hasText: "laptop" }).click();
    await page.getByRole("button", { name: /^laptop, / }).click({ trial: true }); // it is seen
    await page.getByRole("button", { name: /^fra-build-1, / }).focus();
    await page.getByRole("button", { name: /^fra-build-1, / }).click({ trial: true });
    await expectClean(watched);
  });

  test("is moved and zoomed with the keys, and zooming never loses the nodes", async () => {
    const { page } = await show();
    const where = (): Promise<string | null> =>
      page.getByRole("button", { name: /^mac-sg, / }).getAttribute("transform");
    const inSight = (): Promise<boolean> =>
      page.evaluate(
        "(() => { const { width, height } = document.getElementById('map').getBoundingClientRect(); return [...document.querySelectorAll('.marker')].some((e) => { const [x, y] = e.getAttribute('transform').match(/-?[\\d.]+/g).map(Number); return x >= 0 && y >= 0 && x <= width && y <= height; }); })()",
      );
    const first = await where();
    await page.getByRole("group", { name: /^Map: / }).focus();
    await page.keyboard.press("ArrowLeft");
    expect(await where()).not.toBe(first);
    for (let step = 0; step < 4; step += 1) await page.keyboard.press("+");
    expect(await inSight()).toBe(true);
    await page.keyboard.press("0");
    expect(await where()).toBe(first);
    for (let step = 0; step < 4; step += 1) await page.getByRole("button", { name: "Zoom in" }).click();
    expect(await inSight()).toBe(true);
    await page.getByRole("group", { name: /^Map: / }).focus();
    for (let step = 0; step < 40; step += 1) await page.keyboard.press("ArrowLeft");
    expect(await page.locator("#map-note").textContent()).toContain("No node is in this part of the map");
  });
});

describe.skipIf(skipped)("peers", () => {
  test("stand on the map where their place is declared, with another mark than nodes, and are no buttons", async () => {
    server.peers = smallPeers();
    const watched = await show();
    const { page } = watched;
    const map = page.getByRole("group", { name: "Map of nodes" });
    const peer = map.getByRole("img", { name: "Peer gw-sg, online, Singapore, SG, 71 ms", exact: true });
    expect(await peer.locator(".frame").count()).toBe(1);
    expect(await map.locator(".marker.peer").count()).toBe(1);
    expect(await map.getByRole("button").count()).toBe(5);
    expect(await page.locator("#legend-peer").isVisible()).toBe(true);
    await shoot(page, "nodes-peers");
    await expectClean(watched);
  });

  test.each([DESK, PHONE])(
    "have a table of tasks with both directions, open ones as they came, at $viewport.width px",
    async (options) => {
      server.peers = smallPeers();
      const watched = await show(options);
      const { page } = watched;
      const table = page.getByRole("table", { name: "Delegations" });
      expect(await rowTexts(table.getByRole("row"))).toEqual([
        "Task\tState\tFrom\tTo\tGiven",
        "given\tworking\tmaster\tgw-sg/worker-sg\t3 min ago",
        "taken\tcompleted\tgw-cn/boss\tworker-sg\t3 min ago",
      ]);
      expect(await page.getByRole("list", { name: "Peers" }).getByRole("listitem").allInnerTexts()).toEqual([
        "gw-sg online, 71 ms",
        "gw-hk offline, it did not answer within 2.5 s",
        "gw-cn inbound",
      ]);
      expect(await page.locator("#delegations-count").textContent()).toContain("and 3 more");
      expect(await isWiderThanScreen(page)).toBe(false);
      expect(await page.evaluate(CONTRASTS)).toEqual([]);
      expect(await page.evaluate(UNNAMED)).toEqual([]);
      await shoot(page, `nodes-delegations-${options.viewport.width}`);
      await expectClean(watched);
    },
  );

  test("whose names want to do harm are shown as they are, and run nothing", async () => {
    const few = smallPeers();
    server.peers = {
      ...few,
      peers: HOSTILE_NAMES.map((name) => ({
        ...few.peers[0],
        name,
        why: name,
        state: "unusable" as const,
      })).map((peer) => ({ rttMs: null, clockOffsetMs: null, online: true, place: null, ...peer })),
      delegations: HOSTILE_NAMES.flatMap((name, index) =>
        few.delegations.map((line) => ({
          ...line,
          id: `${line.id}${index}`,
          peer: name,
          agent: name,
          requester: name,
        })),
      ),
    };
    const watched = await show(PHONE);
    expect(await watched.page.locator("#delegations-body tr").count()).toBe(2 * HOSTILE_NAMES.length);
    expect(await isWiderThanScreen(watched.page)).toBe(false);
    expect(await watched.page.locator("#delegations img, #delegations script").count()).toBe(0);
    await expectClean(watched);
  });

  test("that are not configured show nothing, and come and go with the data", async () => {
    const { page } = await show();
    expect(await page.locator("#delegations").isVisible()).toBe(false);
    expect(await page.locator("#legend-peer").isVisible()).toBe(false);
    server.peers = { ...smallPeers(), delegations: [], left: 0 };
    await refresh(page);
    expect(await page.locator("#delegations-count").textContent()).toBe("No task was given or taken.");
    expect(await page.locator("#delegations").isVisible()).toBe(true);
    server.peers = null;
    await refresh(page);
    expect(await page.locator("#delegations").isVisible()).toBe(false);
    expect(await page.locator("#map .marker.peer").count()).toBe(0);
  });
});

describe.skipIf(skipped)("a large fleet", () => {
  test("of 300 is counted on the map, and found, sorted and filtered in the table", async () => {
    server.nodes = largeFleet(300);
    const watched = await show();
    const { page } = watched;
    expect(await page.locator("#body tr").count()).toBe(300);
    const singapore = page.getByRole("button", { name: /^60 nodes in one place, Singapore, SG: / });
    expect(await singapore.count()).toBe(1);
    await shoot(page, "nodes-300", false);

    await page.getByRole("columnheader", { name: "Round trip" }).getByRole("button").click();
    await page.getByRole("columnheader", { name: "Round trip" }).getByRole("button").click();
    expect((await column(page, "name"))[0]).toBe("node-299");
    expect(await page.getByRole("columnheader", { name: "Round trip" }).getAttribute("aria-sort")).toBe(
      "descending",
    );

    await page.getByRole("searchbox", { name: "Find nodes" }).fill("frankfurt offline");
    expect(await page.locator("#count").textContent()).toMatch(/^\d+ of 300 nodes$/);
    expect(new Set(await column(page, "state"))).toEqual(new Set(["offline"]));

    await singapore.click();
    expect(await page.locator("#detail li").count()).toBe(60);
    await page.locator("#detail").getByRole("button", { name: "node-000" }).click();
    expect(await page.locator("#detail h2").textContent()).toBe("node-000");
    await expectClean(watched);
  });
});

describe.skipIf(skipped)("names that want to do harm", () => {
  test.each([DESK, PHONE])(
    "are shown as they are, run nothing and break nothing at $viewport.width px",
    async (options) => {
      const fleet = hostileFleet();
      server.nodes = fleet;
      const status = statusFor(fleet);
      const blocked = HOSTILE_NAMES.map((name) => ({ node: name, why: name }));
      server.status = {
        ...status,
        agents: status.agents.map((one) => ({
          ...one,
          outcome: "refused",
          node: null,
          message: one.agent,
          blocked,
        })),
      };
      server.calls = HOSTILE_NAMES.map((name, index) =>
        call({
          id: `${index}`,
          agent: name,
          tool: name,
          rule: name,
          node: name,
          outcome: "refused",
          reason: name,
        }),
      );
      server.findings = HOSTILE_NAMES.map((name) => ({
        id: name,
        severity: "error",
        message: name,
        path: name,
        fix: name,
      }));
      const watched = await show(options);
      const { page } = watched;
      const dialogs: string[] = [];
      page.on("dialog", (dialog) => void dialogs.push(dialog.message()));
      for (const button of await page.locator("#body .link-button").all()) {
        await button.click();
        await refresh(page);
      }
      expect(dialogs).toEqual([]);
      expect(await isWiderThanScreen(page)).toBe(false);
      expect(await page.title()).toBe("Nodes");
      const shown = await page.locator("#body .name .link-button bdi").allTextContents();
      expect(shown).toHaveLength(HOSTILE_NAMES.length);
      expect(shown).toContain("<script>window.owned=1</script>");
      expect(shown).toContain("\\u202egnp.exe\\u202c-rtl-override"); // it does not turn the line around
      expect(shown.join("")).not.toMatch(/[\u202a-\u202e]/);
      expect(await page.locator("main img, main script").count()).toBe(0);
      await shoot(page, `nodes-hostile-${options.viewport.width}`);
      await expectClean(watched);
    },
  );
});

describe.skipIf(skipped)("over time", () => {
  test("a change is shown, told to screen readers, and takes nobody's focus", async () => {
    const watched = await show();
    const { page } = watched;
    const button = page.locator("#body").getByRole("button", { name: "mac-sg" });
    await button.focus();
    const fleet = smallFleet();
    server.nodes = {
      ...fleet,
      nodes: fleet.nodes.map((node) =>
        node.name === "mac-sg" ? { ...node, state: "offline", rttMs: null } : node,
      ),
    };
    await refresh(page);
    expect(await page.locator("#announcement").textContent()).toBe("mac-sg is offline");
    expect(await page.locator("#body tr", { hasText: "mac-sg" }).textContent()).toContain("offline");
    expect(await page.locator("#body :focus").textContent()).toBe("mac-sg");
    server.nodes = { ...fleet, nodes: fleet.nodes.slice(0, 2) };
    await refresh(page);
    expect(await column(page, "name")).toEqual(["mac-cn", "mac-sg"]);
    await expectClean(watched);
  });

  test("when reports fail it says why and that the data is old, and goes back when they work", async () => {
    const { page } = await show();
    server.nodes = new Error("INVENTORY_UNAVAILABLE: the node list <b>cannot</b> be read");
    await refresh(page);
    const notice = page.getByRole("alert");
    expect(await notice.textContent()).toMatch(
      /^No new data: the gateway answered 503: INVENTORY_UNAVAILABLE: the node list <b>cannot<\/b> be read\. What you see is \d+ s old\./,
    );
    expect(await page.locator("#body tr").count()).toBe(6);
    await shoot(page, "nodes-old-data");
    server.nodes = smallFleet();
    await refresh(page);
    expect(await notice.isVisible()).toBe(false);
  });

  test("when the gateway is gone it says so", async () => {
    const { page } = await show();
    await page.route("**/nodes.json?*", (route) => route.abort("connectionrefused"));
    await page.getByRole("button", { name: "Refresh" }).click();
    await page
      .getByRole("alert")
      .getByText(/the gateway does not answer/)
      .waitFor();
  });

  test("an old list of the gateway's own is said to be old", async () => {
    server.nodes = { ...smallFleet(), snapshotAgeMs: 125_000 };
    const { page } = await show();
    await page.getByRole("alert").getByText("The gateway's own list of nodes is 2 min old.").waitFor();
  });

  test("without any node it says what that means", async () => {
    server.nodes = { ...smallFleet(), nodes: [], gateway: { place: null } };
    server.events = [];
    const watched = await show();
    expect(await watched.page.locator("#count").textContent()).toContain("none is paired with this gateway");
    await expectClean(watched);
  });
});

describe.skipIf(skipped)("every state", () => {
  const NO_NODES = { ...smallFleet(), nodes: [], gateway: { place: null } };
  const drained = {
    by: "alice",
    reason: "disk",
    at: new Date(NOW_MS - 600_000).toISOString(),
    until: null,
    drain: true,
    move: false,
  };
  const states: Record<string, () => string> = {
    empty() {
      server.nodes = NO_NODES;
      server.status = { ...statusFor(NO_NODES), ssh: [], audit: null };
      server.events = [];
      return "none is paired with this gateway";
    },
    one() {
      const fleet = smallFleet();
      server.nodes = { ...fleet, nodes: fleet.nodes.filter(({ name }) => name === "mac-sg") };
      return "1 node";
    },
    forty() {
      server.nodes = largeFleet(40);
      return "40 nodes";
    },
    drained() {
      const fleet = smallFleet();
      server.nodes = {
        ...fleet,
        nodes: fleet.nodes.map((node) => (node.name === "mac-sg" ? { ...node, cordon: drained } : node)),
      };
      return "drained";
    },
    "usage-counting"() {
      server.usage = { ...smallUsage(), regions: [], complete: false };
      return "OpenClaw is still counting";
    },
    usage() {
      server.usage = smallUsage();
      return "openclaw node-router usage";
    },
  };

  test.each(Object.keys(states).flatMap((name) => [DESK, PHONE].map((options) => ({ name, options }))))(
    "$name at $options.viewport.width px is told in words, cuts nothing off, and its picture is kept",
    async ({ name, options }) => {
      const words = states[name]?.() ?? "";
      const watched = await show({ ...options, colorScheme: options === DESK ? "light" : "dark" });
      const { page } = watched;
      await page.locator("main").getByText(words).first().waitFor();
      expect(await isWiderThanScreen(page)).toBe(false);
      expect(await page.evaluate(CONTRASTS)).toEqual([]);
      await shoot(page, `state-${name}-${options.viewport.width}`);
      await expectClean(watched);
    },
  );
});

describe.skipIf(skipped)("in frames", () => {
  /** As the Control UI embeds it by default: scripts, but no origin. */
  const TAB =
    '<!doctype html><iframe title="Nodes" sandbox="allow-scripts" src="/plugins/node-router/nodes" width="1000" height="800"></iframe>';

  test("the Control UI's sandboxed frame loads it, gets data, and its theme is followed", async () => {
    server.other = TAB;
    const watched = await openPage(browser, DESK);
    open.push(watched);
    await watched.page.goto(`${server.origin}/plugin`);
    const frame = watched.page.frameLocator("iframe");
    await frame.locator("#count").getByText("6 nodes").waitFor();
    await watched.page.evaluate(
      `document.querySelector("iframe").contentWindow.postMessage({ type: "openclaw:widget-theme", mode: "dark", tokens: { surface: "rgb(1, 2, 3)", text: "url(https://example.com)" } }, "*")`,
    );
    await frame.locator('html[data-theme="dark"]').waitFor();
    // A colour is taken over, what is none is not.
    expect(await frame.locator("html").getAttribute("style")).toBe("--page: rgb(1, 2, 3);");
    expect(watched.problems).toEqual([]);
  });

  test("in a browser that keeps cookies from frames the page asks with its ticket, and never loads anew for an answer", async () => {
    server.other = TAB;
    const watched = await openPage(browser, DESK);
    open.push(watched);
    const { page, requests } = watched;
    server.withoutCookie = true;
    await page.goto(`${server.origin}/plugin`);
    const frame = page.frameLocator("iframe");
    await frame.locator("#count").getByText("6 nodes").waitFor();
    const fleet = smallFleet();
    server.nodes = { ...fleet, nodes: fleet.nodes.map((node) => ({ ...node, ip: "100.64.9.9" })) };
    await frame.locator("#body").getByRole("button", { name: "mac-sg" }).click();
    await frame.locator("#detail").getByText("mac-sg.local").waitFor();
    expect(await frame.locator("#body .ip").first().textContent()).toBe("100.64.9.9");
    expect(await frame.locator("#notice").isVisible()).toBe(false);
    const pages = requests.filter((address) => address.includes("/plugins/node-router/nodes?"));
    expect(pages).toEqual([]); // the frame's own first address has no query
    expect(requests.filter((address) => address.includes("ticket"))).toEqual([]);
    expect(requests.some((address) => address.includes("/node-router/page-data?detail=mac-sg"))).toBe(true);

    // Where the ticket has ended, the page gets itself another one.
    server.signIn = "rotated";
    const [again] = await Promise.all([
      page.waitForRequest((request) => request.isNavigationRequest(), { timeout: 25_000 }),
      frame.getByRole("button", { name: "Refresh" }).click(),
    ]);
    expect(again.url()).toContain("/plugins/node-router/nodes?detail=mac-sg");
    await frame.locator("#detail").getByText("mac-sg.local").waitFor();
  });

  test("a sandboxed frame of another site reads nothing with a guess at the ticket, nor learns that the page is there", async () => {
    const evil = await startWebServer();
    try {
      const data = `${server.origin}/node-router/page-data`;
      const read = `fetch("${data}", { headers: { "X-Node-Router-Ticket": "a.b" } }).then((a) => parent.postMessage("told " + a.status, "*"), () => parent.postMessage("refused", "*"))`;
      evil.other = `<!doctype html><title>evil</title>
        <script>window.heard = []; addEventListener("message", ({ data }) => heard.push(data));</script>
        <iframe sandbox="allow-scripts" srcdoc='<script>${read}</script>'></iframe>
        <iframe srcdoc='<script>${read}</script>'></iframe>`;
      const watched = await openPage(browser, DESK);
      open.push(watched);
      await watched.page.goto(`${evil.origin}/`);
      await watched.page.waitForFunction("window.heard.length === 2");
      expect(await watched.page.evaluate("window.heard")).toEqual(["refused", "refused"]);
    } finally {
      await evil.stop();
    }
  });

  test("where neither gets through the page loads itself anew, as it was left", async () => {
    server.other = TAB;
    const watched = await openPage(browser, DESK);
    open.push(watched);
    const { page } = watched;
    server.withoutCookie = true;
    server.withoutTicket = true;
    await page.goto(`${server.origin}/plugin`);
    const frame = page.frameLocator("iframe");
    await frame.locator("#count").getByText("6 nodes").waitFor(); // what came with the page
    await frame.getByRole("searchbox").fill("sg");
    await frame.locator("#states").getByRole("button", { name: "3 ready" }).click();
    await page.evaluate(
      `document.querySelector("iframe").contentWindow.postMessage({ type: "openclaw:widget-theme", mode: "dark" }, "*")`,
    );
    await frame.locator('html[data-theme="dark"]').waitFor();
    const fleet = smallFleet();
    server.nodes = { ...fleet, nodes: fleet.nodes.map((node) => ({ ...node, ip: "100.64.9.9" })) };

    // Choosing a node loads its facts.
    const [request] = await Promise.all([
      page.waitForRequest(/\/nodes\?detail=mac-sg&theme=dark&at=\d+/),
      frame.locator("#body").getByRole("button", { name: "mac-sg" }).click(),
    ]);
    expect(request.isNavigationRequest()).toBe(true);
    await frame.locator("#detail").getByText("mac-sg.local").waitFor();
    expect(await frame.locator("#body tr").count()).toBe(1);
    expect(await frame.locator("#body .ip").textContent()).toBe("100.64.9.9");
    expect(await frame.getByRole("searchbox").inputValue()).toBe("sg");
    expect(await frame.locator("#states button").first().getAttribute("aria-pressed")).toBe("true");
    expect(await frame.locator("html").getAttribute("data-theme")).toBe("dark");
    expect(await frame.locator("#notice").isVisible()).toBe(false);
  });

  test("another site can neither embed the page nor read the data, sandboxed or not", async () => {
    const evil = await startWebServer();
    try {
      const data = `${server.origin}/plugins/node-router/nodes.json`;
      const read = `fetch("${data}", { credentials: "include" }).then((a) => a.text()).then(() => parent.postMessage("leaked", "*"), () => parent.postMessage("refused", "*"))`;
      evil.other = `<!doctype html><title>evil</title>
        <script>window.heard = []; addEventListener("message", ({ data }) => heard.push(data));</script>
        <iframe id="page" src="${server.origin}/plugins/node-router/nodes"></iframe>
        <iframe sandbox="allow-scripts" srcdoc='<script>${read}</script>'></iframe>
        <iframe srcdoc='<script>${read}</script>'></iframe>
        <script src="${data}"></script>`;
      const { page } = await openPage(browser, DESK).then((watched) => {
        open.push(watched);
        return watched;
      });
      await page.goto(`${evil.origin}/`);
      await page.waitForFunction("window.heard.length === 2");
      expect(await page.evaluate("window.heard")).toEqual(["refused", "refused"]);
      expect(await page.frameLocator("#page").locator("#summary").count()).toBe(0);
    } finally {
      await evil.stop();
    }
  });
});

describe.skipIf(skipped)("for everybody", () => {
  test("every control has a name, ids are unique, and all can be reached by keyboard", async () => {
    const { page } = await show();
    await page.locator("#body").getByRole("button", { name: "mac-sg" }).click();
    await page.locator("#detail").getByText("mac-sg.local").waitFor();
    expect(await page.evaluate(UNNAMED)).toEqual([]);
    expect(
      await page.evaluate(
        "[...document.querySelectorAll('[id]')].map((e) => e.id).filter((id, i, all) => all.indexOf(id) !== i)",
      ),
    ).toEqual([]);
    expect(await page.locator("html").getAttribute("lang")).toBe("en");
    expect(await page.getByRole("heading", { level: 1 }).allInnerTexts()).toEqual(["Nodes"]);
    await page.locator("body").press("Tab");
    const seen = new Set<unknown>();
    for (let step = 0; step < 90; step += 1) {
      seen.add(
        await page.evaluate(
          "(document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent).trim()",
        ),
      );
      await page.keyboard.press("Tab");
    }
    for (const name of ["Refresh", "Zoom in", "World", "3 ready", "Name", "mac-sg", "Close the detail"])
      expect([...seen]).toContain(name);
    expect([...seen].some((name) => String(name).startsWith("mac-sg, ready"))).toBe(true);
  });

  test("nothing moves for those who asked for that", async () => {
    const { page } = await show({ ...DESK, reducedMotion: "reduce" });
    expect(
      await page.evaluate(
        "[...document.querySelectorAll('*')].filter((e) => { const s = getComputedStyle(e); return s.animationName !== 'none' || s.transitionDuration.split(', ').some((d) => parseFloat(d) > 0); }).length",
      ),
    ).toBe(0);
  });

  test("zoom and world change what is shown, and the buttons say which it is", async () => {
    const { page } = await show();
    const where = (): Promise<string | null> =>
      page.getByRole("button", { name: /^mac-sg, / }).getAttribute("transform");
    const first = await where();
    await page.getByRole("button", { name: "World" }).click();
    expect(await where()).not.toBe(first);
    expect(await page.getByRole("button", { name: "World" }).getAttribute("aria-pressed")).toBe("true");
    await shoot(page, "nodes-world", false);
    await page.getByRole("button", { name: "Zoom in" }).click();
    await page.getByRole("button", { name: "Nodes", exact: true }).click();
    expect(await where()).toBe(first);
  });
});

/**
 * Presses the button, and waits until the page itself has the answer to a question that it puts after that: one that was on
 * its way asks for what was before. What was spent is another question.
 */
const REFRESH = `new Promise((done) => {
  const sinceMs = performance.now();
  new PerformanceObserver((list, self) => {
    const isIts = ({ name, startTime }) => startTime >= sinceMs && /nodes\\.json(?!.*&usage=)/.test(name);
    if (!list.getEntries().some(isIts)) return;
    self.disconnect();
    setTimeout(done, 50);
  }).observe({ type: "resource" });
  document.getElementById("refresh").click();
})`;

/** Texts whose contrast with what is behind them is under 4.5 : 1 (WCAG 2.2, 1.4.3), with the ratio. */
const CONTRASTS = `(() => {
  const rgb = (text) => (text.match(/[\\d.]+/g) ?? []).map(Number);
  const luminance = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = rgb(getComputedStyle(at).backgroundColor);
      if (color.length === 3 || color[3] === 1) return color;
    }
    return [255, 255, 255];
  };
  return [...document.querySelectorAll("main *, header *, footer *")]
    .filter((e) => !(e instanceof SVGElement) && [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim() !== ""))
    .map((e) => {
      const [a, b] = [luminance(rgb(getComputedStyle(e).color)), luminance(behind(e))];
      return [e.textContent.trim().slice(0, 30), (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)];
    })
    .filter(([, ratio]) => ratio < 4.5);
})()`;

/** Controls that no screen reader could name. */
const UNNAMED = `[...document.querySelectorAll("button, input, select, a, [role=button], [role=img], iframe, table")]
  .filter((e) => {
    const labelled = (e.getAttribute("aria-labelledby") ?? "").split(" ").map((id) => document.getElementById(id)?.textContent ?? "").join("");
    const labels = [...(e.labels ?? [])].map((l) => l.textContent).join("");
    return [e.getAttribute("aria-label") ?? "", labelled, labels, e.textContent].every((t) => t.trim() === "");
  })
  .map((e) => e.outerHTML.slice(0, 80))`;
