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
function chromiumPath(): string | null {
  const named = process.env.NODE_ROUTER_CHROMIUM;
  return [...(named === undefined ? [] : [named]), ...PLACES].find((path) => existsSync(path)) ?? null;
}

/**
 * Whether tests in a real browser are left out here; says why.
 * @param title of the test file, for the message.
 * @throws Error where they must not be left out: on CI, or with NODE_ROUTER_REQUIRE_CHROMIUM=1.
 */
export function skipWithoutChromium(title: string): boolean {
  if (chromiumPath() !== null) return false;
  const reason = "no Chromium is installed (Debian: chromium; or set NODE_ROUTER_CHROMIUM)";
  const { CI, NODE_ROUTER_REQUIRE_CHROMIUM } = process.env;
  if ((CI ?? "") !== "" || NODE_ROUTER_REQUIRE_CHROMIUM === "1") {
    throw new Error(
      `${title}: must run here (CI or NODE_ROUTER_REQUIRE_CHROMIUM is set), and cannot: ${reason}`,
    );
  }
  console.warn(`${title}: skipped: ${reason}`);
  return true;
}

/** Close it with `.close()`. */
export async function startChromium(): Promise<Browser> {
  const executablePath = chromiumPath();
  if (executablePath === null) throw new Error("no Chromium to test with");
  return chromium.launch({
    executablePath,
    headless: true,
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
  const page = await context.newPage();
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
