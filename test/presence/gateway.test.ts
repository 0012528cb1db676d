// Reading the paired nodes from a host that may fail, hang or answer nonsense.
import { afterEach, describe, expect, test, vi } from "vitest";
import { LIST_TIMEOUT_MS, readHostNodes } from "../../src/presence/sources/gateway/hostList.ts";
import { NodeRouterError } from "../../src/shared/errors.ts";

const PREFIX = "INVENTORY_UNAVAILABLE: the gateway did not list its nodes: ";
const SUFFIX = '; try again, then see "openclaw nodes status"';

afterEach(() => void vi.useRealTimers());

describe("readHostNodes", () => {
  test("keeps the usable entries, and says when the question was asked, not when the answer came", async () => {
    let clock = 1_000;
    const list = async () => {
      clock += 500;
      return { nodes: [{ nodeId: "a" }, { displayName: "no id" }, null, { nodeId: "b" }] };
    };
    const read = await readHostNodes(list, () => clock);
    expect(read.takenAtMs).toBe(1_000);
    expect(read.nodes.map((node) => node.nodeId)).toEqual(["a", "b"]);
  });

  test("an empty list is an answer: no nodes, not a failure", async () => {
    expect(
      await readHostNodes(
        async () => ({ nodes: [] }),
        () => 1,
      ),
    ).toEqual({ nodes: [], takenAtMs: 1 });
  });

  test.each([[undefined], [null], ["nodes"], [[]], [{}], [{ nodes: null }], [{ nodes: {} }]])(
    "an answer without a list is a failure, not an empty gateway: %j",
    async (answer) => {
      await expect(
        readHostNodes(
          async () => answer,
          () => 0,
        ),
      ).rejects.toMatchObject({
        code: "INVENTORY_UNAVAILABLE",
        message: `${PREFIX}the answer holds no list of nodes${SUFFIX}`,
      });
    },
  );

  test("the host's error is told on one line and kept as the cause", async () => {
    const cause = new Error("Gateway client authority closed\n    at stack");
    const error: unknown = await readHostNodes(
      () => Promise.reject(cause),
      () => 0,
    ).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(NodeRouterError);
    expect(error).toMatchObject({
      code: "INVENTORY_UNAVAILABLE",
      message: `${PREFIX}Gateway client authority closed${SUFFIX}`,
      cause,
    });
  });

  test("a host that throws instead of rejecting is a failure of the same kind", async () => {
    const list = () => {
      throw new Error("retired");
    };
    await expect(readHostNodes(list, () => 0)).rejects.toMatchObject({
      code: "INVENTORY_UNAVAILABLE",
      message: `${PREFIX}retired${SUFFIX}`,
    });
  });

  test("a host that never answers is given up after the limit, not before, and no timer stays", async () => {
    vi.useFakeTimers();
    let outcome = "waiting";
    const reading = readHostNodes(
      () => new Promise(() => {}),
      () => 0,
    ).catch((error: unknown) => {
      outcome = String(error);
    });
    await vi.advanceTimersByTimeAsync(LIST_TIMEOUT_MS - 1);
    expect(outcome).toBe("waiting");
    await vi.advanceTimersByTimeAsync(1);
    await reading;
    expect(outcome).toBe(`NodeRouterError: ${PREFIX}no answer within 5000 ms${SUFFIX}`);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("an answer leaves no timer behind", async () => {
    vi.useFakeTimers();
    await readHostNodes(
      async () => ({ nodes: [] }),
      () => 0,
    );
    expect(vi.getTimerCount()).toBe(0);
  });
});
