// The table of nodes on terminals of any width, and that no name can break it.
import { describe, expect, test } from "vitest";
import { nodesText } from "../../../../src/nodeRouter/surfaces/cli/nodesText.ts";
import {
  createNodesReport,
  type NodesReport,
} from "../../../../src/nodeRouter/surfaces/reports/nodesReport.ts";
import type { NodePresence } from "../../../../src/presence/record.ts";
import { displayWidth } from "../../../../src/shared/displayWidth.ts";
import { START_MS } from "../../../support/fakeDeps.ts";
import { CN_ID, hostEntry, inputOf, NODES, SG_ID } from "../doctor/arrange.ts";
import { offlineRecord, recordOf } from "../reports/arrange.ts";

const LONG = "n".repeat(60);
const CJK = "新加坡办公室的节点".repeat(4);
const EVIL = "evil\u001b[2J\u202e\u0007\nname";
const ghost = hostEntry(LONG, "98".repeat(32), { connected: false });
const STRANGE = [LONG, CJK, EVIL].map((name, index) => hostEntry(name, String(index + 1).repeat(64)));

function reportOf(
  records: readonly NodePresence[],
  nodes: readonly object[] | null = NODES,
  more: Partial<NodesReport> = {},
): NodesReport {
  const report = createNodesReport({
    snapshot: inputOf({ nodes }).snapshot,
    presence: new Map(records.map((record) => [record.node, record])),
    history: () => null,
    agents: new Map([["mac-sg", ["worker-sg"]]]),
    gatewayPlace: null,
    attributions: [],
    nowMs: START_MS,
  });
  return { ...report, ...more };
}

const page = (report: NodesReport, columns?: number) => nodesText(report, START_MS, columns);
const longest = (text: string) => Math.max(...text.split("\n").map(displayWidth));
const KNOWN = [recordOf("mac-sg"), offlineRecord("mac-cn")];

describe("widths", () => {
  test("100 columns, as in a pipe: two tables, and why a node is not ready", () => {
    expect(page(reportOf(KNOWN))).toBe(
      `NAME    STATE    IP          PLACE                    TRANSPORT  RTT    LAST CHANGE
mac-cn  offline  -           CN Shanghai (declared)   node       -      2h ago
mac-sg  ready    100.64.0.2  SG Singapore (declared)  node+ssh   71 ms  3m ago

NAME    CPU/LOAD  MEMORY FREE  DISK FREE    AGENTS     TAGS
mac-cn  -         -            -            -          region=cn,office
mac-sg  8/0.4     3.2/16 GiB   120/460 GiB  worker-sg  region=sg,gpu

mac-cn: offline for 2h: it does not answer over the node protocol`,
    );
  });

  test("a wide terminal: one table with everything, and nothing cut", () => {
    const text = page(reportOf(KNOWN), 200);
    const [header = "", , first = ""] = text.split("\n");
    expect(header).toMatch(
      /^NAME +STATE +IP +PLACE +TRANSPORT +RTT +CPU\/LOAD +MEMORY FREE +DISK FREE +AGENTS +LAST CHANGE +TAGS$/,
    );
    expect(first).toMatch(/^mac-sg .* 8\/0\.4 .* 3\.2\/16 GiB .* worker-sg +3m ago +region=sg,gpu$/);
    expect(text).not.toContain("…");
  });

  test.each([40, 60, 80, 100, 140])(
    "%i columns are never exceeded, and name and state are always there",
    (columns) => {
      const records = [...KNOWN, recordOf(LONG), recordOf(CJK), recordOf(EVIL)];
      const text = page(reportOf(records, [...NODES, ...STRANGE, ghost]), columns);
      expect(longest(text)).toBeLessThanOrEqual(columns);
      expect(text).toMatch(/^NAME +STATE/);
      expect(text).toMatch(/^mac-sg +ready/m);
      expect(text).not.toMatch(/(?!\n)[\p{Cc}\p{Bidi_Control}]/u);
    },
  );

  test("a narrow terminal loses whole columns before it cuts all of them beyond reading", () => {
    const [header = ""] = page(reportOf(KNOWN), 50).split("\n");
    expect(header).toMatch(/^NAME +STATE +PLACE/);
    expect(header).not.toContain("TRANSPORT");
  });
});

describe("what it says", () => {
  test("hostile names are not shown, Chinese ones are whole words, ghosts are named", () => {
    const text = page(reportOf([], [...NODES, ...STRANGE, ghost]));
    expect(text).toContain("新加坡");
    expect(text).not.toContain("evil");
    expect(text).toMatch(/n{20,}\n?.*1 more paired id\(s\) of the same\s+display name, not used/);
  });

  test("what is not known is a dash or a question mark, never zero or offline", () => {
    const text = page(reportOf([], null));
    expect(text).toMatch(/^mac-sg +unknown +- +SG Singapore \(declared\) +ssh +- +-$/m);
    expect(text).toMatch(/^mac-sg +- +- +- +worker-sg/m);
    expect(text).not.toContain("offline");
    expect(text).not.toContain("ago");
    const facts = { ...recordOf("mac-sg").facts };
    delete facts.load1;
    delete facts.memoryAvailableBytes;
    const partly = page(reportOf([recordOf("mac-sg", { facts })]));
    expect(partly).toContain(" 8/? ");
    expect(partly).toContain(" ?/16 GiB ");
  });

  test("a node that is ready needs no reason; what waits for the operator and what sources differ on is told", () => {
    const contradictions = [
      {
        fact: "country",
        values: [
          { value: "SG", source: "declared", atMs: null },
          { value: "JP", source: "geoip", atMs: START_MS },
        ],
      },
    ];
    const nodes = [
      hostEntry("mac-sg", SG_ID),
      hostEntry("mac-cn", CN_ID, { approvalState: "pending-approval", commands: [] }),
    ];
    const text = page(reportOf([recordOf("mac-sg", { contradictions })], nodes));
    expect(text).toContain("\nmac-sg: sources differ on country: SG (declared), JP (geoip)");
    expect(text).toContain("\nmac-cn: its commands wait for your approval");
    expect(text).not.toMatch(/^mac-sg: ready/m);
  });

  test("a tunnel that is not up is told with its reason; one that is up is not", () => {
    const status = { port: 18_789, since: null, retries: 0, code: null, connections: 0 };
    const { nodes } = reportOf(KNOWN);
    const withTunnels = (state: "up" | "blocked", reason: string | null) =>
      page({
        ...reportOf(KNOWN),
        nodes: nodes.map((node) => ({ ...node, tunnel: { ...status, state, reason } })),
      });
    expect(withTunnels("blocked", "sshd says no\u001b[2J")).toContain(
      "\nmac-sg: tunnel blocked: sshd says no\\u001b[2J",
    );
    expect(withTunnels("up", null)).not.toContain("tunnel");
  });

  test("data that asks for a credit gets it, at the end", () => {
    const text = page(reportOf(KNOWN, NODES, { attributions: ["IP geolocation by \u001b[2JExample"] }));
    expect(text).toMatch(/\n\nIP geolocation by \\u001b\[2JExample$/);
  });

  test("built-in tags are left out; no nodes is a sentence", () => {
    expect(page(reportOf(KNOWN))).not.toContain("node.os");
    expect(page({ ...reportOf([]), nodes: [] })).toBe(
      "No nodes are known: none is paired with this gateway, and none is configured.",
    );
  });
});
