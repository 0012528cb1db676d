// Layer 1 when something fails while it decides: nothing of a routed agent runs on a guess.
import { afterEach, describe, expect, test, vi } from "vitest";
import { createToolPolicy } from "../../src/hooks/toolPolicy.ts";
import { LIST_TIMEOUT_MS } from "../../src/presence/sources/gateway/hostList.ts";
import { CONFIG, contextOf, execEvent, type FakeOptions, fakeDeps } from "../support/fakeDeps.ts";

afterEach(() => void vi.useRealTimers());

function arranged(options: FakeOptions = {}) {
  const deps = fakeDeps(options);
  return { deps, policy: createToolPolicy(deps) };
}

const SG = contextOf("worker-sg");

describe("a host that does not list its nodes", () => {
  test("refuses the routed agent's call and leaves the others' alone", async () => {
    const { deps, policy } = arranged();
    deps.nodes = new Error("draining");
    expect(await policy(execEvent(deps), SG)).toEqual({
      block: true,
      blockReason:
        "INVENTORY_UNAVAILABLE: the gateway did not list its nodes: draining; nothing ran. Try again once; if it stays so, tell your user what this says.",
    });
    expect(await policy(execEvent(deps), contextOf("master"))).toBe(undefined);
  });

  test("does not decide on an old list, nor fall to the gateway where the rule allows it", async () => {
    const rules = CONFIG.rules.map((rule) => ({ ...rule, onUnavailable: "gateway" }));
    const { deps, policy } = arranged({ config: { ...CONFIG, rules } });
    await policy(execEvent(deps), SG);
    deps.nodes = new Error("draining");
    deps.clockMs += 60_000;
    expect(await policy(execEvent(deps), SG)).toMatchObject({ block: true });
  });

  test("that never answers is given up after five seconds: the host sets the policy no limit of its own", async () => {
    vi.useFakeTimers();
    const { deps } = arranged();
    const policy = createToolPolicy({ ...deps, listNodes: () => new Promise(() => {}) });
    const answers = Promise.all(
      [1, 2, 3].map((n) => policy(execEvent(deps, {}, { toolCallId: `c${n}` }), SG)),
    );
    await vi.advanceTimersByTimeAsync(2 * LIST_TIMEOUT_MS);
    for (const answer of await answers) {
      expect(answer).toMatchObject({
        block: true,
        blockReason: expect.stringMatching(/^INVENTORY_UNAVAILABLE: .* no answer within 5000 ms/),
      });
    }
    expect(vi.getTimerCount()).toBe(0);
  });

  test("any other fault while deciding refuses the routed agent's call too", async () => {
    const { deps } = arranged();
    const policy = createToolPolicy({
      ...deps,
      hostConfig: () => {
        throw new Error("config is gone");
      },
    });
    expect(await policy(execEvent(deps), SG)).toEqual({
      block: true,
      blockReason:
        "INVENTORY_UNAVAILABLE: the call could not be placed: config is gone; nothing ran. Try again once; if it stays so, tell your user what this says.",
    });
    expect(await policy(execEvent(deps), contextOf("master"))).toBe(undefined);
  });
});
