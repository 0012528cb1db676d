// The ways around a residency and a taint, each closed: explicit nodes, late approvals, the gateway, files and input.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { PLUGIN_CONFIG } from "../../src/config/currentConfig.ts";
import { createExecEnvGate } from "../../src/hooks/execEnvGate.ts";
import { createNodeInvokePolicy } from "../../src/hooks/nodeInvokePolicy.ts";
import { resultLine } from "../../src/hooks/resultLine.ts";
import { createToolPolicy } from "../../src/hooks/toolPolicy.ts";
import { placeSession } from "../../src/nodeRouter/current/placeSession.ts";
import { worldNow } from "../../src/nodeRouter/current/worldNow.ts";
import { reportText } from "../../src/nodeRouter/explain/explainText.ts";
import { currentSnapshot } from "../../src/nodeRouter/inventory/currentSnapshot.ts";
import { agentPolicy } from "../../src/nodeRouter/policy/agentPolicy.ts";
import { explainTool } from "../../src/nodeRouter/policy/explainTool.ts";
import { hostingProblem } from "../../src/nodeRouter/policy/hosting.ts";
import { CALLS } from "../../src/nodeRouter/state/calls.ts";
import { CURRENT_TURN } from "../../src/nodeRouter/state/currentTurn.ts";
import { NO_LAST_NODES } from "../../src/nodeRouter/state/lastNodes.ts";
import { SESSION_NODES } from "../../src/nodeRouter/state/sessionNodes.ts";
import { createExecJob } from "../../src/nodeRouter/workspace/execJob.ts";
import { createFileBridge } from "../../src/nodeRouter/workspace/files/createFileBridge.ts";
import { openPersona } from "../../src/nodeRouter/workspace/persona.ts";
import { PRESENCE } from "../../src/presence/presence.ts";
import type { PlaceWitness } from "../../src/presence/record.ts";
import { refusalText } from "../../src/shared/refusal.ts";
import { type Arranged, arrange, configOf } from "../nodeRouter/workspace/arrange.ts";
import {
  BOUND,
  CONFIG,
  contextOf,
  execEvent,
  type FakeDeps,
  type FakeOptions,
  fakeDeps,
  RUN,
  SG_ID,
  START_MS,
} from "../support/fakeDeps.ts";
import { fakePresence, makePlace, makePresence } from "../support/makePresence.ts";

const TOKYO: PlaceWitness = {
  by: "endpoint",
  place: makePlace({ country: "JP", city: "Tokyo", latitude: 35.68, longitude: 139.65 }),
  atMs: START_MS - 60_000,
  stale: false,
};

const rulesWith = (changes: object) => CONFIG.rules.map((rule) => ({ ...rule, ...changes }));
const RESIDENT = { ...CONFIG, rules: rulesWith({ residency: { allow: ["SG"] } }) };

/** Something says that the node is in Tokyo; null: nobody does any more. */
function observe(deps: Pick<FakeDeps, "memory">, node: string, ...witnesses: PlaceWitness[]): void {
  const records = new Map([[node, makePresence({ node, witnesses })]]);
  deps.memory.part(PRESENCE).current = fakePresence(() => records);
}

function arranged(config: object = RESIDENT, options: FakeOptions = {}) {
  const deps = fakeDeps({ config, ...options });
  const policy = createToolPolicy(deps);
  const refuse = createNodeInvokePolicy(deps);
  return {
    deps,
    call: (tool: string, params: Record<string, unknown> = { command: "id" }) =>
      policy(execEvent(deps, params, { toolName: tool }), contextOf("worker-sg")),
    prepare: () =>
      refuse({
        nodeId: SG_ID,
        command: "system.run.prepare",
        params: { agentId: "worker-sg", sessionKey: "agent:worker-sg:main" },
      }),
  };
}

const blocked = (why: RegExp) => ({ block: true, blockReason: expect.stringMatching(why) });

describe("a node whose place came into doubt", () => {
  test.each([
    ["exec", { command: "id" }],
    ["exec", { command: "id", background: true }],
    ["exec", { command: "id", node: "mac-sg" }],
    ["browser", { action: "status" }],
    ["browser", { action: "status", node: "mac-sg" }],
    ["nodes", { action: "notify", node: SG_ID }],
    ["file_fetch", { node: "mac-sg", path: "/etc/hosts" }],
    ["computer", { action: "screenshot" }],
  ])("gets nothing by %s %j, and did while there was none", async (tool, params) => {
    const { deps, call } = arranged();
    expect(await call(tool, params)).not.toMatchObject({ block: true });
    observe(deps, "mac-sg", TOKYO);
    expect(await call(tool, params)).toEqual(
      blocked(
        /^NO_NODE_FITS: .*1 was of disputed place \(SG, declared, endpoint .* looks like JP Tokyo 1 min ago\)/,
      ),
    );
  });

  test("is named with the reason when another one would fit and the model asks for it", async () => {
    const nodes = { ...CONFIG.nodes, "mac-cn": { tags: ["region=sg"], location: { country: "SG" } } };
    const { deps, call } = arranged({ ...RESIDENT, nodes });
    observe(deps, "mac-sg", TOKYO);
    expect(await call("browser", { action: "status", node: "mac-sg" })).toEqual(
      blocked(/^NODE_NOT_ALLOWED: .* asked for node "mac-sg", which was of disputed place \(SG, declared, /),
    );
  });

  test("gets no command that was placed before, nor one that a person agreed to after its call had ended", async () => {
    const during = arranged();
    await during.call("exec");
    expect(await during.prepare()).toBeNull();
    observe(during.deps, "mac-sg", TOKYO);
    await currentSnapshot(during.deps, during.deps.memory.part(PLUGIN_CONFIG).current ?? never(), 0);
    expect(await during.prepare()).toMatchObject({
      code: "RUN_NOT_ALLOWED",
      fact: expect.stringMatching(/was sent to node (5a)+, which was of disputed place \(SG, declared, /),
    });

    const later = arranged();
    expect(await later.prepare()).toBeNull();
    observe(later.deps, "mac-sg", TOKYO);
    expect(await later.prepare()).toMatchObject({ code: "RUN_NOT_ALLOWED" });
  });

  test("gets no turn of a session that OpenClaw hosts there", async () => {
    const { deps } = arranged();
    observe(deps, "mac-sg", TOKYO);
    const config = deps.memory.part(PLUGIN_CONFIG).current ?? never();
    const snapshot = await currentSnapshot(deps, config, 0);
    expect(hostingProblem(agentPolicy(config, {}, "worker-sg"), SG_ID, snapshot)).toMatch(
      /^which was of disputed place \(/,
    );
  });
});

test("the result of a call says whose word its place is, and only under a rule with residency", async () => {
  const line = async (config: object, ...witnesses: PlaceWitness[]) => {
    const { deps, call } = arranged(config);
    observe(deps, "mac-sg", ...witnesses);
    await call("exec");
    const placed = deps.memory.part(CALLS).find(RUN, "call-1");
    return placed === null ? null : resultLine(placed, "ran");
  };
  const here = { ...TOKYO, place: makePlace() };
  expect(await line(RESIDENT, here)).toBe(
    "[node-router] ran on mac-sg (SG, declared) · rule singapore · residency SG, declared, endpoint agrees 1 min ago",
  );
  expect(await line(CONFIG, here)).toBe("[node-router] ran on mac-sg (SG, declared) · rule singapore");
});

test("explain shows what the reason is about in its table and in its JSON", async () => {
  const { deps } = arranged();
  observe(deps, "mac-sg", TOKYO);
  const config = deps.memory.part(PLUGIN_CONFIG).current ?? never();
  const snapshot = await currentSnapshot(deps, config, 0);
  const policy = agentPolicy(config, {}, "worker-sg");
  const report = explainTool(policy, "exec", worldNow(deps, config, snapshot), START_MS, NO_LAST_NODES);
  const detail = "SG, declared, endpoint 203.0.113.7 looks like JP Tokyo 1 min ago";
  expect(report.candidates).toMatchObject([
    { node: "mac-cn", reason: 'didn\'t match "region=sg"' },
    { node: "mac-sg", reason: "was of disputed place", detail },
  ]);
  expect(report.candidates[0]).not.toHaveProperty("detail");
  const table = reportText(report).replace(/\s+/g, " ");
  expect(table).toContain(`mac-sg no was of disputed place: ${detail}`);
});

describe('onUnavailable: "gateway"', () => {
  const config = (gateway: object, residency: object = { allow: ["SG"] }) => ({
    ...CONFIG,
    nodes: { "mac-cn": { tags: ["region=sg"], location: { country: "CN" } } },
    rules: rulesWith({ residency, onUnavailable: "gateway" }),
    gateway: { location: gateway },
  });
  const gate = (deps: FakeDeps) => createExecEnvGate(deps)({ host: "gateway" }, contextOf("worker-sg"));

  test.each([
    ["is declared inside", { country: "SG" }, null],
    ["is declared elsewhere", { country: "CN" }, /the gateway was outside the residency \(CN, declared\)/],
    ["is declared nowhere", {}, /the gateway was of unknown place/],
  ])("a gateway that %s", async (_, location, refused) => {
    const { deps, call } = arranged(config(location));
    const answer = await call("exec", { command: "id" });
    if (refused === null) expect(answer).not.toMatchObject({ block: true });
    else expect(answer).toEqual(blocked(refused));
    // The last gate before a start on it says the same.
    expect(gate(deps) === undefined).toBe(refused === null);
  });

  test("a gateway whose clock or relay is somewhere else is of disputed place", async () => {
    const { deps, call } = arranged(config({ country: "SG" }));
    deps.memory.part(PRESENCE).current = {
      ...fakePresence(() => new Map()),
      gatewayWitnesses: () => [{ ...TOKYO, by: "timezone" }],
    };
    expect(await call("exec", { command: "id" })).toEqual(blocked(/the gateway was of disputed place/));
    expect(gate(deps)).not.toBeUndefined();
  });

  test("a gateway is no way out where egress is asked: nobody asks it", async () => {
    const { deps, call } = arranged(config({ country: "SG" }, { allow: ["SG"], egress: true }));
    expect(await call("exec", { command: "id" })).toEqual(blocked(/the gateway had an unknown egress place/));
    expect(gate(deps)).not.toBeUndefined();
  });
});

describe("a session whose workspace is on a node", () => {
  const KEY = "agent:worker:main";
  let at: Arranged;
  beforeEach(() => {
    at = arrange();
  });
  afterEach(() => at.stop());

  const configure = (one: object, rule: object = {}) => {
    const config = configOf(at.folder, one);
    const nodes = {
      ...config.nodes,
      two: { ...Object(Reflect.get(config.nodes, "two")), location: { country: "SG" } },
    };
    at.deps.configure({ nodes, rules: config.rules.map((each) => ({ ...each, ...rule })) });
  };
  const RESIDENCY = { residency: { allow: ["SG"] } };
  const placed = async () => {
    const place = await placeSession(at.deps, "worker", KEY);
    return place.ok ? place.node.name : refusalText(place.refusal);
  };

  test("waits while the place of its node is in doubt, and goes on when it is not", async () => {
    configure({ location: { country: "SG" } }, RESIDENCY);
    expect(await placed()).toBe("one");
    observe(at.deps, "one", TOKYO);
    expect(await placed()).toMatch(
      /^NODE_UNREACHABLE: node "one", which holds the files of this session, is of disputed place \(SG, declared, endpoint .* 1 min ago\); nothing ran, and the session does not move/,
    );
    observe(at.deps, "one");
    expect(await placed()).toBe("one");
  });

  test("moves when the config says that its node is elsewhere, or its rule asks for another country", async () => {
    configure({ location: { country: "SG" } }, RESIDENCY);
    expect(await placed()).toBe("one");
    configure({ location: { country: "CN" } }, RESIDENCY);
    expect(await placed()).toBe("two");
    expect(at.deps.memory.part(SESSION_NODES).get(KEY)?.movedFrom).toBe("one");
  });

  test("stays under NoSchedule, moves under NoExecute, and neither touches a rule that tolerates it", async () => {
    configure({});
    expect(await placed()).toBe("one");
    configure({ taints: ["prod:NoSchedule"] });
    expect(await placed()).toBe("one");
    expect(await placeSession(at.deps, "worker", "agent:worker:new")).toMatchObject({
      node: { name: "two" },
    });
    configure({ taints: ["prod:NoExecute"] }, { tolerate: ["prod"] });
    expect(await placed()).toBe("one");
    configure({ taints: ["prod:NoExecute"] });
    expect(await placed()).toBe("two");
  });

  test("its files are neither read nor written in mid-run once its node is in doubt", async () => {
    mkdirSync(join(at.folder, "one"));
    configure({ location: { country: "SG" } }, RESIDENCY);
    const handle = await at.backend.factory(at.params());
    const script = { script: "echo here", allowFailure: true };
    expect((await handle.runShellCommand(script)).stdout.toString()).toBe("here\n");
    observe(at.deps, "one", TOKYO);
    await expect(handle.runShellCommand(script)).rejects.toMatchObject({
      refusal: { code: "NODE_NOT_ALLOWED" },
    });
  });

  test("its persona files are not read once its node is in doubt, however late that comes", async () => {
    mkdirSync(join(at.folder, "one"));
    writeFileSync(join(at.folder, "one", "AGENTS.md"), "agents on one");
    configure({ location: { country: "SG" } }, RESIDENCY);
    Object.assign(at.deps, { hostConfig: () => ({ agents: { entries: { worker: { sandbox: BOUND } } } }) });
    const gateway = join(at.folder, "gateway");
    let beforeSending = (): void => {};
    const opened = openPersona(
      {
        deps: { ...at.deps, agentWorkspace: () => gateway },
        audit: at.parts.audit,
        createFileBridge: (options) =>
          createFileBridge({
            ...options,
            run: (request, limits) => {
              beforeSending();
              return options.run(request, limits);
            },
          }),
      },
      at.deps.log,
      async () => ({ ok: false as const, reason: "not in this test" }),
    );
    const inTurn = <T>(step: () => Promise<T>) =>
      at.deps.memory.part(CURRENT_TURN).run({ agent: "worker", sessionKey: KEY }, step);
    const file = { filePath: "AGENTS.md", maxBytes: 1_000 };
    const read = () =>
      inTurn(async () => (await opened.persona(gateway).readFileWithSource(file)).data.toString());
    expect(await read()).toBe("agents on one");
    const before = at.transport.started.length;
    beforeSending = () => observe(at.deps, "one", TOKYO);
    const stat = () => inTurn(() => opened.persona(gateway).stat(file));
    await expect(stat()).rejects.toThrow(/nothing more of agent "worker" goes to node "one", which was of/);
    await expect(read()).rejects.toThrow(/is of disputed place/);
    expect(at.transport.started).toHaveLength(before);
  });

  test("what is brought along stops between two trips once its node is in doubt", async () => {
    mkdirSync(join(at.folder, "one"));
    configure({ location: { country: "SG" } }, RESIDENCY);
    const handle = await at.backend.factory(at.params());
    await handle.runShellCommand({ script: "true" });
    const [mirror] = at.mirrored;
    if (mirror === undefined) throw new Error("no mirror");
    expect((await mirror.run({ script: "true" })).outcome).toMatchObject({ kind: "ran" });
    observe(at.deps, "one", TOKYO);
    const before = at.transport.started.length;
    await expect(mirror.run({ script: "true" })).rejects.toThrow(/was of disputed place/);
    expect(at.transport.started).toHaveLength(before);
  });

  test("its command does not start in mid-run either, and nothing is brought along for it", async () => {
    mkdirSync(join(at.folder, "one"));
    configure({ location: { country: "SG" } }, RESIDENCY);
    const handle = await at.backend.factory(at.params());
    observe(at.deps, "one", TOKYO);
    const before = at.mirrored.length;
    await expect(handle.runShellCommand({ script: "true" })).rejects.toThrow(/was of disputed place/);
    expect(at.mirrored).toHaveLength(before);
  });
});

describe("one command", () => {
  const jobWith = (requireAllowed: () => void, seen: string[]) =>
    createExecJob({
      agent: "worker",
      sessionKey: "s",
      target: { node: { name: "one" } as never, via: { over: "ssh" }, root: "/w", rule: "zone" },
      commands: { start: () => void seen.push("dispatch") } as never,
      request: { script: "cat" } as never,
      call: null,
      audit: { begin: async () => void seen.push("audit"), end: () => {}, announcement: () => "" },
      requireAllowed,
      ready: async () => void seen.push("mirror"),
      now: () => 0,
      onChange: () => {},
    });
  const refuse = () => {
    throw new Error("barred");
  };

  test("that may not go there any more brings nothing along and is not recorded as begun", async () => {
    const seen: string[] = [];
    await expect(jobWith(refuse, seen).start(new AbortController().signal)).rejects.toThrow("barred");
    expect(seen).toEqual([]);
  });

  test("is asked about once more after the files were brought, before it is sent", async () => {
    const seen: string[] = [];
    const once = () => {
      if (seen.includes("mirror")) refuse();
    };
    await expect(jobWith(once, seen).start(new AbortController().signal)).rejects.toThrow("barred");
    expect(seen).toEqual(["mirror"]);
  });

  test("gets no more input, and the input is not recorded as sent", async () => {
    const seen: string[] = [];
    await expect(jobWith(refuse, seen).watchInput?.(Buffer.from("secret"))).rejects.toThrow("barred");
    expect(seen).toEqual([]);
    await jobWith(() => {}, seen).watchInput?.(Buffer.from("x"));
    expect(seen).toEqual(["audit"]);
  });
});

function never(): never {
  throw new Error("no config");
}
