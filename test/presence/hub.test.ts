// Observations and answers in, one record a node out.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createHub, type Hub } from "../../src/presence/hub.ts";
import type { PresenceTarget, ReachAnswer } from "../../src/presence/record.ts";
import { parseRecords, serializeRecords } from "../../src/presence/store.ts";
import { createLogger } from "../../src/shared/logger.ts";

const logged: string[] = [];
const log = createLogger({ info: (text) => void logged.push(text), warn: () => {}, error: () => {} });
const target = (name: string, over: Partial<PresenceTarget> = {}): PresenceTarget => ({
  name,
  nodeId: `id-${name}`,
  tailscale: null,
  ssh: false,
  workspace: null,
  declared: null,
  ...over,
});
let targets: PresenceTarget[] = [];
const parts = {
  targets: () => targets,
  locate: () => ({ location: null, otherPlaces: [], contradictions: [] }),
  now: () => Date.now(),
  log,
  health: () => [],
  gatewayPlace: () => null,
  attributions: () => [],
};
const hubWith = (stored?: Parameters<typeof createHub>[1]): Hub => createHub(parts, stored);
const answer = (
  node: string,
  result: ReachAnswer["result"],
  over: Partial<ReachAnswer> = {},
): ReachAnswer => ({
  node,
  transport: "node",
  atMs: Date.now(),
  result,
  rttMs: null,
  reason: result === "up" ? null : `it is ${result}`,
  ...over,
});
const turn = () => vi.advanceTimersByTimeAsync(0);

beforeEach(() => {
  vi.useFakeTimers();
  vi.setSystemTime(1_800_000_000_000);
  targets = [target("a"), target("b")];
  logged.length = 0;
});
afterEach(() => void vi.useRealTimers());

describe("hub", () => {
  test("knows every target from the start, and nothing of it", () => {
    const hub = hubWith();
    expect([...hub.current().keys()]).toEqual(["a", "b"]);
    expect(hub.current().get("a")).toMatchObject({ state: "unknown", sinceMs: null, facts: {} });
    expect(hub.history("a")).toBeNull();
    expect(hub.events({ sinceMs: null, node: null })).toEqual([]);
  });

  test("a state that changes is published at once, with its time and reason", async () => {
    const hub = hubWith();
    hub.sink.answer(answer("a", "up"));
    await turn();
    expect(hub.current().get("a")).toMatchObject({ state: "ready", sinceMs: Date.now() });
    hub.sink.answer(answer("a", "down"));
    await turn();
    expect(hub.current().get("a")).toMatchObject({
      state: "offline",
      reason: "over the node protocol: it is down",
    });
    expect(hub.current().get("b")?.state).toBe("unknown");
  });

  test("what is published stays as it was handed out, and is another object only after a change", async () => {
    const hub = hubWith();
    const before = hub.current();
    expect(hub.current()).toBe(before);
    hub.sink.answer(answer("a", "up"));
    await turn();
    expect(hub.current()).not.toBe(before);
    expect(before.get("a")?.state).toBe("unknown");
    expect(hub.current().get("b")).toBe(before.get("b"));
  });

  test("a cut that takes many nodes is one publication", async () => {
    const hub = hubWith();
    const changed = vi.fn();
    hub.onChange(changed);
    hub.sink.answer(answer("a", "up"));
    hub.sink.answer(answer("b", "up"));
    await turn();
    expect(changed).toHaveBeenCalledTimes(1);
  });

  test("round trips alone are published once a second, not with every answer", async () => {
    const hub = hubWith();
    hub.sink.answer(answer("a", "up", { rttMs: 70 }));
    await turn();
    const changed = vi.fn();
    const end = hub.onChange(changed);
    for (let i = 0; i < 5; i += 1) hub.sink.answer(answer("a", "up", { rttMs: 80 }));
    await turn();
    expect(changed).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(changed).toHaveBeenCalledTimes(1);
    expect(hub.current().get("a")?.rttMs).toBe(80);
    end();
    hub.sink.answer(answer("a", "down"));
    await turn();
    expect(changed).toHaveBeenCalledTimes(1);
  });

  test("SSH's round trip is shown before the node protocol's, and none of a node that is down", async () => {
    targets = [target("a", { ssh: true })];
    const hub = hubWith();
    hub.sink.answer(answer("a", "up", { rttMs: 90 }));
    hub.sink.answer(answer("a", "up", { rttMs: 70, transport: "ssh" }));
    await turn();
    expect(hub.current().get("a")?.rttMs).toBe(70);
    hub.sink.answer(answer("a", "down", { transport: "ssh" }));
    await turn();
    expect(hub.current().get("a")).toMatchObject({ rttMs: 90, state: "degraded" });
    hub.sink.answer(answer("a", "down"));
    await turn();
    expect(hub.current().get("a")?.rttMs).toBeNull();
  });

  test("a transport that the node does not have is not shown, whatever was said of it", async () => {
    const hub = hubWith();
    hub.sink.answer(answer("a", "down", { transport: "ssh" }));
    hub.sink.answer(answer("a", "up"));
    await turn();
    expect(hub.current().get("a")).toMatchObject({ state: "ready", reach: { ssh: null } });
  });

  test("time alone makes a node stale, and its facts", async () => {
    const hub = hubWith();
    hub.sink.observe({ node: "a", source: "gateway", atMs: Date.now(), facts: { load1: 1 } });
    hub.sink.answer(answer("a", "up"));
    await vi.advanceTimersByTimeAsync(180_000);
    hub.refresh();
    expect(hub.current().get("a")).toMatchObject({
      state: "stale",
      facts: { load1: { value: 1, stale: true } },
    });
  });

  test("a source's newer word replaces its older one whole, and what it forgets is gone", async () => {
    const hub = hubWith();
    const atMs = Date.now();
    hub.sink.observe({ node: "a", source: "tailscale", atMs, facts: { os: "linux", dnsName: "a.example" } });
    hub.sink.observe({ node: "a", source: "tailscale", atMs, facts: { os: "linux" } });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(Object.keys(hub.current().get("a")?.facts ?? {})).toEqual(["os"]);
    hub.sink.forget("tailscale", ["a", "b", "nobody"]);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(hub.current().get("a")?.facts).toEqual({});
  });

  test("a word that was cut off takes back nothing of what it did not come to, and a whole one does", async () => {
    const hub = hubWith();
    const atMs = Date.now();
    hub.sink.observe({ node: "a", source: "ssh", atMs, facts: { os: "linux", arch: "arm64" } });
    const [later, part] = [atMs + 500, { os: "darwin" }];
    hub.sink.observe({ node: "a", source: "ssh", atMs: later, facts: part, isPartial: true });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(hub.current().get("a")?.facts).toMatchObject({
      os: { value: "darwin", atMs: later },
      arch: { value: "arm64", atMs },
    });
    hub.sink.observe({ node: "a", source: "ssh", atMs: later, facts: part });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(Object.keys(hub.current().get("a")?.facts ?? {})).toEqual(["os"]);
  });

  test("what is said of a node that is no target is not shown, and one that leaves is gone but for its history", async () => {
    const hub = hubWith();
    hub.sink.answer(answer("nobody", "up"));
    hub.sink.answer(answer("b", "up"));
    await turn();
    expect(hub.current().has("nobody")).toBe(false);
    targets = [target("a")];
    hub.refresh();
    expect([...hub.current().keys()]).toEqual(["a"]);
    expect(hub.history("b")?.transitions).toHaveLength(1);
  });

  test("a restart is no change of a node: its history goes on, and begins with what it was", async () => {
    const first = hubWith();
    first.sink.answer(answer("a", "up"));
    await turn();
    const sinceMs = Date.now();
    await vi.advanceTimersByTimeAsync(100_000);
    const second = hubWith(first.records());
    second.refresh();
    second.sink.answer(answer("a", "up"));
    await turn();
    expect(second.history("a")?.transitions).toHaveLength(1);
    expect(second.current().get("a")?.sinceMs).toBe(sinceMs);
  });

  test("a question that could not be put after a restart is no change of a node either, but one that it left unanswered is", async () => {
    const first = hubWith();
    first.sink.answer(answer("a", "up"));
    await turn();
    const second = hubWith(first.records());
    second.sink.answer(answer("a", "unknown"));
    await turn();
    expect(second.current().get("a")?.state).toBe("unknown");
    expect(second.history("a")?.transitions).toHaveLength(1);
    second.sink.answer(answer("a", "silent"));
    await turn();
    expect(second.history("a")?.transitions.map(({ to }) => to)).toEqual(["degraded", "ready"]);
  });

  test("a node that answers over one way is noted although the other one cannot be asked", async () => {
    targets = [target("a", { ssh: true })];
    const hub = hubWith();
    hub.sink.answer(answer("a", "unknown", { transport: "ssh" }));
    hub.sink.answer(answer("a", "up"));
    await turn();
    expect(hub.history("a")?.transitions.map(({ to }) => to)).toEqual(["degraded"]);
  });

  test("a node of two ways is noted when both were asked, so that no start looks like a fault", async () => {
    targets = [target("a", { ssh: true })];
    const hub = hubWith();
    hub.sink.answer(answer("a", "up", { transport: "ssh" }));
    await turn();
    expect(hub.history("a")).toBeNull();
    hub.sink.answer(answer("a", "up"));
    await turn();
    expect(hub.history("a")?.transitions.map(({ to }) => to)).toEqual(["ready"]);
  });

  describe("what an SSH node said of itself before a restart", () => {
    const ssh = (sshTo: string) => target("a", { nodeId: null, ssh: true, sshTo });
    const firstLife = async (): Promise<Hub> => {
      targets = [ssh("10.0.0.1")];
      const hub = hubWith();
      const facts = { os: "linux", cpuCount: 8, publicAddress: "198.51.100.7" };
      hub.sink.observe({ node: "a", source: "ssh", atMs: Date.now(), facts });
      hub.sink.observe({
        node: "a",
        source: "tailscale",
        atMs: Date.now(),
        facts: { tailnetTags: ["tag:x"] },
      });
      hub.sink.answer(answer("a", "up", { transport: "ssh" }));
      await turn();
      return hub;
    };
    const factsAfter = (hub: Hub) => hub.current().get("a")?.facts;

    test("is known of it afterwards, with its age, although it is down now", async () => {
      const stored = parseRecords(serializeRecords((await firstLife()).records()));
      await vi.advanceTimersByTimeAsync(600_000);
      const hub = hubWith(stored);
      hub.sink.answer(answer("a", "down", { transport: "ssh" }));
      await turn();
      expect(hub.current().get("a")?.state).toBe("offline");
      expect(factsAfter(hub)).toMatchObject({
        os: { value: "linux", stale: false },
        cpuCount: { stale: true },
      });
    });

    test("its public address and its tailnet tags are not kept, since both may have been taken away", async () => {
      const facts = factsAfter(hubWith((await firstLife()).records()));
      expect(Object.keys(facts ?? {}).sort()).toEqual(["cpuCount", "os"]);
    });

    test("nothing of it is believed when SSH leads to another machine by now", async () => {
      const stored = (await firstLife()).records();
      targets = [ssh("10.0.0.2")];
      expect(factsAfter(hubWith(stored))).toEqual({});
    });

    test("what somebody else wrote into the file is not believed", async () => {
      const text = serializeRecords((await firstLife()).records())
        .replace('"linux"', "7")
        .replace(":8", ':"8"');
      expect(factsAfter(hubWith(parseRecords(text)))).toEqual({});
    });
  });

  test("events are of all nodes, newest first, and can be asked for by time and node", async () => {
    const hub = hubWith();
    hub.sink.answer(answer("a", "up"));
    await vi.advanceTimersByTimeAsync(5_000);
    const sinceMs = Date.now();
    hub.sink.answer(answer("b", "up"));
    await vi.advanceTimersByTimeAsync(5_000);
    hub.sink.answer(answer("a", "down"));
    await turn();
    const all = hub.events({ sinceMs: null, node: null });
    expect(all.map(({ node, to }) => [node, to])).toEqual([
      ["a", "offline"],
      ["b", "ready"],
      ["a", "ready"],
    ]);
    expect(hub.events({ sinceMs, node: null })).toHaveLength(2);
    expect(hub.events({ sinceMs, node: "a" })).toHaveLength(1);
  });

  test("a clock that jumps, either way, neither stops publications nor makes nodes offline", async () => {
    const hub = hubWith();
    hub.sink.answer(answer("a", "up"));
    await turn();
    for (const jump of [-86_400_000, 5 * 86_400_000]) {
      vi.setSystemTime(Date.now() + jump);
      hub.sink.answer(answer("a", "up", { rttMs: jump }));
      await vi.advanceTimersByTimeAsync(1_000);
      hub.refresh();
      expect(hub.current().get("a")).toMatchObject({ state: "ready", rttMs: expect.any(Number) });
    }
    expect(hub.history("a")?.flaps).toBe(0);
  });

  test("a node that is down and can be asked no more is unknown before long, so that calls are tried again", async () => {
    const hub = hubWith();
    hub.sink.answer(answer("a", "down"));
    await turn();
    await vi.advanceTimersByTimeAsync(40_000);
    hub.refresh();
    expect(hub.current().get("a")?.reach.node?.state).toBe("down");
    await vi.advanceTimersByTimeAsync(10_000);
    hub.refresh();
    expect(hub.current().get("a")).toMatchObject({ state: "unknown", reach: { node: { state: "unknown" } } });
  });

  test("a round trip that was measured long ago is none", async () => {
    const hub = hubWith();
    hub.sink.answer(answer("a", "up", { rttMs: 5 }));
    await turn();
    await vi.advanceTimersByTimeAsync(60_000);
    hub.refresh();
    expect(hub.current().get("a")).toMatchObject({ state: "stale", rttMs: null });
  });

  test("under the same name another machine has nothing of the one before: no fact, no answer", async () => {
    const all = { nodeId: "id-1", tailscale: "peer-1", ssh: true, sshTo: "host-1" };
    const changes = [
      ["gateway", { nodeId: "id-2" }],
      ["gateway", { nodeId: null }],
      ["tailscale", { tailscale: "peer-2" }],
      ["ssh", { sshTo: "host-2" }],
      ["ssh", { ssh: false }],
    ] as const;
    for (const [source, change] of changes) {
      targets = [target("a", all)];
      const hub = hubWith();
      const atMs = Date.now();
      hub.sink.observe({ node: "a", source: "gateway", atMs, facts: { version: "1" } });
      hub.sink.observe({ node: "a", source: "plugin", atMs, facts: { arch: "x64" } });
      hub.sink.observe({ node: "a", source: "tailscale", atMs, facts: { tailnetTags: ["tag:prod"] } });
      hub.sink.observe({ node: "a", source: "ssh", atMs, facts: { timeZone: "Asia/Shanghai" } });
      hub.sink.answer(answer("a", "down"));
      hub.sink.answer(answer("a", "down", { transport: "ssh" }));
      await vi.advanceTimersByTimeAsync(1_000);
      targets = [target("a", { ...all })];
      hub.refresh();
      const of = () => hub.current().get("a");
      expect(
        Object.values(of()?.facts ?? {})
          .map((fact) => fact?.source)
          .sort(),
      ).toEqual(["gateway", "plugin", "ssh", "tailscale"]);
      targets = [target("a", { ...all, ...change })];
      hub.refresh();
      // What the gateway says, and what the plugin on the node says through it, is of the same id.
      const gone = source === "gateway" ? ["gateway", "plugin"] : [source];
      expect(
        Object.values(of()?.facts ?? {})
          .map((fact) => fact?.source)
          .sort(),
      ).toEqual(["gateway", "plugin", "ssh", "tailscale"].filter((one) => !gone.includes(one)));
      if (source === "gateway") expect(of()?.reach.node?.state ?? "unknown").toBe("unknown");
      else expect(of()?.reach.node?.state).toBe("down");
      if (source === "ssh") expect(of()?.reach.ssh?.state ?? "unknown").toBe("unknown");
      else expect(of()?.reach.ssh?.state).toBe("down");
    }
  });

  test("a place that cannot be worked out holds up no answer, and no timer throws", async () => {
    const warned: string[] = [];
    const hub = createHub({
      ...parts,
      log: createLogger({ info: () => {}, warn: (text) => void warned.push(text), error: () => {} }),
      locate: () => {
        throw new Error("the inventory has retired");
      },
    });
    hub.sink.answer(answer("a", "down"));
    await turn();
    hub.sink.answer(answer("a", "up", { rttMs: 1 }));
    await vi.advanceTimersByTimeAsync(1_000);
    hub.refresh();
    expect(hub.current().get("a")).toMatchObject({ state: "ready", location: null });
    expect(warned).toHaveLength(1);
    expect(warned[0]).toContain("the inventory has retired");
  });

  test("one line a change goes to the log", async () => {
    const hub = hubWith();
    hub.sink.answer(answer("a", "up"));
    hub.sink.answer(answer("a", "up"));
    await turn();
    hub.refresh();
    expect(logged).toHaveLength(1);
    expect(logged[0]).toContain("ready");
  });
});
