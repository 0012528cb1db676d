// The gate in the host's own admission: before local turns it is silent, before hosted ones it decides.
import { afterEach, describe, expect, test, vi } from "vitest";
import {
  armTurnGate,
  disarmTurnGate,
  rearm,
  turnGateState,
} from "../../../src/nodeRouter/hostedSessions/openclawAdapter.ts";
import { createTurnGate, HOSTED_RUNS } from "../../../src/nodeRouter/hostedSessions/turnGate.ts";
import { COUNTERS } from "../../../src/nodeRouter/state/counters.ts";
import { CURRENT_TURN } from "../../../src/nodeRouter/state/currentTurn.ts";
import { NODE_READER } from "../../../src/presence/sources/gateway/nodeReader.ts";
import { CONFIG, type FakeOptions, fakeDeps, SG_ID, workspaceOptions } from "../../support/fakeDeps.ts";
import { hostedSession, recordsOf, turnOf } from "./arrange.ts";

const ADMISSION = Symbol.for("openclaw.sessionPlacementAdmissionState");

afterEach(() => void Reflect.deleteProperty(globalThis, ADMISSION));

/** What the host does of a turn: local ones run here, hosted ones after its own checks. */
function hostProvider(isHosted: () => boolean) {
  const ran: string[] = [];
  const provider = {
    async executeTurn(
      _claim: unknown,
      _turn: unknown,
      runLocal: () => Promise<string>,
      onAdmitted: () => void,
      assertCurrent: () => void,
    ): Promise<string> {
      if (!isHosted()) return runLocal();
      assertCurrent();
      onAdmitted();
      ran.push("hosted");
      return "hosted";
    },
    executeLocalTurn: async (_claim: unknown, runLocal: () => Promise<string>) => runLocal(),
    resolveSandbox: async () => "sandbox",
  };
  return { provider, ran };
}

function arranged(options: FakeOptions = {}, cliNode: string | null = null) {
  const deps = fakeDeps(options);
  const reader = recordsOf();
  const gate = createTurnGate({ ...deps, reader, cliNode: () => cliNode });
  const { provider, ran } = hostProvider(() => reader.now !== "" && hosted.yes);
  const hosted = { yes: true };
  const admission: { provider?: unknown } = {};
  Reflect.set(globalThis, ADMISSION, admission);
  armTurnGate(deps.memory, gate);
  admission.provider = provider;
  const run = (claim: object = {}) =>
    provider.executeTurn(
      {
        sessionId: "session-1",
        agentId: "worker-sg",
        sessionKey: "agent:worker-sg:one",
        runId: "run-1",
        ...claim,
      },
      {},
      async () => "local",
      () => {},
      () => {},
    );
  return { deps, reader, gate, provider, ran, hosted, admission, run };
}

describe("a turn of a routed agent", () => {
  test("is known to all that it calls, beside others at the same time, and to nothing outside of it", async () => {
    const { hosted, provider, deps } = arranged();
    hosted.yes = false;
    const turns = deps.memory.part(CURRENT_TURN);
    const run = (sessionKey: string) =>
      provider.executeTurn(
        { sessionId: sessionKey, sessionKey, runId: "run" },
        {},
        async () => {
          await new Promise((resolve) => setImmediate(resolve));
          return JSON.stringify(turns.getStore());
        },
        () => {},
        () => {},
      );
    const keys = ["agent:worker-sg:one", "agent:worker-cn:two", "agent:worker-sg:three"];
    const seen = await Promise.all(keys.map(run));
    expect(seen.map((text) => JSON.parse(text))).toEqual([
      { agent: "worker-sg", sessionKey: keys[0] },
      { agent: "worker-cn", sessionKey: keys[1] },
      { agent: "worker-sg", sessionKey: keys[2] },
    ]);
    expect(turns.getStore()).toBeUndefined();
    // No rule speaks for it.
    expect(await run("agent:master:main")).toBeUndefined();
  });

  test("on a node outside its rule is refused before the host sends anything there", async () => {
    const { reader, run, ran, deps } = arranged();
    reader.now = [hostedSession()];
    await expect(run()).rejects.toThrow(/^HOSTED_ELSEWHERE: .*"mac-cn".*"singapore"/);
    expect(ran).toEqual([]);
    expect(deps.memory.part(COUNTERS).hostedRefused).toBe(1);
  });

  test("on a node of its rule runs there, and its run is known as hosted", async () => {
    const { reader, run, deps } = arranged();
    reader.now = [hostedSession({ nodeId: SG_ID })];
    await expect(run({ runId: "run-sg" })).resolves.toBe("hosted");
    expect(deps.memory.part(HOSTED_RUNS).has("run-sg")).toBe(true);
  });

  test("on the gateway runs as ever, and asks for no list of nodes", async () => {
    const { hosted, run, deps } = arranged();
    hosted.yes = false;
    await expect(run()).resolves.toBe("local");
    expect(deps.listCalls).toBe(0);
  });

  test("that the host sends away without a record, or with records that cannot be read, is refused", async () => {
    const { reader, run, ran } = arranged();
    await expect(run()).rejects.toThrow("keeps no record");
    reader.now = "locked";
    await expect(run()).rejects.toThrow("locked");
    expect(ran).toEqual([]);
  });

  test("whose machine changes while it waits is judged by the last one", async () => {
    const { reader, provider, ran } = arranged();
    reader.now = [hostedSession({ state: "provisioning", nodeId: null })];
    const waiting = provider.executeTurn(
      turnClaim(),
      {},
      async () => "local",
      () => {},
      () => {
        reader.now = [hostedSession()];
      },
    );
    await expect(waiting).rejects.toThrow("HOSTED_ELSEWHERE");
    expect(ran).toEqual([]);
  });

  test("whose record names another agent than the turn is judged for both", async () => {
    const { reader, run } = arranged();
    reader.now = [hostedSession({ agent: "master", nodeId: SG_ID })];
    await expect(run({ agentId: "worker-cn" })).rejects.toThrow('agent "worker-cn"');
  });

  test("by any spelling of its id", async () => {
    const { reader, run } = arranged();
    reader.now = [hostedSession()];
    await expect(run({ agentId: "Worker-SG" })).rejects.toThrow("HOSTED_ELSEWHERE");
    await expect(run({ agentId: undefined })).rejects.toThrow("HOSTED_ELSEWHERE");
  });

  test("with a broken config is refused even where its rule would allow it", async () => {
    const { reader, run } = arranged({ config: { ...CONFIG, bogus: 1 } });
    reader.now = [hostedSession({ nodeId: SG_ID })];
    await expect(run()).rejects.toThrow("CONFIG_INVALID");
  });

  test("is refused while the nodes cannot be listed", async () => {
    const { reader, run, deps } = arranged();
    deps.nodes = new Error("stuck");
    reader.now = [hostedSession({ nodeId: SG_ID })];
    await expect(run()).rejects.toThrow("has not listed its nodes");
  });

  test("in shadow mode runs, and the log says what would have been", async () => {
    const { reader, run, deps } = arranged({ config: { ...CONFIG, mode: "shadow" } });
    reader.now = [hostedSession()];
    await expect(run()).resolves.toBe("hosted");
    expect(deps.lines.map(({ text }) => text).join("\n")).toContain("shadow mode lets the turn run");
  });

  test("whose workspace is on a node is refused without a rule, and in shadow mode too", async () => {
    const options = workspaceOptions();
    const { reader, run } = arranged({
      ...options,
      config: { ...CONFIG, rules: [], mode: "shadow", audit: "off" },
    });
    reader.now = [hostedSession({ nodeId: SG_ID })];
    await expect(run()).rejects.toThrow("no rule names the agent");
  });
});

describe("a turn of any other agent", () => {
  const master = { agentId: "master", sessionKey: "agent:master:one", sessionId: "session-2" };

  test("is left alone wherever it runs, also while nothing can be read", async () => {
    const { reader, run, deps } = arranged();
    reader.now = "locked";
    deps.nodes = new Error("stuck");
    await expect(run(master)).resolves.toBe("hosted");
    expect(deps.listCalls).toBe(0);
  });

  test("is left alone when the gateway's config cannot be read", async () => {
    const { deps, reader } = arranged();
    const gate = createTurnGate({
      ...deps,
      reader,
      hostConfig: () => {
        throw new Error("gone");
      },
      cliNode: () => null,
    });
    expect(gate.concerns(turnOf({ agent: "master", sessionKey: null }))).toBe(false);
    expect(gate.concerns(turnOf())).toBe(true);
  });
});

describe("a command line agent's turn", () => {
  const cli = (provider: ReturnType<typeof hostProvider>["provider"]) =>
    provider.executeLocalTurn(turnClaim(), async () => "ran");

  test("that a node outside the rule would run is refused; on the gateway and on a node of the rule it runs", async () => {
    const { provider, deps } = arranged({}, "c0".repeat(32));
    await deps.memory.part(NODE_READER).read(0, async () => ({ nodes: [], takenAtMs: deps.now() }));
    await expect(cli(provider)).rejects.toThrow("HOSTED_ELSEWHERE: the command line agent of session");
    await expect(cli(arranged({}, null).provider)).resolves.toBe("ran");
  });
});

describe("the wrapper", () => {
  test("is put on once, however often the plugin is registered, and asks the newest gate", async () => {
    const { provider, reader, deps, run } = arranged();
    reader.now = [hostedSession()];
    const wrapped = provider.executeTurn;
    const checks = vi.fn();
    armTurnGate(deps.memory, { ...createTurnGate({ ...deps, reader, cliNode: () => null }), check: checks });
    rearm(deps.memory);
    expect(provider.executeTurn).toBe(wrapped);
    await run();
    expect(checks).toHaveBeenCalledTimes(3);
  });

  test("also goes around a provider that the host installs later, and one that it installs in its place", async () => {
    const { admission, reader, ran } = arranged();
    reader.now = [hostedSession()];
    const { provider } = hostProvider(() => true);
    admission.provider = provider;
    await expect(
      provider.executeTurn(
        turnClaim(),
        {},
        async () => "local",
        () => {},
        () => {},
      ),
    ).rejects.toThrow("HOSTED_ELSEWHERE");
    expect(ran).toEqual([]);
    expect(admission.provider).toBe(provider);
  });

  test("is put back where another plugin has taken it away", async () => {
    const { provider, reader, run, deps } = arranged();
    reader.now = [hostedSession()];
    provider.executeTurn = hostProvider(() => true).provider.executeTurn;
    rearm(deps.memory);
    await expect(run()).rejects.toThrow("HOSTED_ELSEWHERE");
  });

  test("without a gate lets every turn through, and an older registration cannot take a newer gate away", async () => {
    const { gate, deps, reader, run } = arranged();
    reader.now = [hostedSession()];
    const newer = createTurnGate({ ...deps, reader, cliNode: () => null });
    armTurnGate(deps.memory, newer);
    disarmTurnGate(deps.memory, gate);
    await expect(run()).rejects.toThrow("HOSTED_ELSEWHERE");
    disarmTurnGate(deps.memory, newer);
    await expect(run()).resolves.toBe("hosted");
  });

  test("says when the host's admission is another one than we know", () => {
    const { admission, deps } = arranged();
    expect(turnGateState(deps.memory)).toEqual({ kind: "armed" });
    admission.provider = { runTurn: () => {} };
    expect(turnGateState(deps.memory)).toMatchObject({
      kind: "unfit",
      reason: expect.stringContaining("executeTurn"),
    });
    admission.provider = Object.freeze({ executeTurn: async () => {} });
    expect(turnGateState(deps.memory)).toMatchObject({
      kind: "unfit",
      reason: expect.stringContaining("read-only"),
    });
    admission.provider = undefined;
    expect(turnGateState(deps.memory)).toEqual({ kind: "waiting" });
  });
});

function turnClaim() {
  return { sessionId: "session-1", agentId: "worker-sg", sessionKey: "agent:worker-sg:one", runId: "run-1" };
}
