// Which source's facts hold.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FACTS } from "../../src/presence/facts.ts";
import { mergeFacts } from "../../src/presence/merge.ts";
import type { Observation, SourceName } from "../../src/presence/record.ts";

const NOW = 1_000_000_000_000;
const DAY = 86_400_000;
const said = (source: SourceName, facts: Observation["facts"], ageMs = 0): Observation => ({
  node: "a",
  source,
  atMs: NOW - ageMs,
  facts,
});

describe("merging facts", () => {
  test("a fact that nobody states is absent, not empty", () => {
    expect(mergeFacts([said("ssh", { os: "linux" })], NOW).facts).toEqual({
      os: { value: "linux", source: "ssh", atMs: NOW, stale: false },
    });
  });

  test("of two facts that hold, that of the more trustworthy source wins, even when it is older", () => {
    const merged = mergeFacts([said("gateway", { load1: 9 }), said("ssh", { load1: 1 }, 60_000)], NOW);
    expect(merged.facts.load1).toMatchObject({ value: 1, source: "ssh" });
  });

  test("a fact that no longer holds loses to one that does, whoever said it", () => {
    const merged = mergeFacts([said("gateway", { load1: 9 }), said("ssh", { load1: 1 }, 10 * 60_000)], NOW);
    expect(merged.facts.load1).toMatchObject({ value: 9, source: "gateway", stale: false });
  });

  test("when none holds, the newest is kept and called stale", () => {
    const merged = mergeFacts(
      [said("gateway", { load1: 9 }, 5 * 60_000), said("ssh", { load1: 1 }, 6 * 60_000)],
      NOW,
    );
    expect(merged.facts.load1).toMatchObject({ value: 9, stale: true });
  });

  test("a number counts from when the node measured it, not from when the list was read", () => {
    const late = {
      ...said("gateway", { load1: 2, connected: true }),
      factAtMs: { load1: NOW - 10 * 60_000 },
    };
    expect(mergeFacts([late], NOW).facts).toMatchObject({
      load1: { stale: true },
      connected: { stale: false },
    });
  });

  test("sources that differ on what a node is contradict each other, and both are kept", () => {
    const merged = mergeFacts([said("tailscale", { os: "windows" }), said("ssh", { os: "linux" })], NOW);
    expect(merged.facts.os?.value).toBe("linux");
    expect(merged.contradictions).toEqual([
      {
        fact: "os",
        values: [
          { value: "linux", source: "ssh", atMs: NOW },
          { value: "windows", source: "tailscale", atMs: NOW },
        ],
      },
    ]);
  });

  test("measured numbers just differ, the same in another case is the same, and what is stale contradicts nobody", () => {
    const numbers = [said("gateway", { load1: 9 }), said("ssh", { load1: 1 })];
    const cases = [said("gateway", { os: "Linux" }), said("ssh", { os: "linux" })];
    const old = [said("gateway", { os: "macos" }, 2 * DAY), said("ssh", { os: "linux" })];
    for (const observations of [numbers, cases, old]) {
      expect(mergeFacts(observations, NOW).contradictions).toEqual([]);
    }
  });

  test("a source that has no business with a fact is not believed", () => {
    expect(mergeFacts([said("ssh", { connected: true })], NOW).facts.connected).toBeUndefined();
  });

  test("every fact has a source that may state it, and a time that it holds", () => {
    for (const [name, { sources, holdsMs, meaning }] of Object.entries(FACTS)) {
      expect([name, sources.length > 0, holdsMs > 0, meaning !== ""]).toEqual([name, true, true, true]);
    }
  });

  test("the order in which sources spoke changes nothing", () => {
    const observation = fc.record({
      load1: fc.integer({ min: 0, max: 3 }),
      os: fc.constantFrom("linux", "macos"),
      ageMs: fc.integer({ min: 0, max: 2 * DAY }),
    });
    fc.assert(
      fc.property(observation, observation, observation, (gateway, ssh, tailscale) => {
        const all = [
          said("gateway", { load1: gateway.load1, os: gateway.os }, gateway.ageMs),
          said("ssh", { load1: ssh.load1, os: ssh.os }, ssh.ageMs),
          said("tailscale", { os: tailscale.os }, tailscale.ageMs),
        ];
        expect(mergeFacts([...all].reverse(), NOW)).toEqual(mergeFacts(all, NOW));
      }),
    );
  });
});
