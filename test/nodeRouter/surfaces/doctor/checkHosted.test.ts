// Doctor about what the host runs on nodes by itself.
import { describe, expect, test } from "vitest";
import { checkHosted } from "../../../../src/nodeRouter/surfaces/doctor/checkHosted.ts";
import type { DoctorInput } from "../../../../src/nodeRouter/surfaces/doctor/finding.ts";
import { hostedSession } from "../../hostedSessions/arrange.ts";
import { CN_ID, hostEntry, inputOf, NODES, ruleFor, SG_ID, type Situation } from "./arrange.ts";

function found(situation: Situation = {}, more: Partial<DoctorInput> = {}) {
  const findings = checkHosted({
    ...inputOf(situation),
    turnGate: { kind: "armed" },
    hosted: { ok: true, sessions: [] },
    ...more,
  });
  return findings.map(({ id, severity, message, fix }) => ({
    id: id.slice("node-router/".length),
    severity,
    message,
    fix,
  }));
}
const ids = (...args: Parameters<typeof found>) => found(...args).map(({ id, severity }) => [id, severity]);
const hosting = (name: string, id: string, more: object = {}) =>
  hostEntry(name, id, { sessionHost: true, ...more });

test("nothing is said where nothing is hosted", () => {
  expect(ids()).toEqual([]);
});

describe("hosted sessions", () => {
  const sessions = [hostedSession()];

  test("outside the rule are errors with the way back; on a node of the rule and of other agents they are none", () => {
    const [first] = found({}, { hosted: { ok: true, sessions } });
    expect(first).toMatchObject({ id: "hosted-elsewhere", severity: "error" });
    expect(first?.message).toContain('is hosted on node "mac-cn"');
    expect(first?.message).toContain("its turns are refused");
    expect(first?.fix).toContain('"target":{"kind":"gateway"}');
    const fine = [hostedSession({ nodeId: SG_ID }), hostedSession({ agent: "master" })];
    expect(ids({}, { hosted: { ok: true, sessions: fine } })).toEqual([]);
  });

  test("the way to another node is told where one hosts that fits", () => {
    const nodes = [hosting("mac-sg", SG_ID), hosting("mac-cn", CN_ID)];
    const finding = found({ nodes }, { hosted: { ok: true, sessions } }).find(
      ({ id }) => id === "hosted-elsewhere",
    );
    expect(finding?.fix).toContain(`"deviceId":"${SG_ID}"`);
    expect(finding?.fix).not.toContain(CN_ID);
  });

  test("in shadow mode run, and the finding says so", () => {
    const router = { ...ruleFor({}), mode: "shadow" };
    expect(found({ router }, { hosted: { ok: true, sessions } })[0]?.message).toContain(
      'mode "shadow" lets its turns run there',
    );
  });
});

describe("nodes that host", () => {
  test("are a warning where a routed agent may not use them, and a note in any case", () => {
    expect(ids({ router: ruleFor({}), nodes: [hosting("mac-sg", SG_ID), NODES[1] ?? {}] })).toEqual([
      ["session-host-approvals", "info"],
    ]);
    expect(ids({ router: ruleFor({}), nodes: [NODES[0] ?? {}, hosting("mac-cn", CN_ID)] })).toEqual([
      ["session-host-outside", "warning"],
      ["session-host-approvals", "info"],
    ]);
  });

  test("are nobody's business while no agent is routed", () => {
    expect(ids({ router: { rules: [] }, nodes: [hosting("mac-cn", CN_ID)] })).toEqual([]);
  });
});

test("published tools and command line agents are told with the agents that may not use them", () => {
  const commands = ["system.run", "agent.cli.claude.run.v1"];
  const nodePluginTools = [{ pluginId: "node-mcp", name: "docs_search", command: "mcp.tools.call.v1" }];
  const nodes = [NODES[0] ?? {}, hostEntry("mac-cn", CN_ID, { commands, nodePluginTools })];
  const findings = found({ router: ruleFor({}), nodes });
  expect(findings.map(({ id }) => id)).toEqual(["node-tools-outside", "node-agent-runs-outside"]);
  expect(findings[0]?.message).toContain('("docs_search"); calls of them by "worker-sg" are refused');
});

describe("the gate", () => {
  const unfit = { kind: "unfit", reason: "it has no executeTurn" } as const;
  const locked = { ok: false, reason: "locked" } as const;

  test.each([
    [
      "is an error without any other way",
      { turnGate: unfit, hosted: locked },
      ["hosting-unguarded", "error"],
    ],
    ["is a warning with the public way", { turnGate: unfit }, ["hosting-fallback", "warning"]],
    ["is a warning without records", { hosted: locked }, ["hosting-unreadable", "warning"]],
  ])("%s", (_, more, expected) => {
    expect(ids({}, more)).toEqual([expected]);
    expect(ids({ router: {} }, more)).toEqual([]);
  });
});
