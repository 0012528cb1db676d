// The settings page of a real gateway: what is changed in its form is in openclaw.json and holds, what is wrong is not.
import { readFileSync } from "node:fs";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { section } from "../../src/nodeRouter/host/hostConfig.ts";
import { openPage, screenshotFile, skipWithoutChromium, startChromium } from "../support/chromium.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { waitFor } from "../support/wait.ts";
import { changeConfig, withRouter } from "./deployment.ts";

const ROUTER = {
  nodes: { "mac-sg": { tags: ["region=cn"], location: { country: "SG" } } },
  rules: [{ name: "singapore", agents: ["worker-sg"], require: "region=sg" }],
};

describe.skipIf(skipWithoutChromium("the settings page"))("the settings page", () => {
  let gateway: Gateway;
  let browser: Browser;
  beforeAll(async () => {
    [gateway, browser] = await Promise.all([startGateway({ withPlugin: true }), startChromium()]);
    await changeConfig(gateway, (config) => withRouter(config, ROUTER));
  });
  afterAll(async () => {
    await browser?.close();
    await gateway?.stop();
  });

  const written = () =>
    section(JSON.parse(readFileSync(gateway.home.configFile, "utf8")), "plugins", "entries", "node-router")
      .config;

  test("a tag and a rule are changed in the form, and openclaw.json has them", async () => {
    const { page, close } = await openPage(browser, { viewport: { width: 1400, height: 1_000 } });
    try {
      const address = `http://127.0.0.1:${gateway.port}`;
      await page.goto(`${address}/settings/plugins/node-router?view=settings#token=${gateway.token}`);
      const setting = (key: string) => page.locator(`[data-setting="${key}"]`);
      const tag = setting("nodes").getByLabel("Tags").first();
      await tag.waitFor({ timeout: 60_000 });
      await page.screenshot({ path: screenshotFile("settings-page") });
      expect(await page.locator("openclaw-plugin-settings-editor").textContent()).not.toMatch(/raw mode/i);

      const write = async (label: string, text: string, key = "rules") => {
        const field = setting(key).getByLabel(label).first();
        await field.fill(text);
        await field.blur();
      };
      await write("Tags", "region = sg", "nodes");
      expect(await tag.getAttribute("aria-invalid")).toBe("true");
      expect(written()).toEqual(ROUTER);

      await write("Tags", "region=sg", "nodes");
      await waitFor("the tag to be written", () =>
        JSON.stringify(written()).includes('"tags":["region=sg"]'),
      );
      await write("Required tags", "region in (sg, hk)");
      await waitFor("the rule to be written", () => JSON.stringify(written()).includes("region in (sg, hk)"));
      expect(written()).toEqual({
        nodes: { "mac-sg": { tags: ["region=sg"], location: { country: "SG" } } },
        rules: [{ ...ROUTER.rules[0], require: "region in (sg, hk)" }],
      });
    } finally {
      await close();
    }
  });

  test("check finds nothing wrong with what the form has written, and names what a file has", async () => {
    const fine = await gateway.router("check", "--json");
    expect([fine.code, JSON.parse(fine.stdout)]).toMatchObject([0, { valid: true, problems: [] }]);
  });
});
