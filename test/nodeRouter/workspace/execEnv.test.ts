// Which variables reach the node.
import { describe, expect, test } from "vitest";
import { nodeEnv } from "../../../src/nodeRouter/workspace/execEnv.ts";

const WORK = "/work";
/** As OpenClaw 2026.9.6 builds it for a sandbox. */
const HOST = { PATH: "/gateway/bin", HOME: WORK, OPENCLAW_SHELL: "exec" };
const envOf = (more: Record<string, string>, configured: Record<string, string> = {}) =>
  nodeEnv({ ...HOST, ...more }, WORK, new Map(Object.entries(configured)));

describe("what the host adds stays here", () => {
  test("PATH, its HOME, its own variables and its hiding of GitHub's login", () => {
    expect(
      envOf({ OPENCLAW_SUBAGENT_EXEC: "1", OC_INTERNAL_X: "1", GH_TOKEN: "", GITHUB_TOKEN: "", Path: "x" }),
    ).toEqual({ ok: true, env: {}, callId: null });
  });

  test("what somebody asked for goes on: also a HOME of their own, an empty value and a token", () => {
    const asked = { HOME: "/elsewhere", EMPTY: "", GH_TOKEN: "t", LANG: "C", "Q\"'`$": "x" };
    const { "Q\"'`$": _, ...fine } = asked;
    expect(envOf(fine)).toEqual({ ok: true, env: fine, callId: null });
    expect(envOf({ HEREDOC: "a\n'b'\n$c" })).toMatchObject({ env: { HEREDOC: "a\n'b'\n$c" } });
  });
});

describe("our own", () => {
  test("the call's id is taken out, and nothing with our prefix reaches the node", () => {
    expect(envOf({ NODE_ROUTER_CALL: "abc", NODE_ROUTER_NODE: "x", node_router_x: "y" })).toEqual({
      ok: true,
      env: {},
      callId: "abc",
    });
  });
});

describe("the node's own env", () => {
  test("goes along, and what the call asks for wins over it", () => {
    expect(envOf({ A: "call" }, { A: "node", B: "node" })).toMatchObject({ env: { A: "call", B: "node" } });
  });

  test("may set PATH and HOME: that is the operator's word, not the gateway's", () => {
    expect(envOf({}, { PATH: "/node/bin", HOME: "/h" })).toMatchObject({
      env: { PATH: "/node/bin", HOME: "/h" },
    });
  });
});

test.each([
  [{ "A-B": "1" }, '"A-B" is not a name that a shell can export'],
  [{ "1A": "1" }, '"1A" is not a name that a shell can export'],
  [{ "A;rm": "1" }, '"A;rm" is not a name that a shell can export'],
  [{ A: "x\0y" }, 'the value of "A" holds a NUL character'],
])("%j is said, not dropped", (more, message) => {
  expect(envOf(more)).toEqual({ ok: false, message });
});
