// What a wrong config does to calls, and the router's other questions to the rules.
import { describe, expect, test } from "vitest";
import { ruleAllows } from "../../../src/nodeRouter/policy/toolPlacement.ts";
import { explainTool } from "../../../src/nodeRouter/policy/explainTool.ts";
import {
  decideCall,
  faultVerdict,
  isRouted,
  mayUseGateway,
  needsSnapshot,
} from "../../../src/nodeRouter/policy/decide.ts";
import { NodeRouterError } from "../../../src/shared/errors.ts";
import {
  BROKEN,
  CN,
  CONFIG,
  configWith,
  LEAVE,
  NODES,
  OFFLINE,
  request,
  SG,
  verdict,
} from "./routerArrange.ts";

describe("a config that is wrong", () => {
  const invalid =
    /^CONFIG_INVALID: plugins\.entries\.node-router\.config\.rules\[1\]\.require: .*; mend it, the gateway reloads by itself\.$/;

  test.each(["exec", "nodes", "terminal", "automations"])("refuses %s of the agents concerned", (tool) => {
    expect(decideCall(BROKEN, request(tool), NODES)).toMatchObject({ kind: "refuse" });
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
    expect(isRouted(onlyBroken, "worker-sg")).toBe(true);
    expect(isRouted(onlyBroken, "master")).toBe(false);
    expect(mayUseGateway(onlyBroken, "worker-sg")).toBe(false);
    const asked = { agent: "worker-sg", tool: "exec", binding: "exec" as const };
    expect(explainTool(BROKEN, asked, NODES, 1_500)).toMatchObject({
      outcome: "refused",
      node: null,
      transport: null,
      message: expect.stringMatching(invalid),
      snapshotAgeMs: 500,
    });
    expect(explainTool(CONFIG, asked, NODES, 1_500)).toMatchObject({ outcome: "placed", node: "mac-sg" });
  });
});

test("the gateway may be used only when the exec rule says so", () => {
  expect(mayUseGateway(configWith({ onUnavailable: "gateway" }), "worker-sg")).toBe(true);
  expect(mayUseGateway(CONFIG, "worker-sg")).toBe(false);
  expect(mayUseGateway(CONFIG, "master")).toBe(false);
  expect(mayUseGateway(configWith({ tools: ["browser"], onUnavailable: "gateway" }), "worker-sg")).toBe(
    false,
  );
});

test("the host is asked for its nodes only when the answer decides something", () => {
  const needs = ["exec", "browser", "read", "terminal", "automations", "web_search"].filter((tool) =>
    needsSnapshot(CONFIG, "worker-sg", tool),
  );
  expect(needs).toEqual(["exec", "browser"]);
  expect(needsSnapshot(CONFIG, "master", "exec")).toBe(false);
});

test("a rule allows its nodes, connected or not, and no other", () => {
  const allowed = (nodeId: string | null, agent = "worker-sg") =>
    ruleAllows(CONFIG, agent, nodeId ?? "", NODES);
  expect(allowed(SG.nodeId)).toBe(true);
  expect(allowed(OFFLINE.nodeId)).toBe(true);
  expect(allowed(CN.nodeId)).toBe(false);
  expect(allowed("unknown")).toBe(false);
  expect(allowed(SG.nodeId, "master")).toBe(false);
});

test("a fault refuses with its code", () => {
  expect(faultVerdict(new NodeRouterError("INVENTORY_UNAVAILABLE", "nothing came"))).toEqual({
    kind: "refuse",
    message: "INVENTORY_UNAVAILABLE: nothing came.",
    decision: null,
  });
});
