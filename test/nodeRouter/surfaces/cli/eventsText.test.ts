// `events`: a log in text, strict about what it is asked.
import { describe, expect, test } from "vitest";
import { eventsText } from "../../../../src/nodeRouter/surfaces/cli/eventsText.ts";
import type { EventsReport } from "../../../../src/nodeRouter/surfaces/reports/eventsReport.ts";
import { PRESENCE, type Transition } from "../../../../src/presence/presence.ts";
import { displayWidth } from "../../../../src/shared/displayWidth.ts";
import { START_MS } from "../../../support/fakeDeps.ts";
import { fakePresence, recordOf } from "../reports/arrange.ts";
import { fakeGateway, run } from "./arrange.ts";

const HOUR = 3_600_000;
const CUT: Transition = {
  node: "mac-sg",
  from: "ready",
  to: "offline",
  atMs: START_MS - HOUR,
  reason: "it does not answer over the node protocol",
};
const SEEN: Transition = {
  node: "mac-cn",
  from: null,
  to: "ready",
  atMs: START_MS - 5 * HOUR,
  reason: "connected",
};

function observing(transitions: readonly Transition[] = [CUT, SEEN]) {
  const gateway = fakeGateway();
  gateway.deps.memory.part(PRESENCE).current = fakePresence([recordOf("mac-sg")], transitions);
  return gateway;
}

describe("events", () => {
  test("are a log, the newest last, each with its reason", async () => {
    const { code, stdout } = await run("events", {}, observing().answer);
    expect(code).toBe(0);
    expect(stdout).toBe(`TIME                  NODE    CHANGE           REASON
2023-11-14 17:13:20Z  mac-cn  (new) → ready    connected
2023-11-14 21:13:20Z  mac-sg  ready → offline  it does not answer over the node protocol`);
  });

  test("--since and --node leave out the others", async () => {
    const since = await run("events", { since: "2h" }, observing().answer);
    expect(since.asked).toEqual(['noderouter.events {"since":"2h"}']);
    expect(since.stdout).toContain("mac-sg");
    expect(since.stdout).not.toContain("mac-cn");
    const node = await run("events", { node: "mac-cn", json: true }, observing().answer);
    const report: EventsReport = JSON.parse(node.stdout);
    expect(report.node).toBe("mac-cn");
    expect(report.events.map((event) => event.node)).toEqual(["mac-cn"]);
  });

  test.each(["yesterday", "", "2", "2026-11-22T08:00"])(
    "--since %j is wrong usage: 2, and nobody is asked",
    async (since) => {
      const ran = await run("events", { since }, observing().answer);
      expect([ran.code, ran.stdout, ran.asked]).toEqual([2, "", []]);
      expect(ran.stderr).toMatch(/^--since takes a time span such as 45m, 2h, 3d .+, not ".*"$/);
    },
  );

  test("a node that nobody knows is told, with those that are known; one that left has its past", async () => {
    const ran = await run("events", { node: "mac-xx\u001b[2J" }, observing().answer);
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain('no node "mac-xx\\u001b[2J" is known; known are "mac-sg", "mac-cn"');
    const gone = observing();
    gone.deps.memory.part(PRESENCE).current = fakePresence([recordOf("old-one")], []);
    expect((await run("events", { node: "old-one" }, gone.answer)).stdout).toBe(
      'No changes of node "old-one".',
    );
  });

  test("none is a sentence, and another one where nobody observes", async () => {
    expect((await run("events", { since: "2h" }, observing([]).answer)).stdout).toBe(
      "No changes since 2023-11-14 20:13:20Z.",
    );
    expect((await run("events", {}, fakeGateway().answer)).stdout).toBe(
      "No changes are known: this gateway process does not observe its nodes yet.",
    );
  });

  test("a long reason goes on in the next line and is never cut; hostile text is escaped", () => {
    const reason = `${"word ".repeat(60)}\u001b[2J\u202eend`;
    const event = {
      node: "新加坡".repeat(20),
      from: null,
      to: "unknown",
      at: "2026-11-22T00:00:00.000Z",
      reason,
    } as const;
    const text = eventsText({ events: [event], since: null, node: null, observing: true });
    expect(Math.max(...text.split("\n").map(displayWidth))).toBeLessThanOrEqual(100);
    expect(text.match(/word/g)).toHaveLength(60);
    expect(text).toContain("\\u001b[2J\\u202eend");
    expect(text).not.toMatch(/(?!\n)[\p{Cc}\p{Bidi_Control}]/u);
  });
});
