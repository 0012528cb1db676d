// Which machine may run whole turns of an agent, and how an operator brings a session back.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { resolveConfig } from "../../../src/config/resolve.ts";
import { hostedElsewhere, mend } from "../../../src/nodeRouter/hostedSessions/words.ts";
import { buildSnapshot } from "../../../src/nodeRouter/inventory/inventory.ts";
import { makePolicy } from "../../../src/nodeRouter/policy/agentPolicy.ts";
import { fittingHosts, hostingProblem } from "../../../src/nodeRouter/policy/hosting.ts";
import { readHostNode } from "../../../src/presence/sources/gateway/hostNode.ts";
import { refusalWords } from "../../../src/shared/refusal.ts";
import type { Binding } from "../../../src/shared/types.ts";
import { CN_ID, CONFIG, hostEntry, SG_ID } from "../../support/fakeDeps.ts";
import { hostedSession } from "../hostedSessions/arrange.ts";

function snapshotOf(config = resolveConfig(CONFIG), sg: object = {}, cn: object = {}) {
  const nodes = [hostEntry("mac-sg", SG_ID, sg), hostEntry("mac-cn", CN_ID, cn)]
    .map(readHostNode)
    .filter((node) => node !== null);
  return buildSnapshot(config.nodes, { nodes, takenAtMs: 1 });
}

interface Asked {
  readonly agent?: string;
  readonly nodeId?: string | null;
  readonly binding?: Binding;
  readonly config?: object;
  readonly sg?: object;
}

function problem({ agent = "worker-sg", nodeId = SG_ID, binding = "exec", config = {}, sg = {} }: Asked) {
  const resolved = resolveConfig({ ...CONFIG, ...config });
  return hostingProblem(makePolicy(resolved, null, agent, binding), nodeId, snapshotOf(resolved, sg));
}

describe("a node may host an agent's turns", () => {
  test("when the agent's rule allows it", () => {
    expect(problem({})).toBeNull();
    expect(problem({ agent: "worker-cn", nodeId: CN_ID })).toBeNull();
  });

  test("whatever it is, when no rule speaks for the agent", () => {
    for (const nodeId of [SG_ID, CN_ID, "ff".repeat(32), null]) {
      expect(problem({ agent: "master", nodeId })).toBeNull();
    }
  });

  test("without system.run: a hosted turn does not need it", () => {
    expect(problem({ sg: { commands: [] } })).toBeNull();
  });
});

describe("it may not", () => {
  test.each<[string, Asked, string]>([
    ["outside the rule", { nodeId: CN_ID }, 'which didn\'t match "region=sg" (rule "singapore")'],
    ["unknown", { nodeId: null }, "which the gateway does not name"],
    ["one that left", { nodeId: "ff".repeat(32) }, "which no known node is"],
    ["offline", { sg: { connected: false } }, "which was offline"],
    ["of unknown presence", { sg: { connected: null } }, "which had unknown presence"],
    ["without approval", { sg: { approvalState: "unapproved" } }, "approv"],
    [
      "for an agent whose config is broken",
      { config: { rules: [{ name: "x", agents: ["worker-sg"], require: "((" }] } },
      "while its config is broken (CONFIG_INVALID",
    ],
    [
      "a node to be reached over SSH only",
      {
        config: { nodes: { ...CONFIG.nodes, "mac-sg": { tags: ["region=sg"], ssh: {}, transport: "ssh" } } },
      },
      "reachable only over SSH",
    ],
    [
      "a workspace that no rule names",
      { agent: "master", binding: "workspace", config: { audit: "off" } },
      "no rule names",
    ],
    ["a workspace that must be audited", { binding: "workspace", config: { audit: "strict" } }, "audited"],
  ])("%s", (_, asked, text) => {
    expect(problem(asked)).toContain(text);
  });

  test('outside the rule, also when the rule says onUnavailable: "gateway"', () => {
    const rules = [
      { name: "singapore", agents: ["worker-sg"], require: "region=sg", onUnavailable: "gateway" },
    ];
    expect(problem({ nodeId: CN_ID, config: { rules } })).toContain("region=sg");
  });

  test("never one that the placement of exec would not take", () => {
    const selectors = fc.constantFrom("region=sg", "region!=sg", "region in (sg,cn)", "gpu", "!gpu");
    fc.assert(
      fc.property(selectors, fc.boolean(), fc.boolean(), (require, isSgOn, isCnOn) => {
        const config = resolveConfig({ ...CONFIG, rules: [{ name: "r", agents: ["*"], require }] });
        const snapshot = snapshotOf(config, { connected: isSgOn }, { connected: isCnOn });
        const policy = makePolicy(config, null, "a", "exec");
        const on = { [SG_ID]: isSgOn, [CN_ID]: isCnOn };
        for (const nodeId of [SG_ID, CN_ID]) {
          const found = hostingProblem(policy, nodeId, snapshot);
          if (!on[nodeId]) expect(found).not.toBeNull();
        }
        const hosts = new Set([SG_ID, CN_ID]);
        for (const nodeId of fittingHosts(policy, snapshot, hosts)) expect(on[nodeId]).toBe(true);
      }),
    );
  });
});

describe("the way back", () => {
  test("an active session is moved from exactly where it is, to the gateway or to a node that fits", () => {
    const text = mend(hostedSession(), [SG_ID]);
    expect(paramsOf(text)).toEqual([
      {
        key: "agent:worker-sg:one",
        expected: { generation: 5, environmentId: "worker:1", ownerEpoch: 2 },
        target: { kind: "gateway" },
      },
      expect.objectContaining({ target: { kind: "device", deviceId: SG_ID } }),
    ]);
    expect(text).toContain("sessions.reclaim alone starts it there again");
  });

  test("without a node that fits only the gateway is named", () => {
    expect(paramsOf(mend(hostedSession(), []))).toHaveLength(1);
  });

  test("one that is not settled is not moved", () => {
    const text = mend(hostedSession({ state: "reclaimed", source: null }), [SG_ID]);
    expect(text).not.toContain("sessions.move");
    expect(paramsOf(text)).toEqual([{ key: "agent:worker-sg:one", deviceId: SG_ID }]);
  });

  test("a key that a shell would read otherwise stays one word of the command", () => {
    const text = mend(hostedSession({ sessionKey: "agent:worker-sg:it's; rm -rf ~" }), []);
    expect(text).toContain(`{"key":"agent:worker-sg:it'\\''s; rm -rf ~"`);
  });
});

test("the refusal names session, agent, node and rule, and that nothing has run", () => {
  const snapshot = snapshotOf();
  const why = hostedElsewhere("worker-sg", hostedSession(), "which is wrong", snapshot, []);
  expect(refusalWords(why)).toMatch(
    /^session "agent:worker-sg:one" of agent "worker-sg" is hosted on node "mac-cn", which is wrong, so its turn did not start and no model was asked; /,
  );
});

function paramsOf(text: string): unknown[] {
  return [...text.matchAll(/--params '([^']*)'/g)].map((found) => JSON.parse(found[1] ?? ""));
}
