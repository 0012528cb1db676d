// The system's Firefox, stock as Debian has it: playwright-core drives it over WebDriver BiDi. Nothing is downloaded.
import { type Browser, firefox } from "playwright-core";
import { BUSY_MS, browserPath, skipWithout } from "./chromium.ts";

const PLACES = [
  "/usr/bin/firefox-esr",
  "/usr/bin/firefox",
  "/Applications/Firefox.app/Contents/MacOS/firefox",
];

/** NODE_ROUTER_FIREFOX names another one. */
const firefoxPath = (): string | null => browserPath("FIREFOX", PLACES);

/** Whether tests in a real Firefox are left out here; as `skipWithout`. */
export function skipWithoutFirefox(title: string): boolean {
  return skipWithout(title, firefoxPath(), "Firefox", "FIREFOX", "firefox-esr");
}

/** Close it with `.close()`. @param firefoxUserPrefs as in about:config; over BiDi a page cannot be told a colour scheme. */
export async function startFirefox(
  firefoxUserPrefs: Readonly<Record<string, number>> = {},
): Promise<Browser> {
  const executablePath = firefoxPath();
  if (executablePath === null) throw new Error("no Firefox to test with");
  return firefox.launch({
    channel: "moz-firefox",
    executablePath,
    headless: true,
    firefoxUserPrefs,
    timeout: BUSY_MS,
  });
}
