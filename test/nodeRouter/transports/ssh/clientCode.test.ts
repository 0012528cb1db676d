import { describe, expect, test, vi } from "vitest";
import {
  type ClientCode,
  clientCode,
  offerClient,
} from "../../../../src/nodeRouter/transports/ssh/clientCode.ts";
import { NodeRouterError } from "../../../../src/shared/errors.ts";
import { createMemory } from "../../../../src/shared/processMemory.ts";

const copy = (): ClientCode => ({ connect: vi.fn(), processEnv: vi.fn(), resolveTarget: vi.fn() });
const gone = async (): Promise<never> => {
  throw new NodeRouterError("PACKAGE_REPLACED", "the files are gone");
};

describe("the code that connects", () => {
  test("is the newest registration's, loaded once, whoever registers later", async () => {
    const memory = createMemory(() => 0);
    const [first, second, third] = [copy(), copy(), copy()];
    const loadSecond = vi.fn(async () => second);
    offerClient(memory, async () => first);
    offerClient(memory, loadSecond);
    expect(await clientCode(memory)).toBe(second);
    offerClient(memory, async () => third);
    expect(await clientCode(memory)).toBe(second);
    expect(loadSecond).toHaveBeenCalledTimes(1);
  });

  test("is found after a reload that came before the first connection: the first copy's files are deleted by then", async () => {
    const memory = createMemory(() => 0);
    const second = copy();
    offerClient(memory, gone);
    offerClient(memory, async () => second);
    expect(await clientCode(memory)).toBe(second);
  });

  test("is an older copy's where the newest one is gone already", async () => {
    const memory = createMemory(() => 0);
    const first = copy();
    offerClient(memory, async () => first);
    offerClient(memory, gone);
    expect(await clientCode(memory)).toBe(first);
  });

  test("is one for callers that come at once", async () => {
    const memory = createMemory(() => 0);
    offerClient(memory, async () => copy());
    const [one, other] = await Promise.all([clientCode(memory), clientCode(memory)]);
    expect(one).toBe(other);
  });

  test("that no copy has any more is a refusal, until there is one again", async () => {
    const memory = createMemory(() => 0);
    offerClient(memory, gone);
    await expect(clientCode(memory)).rejects.toMatchObject({ code: "PACKAGE_REPLACED" });
    const next = copy();
    offerClient(memory, async () => next);
    expect(await clientCode(memory)).toBe(next);
  });

  test("is looked for in a bounded number of copies", async () => {
    const memory = createMemory(() => 0);
    const loads = Array.from({ length: 50 }, () => vi.fn(gone));
    for (const load of loads) offerClient(memory, load);
    await expect(clientCode(memory)).rejects.toThrow();
    expect(loads.filter(({ mock }) => mock.calls.length > 0).length).toBeLessThan(10);
    expect(loads.at(-1)).toHaveBeenCalledTimes(1);
  });
});
