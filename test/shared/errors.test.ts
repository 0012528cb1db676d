// The plugin's own error class.
import { expect, test, vi } from "vitest";
import { NodeRouterError } from "../../src/shared/errors.ts";
import { refused } from "../support/refused.ts";

test("an error of another copy of the code is recognized, and one that only looks like it is not", async () => {
  vi.resetModules();
  const copy = await import("../../src/shared/errors.ts");
  expect(copy.NodeRouterError).not.toBe(NodeRouterError);
  const error: unknown = new copy.NodeRouterError(refused("NOT_STARTED", "nothing ran"));
  expect(error).toBeInstanceOf(NodeRouterError);
  expect(new NodeRouterError(refused("NOT_STARTED", "nothing ran"))).toBeInstanceOf(copy.NodeRouterError);
  const lookalike = Object.assign(new Error("NOT_STARTED: nothing ran"), {
    name: "NodeRouterError",
    code: "NOT_STARTED",
  });
  for (const other of [lookalike, new Error("x"), null, undefined, "NOT_STARTED: x"]) {
    expect(other instanceof NodeRouterError).toBe(false);
  }
});
