// Which place is shown, how it reads, and which address.
import { describe, expect, test } from "vitest";
import { shownAddress } from "../../../../src/nodeRouter/surfaces/reports/nodeAddress.ts";
import { locationOf, placeLabel, shownPlace } from "../../../../src/nodeRouter/surfaces/reports/nodePlace.ts";
import type { Place } from "../../../../src/presence/record.ts";
import type { NodeLocation } from "../../../../src/shared/types.ts";
import { recordOf } from "./arrange.ts";

const DECLARED: NodeLocation = { country: "CN", source: "declared" };
const GEOIP: Place = {
  country: "JP",
  source: "geoip",
  precision: "city",
  confidence: "medium",
  detail: "endpoint 198.51.100.7",
};

describe("placeOf", () => {
  test("what is inferred never stands over what was declared", () => {
    expect(shownPlace(DECLARED, recordOf("n", { location: GEOIP }))).toMatchObject({ country: "CN" });
  });

  test("the record's own place is the better one when both come from the same source", () => {
    const geoip: NodeLocation = { country: "JP", source: "geoip" };
    expect(shownPlace(geoip, recordOf("n", { location: GEOIP }))).toBe(GEOIP);
  });

  test("without a record the declared place stands, sure and as exact as it is", () => {
    expect(shownPlace(DECLARED, undefined)).toMatchObject({
      ...DECLARED,
      precision: "country",
      confidence: "high",
    });
    expect(shownPlace(null, undefined)).toBe(null);
    expect(shownPlace(DECLARED, recordOf("n", { location: null }))).toMatchObject(DECLARED);
    expect(shownPlace(null, recordOf("n", { location: null }))).toBe(null);
  });

  test("locationOf gives back the location, with nothing added", () => {
    const location: NodeLocation = {
      country: "SG",
      city: "Singapore",
      latitude: 1.3,
      longitude: 103.8,
      source: "declared",
    };
    expect(locationOf({ ...GEOIP, ...location })).toEqual(location);
  });
});

test.each<[NodeLocation | null, string | null]>([
  [{ country: "SG", city: "Singapore", source: "declared" }, "SG Singapore (declared)"],
  [{ country: "SG", source: "derp" }, "SG (derp)"],
  [{ country: "US", region: "Oregon", source: "geoip" }, "US Oregon (geoip)"],
  [{ country: "US", region: "Oregon", city: "Salem", source: "geoip" }, "US Salem (geoip)"],
  [{ latitude: 1.3521, longitude: 103.8198, source: "tailscale" }, "1.35,103.82 (tailscale)"],
  [{ latitude: 0, longitude: 0, source: "declared" }, "0.00,0.00 (declared)"],
  [{ timeZone: "Asia/Tokyo", source: "timezone" }, "Asia/Tokyo (timezone)"],
  [{ source: "declared" }, null],
  [null, null],
])("%j reads %j", (location, text) => {
  expect(placeLabel(location)).toBe(text);
});

test.each<[readonly string[], string | null]>([
  [["203.0.113.9", "fd7a:115c:a1e0::2", "100.64.0.2"], "100.64.0.2"],
  [["100.128.0.1", "100.127.255.1"], "100.127.255.1"],
  [["100.63.0.1", "100.128.0.1"], "100.63.0.1"],
  [["fe80::1", "192.168.1.9"], "192.168.1.9"],
  [["fd7a:115c:a1e0::2"], "fd7a:115c:a1e0::2"],
  [[], null],
])("a node with the addresses %j is shown with %j", (ips, address) => {
  expect(shownAddress(ips)).toBe(address);
});
