// The parameters under which the host takes an exec to the sandbox, whatever the model wrote.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { sandboxedExec } from "../../../src/nodeRouter/dispatch/workspaceExecParams.ts";

const ID = "ab".repeat(16);
const paramsOf = (params: Record<string, unknown>) => {
  const made = sandboxedExec(params, ID);
  return made.ok ? made.params : made.message;
};

test("host and elevated are said, not left out: left out, OpenClaw may choose the gateway", () => {
  expect(paramsOf({ command: "id" })).toEqual({
    command: "id",
    host: "sandbox",
    elevated: false,
    env: { NODE_ROUTER_CALL: ID },
  });
});

test("what the model says of host, node and elevated does not count; everything else stays", () => {
  const rest = {
    command: "id",
    workdir: "/a/b",
    background: true,
    yieldMs: 5,
    pty: true,
    timeoutSeconds: 3,
    ask: "always",
  };
  expect(paramsOf({ ...rest, host: "gateway", node: "mac-cn", elevated: true })).toEqual({
    ...rest,
    node: "",
    host: "sandbox",
    elevated: false,
    env: { NODE_ROUTER_CALL: ID },
  });
});

describe("env", () => {
  test("keeps the model's names, and drops those that are ours, in any case", () => {
    const env = { A: "1", N: 2, B: true, NODE_ROUTER_CALL: "other", node_router_x: "y", XNODE_ROUTER_: "z" };
    expect(paramsOf({ command: "id", env })).toMatchObject({
      env: { A: "1", N: "2", B: "true", XNODE_ROUTER_: "z", NODE_ROUTER_CALL: ID },
    });
    expect(Object.keys((paramsOf({ env }) as { env: object }).env)).toHaveLength(5);
  });

  test.each([[[]], ["A=1"], [{ "A B": "1" }], [{ A: {} }], [{ A: "\0" }]])("%j is refused", (env) => {
    expect(paramsOf({ command: "id", env })).toEqual(expect.any(String));
  });
});

test("merged over the model's own parameters, as the host does after an approval, nothing of the model's comes back", () => {
  const value = fc.oneof(fc.string(), fc.boolean(), fc.constant(null));
  const model = fc.record(
    { command: fc.string(), host: value, node: value, elevated: value },
    { requiredKeys: ["command"] },
  );
  fc.assert(
    fc.property(model, (params) => {
      const made = paramsOf(params);
      expect({ ...params, ...(made as object) }).toEqual(made);
    }),
  );
});
