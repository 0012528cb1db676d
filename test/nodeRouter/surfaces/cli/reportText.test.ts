// What the tables and pages look like, and that no name can break them.
import { afterEach, describe, expect, test, vi } from "vitest";
import { COUNTERS } from "../../../../src/nodeRouter/state/counters.ts";
import { paint, table } from "../../../../src/nodeRouter/surfaces/cli/output.ts";
import { doctorText, guardText } from "../../../../src/nodeRouter/surfaces/cli/reportText.ts";
import { probeText } from "../../../../src/nodeRouter/surfaces/cli/sshText.ts";
import { statusText } from "../../../../src/nodeRouter/surfaces/cli/statusText.ts";
import { PRESENCE } from "../../../../src/presence/presence.ts";
import { displayWidth } from "../../../../src/shared/displayWidth.ts";
import { BOUND, SSH_CONFIG } from "../../../support/fakeDeps.ts";
import { hostEntry, hostOf, plansOf } from "../doctor/arrange.ts";
import { fakePresence, recordOf } from "../reports/arrange.ts";
import { fakeGateway, run } from "./arrange.ts";

const LONG = "n".repeat(60);
const CJK = "新加坡办公室的节点".repeat(4);
const EVIL = "evil\u001b[2J\u202e\u0007\nname";
const STRANGE = [LONG, CJK, EVIL].map((name, index) => hostEntry(name, String(index + 1).repeat(64)));

const longest = (text: string) => Math.max(...text.split("\n").map(displayWidth));

afterEach(() => {
  vi.unstubAllEnvs();
  vi.unstubAllGlobals();
});

describe("100 columns", () => {
  test("probe's long notes go on in the next line: nothing of them is lost", () => {
    const detail = "word ".repeat(40).trim();
    const steps = [{ host: "mac-sg", name: "host key", ok: true, ms: 1, detail }] as const;
    const page = probeText({ node: "mac-sg", way: "claw@mac-sg", ok: true, steps, problem: null });
    expect(longest(page)).toBeLessThanOrEqual(100);
    expect(page.match(/word/g)).toHaveLength(40);
    expect(page).not.toContain("…");
  });

  test("status, doctor, guard, nodes and events with long, Chinese and hostile names", async () => {
    const names = Object.fromEntries([LONG, CJK].map((name) => [name, { tags: ["region=sg"] }]));
    const rules = [{ name: LONG, agents: ["*"], require: "region=sg" }];
    const gateway = fakeGateway({ config: { nodes: names, rules }, hostConfig: hostOf({ [LONG]: {} }) });
    gateway.deps.nodes = { nodes: STRANGE };
    for (const name of ["status", "doctor", "guard", "nodes", "events"] as const) {
      const { stdout } = await run(name, {}, gateway.answer);
      expect(longest(stdout)).toBeLessThanOrEqual(100);
      expect(stdout).not.toMatch(/(?!\n)[\p{Cc}\p{Bidi_Control}]/u);
    }
  });

  test("what was cut ends in an ellipsis, what fits is whole, and columns stay aligned by display width", () => {
    const text = table(
      ["A", "B"],
      [
        ["短", "x"],
        ["y".repeat(120), "end"],
      ],
    );
    const [header = "", first = "", second = ""] = text.split("\n");
    expect(displayWidth(second)).toBe(100);
    expect(second).toMatch(/^y{94}… {2}end$/);
    expect(displayWidth(first.slice(0, first.indexOf("x")))).toBe(header.indexOf("B"));
  });
});

test("no colour where stdout is no terminal, and colour where it is", () => {
  expect(paint("red", "x")).toBe("x");
  vi.stubEnv("NO_COLOR", undefined);
  vi.stubEnv("NODE_DISABLE_COLORS", undefined);
  vi.stubEnv("CI", undefined);
  vi.stubEnv("TERM", "xterm-256color");
  vi.spyOn(process, "stdout", "get").mockReturnValue(
    Object.assign(Object.create(process.stdout), { isTTY: true, getColorDepth: () => 8 }),
  );
  expect(paint("red", "x")).toBe("\u001b[31mx\u001b[39m");
  vi.restoreAllMocks();
});

describe("pages", () => {
  test("status", async () => {
    const gateway = fakeGateway({ hostConfig: hostOf({}) });
    gateway.deps.nodes = { nodes: [hostEntry("mac-sg", "5a".repeat(32))] };
    expect((await run("status", {}, gateway.answer)).stdout).toBe(
      `node-router 1.2.3 · mode enforce · hooks live · 2 nodes: 1 ready, 1 offline
calls placed 0 · refused 0 · mismatches 0 · without hooks 0

AGENT      RULE       NODE                TRANSPORT  PRESENCE  GUARD
master     -          (OpenClaw decides)  -          -         -
worker-cn  china      (refused)           -          -         unguarded
worker-sg  singapore  mac-sg              node       ready     unguarded

AGENT      MODEL  SESSIONS  TOKENS  BINDING  WORKSPACE
master     -      -         -       exec     /gateway/ws
worker-cn  -      -         -       exec     /gateway/ws
worker-sg  -      -         -       exec     /gateway/ws

worker-cn: NO_NODE_FITS: 0/2 nodes fit rule "china" for exec: 1 didn't match "region=cn", 1 was not
paired. Run "openclaw node-router explain --agent worker-cn --tool exec" to see each node; change
plugins.entries.node-router.config.rules or bring a node up.`,
    );
  });

  test("status tells models, sessions, tokens and the workspace on the node; a dash where nobody knows", async () => {
    const gateway = fakeGateway({
      config: SSH_CONFIG,
      hostConfig: {
        agents: {
          defaults: { model: "anthropic/claude-sonnet-4-5" },
          entries: {
            master: { model: { primary: "anthropic/claude-opus-4-6" } },
            "worker-sg": { sandbox: BOUND },
          },
        },
      },
      sessions: { sessions: 12, tokens: { input: 12_000, output: 400 } },
    });
    gateway.deps.memory.part(PRESENCE).current = fakePresence(
      [recordOf("mac-sg", { state: "degraded" })],
      [],
      {
        sources: () => [
          { id: "gateway", lastOkMs: 1, failures: 0, lastError: null },
          { id: "tailscale", lastOkMs: null, failures: 3, lastError: "no such socket\u001b[2J" },
        ],
      },
    );
    const page = (await run("status", {}, gateway.answer)).stdout;
    expect(page).toContain(" · 2 nodes: 1 ready, 1 degraded\n");
    expect(page).toContain("worker-sg  singapore  mac-sg              ssh        degraded  guarded\n");
    expect(page).toContain(`
AGENT      MODEL                        SESSIONS  TOKENS  BINDING    WORKSPACE
master     anthropic/claude-opus-4-6    12        12k     exec       /gateway/ws
worker-sg  anthropic/claude-sonnet-4-5  12        12k     workspace  mac-sg:/node/ws
`);
    expect(page).toMatch(/\n\nsource tailscale fails \(3 in a row\): no such socket\\u001b\[2J$/);
    expect(page).not.toContain("source gateway");
  });

  test("status in shadow mode says that nothing is changed", async () => {
    const gateway = fakeGateway({ hostConfig: hostOf({}) });
    const line = "shadow mode: this is only what would happen";
    expect((await run("status", {}, gateway.answer)).stdout).not.toContain(line);
    gateway.deps.configure({ mode: "shadow", rules: [{ name: "r", agents: ["worker-sg"] }] });
    expect((await run("status", {}, gateway.answer)).stdout.split("\n")).toContain(line);
  });

  test("guard shows each setting as it was and as it is to be, whole ids included", () => {
    expect(
      guardText({ agents: plansOf({ host: { agents: { entries: { "worker-sg": {} } } } }), applied: false }),
    ).toBe(
      `worker-sg · rule singapore · unguarded
  agents.entries.worker-sg.tools.exec.host: (unset) -> node
  agents.entries.worker-sg.tools.exec.node: (unset) ->
  ${"5a".repeat(32)}`,
    );
    const sandbox = { sandbox: { mode: "all", backend: "node-router", prune: { idleHours: 24 } } };
    expect(
      guardText({
        agents: plansOf({ host: { agents: { entries: { "worker-sg": sandbox } } } }),
        applied: false,
      }),
    ).toBe(`worker-sg · rule singapore · guarded
  agents.entries.worker-sg.sandbox.workspaceAccess: (unset) -> rw
  agents.entries.worker-sg.sandbox.prune.idleHours: 24 -> 0
  agents.entries.worker-sg.sandbox.prune.maxAgeDays: (unset) -> 0
  without the plugin the sandbox backend is not registered, and OpenClaw refuses every run`);
    const applied = guardText({ agents: plansOf(), applied: true });
    expect(applied).toMatch(/^worker-cn · rule china · written\n/);
    expect(guardText({ agents: [], applied: false })).toBe(
      "No agent's exec is routed, so there is nothing to guard.",
    );
  });

  test("doctor puts id, message, place and fix line under line; without findings it says so", () => {
    const long = "word ".repeat(30).trim();
    const found = {
      id: "node-router/x",
      severity: "warning",
      message: long,
      path: "a.b",
      fix: long,
    } as const;
    expect(doctorText({ ok: false, findings: [found] }).split("\n")).toEqual([
      "WARNING  node-router/x",
      `  ${"word ".repeat(19).trim()}`,
      `  ${"word ".repeat(11).trim()}`,
      "  at:  a.b",
      `  fix: ${"word ".repeat(18).trim()}`,
      `       ${"word ".repeat(12).trim()}`,
    ]);
    expect(doctorText({ ok: true, findings: [] })).toBe("No findings.");
  });
});

test("statusText of a gateway without agents is the head and an empty table", () => {
  const report = {
    version: "1",
    mode: "enforce",
    hooks: "live",
    agents: [],
    nodes: {
      total: 0,
      online: 0,
      unknown: 0,
      states: { ready: 0, degraded: 0, stale: 0, offline: 0, unknown: 0 },
    },
    sources: [],
    counters: fakeGateway().deps.memory.part(COUNTERS),
    ssh: [],
    audit: null,
    problems: [],
    snapshotAgeMs: null,
  } as const;
  expect(statusText(report).split("\n").at(-1)).toMatch(/^AGENT {2}RULE/);
  const ssh = [{ node: LONG, connected: 1, free: 4, pending: 0, queued: 12, running: 3, size: 7 }];
  const page = statusText({ ...report, ssh });
  expect(page.split("\n").slice(-2)).toEqual([
    expect.stringMatching(/^SSH NODE +CONNECTED {2}FREE {2}PENDING {2}QUEUED {2}RUNNING {2}SIZE$/),
    expect.stringMatching(/^n+…? +1 +4 +0 +12 +3 +7$/),
  ]);
  expect(longest(page)).toBeLessThanOrEqual(100);
  const tunnel = { node: "mac-sg", port: 18_789, since: null, retries: 2, code: null, connections: 0 };
  const blocked = { ...tunnel, state: "blocked", reason: "its port is taken there" } as const;
  expect(statusText({ ...report, tunnels: [blocked] })).toContain(`
TUNNEL OF  STATE    PORT   CONNECTIONS  RETRIES
mac-sg     blocked  18789  0            2

mac-sg: its port is taken there`);
  expect(statusText({ ...report, tunnels: [] })).not.toContain("TUNNEL");
  const audit = {
    mode: "strict",
    file: "/f",
    written: 7,
    failed: 0,
    waiting: 0,
    refused: 0,
    head: null,
    ends: {},
    full: [],
  } as const;
  expect(statusText({ ...report, audit: { ...audit, lastError: null } })).toMatch(
    /\n\naudit strict · 7 written$/,
  );
  expect(statusText({ ...report, audit: { ...audit, failed: 2, lastError: "ENOSPC" } })).toMatch(
    /audit strict · 7 written · 2 lost · failing: ENOSPC$/,
  );
  expect(statusText({ ...report, audit: { ...audit, written: 0, lastError: null } })).not.toContain("audit");
  const full = [{ agent: "worker-sg · rule x", refused: 3, dropped: 0 }];
  expect(statusText({ ...report, audit: { ...audit, full, lastError: null } })).toMatch(
    /audit strict · 7 written · share used up: "worker-sg · rule x"$/,
  );
});
