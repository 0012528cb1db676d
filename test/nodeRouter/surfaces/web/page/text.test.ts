// Values as people read them, and which rows the table shows in which order.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { AgentRoute } from "../../../../../src/nodeRouter/surfaces/web/data.ts";
import { shownAgents } from "../../../../../src/nodeRouter/surfaces/web/page/agentRows.ts";
import {
  ago,
  bytes,
  duration,
  factText,
  free,
  loadText,
  percent,
  placeName,
  roundTrip,
  tunnelText,
  UNKNOWN,
  used,
} from "../../../../../src/nodeRouter/surfaces/web/page/format.ts";
import { refusedHead, whyRefused } from "../../../../../src/nodeRouter/surfaces/web/page/refusedText.ts";
import {
  chosen,
  countShownStates,
  type SortKey,
  selectorOf,
  type TableChoice,
  tagTexts,
} from "../../../../../src/nodeRouter/surfaces/web/page/rows.ts";
import type { RefusedAgent } from "../../../../../src/nodeRouter/surfaces/web/refusedNow.ts";
import type { TunnelStatus } from "../../../../../src/nodeRouter/tunnels/tunnelStatus.ts";
import { NOW_MS, nodeReport, placeAt, smallFleet } from "../fleet.ts";

const GIB = 1024 ** 3;

const UP: TunnelStatus = {
  state: "up",
  port: 18_789,
  since: new Date(NOW_MS - 90_000).toISOString(),
  retries: 0,
  code: null,
  reason: null,
  connections: 1,
};

describe("text of values", () => {
  test.each([
    [duration(0), "0 s"],
    [duration(59.9), "59 s"],
    [duration(60), "1 min"],
    [duration(47 * 3600), "47 h"],
    [duration(48 * 3600), "2 d"],
    [ago(NOW_MS - 90_000, NOW_MS), "1 min ago"],
    [ago(NOW_MS + 5_000, NOW_MS), "0 s ago"], // a clock that runs ahead
    [ago(null, NOW_MS), UNKNOWN],
    [roundTrip(0.62), "0.6 ms"],
    [roundTrip(9.96), "10 ms"],
    [roundTrip(71.6), "72 ms"],
    [roundTrip(1234), "1.2 s"],
    [roundTrip(null), UNKNOWN],
    [bytes(0), "0 B"],
    [bytes(1023), "1023 B"],
    [bytes(16 * GIB), "16 GiB"],
    [bytes(1.5 * GIB), "1.5 GiB"],
    [free(3.2 * GIB, 16 * GIB), "3.2 / 16 GiB"],
    [free(201 * GIB, 1862 * GIB), "201 GiB / 1.8 TiB"],
    [free(null, 16 * GIB), "– / 16 GiB"],
    [free(0, 16 * GIB), "0 B / 16 GiB"],
    [free(null, null), UNKNOWN],
    [loadText(0.4, 8), "0.40 / 8"],
    [loadText(0, null), "0.00 / –"],
    [loadText(null, null), UNKNOWN],
    [tunnelText(null, NOW_MS), UNKNOWN],
    [tunnelText(UP, NOW_MS), "up on port 18789, 1 min ago, 1 open"],
    [
      tunnelText({ ...UP, state: "blocked", retries: 3, reason: "sshd says no" }, NOW_MS),
      "blocked on port 18789, 1 min ago, 3 failed in a row, sshd says no",
    ],
    [percent(1), "100 %"],
    [percent(0.99999), "99.9 %"], // not 100
    [percent(null), UNKNOWN],
    [placeName({ city: "Singapore", country: "SG" }), "Singapore, SG"],
    [placeName({ region: "Bavaria", country: "DE" }), "Bavaria, DE"],
    [placeName({}), UNKNOWN],
    [placeName(null), UNKNOWN],
    [factText("memoryTotalBytes", 64 * GIB, NOW_MS), "64 GiB"],
    [factText("uptimeSeconds", 86_400 * 12, NOW_MS), "12 d"],
    [factText("tailnetKeyExpiresMs", NOW_MS + 3 * 86_400_000, NOW_MS), "in 3 d"],
    [factText("connected", false, NOW_MS), "no"],
    [factText("ips", ["100.64.0.2", "::1"], NOW_MS), "100.64.0.2, ::1"],
    [factText("hostname", "a\u202eb", NOW_MS), "a\\u202eb"],
  ])("%s", (shown, expected) => {
    expect(shown).toBe(expected);
  });

  test("0 free is known, and not the same as nobody knowing", () => {
    expect(used(0, 16)).toBe(1);
    expect(used(null, 16)).toBeNull();
    expect(used(1, 0)).toBeNull();
  });
});

describe("the agents", () => {
  const route = (agent: string, changes: Partial<AgentRoute> = {}): AgentRoute => ({
    agent,
    rule: "r",
    outcome: "placed",
    node: "n",
    transport: "node",
    binding: "exec",
    guard: null,
    message: "",
    ...changes,
  });
  const ids = (agents: readonly AgentRoute[], agent = "", areAll = false) =>
    shownAgents(agents, agent, areAll).map((one) => one.agent);

  test("stand in the order of what becomes of them, and numbers in names are numbers", () => {
    const agents = [
      route("idle", { rule: null, outcome: "unrouted" }),
      route("left", { outcome: "unrouted" }),
      route("a10"),
      route("a9"),
      route("z", { outcome: "refused" }),
    ];
    expect(ids(agents)).toEqual(["z", "a9", "a10", "left", "idle"]);
  });

  test("of many the first are shown, and every refused one, and the one that is explained", () => {
    const many = Array.from({ length: 40 }, (_, index) => route(`a${index}`));
    expect(ids(many)).toHaveLength(12);
    expect(ids(many, "a39")).toContain("a39");
    expect(ids(many, "", true)).toHaveLength(40);
    expect(ids(many.map((one) => ({ ...one, outcome: "refused" })))).toHaveLength(40);
  });
});

describe("who is refused", () => {
  const since = new Date(NOW_MS - 240_000).toISOString();
  const longer = new Date(NOW_MS - 7_200_000).toISOString();
  const refused = (changes: Partial<RefusedAgent> = {}): RefusedAgent => {
    return { agent: "a", rule: "r", message: "CODE: why", since, sinceBy: "node", nodes: [], ...changes };
  };
  const node = (name: string, at: string | null, state: "offline" | "ready" | null = "offline") => {
    return { node: name, why: "was offline", state, since: at };
  };

  test.each([
    [refused({ nodes: [node("mac-sg", since)] }), "mac-sg is offline"],
    [refused({ nodes: [node("a", since), node("b", longer)] }), "a is offline, b is offline for 2 h"],
    [refused({ nodes: [node("a", null)] }), "a is offline"],
    [refused({ nodes: [{ ...node("a", since, "ready"), why: "was cordoned" }] }), "a was cordoned"],
    [refused({ nodes: [node("a", null, null)] }), "a was offline"],
    [refused(), "CODE: why"],
  ])("%# reads %j: the same span is not said twice", (one, text) => {
    expect(whyRefused(one, NOW_MS)).toBe(text);
  });

  test("since when is said where it is known; in shadow mode nobody is refused", () => {
    expect(refusedHead(refused(), "enforce", NOW_MS)).toBe("is refused for 4 min:");
    expect(refusedHead(refused({ since: null }), "enforce", NOW_MS)).toBe("is refused:");
    expect(refusedHead(refused(), "shadow", NOW_MS)).toBe("would be refused for 4 min:");
  });
});

const CHOICE: TableChoice = { text: "", selector: "", states: new Set(), sort: "name", descending: false };
const names = (choice: Partial<TableChoice>, nodes = smallFleet().nodes) =>
  chosen(nodes, { ...CHOICE, ...choice }).map(({ name }) => name);

describe("the rows", () => {
  test.each([
    ["singapore", ["mac-sg"]],
    ["SG", ["mac-sg"]],
    ["research", ["mac-sg"]],
    ["relayed", ["laptop"]],
    ["build-farm ready", ["fra-build-1"]],
    ["region=eu", ["fra-build-1", "fra-build-2"]],
    ["100.64.0.1", ["mac-cn"]],
    ["no such thing", []],
    ["  ", ["fra-build-1", "fra-build-2", "laptop", "mac-cn", "mac-sg", "nas"]],
  ])("%j finds %j", (text, expected) => {
    expect(names({ text })).toEqual(expected);
  });

  test.each([
    ["region=eu", ["fra-build-1", "fra-build-2"]],
    ["region in (sg,cn),!gpu", ["mac-cn"]],
    ["gpu", ["mac-sg"]],
    ["!region", ["laptop", "nas"]],
    [" ", ["fra-build-1", "fra-build-2", "laptop", "mac-cn", "mac-sg", "nas"]],
  ])("the selector %j leaves %j, as a rule would", (selector, expected) => {
    expect(names({ selector })).toEqual(expected);
  });

  test("a selector that cannot be read leaves nobody out, and says where it is wrong", () => {
    expect(names({ selector: "region in sg" })).toHaveLength(6);
    expect(selectorOf("region in sg")).toMatchObject({
      selector: null,
      problem: expect.stringContaining("column 11"),
    });
    expect(selectorOf("region=sg").problem).toBeNull();
  });

  test("tags that the plugin finds by itself stand in other columns", () => {
    const tags = { region: "sg", gpu: "", "node.os": "linux", "tailscale.tag/a": "" };
    expect(tagTexts({ tags })).toEqual(expect.arrayContaining(["region=sg", "gpu"]));
    expect(tagTexts({ tags })).not.toContain("node.os=linux");
  });

  test("only the states that are asked for, and all when none is", () => {
    expect(names({ states: new Set(["offline", "unknown"]) })).toEqual(["fra-build-2", "nas"]);
    expect(names({ states: new Set() })).toHaveLength(6);
  });

  test("numbers in names sort as numbers", () => {
    const nodes = ["n10", "n9", "n1"].map((name) => nodeReport(name));
    expect(names({}, nodes)).toEqual(["n1", "n9", "n10"]);
    expect(names({ descending: true }, nodes)).toEqual(["n10", "n9", "n1"]);
  });

  test("what is not known comes last, up and down", () => {
    const nodes = [
      nodeReport("none"),
      nodeReport("far", { rttMs: 200, place: placeAt("tokyo") }),
      nodeReport("near", { rttMs: 1, place: placeAt("singapore") }),
    ];
    expect(names({ sort: "rtt" }, nodes)).toEqual(["near", "far", "none"]);
    expect(names({ sort: "rtt", descending: true }, nodes)).toEqual(["far", "near", "none"]);
    expect(names({ sort: "place" }, nodes)).toEqual(["far", "near", "none"]);
    expect(names({ sort: "place", descending: true }, nodes)).toEqual(["near", "far", "none"]);
  });

  test("by state the worst is at the top, by change the latest", () => {
    expect(names({ sort: "state" }).slice(0, 2)).toEqual(["fra-build-2", "laptop"]);
    expect(names({ sort: "since" }).slice(0, 2)).toEqual(["laptop", "fra-build-2"]);
  });

  test("sorting loses and doubles nobody, whatever the column", () => {
    const keys: readonly SortKey[] = [
      "name",
      "state",
      "ip",
      "place",
      "tags",
      "transport",
      "rtt",
      "load",
      "memory",
      "disk",
      "agents",
      "since",
    ];
    fc.assert(
      fc.property(
        fc.constantFrom(...keys),
        fc.boolean(),
        fc.shuffledSubarray([...smallFleet().nodes]),
        (sort, descending, nodes) => {
          expect(names({ sort, descending }, nodes).sort()).toEqual(nodes.map(({ name }) => name).sort());
        },
      ),
    );
  });

  test("states are counted, and those that nobody has are left out", () => {
    expect([...countShownStates(smallFleet().nodes)]).toEqual([
      ["offline", 1],
      ["degraded", 1],
      ["unknown", 1],
      ["ready", 3],
    ]);
  });
});
