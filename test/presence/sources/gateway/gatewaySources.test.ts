// What the gateway's own list says, and asking connected nodes over the node protocol.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type {
  Observation,
  PresenceSink,
  PresenceTarget,
  ReachAnswer,
} from "../../../../src/presence/record.ts";
import { createGatewaySource, hostObservation } from "../../../../src/presence/sources/gateway/hostFacts.ts";
import type { HostNodes } from "../../../../src/presence/sources/gateway/hostList.ts";
import { type HostNode, readHostNode } from "../../../../src/presence/sources/gateway/hostNode.ts";
import { createGatewayPing, type InvokeNode } from "../../../../src/presence/sources/gateway/nodePing.ts";
import { SLOW } from "../../../support/wait.ts";

/** As the host lists it. */
function hostNode(over: Readonly<Record<string, unknown>> = {}): HostNode {
  const node = readHostNode({
    nodeId: "id-a",
    displayName: "a",
    platform: "linux",
    remoteIp: "100.64.0.2",
    version: "2026.9.6",
    connected: true,
    approvalState: "approved",
    commands: ["system.run", "system.which"],
    hostStats: {
      cpuCount: 8,
      loadAverage: [0.5, 0.4, 0.3],
      memoryTotalBytes: 16e9,
      memoryFreeBytes: 8e9,
      diskTotalBytes: 1e12,
      diskAvailableBytes: 5e11,
      updatedAtMs: 900,
    },
    ...over,
  });
  if (node === null) throw new Error("not a node");
  return node;
}
const target: PresenceTarget = {
  name: "a",
  nodeId: "id-a",
  tailscale: null,
  ssh: false,
  workspace: null,
  declared: null,
};
const list = (...nodes: HostNode[]): HostNodes => ({ nodes, takenAtMs: 1_000 });
const never = new AbortController().signal;

function sinkOf() {
  const observations: Observation[] = [];
  const answers: ReachAnswer[] = [];
  const sink: PresenceSink = {
    observe: (observation) => void observations.push(observation),
    answer: (answer) => void answers.push(answer),
    forget: () => {},
  };
  return { sink, observations, answers };
}

describe("the gateway's list", () => {
  test("becomes facts, the numbers with the time at which the node measured them", () => {
    expect(hostObservation("a", hostNode(), 1_000)).toMatchObject({
      node: "a",
      source: "gateway",
      atMs: 1_000,
      facts: {
        connected: true,
        approval: "approved",
        version: "2026.9.6",
        ips: ["100.64.0.2"],
        os: "linux",
        cpuCount: 8,
        load1: 0.5,
        memoryAvailableBytes: 8e9,
        diskAvailableBytes: 5e11,
      },
      factAtMs: { cpuCount: 900, load1: 900 },
    });
  });

  test("what it does not say is absent: no statistics, no address through a tunnel, no load on Windows", () => {
    const bare = hostNode({ hostStats: undefined, remoteIp: null, platform: "win32" });
    expect(Object.keys(hostObservation("a", bare, 1_000).facts).sort()).toEqual([
      "approval",
      "connected",
      "os",
      "version",
    ]);
    const idle = hostNode({ hostStats: { cpuCount: 2, updatedAtMs: 900 } });
    expect(hostObservation("a", idle, 1_000).facts).not.toHaveProperty("load1");
  });

  test("nonsense numbers are absent, the rest stays", () => {
    const odd = hostNode({
      hostStats: { cpuCount: -1, loadAverage: ["x"], memoryTotalBytes: 5, updatedAtMs: 900 },
    });
    const { facts } = hostObservation("a", odd, 1_000);
    expect(facts).toMatchObject({ memoryTotalBytes: 5 });
    expect(facts).not.toHaveProperty("cpuCount");
    expect(facts).not.toHaveProperty("load1");
  });

  test("a Mac's free pages are not taken for the memory that it can give", () => {
    for (const platform of ["darwin", "macos", "macOS 15.1"]) {
      const { facts } = hostObservation("a", hostNode({ platform }), 1_000);
      expect(facts.os).toBe("macos");
      expect(facts).toHaveProperty("memoryTotalBytes");
      expect(facts).not.toHaveProperty("memoryAvailableBytes");
    }
  });

  test("without authority the list that calls read is used, once; no node is called down for it", async () => {
    const refused = () => Promise.reject(new Error("Gateway client authority closed"));
    const { sink, observations, answers } = sinkOf();
    const source = createGatewaySource(refused, () => list(hostNode()));
    await source.round([target], sink, never);
    expect(observations).toHaveLength(1);
    await expect(source.round([target], sink, never)).rejects.toThrow("authority closed");
    expect(observations).toHaveLength(1);
    expect(answers).toEqual([]);
  });

  test("a target without a paired node, and one that the list lacks, are left out", async () => {
    const { sink, observations } = sinkOf();
    const source = createGatewaySource(
      async () => list(hostNode()),
      () => null,
    );
    await source.round(
      [
        { ...target, nodeId: null },
        { ...target, nodeId: "other" },
      ],
      sink,
      never,
    );
    expect(observations).toEqual([]);
  });
});

describe("asking over the node protocol", () => {
  const answered = async (node: HostNode | null, invoke: InvokeNode): Promise<readonly ReachAnswer[]> => {
    const { sink, answers } = sinkOf();
    let ms = 0;
    const source = createGatewayPing({
      read: async () => (node === null ? list() : list(node)),
      invoke,
      now: () => 1_000,
      monotonic: () => (ms += 5),
    });
    await source.round([target], sink, never);
    await vi.waitFor(() => expect(answers.length).toBeGreaterThan(0), SLOW);
    return answers;
  };
  const says =
    (message: string): InvokeNode =>
    () =>
      Promise.reject(new Error(message));

  test("an answer is up, with its round trip", async () => {
    const invoke = vi.fn<InvokeNode>(async () => ({ bins: {} }));
    expect(await answered(hostNode(), invoke)).toMatchObject([{ result: "up", rttMs: 5, transport: "node" }]);
    expect(invoke.mock.calls[0]?.[0]).toMatchObject({ nodeId: "id-a", command: "system.which" });
  });

  test("no answer in time is silent, asked twice", async () => {
    const invoke = vi.fn(says("gateway request timeout for node.invoke"));
    expect((await answered(hostNode(), invoke))[0]).toMatchObject({ result: "silent" });
    await vi.waitFor(() => expect(invoke).toHaveBeenCalledTimes(2), SLOW);
  });

  describe("when the answer does not come soon", () => {
    beforeEach(() => void vi.useFakeTimers());
    afterEach(() => void vi.useRealTimers());

    function asking(invoke: InvokeNode) {
      const { sink, answers } = sinkOf();
      const source = createGatewayPing({
        read: async () => list(hostNode()),
        invoke,
        now: () => 1_000,
        monotonic: () => Date.now(),
      });
      return { answers, begin: () => source.round([target], sink, never) };
    }
    /** Like the host: nothing, until its own time-out. */
    const dropped: InvokeNode = ({ timeoutMs }) =>
      new Promise((_, reject) => setTimeout(() => reject(new Error("node invoke timed out")), timeoutMs));

    test("the question is put once more, and one answer that the host dropped is no silence", async () => {
      const invoke = vi.fn<InvokeNode>(async () => ({})).mockImplementationOnce(dropped);
      const { answers, begin } = asking(invoke);
      await begin();
      await vi.advanceTimersByTimeAsync(999);
      expect(invoke).toHaveBeenCalledTimes(1);
      await vi.advanceTimersByTimeAsync(1);
      expect(answers).toMatchObject([{ result: "up", rttMs: 0 }]);
    });

    test("a slow answer to the first question counts, with its whole round trip", async () => {
      const slow: InvokeNode = () => new Promise((resolve) => setTimeout(resolve, 1_200, {}));
      const { answers, begin } = asking(vi.fn(dropped).mockImplementationOnce(slow));
      await begin();
      await vi.advanceTimersByTimeAsync(1_200);
      expect(answers).toMatchObject([{ result: "up", rttMs: 1_200 }]);
    });

    test("a node that answers neither is silent no later than with one question", async () => {
      const { answers, begin } = asking(dropped);
      await begin();
      await vi.advanceTimersByTimeAsync(2_499);
      expect(answers).toEqual([]);
      await vi.advanceTimersByTimeAsync(1);
      expect(answers).toMatchObject([{ result: "silent", reason: "no answer within 2.5 s" }]);
    });
  });

  test("a closed connection is down at once", async () => {
    expect(await answered(hostNode(), says("node not connected"))).toMatchObject([{ result: "down" }]);
  });

  test("a node that the gateway calls disconnected is down without being asked", async () => {
    const invoke = vi.fn<InvokeNode>(async () => ({}));
    expect(await answered(hostNode({ connected: false }), invoke)).toMatchObject([{ result: "down" }]);
    expect(await answered(null, invoke)).toMatchObject([
      { result: "down", reason: "it is not paired with the gateway" },
    ]);
    expect(invoke).not.toHaveBeenCalled();
  });

  test("a node of which the gateway says nothing is unknown, not down", async () => {
    expect(await answered(hostNode({ connected: undefined }), says("x"))).toMatchObject([
      { result: "unknown" },
    ]);
  });

  test("a refusal to ask says nothing of the node", async () => {
    const told = await answered(
      hostNode(),
      says("Gateway client authority closed before dispatching node.invoke."),
    );
    expect(told).toMatchObject([{ result: "unknown" }]);
    expect(told[0]?.reason).toContain("authority closed");
  });

  test("a phone, which has no such command, is up by the gateway's word, without a round trip", async () => {
    const invoke = vi.fn<InvokeNode>(async () => ({}));
    expect(await answered(hostNode({ commands: ["camera.snap"] }), invoke)).toMatchObject([
      { result: "up", rttMs: null },
    ]);
    expect(invoke).not.toHaveBeenCalled();
  });

  test("without any paired node the gateway is not asked at all", async () => {
    const read = vi.fn(async () => list());
    const source = createGatewayPing({ read, invoke: async () => ({}), now: () => 0, monotonic: () => 0 });
    await source.round([{ ...target, nodeId: null }], sinkOf().sink, never);
    expect(read).not.toHaveBeenCalled();
  });

  describe("right after the gateway's start", () => {
    const GRACE_MS = 45_000;
    function starting(graceMs = GRACE_MS) {
      const { sink, answers } = sinkOf();
      const state = { ms: 0, connected: false };
      const source = createGatewayPing({
        read: async () => list(hostNode({ connected: state.connected })),
        invoke: async () => ({}),
        now: () => 1_000,
        monotonic: () => state.ms,
        graceMs,
      });
      const results = async (): Promise<readonly string[]> => {
        await source.round([target], sink, never);
        await new Promise(setImmediate);
        return answers.splice(0).map(({ result }) => result);
      };
      return { state, results };
    }

    test("a node that has not come back yet is not called down", async () => {
      const { state, results } = starting();
      expect(await results()).toEqual([]);
      state.ms = GRACE_MS - 1;
      expect(await results()).toEqual([]);
    });

    test("it is, when it has not come back by the end of the grace", async () => {
      const { state, results } = starting();
      expect(await results()).toEqual([]);
      state.ms = GRACE_MS;
      expect(await results()).toEqual(["down"]);
    });

    test("it is at once, when it had come back and left again", async () => {
      const { state, results } = starting();
      state.connected = true;
      expect(await results()).toEqual(["up"]);
      state.connected = false;
      expect(await results()).toEqual(["down"]);
    });

    test("it is at once after a reload of the plugin, which disconnects nobody", async () => {
      expect(await starting(0).results()).toEqual(["down"]);
    });
  });
});
