// Zero calls go where nobody who may say so said that the node is: every source, missing, agreeing, disagreeing and stale.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { resolveConfig } from "../../../src/config/resolve.ts";
import { decisionMessage } from "../../../src/nodeRouter/explain/message.ts";
import { buildSnapshot } from "../../../src/nodeRouter/inventory/inventory.ts";
import { residenceOf } from "../../../src/nodeRouter/inventory/nodeResidence.ts";
import type { PlacementDecision } from "../../../src/nodeRouter/placement/model/decision.ts";
import { place } from "../../../src/nodeRouter/placement/place.ts";
import type { Fact, PlaceWitness } from "../../../src/presence/record.ts";
import { readHostNode } from "../../../src/presence/sources/gateway/hostNode.ts";
import { hostEntry, SG_ID } from "../../support/fakeDeps.ts";
import { makePlace, makePresence } from "../../support/makePresence.ts";
import { makeRequest } from "../placement/arrange.ts";

const NOW = 1_700_000_000_000;
const MINUTE = 60_000;
const TOKYO = { country: "JP", city: "Tokyo", latitude: 35.68, longitude: 139.65 };
const FRANKFURT = { country: "DE", city: "Frankfurt", latitude: 50.11, longitude: 8.68 };
const BYS = ["tailscale", "endpoint", "egress", "relay", "timezone"] as const;
type By = (typeof BYS)[number];
const STATES = ["missing", "agreeing", "disagreeing", "stale and agreeing", "stale and disagreeing"] as const;
type State = (typeof STATES)[number];

const SOURCE = {
  tailscale: "tailscale",
  endpoint: "geoip",
  egress: "geoip",
  relay: "derp",
  timezone: "timezone",
} as const;

/** What one source says of a node that is declared to be in Singapore. */
function witness(by: By, state: State): readonly PlaceWitness[] {
  if (state === "missing") return [];
  const isStale = state.startsWith("stale");
  const other = by === "relay" ? FRANKFURT : TOKYO;
  const place = makePlace({
    ...(state.endsWith("disagreeing") ? other : {}),
    source: SOURCE[by],
    ...(by === "timezone"
      ? { timeZone: state.endsWith("disagreeing") ? "Asia/Tokyo" : "Asia/Singapore" }
      : {}),
  });
  return [{ by, place, atMs: NOW - (isStale ? 5 * 60 : 3) * MINUTE, stale: isStale }];
}

const tags = (value: readonly string[], stale = false): Fact<readonly string[]> => ({
  value,
  source: "tailscale",
  atMs: NOW - (stale ? 30 * 60 : 2) * MINUTE,
  stale,
});

interface Said {
  readonly location?: object;
  readonly witnesses?: readonly PlaceWitness[] | null;
  readonly tailnetTags?: Fact<readonly string[]>;
  readonly residency?: object;
}

/** The decision about one node that everything else speaks for. */
function decide({ location, witnesses = [], tailnetTags, residency = {} }: Said): PlacementDecision {
  const config = resolveConfig({
    nodes: { "mac-sg": location === undefined ? {} : { location } },
    rules: [{ name: "eu", agents: ["worker-sg"], residency: { allow: ["SG"], ...residency } }],
    presence: { publicAddressUrl: "https://ip.example.com" },
  });
  expect(config.problems.filter(({ severity }) => severity === "error")).toEqual([]);
  const host = readHostNode(hostEntry("mac-sg", SG_ID));
  if (host === null) throw new Error("no node");
  const record = makePresence({ witnesses, facts: tailnetTags === undefined ? {} : { tailnetTags } });
  const snapshot = buildSnapshot(
    config.nodes,
    { nodes: [host], takenAtMs: NOW },
    new Map([["mac-sg", record]]),
  );
  return place(makeRequest(), snapshot, config.rules);
}

const reason = (said: Said) => decide(said).candidates()[0]?.reason?.one ?? null;
const SG = { country: "SG" };

describe("every source, whatever onUnknown says", () => {
  const table = BYS.flatMap((by) =>
    STATES.flatMap((state) => [undefined, "refuse"].map((onUnknown) => [by, state, onUnknown] as const)),
  );

  test.each(table)("%s is %s, onUnknown %s: an undeclared node gets no call", (by, state, onUnknown) => {
    const residency = onUnknown === undefined ? {} : { onUnknown };
    expect(reason({ witnesses: witness(by, state), residency })).toBe("was of unknown place");
  });

  test.each(table)(
    "%s is %s, onUnknown %s: a declared node gets one unless that objects",
    (by, state, onUnknown) => {
      const residency = onUnknown === undefined ? {} : { onUnknown };
      expect(reason({ location: SG, witnesses: witness(by, state), residency })).toBe(
        state.endsWith("disagreeing") ? "was of disputed place" : null,
      );
    },
  );

  test.each(table)(
    "%s is %s, onUnknown %s: a tag of the tailnet's policy is as good",
    (by, state, onUnknown) => {
      const residency = onUnknown === undefined ? {} : { onUnknown };
      const tailnetTags = tags(["tag:country-sg", "tag:prod"]);
      expect(reason({ tailnetTags, witnesses: witness(by, state), residency })).toBe(
        state.endsWith("disagreeing") ? "was of disputed place" : null,
      );
    },
  );

  test.each(table)(
    "%s is %s, onUnknown %s: a node that is declared elsewhere gets none",
    (by, state, onUnknown) => {
      const residency = onUnknown === undefined ? {} : { onUnknown };
      expect(reason({ location: { country: "CN" }, witnesses: witness(by, state), residency })).toBe(
        "was outside the residency",
      );
    },
  );

  test("all of them together place nothing on an unknown or disputed place", () => {
    const state = fc.constantFrom(...STATES);
    fc.assert(
      fc.property(fc.tuple(state, state, state, state, state), fc.boolean(), (states, isDeclared) => {
        const witnesses = states.flatMap((one, at) => witness(BYS[at] ?? "relay", one));
        const isDisputed = states.some((one) => one.endsWith("disagreeing"));
        const { outcome } = decide({ witnesses, ...(isDeclared ? { location: SG } : {}) });
        expect(outcome).toBe(isDeclared && !isDisputed ? "placed" : "refused");
      }),
    );
  });
});

test("adding an observation never widens what is allowed", () => {
  const one = fc
    .tuple(fc.constantFrom(...BYS), fc.constantFrom(...STATES))
    .map(([by, state]) => witness(by, state));
  const location = fc.constantFrom(undefined, SG, { country: "CN" }, { country: "SG", city: "Singapore" });
  const tagged = fc.constantFrom(
    undefined,
    tags(["tag:country-sg"]),
    tags(["tag:country-sg"], true),
    tags([]),
  );
  fc.assert(
    fc.property(fc.array(one), one, location, tagged, (before, more, declared, tailnetTags) => {
      const said = {
        ...(declared === undefined ? {} : { location: declared }),
        ...(tailnetTags === undefined ? {} : { tailnetTags }),
      };
      const witnesses = before.flat();
      if (decide({ ...said, witnesses: [...witnesses, ...more] }).outcome === "placed") {
        expect(decide({ ...said, witnesses }).outcome).toBe("placed");
      }
    }),
  );
});

describe("who grants", () => {
  test("a location without a country grants nothing, however exact it is", () => {
    expect(reason({ location: { city: "Singapore" } })).toBe("was of unknown place");
    expect(reason({ location: { latitude: 1.3, longitude: 103.8 } })).toBe("was of unknown place");
  });

  test("a tag that the tailnet has not confirmed within a day grants nothing, and its session waits", () => {
    const decision = decide({ tailnetTags: tags(["tag:country-sg"], true) });
    expect(decision.candidates()[0]).toMatchObject({
      reason: { one: "was of unknown place" },
      detail: "tailnet tag country-sg, last heard 30 h ago",
      passing: "is of a place that nobody has confirmed lately",
    });
  });

  test.each(["tag:sg", "tag:country-SG", "tag:country-xx", "tag:country-sgp", "country-sg"])(
    "%s is no tag that says a country",
    (tag) => {
      expect(reason({ tailnetTags: tags([tag]) })).toBe("was of unknown place");
    },
  );

  test("two grants that differ are a dispute, also when one is old", () => {
    expect(reason({ location: SG, tailnetTags: tags(["tag:country-cn"]) })).toBe("was of disputed place");
    expect(reason({ location: SG, tailnetTags: tags(["tag:country-cn"], true) })).toBe(
      "was of disputed place",
    );
    expect(reason({ tailnetTags: tags(["tag:country-sg", "tag:country-cn"]) })).toBe("was of disputed place");
    expect(reason({ location: SG, tailnetTags: tags(["tag:country-sg"]) })).toBeNull();
  });

  test("places that could not be worked out leave the node without one", () => {
    expect(reason({ location: SG, witnesses: null })).toBe("was of unknown place");
  });

  test("of a node without an entry its own name brings no tag, so that nobody names himself into a country", () => {
    const host = readHostNode(hostEntry("mac-sg", SG_ID));
    if (host === null) throw new Error("no node");
    const record = makePresence({ facts: { tailnetTags: tags(["tag:country-sg"]) } });
    const [state] = buildSnapshot(
      new Map(),
      { nodes: [host], takenAtMs: NOW },
      new Map([["mac-sg", record]]),
    ).nodes;
    expect(state?.residence.country).toBeNull();
  });
});

describe("who objects", () => {
  const at = (place: object, by: By = "relay"): readonly PlaceWitness[] => [
    { by, place: makePlace({ source: SOURCE[by], ...place }), atMs: NOW, stale: false },
  ];

  test("a relay only by its distance: the next one may be in another country", () => {
    expect(
      reason({
        location: { country: "SG" },
        witnesses: at({ country: "HK", latitude: 22.3, longitude: 114.2 }),
      }),
    ).toBeNull();
    expect(reason({ location: { country: "SG" }, witnesses: at(FRANKFURT) })).toBe("was of disputed place");
  });

  test("a clock that is set as declared is set right", () => {
    const clock = at({ ...TOKYO, timeZone: "Asia/Tokyo" }, "timezone");
    expect(reason({ location: SG, witnesses: clock })).toBe("was of disputed place");
    expect(reason({ location: { ...SG, timeZone: "Asia/Tokyo" }, witnesses: clock })).toBeNull();
  });

  test("a place in another allowed country is a dispute all the same: nobody knows which is right", () => {
    expect(
      reason({ location: SG, witnesses: at(TOKYO, "endpoint"), residency: { allow: ["SG", "JP"] } }),
    ).toBe("was of disputed place");
  });

  test("another city of the same country is none", () => {
    const munich = at({ country: "DE", city: "Munich", latitude: 48.1, longitude: 11.6 }, "endpoint");
    const berlin = { country: "DE", city: "Berlin" };
    expect(reason({ location: berlin, witnesses: munich, residency: { allow: ["DE"] } })).toBeNull();
  });
});

describe("egress: true", () => {
  const asked = { residency: { egress: true }, location: SG };

  test.each([
    ["missing", "had an unknown egress place"],
    ["agreeing", null],
    ["disagreeing", "was of disputed place"],
    ["stale and agreeing", "had an unknown egress place"],
    ["stale and disagreeing", "was of disputed place"],
  ] as const)("its own address is %s: %s", (state, expected) => {
    expect(reason({ ...asked, witnesses: witness("egress", state) })).toBe(expected);
  });

  test("whom the gateway sends to is no egress", () => {
    expect(reason({ ...asked, witnesses: witness("endpoint", "agreeing") })).toBe(
      "had an unknown egress place",
    );
  });
});

describe("what is said", () => {
  test("a refusal counts, and names what was declared, what objects and how old that is", () => {
    expect(decisionMessage(decide({ location: SG, witnesses: witness("endpoint", "disagreeing") }))).toBe(
      '0/1 nodes fit rule "eu" for exec: 1 was of disputed place (SG, declared, endpoint 203.0.113.7 looks like JP Tokyo 3 min ago).',
    );
    expect(decisionMessage(decide({ location: { country: "CN" } }))).toBe(
      '0/1 nodes fit rule "eu" for exec: 1 was outside the residency (CN, declared).',
    );
    expect(decisionMessage(decide({}))).toBe(
      '0/1 nodes fit rule "eu" for exec: 1 was of unknown place (no location.country in the config, no tailnet tag country-…).',
    );
  });

  test("a placement names whose word it is, and the newest that agrees", () => {
    const agreeing = [...witness("egress", "stale and agreeing"), ...witness("endpoint", "agreeing")];
    expect(decisionMessage(decide({ location: SG, witnesses: agreeing }))).toMatch(
      /· residency SG, declared, endpoint agrees 3 min ago$/,
    );
    expect(decisionMessage(decide({ tailnetTags: tags(["tag:country-sg"]) }))).toMatch(
      /· residency SG, tailnet tag country-sg 2 min ago$/,
    );
  });
});

test("without anything said there is no residence, and nothing objects", () => {
  expect(residenceOf({ declared: null, tailnetTags: undefined, witnesses: [] })).toMatchObject({
    country: null,
    disputes: [],
  });
});
