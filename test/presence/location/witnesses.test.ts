// Each source's word of where a node is, with its age; what nobody took back stays.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createHub } from "../../../src/presence/hub.ts";
import { witnessesOf } from "../../../src/presence/location/witnesses.ts";
import type {
  FactValues,
  Observation,
  PlaceWitness,
  PresenceTarget,
  SourceName,
} from "../../../src/presence/record.ts";
import { createLogger } from "../../../src/shared/logger.ts";
import { makePlace } from "../../support/makePresence.ts";

const NOW = 1_800_000_000_000;
const HOUR = 3_600_000;
const ADDRESS = "198.51.100.7";

beforeEach(() => {
  vi.useFakeTimers();
  vi.setSystemTime(NOW);
});
afterEach(() => void vi.useRealTimers());

const target: PresenceTarget = {
  name: "a",
  nodeId: "id-a",
  tailscale: "a",
  ssh: true,
  workspace: null,
  declared: null,
};

function arranged() {
  const looked: string[] = [];
  let targets = [target];
  const geoip = {
    known: (address: string) =>
      looked.includes(address) ? { place: makePlace({ detail: `endpoint ${address}` }), reason: null } : null,
    lookup: async (address: string) => {
      looked.push(address);
      return { place: null, reason: null };
    },
  };
  const hub = createHub({
    targets: () => targets,
    locate: (_declared, _facts, _places, said) => ({
      location: null,
      otherPlaces: [],
      contradictions: [],
      witnesses: witnessesOf(said, { geoip: geoip as never, derpMap: null }),
    }),
    now: () => Date.now(),
    log: createLogger({ info: () => {}, warn: () => {}, error: () => {} }),
    health: () => [],
    gatewayPlace: () => null,
    attributions: () => [],
  });
  const say = (source: SourceName, facts: Partial<FactValues>, more: Partial<Observation> = {}) => {
    hub.sink.observe({ node: "a", source, atMs: Date.now(), facts, ...more });
    hub.refresh();
    hub.refresh();
  };
  return {
    hub,
    say,
    retarget(changes: Partial<PresenceTarget>) {
      targets = [{ ...target, ...changes }];
      hub.refresh();
    },
    said: () =>
      (hub.current().get("a")?.witnesses ?? []).map(({ by, place, stale }: PlaceWitness) =>
        [by, place.country, ...(stale ? ["stale"] : [])].join(" "),
      ),
  };
}

describe("what a source says", () => {
  test("of relay, clock, address and place is told apart, and the address that the node itself found out is the egress", () => {
    const { say, said } = arranged();
    say(
      "tailscale",
      { tailnetRelay: "fra", publicAddress: ADDRESS },
      { places: [makePlace({ country: "JP", source: "tailscale" })] },
    );
    say("ssh", { timeZone: "Europe/Paris", publicAddress: "198.51.100.8" });
    expect(said()).toEqual(["tailscale JP", "relay DE", "timezone FR", "endpoint SG", "egress SG"]);
    say("plugin", { publicAddress: "198.51.100.9" });
    expect(said().slice(-2)).toEqual(["egress SG", "egress SG"]);
  });

  test("an address goes on speaking when the path goes idle, and grows old", () => {
    const { hub, say, said } = arranged();
    say("tailscale", { publicAddress: ADDRESS });
    say("tailscale", { tailnetPath: "idle" });
    expect(said()).toEqual(["endpoint SG"]);
    vi.setSystemTime(NOW + 2 * HOUR);
    hub.refresh();
    expect(said()).toEqual(["endpoint SG stale"]);
  });

  test("relay, place and clock go on speaking when the source is silent on them, and not when it says others", () => {
    const { say, said } = arranged();
    const japan = [makePlace({ country: "JP", source: "tailscale" })];
    say("tailscale", { tailnetRelay: "fra" }, { places: japan });
    say("ssh", { timeZone: "Asia/Tokyo", os: "linux" });
    say("tailscale", { os: "linux" }, { places: [] });
    say("ssh", { os: "linux" });
    expect(said()).toEqual(["tailscale JP", "relay DE", "timezone JP"]);
    say(
      "tailscale",
      { tailnetRelay: "sin" },
      { places: [makePlace({ country: "SG", source: "tailscale" })] },
    );
    say("ssh", { timeZone: "Asia/Singapore" });
    expect(said()).toEqual(["tailscale SG", "relay SG", "timezone SG"]);
  });

  test("is as old as it was when it was said last", () => {
    const { say, said } = arranged();
    say("tailscale", { tailnetRelay: "fra" });
    vi.setSystemTime(NOW + 48 * HOUR);
    say("tailscale", { os: "linux" });
    expect(said()).toEqual(["relay DE stale"]);
  });

  test("goes with the peer: another machine under its tailnet name has nothing of it", () => {
    const { say, said } = arranged();
    const facts = { tailnetRelay: "fra", publicAddress: ADDRESS };
    say("tailscale", facts, { of: "n5", places: [makePlace({ country: "JP", source: "tailscale" })] });
    say("tailscale", {}, { of: "n5", places: [] });
    expect(said()).toEqual(["tailscale JP", "relay DE", "endpoint SG"]);
    say("tailscale", {}, { of: "n9", places: [] });
    expect(said()).toEqual([]);
  });

  test("a clock that was read long ago still speaks", () => {
    const { hub, say, said } = arranged();
    say("ssh", { timeZone: "Asia/Tokyo" });
    vi.setSystemTime(NOW + 48 * HOUR);
    hub.refresh();
    expect(said()).toEqual(["timezone JP stale"]);
  });

  test("goes with the source that takes it back, and with the machine that it was of", () => {
    const { hub, say, said, retarget } = arranged();
    say("tailscale", { publicAddress: ADDRESS });
    hub.sink.forget("tailscale", ["a"]);
    hub.refresh();
    expect(said()).toEqual([]);
    say("tailscale", { publicAddress: ADDRESS });
    retarget({ tailscale: "another" });
    expect(said()).toEqual([]);
  });
});

test("a fault while places are worked out leaves no word that could be believed", () => {
  const hub = createHub({
    targets: () => [target],
    locate: () => {
      throw new Error("the file is gone");
    },
    now: () => Date.now(),
    log: createLogger({ info: () => {}, warn: () => {}, error: () => {} }),
    health: () => [],
    gatewayPlace: () => null,
    attributions: () => [],
  });
  expect(hub.current().get("a")?.witnesses).toBeNull();
});
