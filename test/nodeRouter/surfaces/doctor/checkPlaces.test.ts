// Places that contradict each other, and rules that rely on a guess; each finding beside the case that is none.
import { describe, expect, test } from "vitest";
import type { NodePresence } from "../../../../src/presence/record.ts";
import { REFERENCE_CONFIG } from "../../../config/support.ts";
import { fact, makePlace, makePresence } from "../../../support/makePresence.ts";
import { findingsOf, ruleFor, type Situation } from "./arrange.ts";

const CONFIG = "plugins.entries.node-router.config";

/** Findings about places, in full. */
const found = (situation: Situation) =>
  findingsOf(situation).filter(({ id }) => /inferred-place|location-/.test(id));

describe("a rule that requires a place", () => {
  const undeclared = (require: string, location: object | null = null) => ({
    nodes: { "mac-sg": { tags: ["region=sg"], ...(location === null ? {} : { location }) }, "mac-cn": {} },
    rules: [{ name: "singapore", agents: ["worker-sg"], require }],
  });
  const ids = (require: string, record: Partial<NodePresence>, location: object | null = null) =>
    found({ router: undeclared(require, location), presence: [makePresence(record)] }).map(({ id }) => id);

  test("a rule that only a guess meets is a warning, with the nodes and where the guess comes from", () => {
    const [finding] = found({
      router: undeclared("region=sg,node.country=SG"),
      presence: [makePresence({ location: makePlace() })],
    });
    expect(finding).toEqual({
      id: "node-router/rule-trusts-inferred-place",
      severity: "warning",
      message:
        'rule "singapore" requires a place that nobody declared, so a wrong guess sends calls elsewhere: "mac-sg" (geoip)',
      path: `${CONFIG}.rules[0].require`,
      fix: "declare where these nodes are: plugins.entries.node-router.config.nodes.<name>.location; or require a tag of yours",
    });
  });

  test.each(["node.country=SG", "node.country in (SG,MY)", "node.city", "node.country"])(
    "%s is such a rule",
    (require) => {
      expect(ids(require, { location: makePlace() })).toEqual(["node-router/rule-trusts-inferred-place"]);
    },
  );

  test("a rule that a declared place meets is no finding, and what a node declared to its tailnet is a guess", () => {
    expect(ids("node.country=SG", { location: makePlace() }, { country: "SG" })).toEqual([]);
    expect(ids("node.country=SG", { location: makePlace({ source: "tailscale" }) })).toEqual([
      "node-router/rule-trusts-inferred-place",
    ]);
  });

  test.each(["node.country!=CN", "node.country notin (CN,RU)", "!node.country"])(
    "and only rules a place out (%s) is met while nobody knows the place: warned of where nobody declared one",
    (out) => {
      const require = `region=sg,${out}`;
      const warned = ["node-router/rule-trusts-inferred-place"];
      // Guessed to be elsewhere, guessed to be there, not known at all: the guess may be wrong, or come later.
      expect(ids(require, { location: makePlace() })).toEqual(warned);
      expect(ids(require, { location: makePlace({ country: "CN" }) })).toEqual(warned);
      expect(ids(require, {})).toEqual(warned);
      expect(ids(require, {}, { country: "SG" })).toEqual([]);
      expect(ids(require, { location: makePlace({ country: "CN" }) }, { country: "SG" })).toEqual([]);
      expect(ids(`region=hk,${out}`, {})).toEqual([]);
    },
  );

  test("a rule that the guess does not meet sends nothing there, so it is no finding", () => {
    expect(ids("node.country=JP", { location: makePlace() })).toEqual([]);
    expect(ids("node.country=SG", {})).toEqual([]);
  });

  test("a time zone is a guess, unless it was declared; the node's own clock meets nothing", () => {
    const clock = { facts: { timeZone: fact("Asia/Singapore") } };
    const require = "region=sg,node.tz=Asia/Singapore";
    expect(ids(require, clock)).toEqual([]);
    expect(ids(require, { location: makePlace({ timeZone: "Asia/Singapore" }) })).toEqual([
      "node-router/rule-trusts-inferred-place",
    ]);
    expect(ids(require, clock, { timeZone: "Asia/Singapore" })).toEqual([]);
  });

  test("another rule's tags are no place", () => {
    expect(ids("region=sg", { location: makePlace() })).toEqual([]);
  });

  test("a rule that asks for the clock alone is open to whoever is paired later: any node may claim it", () => {
    const open = findingsOf({ router: ruleFor({ require: "node.tz=Asia/Singapore" }) });
    expect(open.map(({ id }) => id)).toContain("node-router/rule-open");
  });
});

describe("a declared place", () => {
  const declared = makePlace({ source: "declared", confidence: "high", detail: "configured" });
  const doubts = (
    otherPlaces: NodePresence["otherPlaces"],
    location = declared,
    router: unknown = REFERENCE_CONFIG,
  ) => found({ router, presence: [makePresence({ location, otherPlaces })] });

  test("that an endpoint speaks against is a warning with both", () => {
    const tokyo = makePlace({ country: "JP", city: "Tokyo", latitude: 35.7, longitude: 139.7 });
    expect(doubts([tokyo])).toEqual([
      {
        id: "node-router/location-disagrees",
        severity: "warning",
        message:
          'the place of node "mac-sg" is in doubt: declared SG Singapore, endpoint 203.0.113.7 looks like JP Tokyo',
        path: `${CONFIG}.nodes.mac-sg.location`,
        fix: "correct the location, or the node's route; the declared place is used, and a rule with residency gives the node no calls",
      },
    ]);
  });

  test("that nothing speaks against is none", () => {
    expect(doubts([])).toEqual([]);
    expect(doubts([makePlace()])).toEqual([]);
  });

  test("a clock's zone is a setting, not a doubt", () => {
    expect(doubts([makePlace({ country: "JP", source: "timezone", confidence: "low" })])).toEqual([]);
  });

  test("guesses among each other are no finding, and neither is a record of a config that is gone", () => {
    const tokyo = makePlace({ country: "JP", city: "Tokyo", latitude: 35.7, longitude: 139.7 });
    expect(doubts([tokyo], makePlace())).toEqual([]);
    expect(doubts([tokyo], declared, { nodes: { "mac-sg": {} } })).toEqual([]);
  });
});
