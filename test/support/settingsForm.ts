// The Control UI's own page of a plugin's settings, from the real package, in a browser without a gateway.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";
import type { Page } from "playwright-core";
import { ROOT } from "./environment.ts";

const UI = join(ROOT, "node_modules/openclaw/dist/control-ui");
const OURS = "/settings-form/page.js";
/** Those that its router loads for the page. */
const STYLES = ["control-ui-core", "settings", "plugins-hub-header", "plugins-page"];
const TYPES: Readonly<Record<string, string>> = {
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
};

export interface SettingsForm {
  /** The plugin's config as the form left it. */
  config(): Promise<unknown>;
}

/** The UI's file by what it is called before the bundler's own letters. @throws Error when there is none */
function asset(pattern: RegExp): string {
  const file = readdirSync(join(UI, "assets")).find((name) => pattern.test(name));
  if (file === undefined) throw new Error(`the Control UI has no file ${pattern}`);
  return `/assets/${file}`;
}

/** Shows the form with this config, and takes every change that it makes into the config, as the gateway would. */
export async function openSettingsForm(page: Page, manifest: object, config: object): Promise<SettingsForm> {
  const given = {
    manifest,
    config,
    styles: STYLES.map((start) => asset(new RegExp(`^${start}-[\\w-]{8}\\.css$`))),
    page: asset(/^plugins-page-[^.]*\.js$/),
    form: asset(/^config-form-[^.]*\.js$/),
  };
  const script = `import { show } from "${OURS}"; await show(${JSON.stringify(given).replaceAll("<", "\\u003c")});`;
  const body = `<!doctype html><html lang="en"><head><meta charset="utf-8"></head><body><script type="module">${script}</script></body></html>`;
  await page.route("**/*", (route) => {
    const { pathname } = new URL(route.request().url());
    if (pathname === "/") return route.fulfill({ contentType: "text/html", body });
    const file = pathname === OURS ? join(ROOT, "test/fixtures", OURS) : join(UI, pathname);
    if (!existsSync(file)) return route.fulfill({ status: 404, body: "" });
    const contentType = TYPES[extname(file)] ?? "application/octet-stream";
    return route.fulfill({ contentType, body: readFileSync(file) });
  });
  await page.goto("http://control-ui.test/");
  await page.locator("openclaw-plugin-settings-editor [data-setting]").first().waitFor();
  return { config: () => page.evaluate(() => Reflect.get(globalThis, "configNow")) };
}
