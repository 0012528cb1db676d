// The two SSH sources: what they ask whom, when, and what they say of it.
import { describe, expect, test } from "vitest";
import type {
  Observation,
  PresenceSink,
  PresenceTarget,
  ReachAnswer,
} from "../../../../src/presence/record.ts";
import type {
  ScriptRequest,
  ScriptResult,
  SshPingAnswer,
} from "../../../../src/presence/sources/ssh/askSsh.ts";
import { createSshPing } from "../../../../src/presence/sources/ssh/ping.ts";
import { ADDRESS_SCRIPT, STATS_SCRIPT } from "../../../../src/presence/sources/ssh/script.ts";
import { createSshStats } from "../../../../src/presence/sources/ssh/stats.ts";

const NOW = 1_700_000_000_000;

function targetOf(name: string, more: Partial<PresenceTarget> = {}): PresenceTarget {
  return { name, nodeId: null, tailscale: null, ssh: true, workspace: null, declared: null, ...more };
}

function collect() {
  const answers: ReachAnswer[] = [];
  const observations: Observation[] = [];
  const sink: PresenceSink = {
    answer: (answer) => void answers.push(answer),
    observe: (observation) => void observations.push(observation),
    forget: () => {},
  };
  return { answers, observations, sink };
}

async function settle(): Promise<void> {
  for (let at = 0; at < 10; at += 1) await new Promise((resolve) => setImmediate(resolve));
}

const signal = new AbortController().signal;

describe("ssh:ping", () => {
  async function round(
    replies: Readonly<Record<string, readonly SshPingAnswer[]>>,
    targets: readonly PresenceTarget[],
  ) {
    const asked: string[] = [];
    const left = new Map(Object.entries(replies).map(([name, all]) => [name, [...all]]));
    const source = createSshPing({
      async ask(node, timeoutMs) {
        asked.push(`${node} ${timeoutMs}`);
        return left.get(node)?.shift() ?? { kind: "up", rttMs: 1 };
      },
      now: () => NOW,
    });
    const { answers, sink } = collect();
    await source.round(targets, sink, signal);
    await settle();
    return { asked, answers };
  }
  const of = (answer: Partial<ReachAnswer>) => ({
    node: "a",
    transport: "ssh",
    atMs: NOW,
    rttMs: null,
    ...answer,
  });

  test.each<[SshPingAnswer, Partial<ReachAnswer>]>([
    [
      { kind: "up", rttMs: 12.5 },
      { result: "up", rttMs: 12.5, reason: null },
    ],
    [
      { kind: "up", rttMs: null },
      { result: "up", reason: null },
    ],
    [
      { kind: "down", reason: "refused" },
      { result: "down", reason: "refused" },
    ],
    [
      { kind: "unknown", reason: "no key" },
      { result: "unknown", reason: "no key" },
    ],
  ])("passes %j on", async (reply, answer) => {
    const { answers } = await round({ a: [reply] }, [targetOf("a")]);
    expect(answers).toEqual([of(answer)]);
  });

  test("asks a silent node again at once, and no other", async () => {
    const silent: SshPingAnswer = { kind: "silent" };
    const { asked, answers } = await round({ a: [silent, silent] }, [targetOf("a"), targetOf("b")]);
    expect(asked.sort()).toEqual(["a 2500", "a 2500", "b 2500"]);
    const reason = "no answer within 2.5 s";
    expect(answers.filter(({ node }) => node === "a")).toEqual([
      of({ result: "silent", reason }),
      of({ result: "silent", reason }),
    ]);
  });

  test("asks only nodes that are reached over SSH", async () => {
    const { asked } = await round({}, [targetOf("a", { ssh: false }), targetOf("b")]);
    expect(asked).toEqual(["b 2500"]);
  });

  test("asks many nodes less often rather than faster", () => {
    const { intervalMs } = createSshPing({ ask: async () => ({ kind: "silent" }), now: () => NOW });
    expect([1, 200, 1_000].map(intervalMs)).toEqual([2_000, 500, 250]);
  });
});

describe("ssh", () => {
  const STATS = "node-router-stats 1\nos Linux\ncpus 4\n";
  const ok = (stdout: string): ScriptResult => ({ ok: true, stdout });
  const failed = (more: Partial<Extract<ScriptResult, { ok: false }>> = {}): ScriptResult => ({
    ok: false,
    reason: "x",
    isConnected: true,
    stdout: "",
    ...more,
  });

  function setUp(reply: (request: ScriptRequest, node: string) => ScriptResult | Promise<ScriptResult>) {
    const clock = { nowMs: NOW, monotonicMs: 0, url: null as string | null };
    const ran: { readonly node: string; readonly request: ScriptRequest }[] = [];
    const source = createSshStats({
      async run(node, request) {
        ran.push({ node, request });
        return reply(request, node);
      },
      now: () => clock.nowMs,
      monotonic: () => clock.monotonicMs,
      publicAddressUrl: () => clock.url,
    });
    const { observations, sink } = collect();
    return {
      clock,
      ran,
      observations,
      round: (...targets: PresenceTarget[]) => source.round(targets, sink, signal),
      /** Asks for as long as that takes, every 5 s. */
      async during(ms: number, ...targets: PresenceTarget[]) {
        for (let at = 0; at < ms; at += 5_000) {
          await source.round(targets, sink, signal);
          clock.monotonicMs += 5_000;
          clock.nowMs += 5_000;
        }
      },
    };
  }

  test("observes what the node says, with the folder of its workspace", async () => {
    const lab = setUp(() => ok(STATS));
    await lab.round(targetOf("a", { workspace: "/srv/work" }), targetOf("b"), targetOf("c", { ssh: false }));
    expect(lab.ran).toEqual([
      { node: "a", request: { script: STATS_SCRIPT, args: ["/srv/work"], timeoutMs: 15_000 } },
      { node: "b", request: { script: STATS_SCRIPT, args: [""], timeoutMs: 15_000 } },
    ]);
    expect(lab.observations[0]).toEqual({
      node: "a",
      source: "ssh",
      atMs: NOW,
      facts: { os: "linux", cpuCount: 4 },
    });
  });

  test("asks once a minute", async () => {
    const lab = setUp(() => ok(STATS));
    await lab.during(180_000, targetOf("a"));
    expect(lab.ran).toHaveLength(3);
  });

  test("says nothing of a node without a connection, and asks as soon as there is one", async () => {
    let isConnected = false;
    const lab = setUp(() => (isConnected ? ok(STATS) : failed({ isConnected: false })));
    await lab.during(60_000, targetOf("a"));
    expect(lab.observations).toEqual([]);
    isConnected = true;
    await lab.round(targetOf("a"));
    expect(lab.observations).toHaveLength(1);
  });

  test("keeps what came before the answer was cut off, and asks less and less", async () => {
    const lab = setUp(() => failed({ stdout: "node-router-stats 1\nos Linux\ncpus 1" }));
    await lab.during(60 * 60_000, targetOf("a"));
    expect(lab.observations[0]).toMatchObject({ facts: { os: "linux" }, isPartial: true });
    // After 2, 4, 8 and 16 minutes, and then every half hour.
    expect(lab.ran).toHaveLength(5);
  });

  test("observes nothing of an answer that is none", async () => {
    const lab = setUp(() => ok("This account is not available.\n"));
    await lab.round(targetOf("a"));
    expect(lab.observations).toEqual([]);
  });

  test("an address alone takes back nothing of what the node said of itself", async () => {
    const lab = setUp(({ script }) => (script === ADDRESS_SCRIPT ? ok("8.8.8.8\n") : failed({ stdout: "" })));
    lab.clock.url = "https://ip.example";
    await lab.round(targetOf("a"));
    expect(lab.observations).toMatchObject([{ facts: { publicAddress: "8.8.8.8" }, isPartial: true }]);
  });

  test("a node that hangs keeps no other waiting", async () => {
    const lab = setUp((_request, node) => (node === "hangs" ? new Promise(() => {}) : ok(STATS)));
    void lab.round(...["hangs", "a", "b"].map((name) => targetOf(name)));
    await settle();
    expect(lab.observations.map(({ node }) => node)).toEqual(["a", "b"]);
  });

  test("at most fifty nodes are asked at the same time, and all of them in the end", async () => {
    let now = 0;
    let most = 0;
    const lab = setUp(async () => {
      now += 1;
      most = Math.max(most, now);
      await settle();
      now -= 1;
      return ok(STATS);
    });
    await lab.round(...Array.from({ length: 120 }, (_, at) => targetOf(`n${at}`)));
    expect(most).toBe(50);
    expect(lab.observations).toHaveLength(120);
  });

  describe("public address", () => {
    const reply = (address: string) => (request: ScriptRequest) =>
      ok(request.script === ADDRESS_SCRIPT ? `${address}\n` : STATS);

    test("is asked of nobody without a URL", async () => {
      const lab = setUp(reply("8.8.8.8"));
      await lab.during(120_000, targetOf("a"));
      expect(lab.ran.every(({ request }) => request.script === STATS_SCRIPT)).toBe(true);
      expect(lab.observations[0]?.facts).not.toHaveProperty("publicAddress");
    });

    test("is asked every half hour, and stands in between with its own age", async () => {
      const lab = setUp(reply("8.8.8.8"));
      lab.clock.url = "https://ip.example/";
      await lab.during(45 * 60_000, targetOf("a"));
      const asked = lab.ran.filter(({ request }) => request.script === ADDRESS_SCRIPT);
      expect(asked.map(({ request }) => request.args)).toEqual([
        ["https://ip.example/"],
        ["https://ip.example/"],
      ]);
      expect(lab.observations.every(({ facts }) => facts.publicAddress === "8.8.8.8")).toBe(true);
      expect(lab.observations[10]?.factAtMs).toEqual({ publicAddress: NOW });
      expect(lab.observations.at(-1)?.factAtMs).toEqual({ publicAddress: NOW + 30 * 60_000 });
    });

    test("that is none is not known, and asked again in five minutes", async () => {
      const lab = setUp(reply("10.0.0.1"));
      lab.clock.url = "https://ip.example/";
      await lab.during(10 * 60_000, targetOf("a"));
      expect(lab.ran.filter(({ request }) => request.script === ADDRESS_SCRIPT)).toHaveLength(2);
      expect(lab.observations[0]?.facts).not.toHaveProperty("publicAddress");
    });

    test("is of the machine that was asked: another one under the same name is asked anew, at once", async () => {
      let address = "8.8.8.8";
      const lab = setUp((request) => reply(address)(request));
      lab.clock.url = "https://ip.example/";
      await lab.during(10_000, targetOf("a", { sshTo: "one" }));
      address = "10.0.0.1";
      await lab.round(targetOf("a", { sshTo: "other" }));
      expect(lab.observations).toHaveLength(2);
      expect(lab.observations[0]?.facts.publicAddress).toBe("8.8.8.8");
      expect(lab.observations[1]?.facts).not.toHaveProperty("publicAddress");
    });

    test("is forgotten when the operator takes the URL away", async () => {
      const lab = setUp(reply("8.8.8.8"));
      lab.clock.url = "https://ip.example/";
      await lab.during(60_000, targetOf("a"));
      lab.clock.url = null;
      await lab.during(60_000, targetOf("a"));
      expect(lab.observations.at(-1)?.facts).not.toHaveProperty("publicAddress");
    });
  });
});
