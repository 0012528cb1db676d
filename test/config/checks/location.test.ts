// Places that the operator declares, of nodes and of the gateway.
import { describe, expect, test } from "vitest";
import { problemsForAgent } from "../../../src/config/problems/problem.ts";
import { resolveConfig } from "../../../src/config/resolve.ts";
import { ianaTimeZone } from "../../../src/shared/timeZone.ts";
import { linesOf, nodeLines } from "../support.ts";

const rule = (parts: object) => ({ name: "a", agents: ["x"], ...parts });

describe("gateway.location", () => {
  test("is a declared place like a node's", () => {
    const location = {
      country: "CN",
      region: "Beijing",
      latitude: 39.9,
      longitude: 116.4,
      timeZone: "Asia/Shanghai",
    };
    const config = resolveConfig({ gateway: { location } });
    expect(config.problems).toEqual([]);
    expect(config.gateway.location).toEqual({ ...location, source: "declared" });
    expect(resolveConfig({ gateway: {} }).gateway.location).toBe(null);
  });

  test("has a node's problems, each at its own key", () => {
    expect(linesOf({ gateway: { location: { country: "cn", latitude: 1, city: "a\u0000" } } })).toEqual([
      'error gateway.location.country: "cn" is not two capital letters (ISO 3166-1 alpha-2) | did you mean "CN"?',
      'error gateway.location.city: "a\\u0000" has characters that cannot be shown',
      "error gateway.location.latitude: latitude is set without longitude",
    ]);
  });

  test("that is wrong is not used, and concerns agents whose rules read where machines are, no others", () => {
    const config = resolveConfig({
      gateway: { location: { country: "ZZ" } },
      rules: [
        rule({ near: "gateway" }),
        rule({ name: "b", agents: ["y"], require: "a" }),
        rule({ name: "c", agents: ["z"], require: "node.country=SG" }),
      ],
    });
    expect(config.gateway.location).toBe(null);
    expect(problemsForAgent(config.problems, "x")).toHaveLength(1);
    expect(problemsForAgent(config.problems, "y")).toEqual([]);
    expect(problemsForAgent(config.problems, "z")).toHaveLength(1);
  });
});

describe("a place", () => {
  test.each([
    ["UK", 'ISO 3166-1 gives the code "UK" to no country | did you mean "GB"?'],
    ["EU", 'ISO 3166-1 gives the code "EU" to no country'],
    ["ZZ", 'ISO 3166-1 gives the code "ZZ" to no country'],
    ["uk", '"uk" is not two capital letters (ISO 3166-1 alpha-2) | did you mean "GB"?'],
  ])("%s is no country's code", (country, line) => {
    expect(nodeLines({ location: { country } })).toEqual([`error nodes.a.location.country: ${line}`]);
  });

  test.each(["GB", "SG", "CN", "HK", "TW", "AQ"])("%s is one", (country) => {
    expect(nodeLines({ location: { country } })).toEqual([]);
  });

  test.each([
    ["Asia/Singapur", '"Asia/Singapur" is not the IANA name of a time zone, such as "Asia/Singapore"'],
    ["+08:00", '"+08:00" is not the IANA name of a time zone, such as "Asia/Singapore"'],
    ["SGT", '"SGT" is not the IANA name of a time zone, such as "Asia/Singapore"'],
    [
      "asia/singapore",
      '"asia/singapore" is not the IANA name of a time zone, such as "Asia/Singapore" | did you mean "Asia/Singapore"?',
    ],
  ])("%s is no time zone", (timeZone, line) => {
    expect(nodeLines({ location: { timeZone } })).toEqual([`error nodes.a.location.timeZone: ${line}`]);
  });

  test.each([
    "Asia/Singapore",
    "America/Argentina/Buenos_Aires",
    "Asia/Calcutta",
    "Asia/Kolkata",
    "UTC",
    "Etc/GMT+8",
  ])("%s is one, an old name too", (timeZone) => {
    expect(ianaTimeZone(timeZone)).toBe(timeZone);
    expect(nodeLines({ location: { timeZone } })).toEqual([]);
  });

  test("a region is a name that can be shown", () => {
    expect(nodeLines({ location: { region: "New South Wales" } })).toEqual([]);
    expect(nodeLines({ location: { region: "a\u202e" } })).toEqual([
      'error nodes.a.location.region: "a\\u202e" has characters that cannot be shown',
    ]);
  });
});

test("a country is two capital letters, and small ones are only suggested, never guessed", () => {
  expect(nodeLines({ location: { country: "sg" } })).toEqual([
    'error nodes.a.location.country: "sg" is not two capital letters (ISO 3166-1 alpha-2) | did you mean "SG"?',
  ]);
  expect(nodeLines({ location: { country: "Singapore" } })).toEqual([
    'error nodes.a.location.country: "Singapore" is not two capital letters (ISO 3166-1 alpha-2)',
  ]);
  expect(nodeLines({ location: { country: "SG" } })).toEqual([]);
});

test("latitude and longitude come together, and zero is a place", () => {
  expect(nodeLines({ location: { latitude: 1 } })).toEqual([
    "error nodes.a.location.latitude: latitude is set without longitude",
  ]);
  expect(nodeLines({ location: { longitude: 1 } })).toEqual([
    "error nodes.a.location.longitude: longitude is set without latitude",
  ]);
  expect(nodeLines({ location: { latitude: 0, longitude: 0 } })).toEqual([]);
});
