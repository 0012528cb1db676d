// sessions_spawn with a machine of its own.
import { describe, expect, test } from "vitest";
import { resolveConfig } from "../../../src/config/resolve.ts";
import { spawnRefusal } from "../../../src/nodeRouter/policy/spawnPlacement.ts";
import { CONFIG } from "../../support/fakeDeps.ts";
import { textOf } from "../../support/refused.ts";
import { decided } from "./arrange.ts";

const PROFILE = { kind: "profile", profileId: "cloud" };
const routed = (agent: string) => agent === "worker-sg";
const refusal = (params: Record<string, unknown>, caller = "master") =>
  textOf(spawnRefusal("sessions_spawn", params, caller, routed));

describe("a session of a routed agent", () => {
  test.each([
    ["named by the call", { agentId: "worker-sg", placement: PROFILE }, "master"],
    ["in another spelling", { agentId: " Worker-SG ", placement: PROFILE }, "master"],
    ["named as OpenClaw reads it, too", { agent_id: "worker-sg", placement: PROFILE }, "master"],
    ["the caller's own", { placement: PROFILE }, "worker-sg"],
    ["the caller's own, with an empty name", { agentId: "", placement: PROFILE }, "worker-sg"],
    [
      "on a kind of machine that nobody knows yet",
      { agentId: "worker-sg", placement: { kind: "device" } },
      "master",
    ],
    ["in a shape that nobody knows yet", { agentId: "worker-sg", placement: "cloud" }, "master"],
  ])("%s is not started on a machine that the host chooses", (_, params, caller) => {
    expect(refusal(params, caller)).toMatch(
      /^HOSTED_ELSEWHERE: .*agent "worker-sg".*placement \{ kind: "local" \}/,
    );
  });

  test.each([
    ["without placement", { agentId: "worker-sg" }],
    ["with the local one", { agentId: "worker-sg", placement: { kind: "local" } }],
    ["with an empty one", { agentId: "worker-sg", placement: null }],
  ])("%s is started", (_, params) => {
    expect(refusal(params)).toBeNull();
  });
});

test("a session of an agent without a rule is started wherever it is to be", () => {
  expect(refusal({ agentId: "worker-xx", placement: PROFILE })).toBeNull();
  expect(refusal({ placement: PROFILE }, "master")).toBeNull();
  expect(refusal({ agent_id: "worker-xx", placement: PROFILE }, "worker-sg")).toBeNull();
  expect(refusal({ agentId: "worker-xx", agent_id: "worker-sg", placement: PROFILE })).toBeNull();
});

test("other tools are none of its business", () => {
  expect(spawnRefusal("exec", { agentId: "worker-sg", placement: PROFILE }, "master", routed)).toBeNull();
});

test("the decision about a call refuses it too", () => {
  const params = { agentId: "worker-sg", placement: PROFILE };
  const nodes = { nodes: [], takenAtMs: null, gatewayLocation: null };
  const config = resolveConfig(CONFIG);
  expect(decided(config, "sessions_spawn", { agent: "master", params }, nodes)).toMatchObject({
    kind: "refuse",
    refusal: { code: "HOSTED_ELSEWHERE" },
  });
});
