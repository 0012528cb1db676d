// The system's Chromium for tests of the page. Nothing is downloaded: playwright-core only drives it.
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { ROOT } from "./environment.ts";

const PLACES = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/snap/bin/chromium",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
];

/** NODE_ROUTER_CHROMIUM names another one. */
const chromiumPath = (): string | null => browserPath("CHROMIUM", PLACES);

/** Whether tests in a real Chromium are left out here; as `skipWithout`. */
export function skipWithoutChromium(title: string): boolean {
  return skipWithout(title, chromiumPath(), "Chromium", "CHROMIUM", "chromium");
}

/** @param variable `NODE_ROUTER_<it>` names another one. */
export function browserPath(variable: string, places: readonly string[]): string | null {
  const named = process.env[`NODE_ROUTER_${variable}`];
  return [...(named === undefined ? [] : [named]), ...places].find((path) => existsSync(path)) ?? null;
}

/**
 * Whether tests in a real browser are left out here; says why.
 * @param title of the test file, for the message.
 * @param debian its package.
 * @throws Error where they must not be left out: on CI, or with NODE_ROUTER_REQUIRE_<variable>=1.
 */
export function skipWithout(
  title: string,
  path: string | null,
  name: string,
  variable: string,
  debian: string,
): boolean {
  if (path !== null) return false;
  const reason = `no ${name} is installed (Debian: ${debian}; or set NODE_ROUTER_${variable})`;
  const required = `NODE_ROUTER_REQUIRE_${variable}`;
  if ((process.env.CI ?? "") !== "" || process.env[required] === "1") {
    throw new Error(`${title}: must run here (CI or ${required} is set), and cannot: ${reason}`);
  }
  console.warn(`${title}: skipped: ${reason}`);
  return true;
}

/** A browser on a busy machine takes its time, to start and for everything else. */
export const BUSY_MS = 120_000;

/** Close it with `.close()`. */
export async function startChromium(): Promise<Browser> {
  const executablePath = chromiumPath();
  if (executablePath === null) throw new Error("no Chromium to test with");
  return chromium.launch({
    executablePath,
    headless: true,
    timeout: BUSY_MS,
    // Containers run as root and have a small /dev/shm.
    args: ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--force-color-profile=srgb"],
  });
}

/** A page, and everything that it did which it must not. */
export interface WatchedPage {
  readonly page: Page;
  /** Console errors and warnings, uncaught errors, refused and failed requests. */
  readonly problems: string[];
  /** Addresses of all requests. */
  readonly requests: string[];
  close(): Promise<void>;
}

export async function openPage(browser: Browser, options: BrowserContextOptions = {}): Promise<WatchedPage> {
  const context = await browser.newContext(options);
  context.setDefaultTimeout(BUSY_MS);
  const page = await context.newPage();
  // Of a machine with much to do.
  page.setDefaultTimeout(120_000);
  const problems: string[] = [];
  const requests: string[] = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) problems.push(`${message.type()}: ${message.text()}`);
  });
  page.on("pageerror", (error) => void problems.push(`uncaught: ${error.message}`));
  page.on("requestfailed", (request) => {
    problems.push(`failed: ${request.url()} (${request.failure()?.errorText ?? "?"})`);
  });
  page.on("request", (request) => void requests.push(request.url()));
  return { page, problems, requests, close: () => context.close() };
}

/** Where screenshots are kept; git ignores the folder. */
export function screenshotFile(name: string): string {
  const folder = join(ROOT, "test-results", "screenshots");
  mkdirSync(folder, { recursive: true });
  return join(folder, `${name}.png`);
}
