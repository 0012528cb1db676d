// The file that OpenClaw keeps: where the real package puts it.
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { creditOf } from "../../../src/presence/location/geoipCredit.ts";
import { defaultGeoipFile, hostGeoip } from "../../../src/presence/location/geoipFile.ts";

const DEFAULT_FILE = "/state/geolocation/ip-city-1023b1672480.mmdb";

describe("the real geolocation plugin", () => {
  const entry = new URL(
    "../../../node_modules/openclaw/dist/extensions/geolocation/index.js",
    import.meta.url,
  );
  const source = readFileSync(entry, "utf8");

  test("has the default source whose digest we use", () => {
    expect(source).toContain(
      'const DEFAULT_DATABASE_URL = "https://download.db-ip.com/free/dbip-city-lite-{yyyy}-{mm}.mmdb.gz"',
    );
  });

  test("names its file after the unexpanded source, by twelve digits of its SHA-256", () => {
    expect(source).toContain('createHash("sha256").update(databaseUrl).digest("hex").slice(0, 12)');
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the text of the package
    expect(source).toContain('path.join(stateDir, "geolocation", `ip-city-${digest}.mmdb`)');
    expect(source).toContain("databasePath(deps.stateDir, deps.settings.databaseUrl)");
  });
});

describe("hostGeoip", () => {
  const withConfig = (config: unknown) => ({ plugins: { entries: { geolocation: { config } } } });

  test.each([
    [{}],
    [null],
    [withConfig({})],
    [withConfig({ databaseUrl: " " })],
    [withConfig({ databaseUrl: 7 })],
  ])("is the default file without settings (%j)", (config) => {
    expect(hostGeoip("/state", config)).toEqual({ file: DEFAULT_FILE, credit: null });
    expect(defaultGeoipFile("/state")).toBe(DEFAULT_FILE);
  });

  test("follows another source to another file, with the credit that goes with it", () => {
    const settings = {
      databaseUrl: "https://example.internal/geoip/city.mmdb",
      attributionText: "IP data by Example",
      attributionUrl: "https://example.internal",
    };
    const { file, credit } = hostGeoip("/state", withConfig(settings));
    expect(file).toMatch(/^\/state\/geolocation\/ip-city-[0-9a-f]{12}\.mmdb$/);
    expect(file).not.toBe(DEFAULT_FILE);
    expect(credit).toBe("IP data by Example (https://example.internal)");
  });

  test("half a credit is a credit", () => {
    expect(hostGeoip("/state", withConfig({ attributionUrl: "https://a.example" })).credit).toBe(
      "https://a.example",
    );
    expect(hostGeoip("/state", withConfig({ attributionText: "A" })).credit).toBe("A");
  });
});

test.each([
  ["DBIP-City-Lite", /DB-IP \(https:\/\/db-ip\.com\)/],
  ["DBIP-Country-Lite", /DB-IP/],
  ["GeoLite2-City", /^This product includes GeoLite Data created by MaxMind/],
  ["ipinfo lite", /IPinfo/],
])("%s asks for a credit", (type, credit) => {
  expect(creditOf(type)).toMatch(credit);
});

test.each(["GeoIP2-City", "", "Test-City", "my DBIP"])("%j asks for none that we know of", (type) => {
  expect(creditOf(type)).toBe(null);
});
