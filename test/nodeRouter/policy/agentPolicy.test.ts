// What is known of an agent: what a wrong config does to its calls, and what its rules allow.
import { describe, expect, test } from "vitest";
import { faultDecision, needsFreshNodes } from "../../../src/nodeRouter/policy/decide.ts";
import { ruleAllows } from "../../../src/nodeRouter/policy/toolPlacement.ts";
import { refused } from "../../support/refused.ts";
import {
  BROKEN,
  CN,
  CONFIG,
  configWith,
  explained,
  LEAVE,
  NODES,
  OFFLINE,
  policyOf,
  SG,
  verdict,
} from "./arrange.ts";

describe("a config that is wrong", () => {
  const invalid =
    /^CONFIG_INVALID: plugins\.entries\.node-router\.config\.rules\[1\]\.require: .*; mend it, the gateway reloads by itself\.$/;

  test.each(["exec", "nodes", "terminal", "automations"])("refuses %s of the agents concerned", (tool) => {
    expect(verdict(BROKEN, tool)).toMatchObject({ message: expect.stringMatching(invalid) });
    expect(verdict(BROKEN, tool, { agent: "master" })).toEqual(LEAVE);
  });

  test("refuses the file tools too, for the rule that cannot be read may forbid them", () => {
    expect(verdict(BROKEN, "read").kind).toBe("refuse");
  });

  test("leaves tools that concern no machine", () => {
    expect(verdict(BROKEN, "web_search")).toEqual(LEAVE);
  });

  test("counts as routed, asks no gateway, and explains itself as refused", () => {
    const onlyBroken = configWith({ require: "region in (", onUnavailable: "gateway" });
    expect(onlyBroken.rules).toEqual([]);
    expect(policyOf(onlyBroken).isRouted).toBe(true);
    expect(policyOf(onlyBroken, "master").isRouted).toBe(false);
    expect(policyOf(onlyBroken).mayUseGateway).toBe(false);
    expect(explained(BROKEN, {}, NODES, 1_500)).toMatchObject({
      outcome: "refused",
      node: null,
      transport: null,
      message: expect.stringMatching(invalid),
      snapshotAgeMs: 500,
    });
    expect(explained(CONFIG, {}, NODES, 1_500)).toMatchObject({ outcome: "placed", node: "mac-sg" });
  });
});

test("the gateway may be used only when the exec rule says so", () => {
  expect(policyOf(configWith({ onUnavailable: "gateway" })).mayUseGateway).toBe(true);
  expect(policyOf(CONFIG).mayUseGateway).toBe(false);
  expect(policyOf(CONFIG, "master").mayUseGateway).toBe(false);
  expect(policyOf(configWith({ tools: ["browser"], onUnavailable: "gateway" })).mayUseGateway).toBe(false);
});

test("the host is asked for its nodes only when the answer decides something", () => {
  const session = { key: "", kept: null, facts: null, hostedOn: undefined };
  const needs = ["exec", "browser", "read", "terminal", "automations", "web_search"].filter((tool) =>
    needsFreshNodes(policyOf(CONFIG), { tool, session }, false),
  );
  expect(needs).toEqual(["exec", "browser"]);
  const master = policyOf(CONFIG, "master");
  expect(needsFreshNodes(master, { tool: "exec", session }, false)).toBe(false);
  expect(needsFreshNodes(master, { tool: "exec", session }, true)).toBe(true);
});

test("a rule allows its nodes, connected or not, and no other", () => {
  const allowed = (nodeId: string | null, agent = "worker-sg") =>
    ruleAllows(policyOf(CONFIG, agent), nodeId ?? "", NODES);
  expect(allowed(SG.nodeId)).toBe(true);
  expect(allowed(OFFLINE.nodeId)).toBe(true);
  expect(allowed(CN.nodeId)).toBe(false);
  expect(allowed("unknown")).toBe(false);
  expect(allowed(SG.nodeId, "master")).toBe(false);
});

test("a fault refuses with its code, and says whose call it was", () => {
  expect(faultDecision(policyOf(CONFIG), "exec", refused("INVENTORY_UNAVAILABLE", "nothing came"))).toEqual({
    kind: "refuse",
    agent: "worker-sg",
    tool: "exec",
    rule: "singapore",
    placement: null,
    refusal: refused("INVENTORY_UNAVAILABLE", "nothing came"),
  });
});
