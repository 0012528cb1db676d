// No line of any page is wider than the terminal, whatever the names and reasons are.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { reportText } from "../../../../src/nodeRouter/explain/explainText.ts";
import type { ExplainReport } from "../../../../src/nodeRouter/explain/report.ts";
import { callsText, verifyText } from "../../../../src/nodeRouter/surfaces/cli/callsText.ts";
import { checkText } from "../../../../src/nodeRouter/surfaces/cli/checkCommand.ts";
import {
  delegationDetails,
  delegationsText,
} from "../../../../src/nodeRouter/surfaces/cli/delegationsText.ts";
import { describeText } from "../../../../src/nodeRouter/surfaces/cli/describeText.ts";
import {
  cordonAnswerText,
  drainText,
  uncordonText,
} from "../../../../src/nodeRouter/surfaces/cli/drainCommand.ts";
import { editText } from "../../../../src/nodeRouter/surfaces/cli/editText.ts";
import { eventsText } from "../../../../src/nodeRouter/surfaces/cli/eventsText.ts";
import { nodesText } from "../../../../src/nodeRouter/surfaces/cli/nodesText.ts";
import { peersText } from "../../../../src/nodeRouter/surfaces/cli/peersText.ts";
import { totalsText } from "../../../../src/nodeRouter/surfaces/cli/pingCommand.ts";
import { planText, testsText } from "../../../../src/nodeRouter/surfaces/cli/planText.ts";
import { doctorText, guardText, pairedText } from "../../../../src/nodeRouter/surfaces/cli/reportText.ts";
import { stepLine, undoneLines } from "../../../../src/nodeRouter/surfaces/cli/setupText.ts";
import { probeText, trustText } from "../../../../src/nodeRouter/surfaces/cli/sshText.ts";
import { statusText } from "../../../../src/nodeRouter/surfaces/cli/statusText.ts";
import { topText } from "../../../../src/nodeRouter/surfaces/cli/topText.ts";
import type { DrainReport } from "../../../../src/nodeRouter/surfaces/methods/cordonMethods.ts";
import type { RuleReport } from "../../../../src/nodeRouter/surfaces/methods/describeMethod.ts";
import type { EditReport } from "../../../../src/nodeRouter/surfaces/methods/editMethod.ts";
import type { DelegationReport } from "../../../../src/nodeRouter/surfaces/reports/delegationsReport.ts";
import type { PeerReport } from "../../../../src/nodeRouter/surfaces/reports/peersReport.ts";
import type { AgentStatus, StatusReport } from "../../../../src/nodeRouter/surfaces/reports/statusReport.ts";
import { displayWidth } from "../../../../src/shared/displayWidth.ts";
import { NOW_MS, nodeReport, placeAt, smallFleet, statusFor } from "../web/fleet.ts";

const WIDTHS = [60, 80, 100];
const AT = new Date(NOW_MS).toISOString();

/** Words of any length and script, with what would repaint a terminal. */
const name = fc.oneof(
  fc.constantFrom(
    "mac-sg",
    "worker-sg",
    "n".repeat(90),
    "新加坡办公室的节点".repeat(6),
    "a\u001b[2J\u202e\nb",
  ),
  fc.string({ unit: "grapheme", minLength: 1, maxLength: 40 }),
);
const reason = fc.oneof(
  name,
  fc.array(name, { maxLength: 12 }).map((words) => words.join(" ")),
);

interface Words {
  readonly a: string;
  readonly b: string;
  readonly c: string;
  readonly long: string;
}

const CORDON = { by: "alice@gw", reason: "disk", at: AT, until: null, drain: true, move: true };

function agentOf({ a, b, c, long }: Words): AgentStatus {
  return {
    ...{ agent: a, rule: b, outcome: "placed", node: c, transport: "node", binding: "workspace" },
    ...{
      message: long,
      presence: "online",
      guard: "impossible",
      state: "degraded",
      model: b,
      workspace: `/${c}`,
    },
    ...{ sessions: 12, tokens: { input: 1e6, output: 2e6 } },
  };
}

function statusOf(words: Words): StatusReport {
  const { a, b, c, long } = words;
  const status = statusFor(smallFleet());
  return {
    ...status,
    mode: "shadow",
    hooks: "not-live",
    agents: [
      agentOf(words),
      { ...agentOf(words), outcome: "refused", node: null, state: null },
      ...status.agents,
    ],
    ssh: [{ node: a, connected: 1, free: 2, pending: 3, queued: 4, running: 5, size: 6 }],
    tunnels: [
      {
        node: a,
        state: "down",
        port: 18_789,
        since: AT,
        retries: 2,
        code: null,
        reason: long,
        connections: 0,
      },
    ],
    discovery: {
      address: { value: a, source: "OPENCLAW_TAILNET_DNS" },
      sshPort: { value: 22, source: "OPENCLAW_SSH_PORT" },
      isHidden: true,
    },
    hosted: [{ session: a, agent: b, node: c, state: "active", fits: false, problem: long, fix: long }],
    cordons: [{ node: a, cordon: { ...CORDON, reason: long } }],
    waiting: [{ agent: a, tool: b, forMs: 5_000 }],
    busy: [{ node: c, running: 1, maxRunning: 2, ejectedForMs: 4_000 }],
    problems: [{ severity: "error", path: a, message: long }],
    sources: [{ id: "ssh", lastOkMs: null, failures: 3, lastError: long }],
  };
}

function explainOf({ a, b, c, long }: Words): ExplainReport {
  return {
    ...{ agent: a, tool: b, mode: "shadow", rule: c, outcome: "refused", node: null, transport: null },
    ...{ binding: "exec", message: long, snapshotAgeMs: 3, supposed: [long] },
    candidates: [
      { node: a, fits: false, reason: long, detail: long, score: null, scores: {} },
      { node: c, fits: true, reason: null, score: 40, scores: { [b]: 40 } },
    ],
  };
}

function drainOf({ a, b, c }: Words): DrainReport {
  return {
    ...{ node: a, peer: false, cordon: CORDON, done: false, ssh: { running: 1, queued: 2 } },
    ...{ calls: [{ agent: b, tool: c }], untold: [{ agent: b, tool: c }], overNode: { running: 1 } },
    sessions: [{ session: `agent:${b}:main`, agent: b }],
    jobs: [{ job: "j", agent: b, startedAt: AT }],
    tasks: [],
  };
}

function nodeOf({ a, b, c, long }: Words) {
  return nodeReport(a, {
    ...{
      state: "offline",
      reason: long,
      agents: [b, c],
      tags: { [b]: c, "node.os": "linux" },
      taints: [`${b}:NoExecute`],
    },
    ...{ location: placeAt("singapore"), ip: "fd7a:115c:a1e0:ab12:4843:cd96:6258:b240", rttMs: 71.3 },
    cordon: { ...CORDON, reason: long },
    calls: { running: 3, maxRunning: 8, waiting: 2, ejected: null },
    contradictions: [{ fact: "country", values: [{ value: c, source: "geoip", atMs: null }] }],
  });
}

function ruleOf({ a, b, c }: Words): RuleReport {
  return {
    ...{ name: a, path: `plugins.entries.node-router.config.rules[0]`, agents: [b], tools: [c], require: b },
    ...{ prefer: [{ selector: c, weight: 5 }], near: { kind: "node", name: c }, minimum: null },
    ...{ residency: { allow: ["SG"], egress: true }, tolerate: [b], onUnavailable: { next: c } },
    ...{ files: "refuse", stick: "session" },
  };
}

/** Every page that a command shows, by the words in it. */
function editOf({ a, b, c, long }: Words): EditReport {
  const change = {
    ...{ agent: a, tool: b, scenario: null, why: long },
    before: { outcome: "placed", node: c },
    after: { outcome: "refused", node: null },
  } as const;
  return {
    ...{ applied: false, changes: [long], settings: [long], notes: [long], undo: [], patch: {} },
    effects: {
      ...{ valid: true, changes: [change], more: 2, guards: [{ agent: a, why: long }] },
      sessions: [{ session: a, agent: b, before: c, after: null, why: long }],
      tests: [{ name: a, passed: false, why: long }],
    },
  };
}

function delegationOf({ a, b, c, long }: Words): DelegationReport {
  return {
    ...{ id: "9f2c41d0-0000-4000-8000-000000000000", direction: "out", state: "interrupted" },
    ...{ peer: a, agent: b, requester: c, rule: a, context: b, task: long, result: long, reason: long },
    ...{ mayHaveRun: true, weaker: true, createdAt: AT, startedAt: AT, endedAt: AT, tokens: 12 },
    offers: [
      { peer: a, outcome: "not-accepted", reason: long },
      { peer: b, outcome: null, reason: null },
    ],
    ran: [{ tool: b, node: c, country: "SG", calls: 2 }],
  };
}

function delegationIn(words: Words): DelegationReport {
  return { ...delegationOf(words), direction: "in", requester: null };
}

const PAGES: Readonly<Record<string, (words: Words, columns: number) => string>> = {
  status: (words, columns) => statusText(statusOf(words), columns),
  nodes: (words, columns) => nodesText({ ...smallFleet(), nodes: [nodeOf(words)] }, NOW_MS, columns),
  "nodes of a fleet": (_, columns) => nodesText(smallFleet(), NOW_MS, columns),
  "no nodes": (_, columns) => nodesText({ ...smallFleet(), nodes: [] }, NOW_MS, columns),
  top: (words, columns) => topText({ ...smallFleet(), nodes: [nodeOf(words)] }, NOW_MS, columns),
  explain: (words, columns) => reportText(explainOf(words), columns),
  events: ({ a, long }, columns) => {
    const event = { node: a, from: "ready", to: "offline", at: AT, reason: long } as const;
    return eventsText({ events: [event], since: null, node: a, observing: true }, columns);
  },
  "no events": ({ a }, columns) => eventsText({ events: [], since: AT, node: a, observing: true }, columns),
  calls: ({ a, b, c, long }, columns) =>
    callsText(
      {
        calls: [
          {
            ...{ id: "1", at: AT, agent: a, session: b, tool: b, rule: c, outcome: "refused", node: c },
            ...{
              transport: "node",
              place: { country: "SG", source: "declared" },
              code: "NO_NODE_FITS",
              ms: 12,
            },
            reason: long,
          },
        ],
      },
      columns,
    ),
  verify: ({ a, long }, columns) =>
    verifyText(
      {
        ...{ ok: false, files: 2, records: 1e6, unsealed: 3, torn: 4, forks: 5, found: 90 },
        head: { n: 812, hash: "x".repeat(43) },
        findings: [{ kind: "changed", file: a, line: 7, record: 7, text: long }],
      },
      columns,
    ),
  doctor: ({ a, long }, columns) =>
    doctorText(
      {
        ok: false,
        findings: [
          { id: "node-router/guard-missing", severity: "warning", message: long, path: a, fix: long },
        ],
      },
      columns,
    ),
  guard: ({ a, b, c, long }, columns) =>
    guardText(
      {
        applied: false,
        agents: [
          {
            agent: a,
            rule: b,
            state: "partial",
            note: long,
            changes: [{ path: c, value: b, current: null }],
          },
        ],
      },
      columns,
    ),
  paired: ({ a, b, c }, columns) => pairedText({ node: a, id: b, displayName: c, before: null }, columns),
  plan: ({ a, b, c, long }, columns) =>
    planText(
      {
        ...{ valid: true, took: a, more: 3, scenarios: 4, notes: [long] },
        changes: [
          {
            ...{ agent: a, tool: b, scenario: c, why: long },
            before: { outcome: "placed", node: c },
            after: { outcome: "refused", node: null },
          },
        ],
        sessions: [{ session: a, agent: b, before: c, after: null, why: long }],
        guards: [{ agent: a, why: long }],
        problems: [{ severity: "error", path: a, message: long }],
        tests: [{ name: a, passed: false, why: long }],
      },
      columns,
    ),
  edit: (words, columns) => editText(editOf(words), columns),
  "an edit of nothing": (words, columns) =>
    editText({ ...editOf(words), changes: [], settings: [] }, columns),
  check: ({ a, b, c, long }, columns) =>
    checkText(
      {
        ...{ valid: false, took: a, notes: [long] },
        problems: [{ severity: "error", code: b, path: c, message: long, fix: long, refuses: [a, b] }],
        tests: [{ name: a, passed: false, why: long }],
      },
      columns,
    ),
  delegations: (words, columns) =>
    delegationsText({ delegations: [delegationOf(words), delegationIn(words)], left: 3 }, columns),
  delegation: (words, columns) => delegationDetails(delegationOf(words), columns),
  uncordon: ({ a, b }, columns) => uncordonText({ lifted: [a, b] }, columns),
  "a step": ({ long }, columns) => stepLine({ step: "config", state: "done", fact: long, ms: 3 }, columns),
  "a step taken back": ({ long }, columns) =>
    undoneLines({ undone: [long], left: [long], ok: false, steps: [], problem: null }, columns).join("\n"),
  "no tests": (_, columns) => testsText({ tests: [] }, columns),
  trust: ({ a, b, long }, columns) =>
    trustText(
      {
        ...{ node: a, jumpHost: b, address: long, name: b, file: "/f", problem: null, tailscale: long },
        recorded: `SHA256:${"y".repeat(43)}`,
        keys: [
          {
            ...{ type: "ssh-rsa", bits: 3072, fingerprint: `SHA256:${"x".repeat(43)}`, state: "trusted" },
            source: long,
          },
        ],
      },
      columns,
    ),
  probe: ({ a, b, c, long }, columns) =>
    probeText(
      {
        ...{ node: a, way: b, ok: false, problem: long },
        steps: [
          { host: a, name: "settings", ok: true, ms: 1.8, detail: long },
          { host: c, name: "tcp", ok: false, ms: 4.1, detail: long },
        ],
      },
      columns,
    ),
  ping: ({ a, long }, columns) =>
    totalsText(
      a,
      [{ way: "plugin", sent: 4, answered: 3, minMs: 1.234, avgMs: 7, maxMs: 1e4, reason: long }],
      columns,
    ),
  cordon: ({ a, long }, columns) =>
    cordonAnswerText({ node: a, peer: false, cordon: { ...CORDON, reason: long }, before: null }, columns),
  drain: (words, columns) => drainText(drainOf(words), columns),
  peers: ({ a, b, c, long }, columns) => {
    const room = { running: 1, queued: 3, maxRunning: 2 };
    const peer: PeerReport = {
      ...{ name: a, way: b, protocol: "node-router", state: "unusable", why: long, since: AT, lastHeard: AT },
      ...{
        flaps: 0,
        rttMs: 74,
        clockOffsetMs: 12,
        version: "1",
        draining: true,
        agents: [b, c],
        there: room,
      },
      ...{
        here: room,
        open: 1,
        tags: [b],
        location: placeAt("singapore"),
        cordon: { ...CORDON, reason: long },
      },
    };
    return peersText({ gateway: { name: a, id: b }, peers: [peer] }, columns);
  },
  "describe node": (words, columns) => {
    const change = { node: words.a, from: null, to: "offline", at: AT, reason: words.long } as const;
    const node = { kind: "node", node: nodeOf(words), rules: [words.b], holds: drainOf(words) } as const;
    return describeText({ ...node, events: [change], calls: null }, NOW_MS, columns);
  },
  "describe agent": (words, columns) =>
    describeText(
      ...([
        {
          kind: "agent",
          agent: agentOf(words),
          explain: explainOf(words),
          rules: [ruleOf(words)],
          calls: [],
        },
        NOW_MS,
        columns,
      ] as const),
    ),
  "describe rule": (words, columns) => {
    const { a, c, long } = words;
    const agents = [{ agent: a, outcome: "placed", node: c, message: long }] as const;
    const nodes = [{ name: c, state: "ready", cordon: { ...CORDON, reason: long } }] as const;
    return describeText({ kind: "rule", rule: ruleOf(words), agents, nodes, calls: null }, NOW_MS, columns);
  },
};

describe.each(WIDTHS)("%i columns", (columns) => {
  test.each(Object.entries(PAGES))("hold every line of %s", (_, page) => {
    const words = fc.record({ a: name, b: name, c: name, long: reason });
    fc.assert(
      fc.property(words, (given) => {
        const wide = page(given, columns)
          .split("\n")
          .filter((line) => displayWidth(line) > columns);
        expect(wide).toEqual([]);
      }),
      { numRuns: 30 },
    );
  });
});

test("at 60 columns what tells rows apart is whole, and other columns go or give way", () => {
  const names = ["fra-build-1", "fra-build-2"];
  const nodes = nodesText(smallFleet(), NOW_MS, 60);
  const status = statusText(statusFor(smallFleet()), 60);
  for (const name of names) expect(nodes).toMatch(new RegExp(`^${name} +(ready|offline) `, "m"));
  expect(status).toMatch(/^research-sg +rule-mac-sg +mac-sg +ready$/m);
  const words = { a: "research-sg", b: "exec", c: "mac-sg", long: "no node fits" };
  expect(PAGES.calls?.(words, 60)).toMatch(
    /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ +research-sg .*\n {2}rule mac-sg · .* no node fits$/m,
  );
});

test("at 60 columns no heading is broken in the middle of its word", () => {
  const headings = (text: string) => text.split("\n").filter((line) => /^[A-Z][A-Z /]+…?/.test(line));
  const plain = { a: "mac-sg", b: "singapore", c: "mac-cn", long: "no answer within 2.5 s" };
  for (const page of [PAGES.status, PAGES.nodes, PAGES.top, PAGES.calls, PAGES.events, PAGES.plan])
    for (const line of headings(page?.(plain, 60) ?? "")) expect(line).not.toContain("…");
});
