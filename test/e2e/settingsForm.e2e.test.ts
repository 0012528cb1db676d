// The settings of the plugin in the real Control UI's form: shown whole, edited, and refused where they are wrong.
import type { Browser, Locator } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import manifest from "../../openclaw.plugin.json" with { type: "json" };
import { resolveConfig } from "../../src/config/resolve.ts";
import { openPage, screenshotFile, skipWithoutChromium, startChromium } from "../support/chromium.ts";
import { openSettingsForm, type SettingsForm } from "../support/settingsForm.ts";

const CONFIG = {
  nodes: {
    "mac-cn": { tags: ["region=cn"] },
    "mac-sg": { tags: ["region=sg"], location: { country: "SG" } },
  },
  rules: [{ name: "singapore", agents: ["worker-sg"], require: "region=sg" }],
};

describe.skipIf(skipWithoutChromium("the settings form"))("the settings form of the Control UI", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await startChromium();
  });
  afterAll(() => browser?.close());

  async function open(
    use: (
      form: SettingsForm,
      setting: (key: string) => Locator,
      shot: (name: string) => Promise<void>,
    ) => Promise<void>,
  ): Promise<void> {
    // Everything is in view: the form scrolls in a frame of the UI's own that is not here.
    const { page, close } = await openPage(browser, { viewport: { width: 1280, height: 9_000 } });
    try {
      const form = await openSettingsForm(page, manifest, CONFIG);
      const setting = (key: string) => page.locator(`[data-setting="${key}"]`);
      const shot = async (name: string) => {
        for (const key of ["nodes", "rules"])
          await setting(key).screenshot({ path: screenshotFile(`settings-form-${name}-${key}`) });
      };
      await use(form, setting, shot);
    } finally {
      await close();
    }
  }

  const write = async (field: Locator, text: string): Promise<void> => {
    await field.fill(text);
    await field.blur();
  };

  test("shows every key: none is left to raw mode", async () => {
    await open(async (_, setting, shot) => {
      const editor = setting("nodes").locator("xpath=ancestor::openclaw-plugin-settings-editor");
      expect(await editor.textContent()).not.toMatch(/raw mode|unsupported/i);
      for (const { title } of manifest.configGroups)
        expect(await editor.getByRole("heading", { name: title, exact: true }).count()).toBe(1);
      const labels = await setting("rules")
        .locator("input, textarea")
        .evaluateAll((fields) => fields.map((field) => field.getAttribute("aria-label")));
      expect(labels.slice(0, 3)).toEqual(["Rule name", "Agents", "Required tags"]);
      expect(labels).toContain("When no node fits");
      await shot("whole");
    });
  });

  test("a tag, a place, a new node and a rule are changed, and the config that comes of it holds", async () => {
    await open(async (form, setting, shot) => {
      const [nodes, rules] = [setting("nodes"), setting("rules")];
      await write(nodes.getByLabel("Tags").first(), "region=hk");
      await nodes.getByText("Where the node is").first().click();
      await write(nodes.getByLabel("Country").first(), "HK");
      await write(rules.getByLabel("Required tags").first(), "region in (hk, sg)");
      await write(rules.getByLabel("When no node fits").first(), '{ "wait": "20s" }');
      await nodes.getByRole("button", { name: "Add Entry" }).first().click();
      await write(nodes.getByLabel("Key: custom-1"), "mac-jp");
      await expect.poll(form.config).toEqual({
        nodes: {
          "mac-cn": { tags: ["region=hk"], location: { country: "HK" } },
          "mac-sg": CONFIG.nodes["mac-sg"],
          "mac-jp": {},
        },
        rules: [{ ...CONFIG.rules[0], require: "region in (hk, sg)", onUnavailable: { wait: "20s" } }],
      });
      expect(resolveConfig(await form.config()).problems).toEqual([]);
      await shot("edited");
    });
  });

  test("what is wrong is marked where it stands, and goes nowhere", async () => {
    await open(async (form, setting, shot) => {
      const [nodes, rules] = [setting("nodes"), setting("rules")];
      await nodes.getByText("Where the node is").first().click();
      const wrong: readonly (readonly [Locator, string])[] = [
        [nodes.getByLabel("Tags").first(), "region = hk"],
        [nodes.getByLabel("Country").first(), "Hongkong"],
        [nodes.getByLabel("Workspace directory").first(), "work"],
        [rules.getByLabel("Required tags").first(), "region in sg"],
        [rules.getByLabel("Agents").first(), "!worker-sg"],
        [rules.getByLabel("When no node fits").first(), '"gatewy"'],
      ];
      for (const [field, text] of wrong) {
        await write(field, text);
        expect([text, await field.getAttribute("aria-invalid")]).toEqual([text, "true"]);
      }
      expect(await form.config()).toEqual(CONFIG);
      await shot("wrong");
    });
  });
});
