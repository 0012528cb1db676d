// Which sessions have the whole command line agent on a node.
import { expect, test } from "vitest";
import { cliNodeOf } from "../../../src/nodeRouter/hostedSessions/register.ts";

test("a session with execHost node has its command line agent on execNode", () => {
  expect(cliNodeOf({ execHost: "node", execNode: " abc " })).toBe("abc");
});

test.each([
  [null],
  ["text"],
  [{}],
  [{ execNode: "abc" }],
  [{ execHost: "gateway", execNode: "abc" }],
  [{ execHost: "node" }],
])("%j has it on the gateway, or the host refuses it itself", (entry) => {
  expect(cliNodeOf(entry)).toBeNull();
});
