// The simulated node itself, where a test's clock depends on it.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createSimNode } from "./simNode.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval"] });
});
afterEach(() => {
  vi.useRealTimers();
});

test("its server has no timer, which it would set anew for every packet, whereby a fake clock loses others", async () => {
  const node = createSimNode();
  await node.connect();
  const theClientsOwn = 1;
  expect(vi.getTimerCount()).toBe(theClientsOwn);
  node.cut();
});
