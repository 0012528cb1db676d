// A guess of where a machine is goes by presence's order of trust, and is none where nobody says anything.
import { expect, test } from "vitest";
import { guessPlace } from "../../../src/nodeRouter/setup/guessPlace.ts";
import type { Place } from "../../../src/presence/record.ts";

const PLACE: Place = {
  country: "DE",
  source: "geoip",
  precision: "country",
  confidence: "medium",
  detail: "address 9.9.9.9",
};

const geoip = (asked: string[] = []) => ({
  async lookup(address: string) {
    asked.push(address);
    return { place: PLACE, reason: null };
  },
});

test("a public address that a GeoIP file knows outweighs the machine's clock, whose zone is a setting", async () => {
  const timeZone = "Asia/Singapore";
  const guess = await guessPlace({ host: "9.9.9.9", peer: null, timeZone, geoip: geoip() });
  expect(guess).toMatchObject({ country: "DE", source: "geoip" });
});

test("a private address is asked of no file: the clock's zone is what is left", async () => {
  for (const host of ["127.0.0.1", "10.0.0.7", "100.64.0.2"]) {
    const asked: string[] = [];
    const guess = await guessPlace({ host, peer: null, timeZone: "Asia/Singapore", geoip: geoip(asked) });
    expect([guess?.country, guess?.source, asked]).toEqual(["SG", "timezone", []]);
  }
});

test("without a public address and with a clock that is nowhere there is no guess, not a wrong one", async () => {
  for (const timeZone of [null, "UTC", "Mars/Olympus"]) {
    expect(await guessPlace({ host: "127.0.0.1", peer: null, timeZone, geoip: geoip() })).toBeNull();
  }
});
