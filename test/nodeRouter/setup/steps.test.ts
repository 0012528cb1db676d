// `add` and `join` against a gateway and a machine in memory: wherever they are cut off, they take back or go on.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { tunnelEntry } from "../../../src/nodeRouter/setup/joinSteps.ts";
import type { SetupLook } from "../../../src/nodeRouter/setup/setupGateway.ts";
import { refusal } from "../../../src/shared/refusal.ts";
import { type CallFault, DEVICE, FINGERPRINT, newWorld, runIn, seen, type WorldOptions } from "./world.ts";

const COMMANDS: readonly (readonly [string, WorldOptions])[] = [
  ["add", {}],
  ["join", { join: {} }],
];

/** Configs in which a part of it, or something of somebody else's, is there already. */
const CONFIGS = [
  {},
  {
    nodes: { "mac-cn": { tags: ["region=cn"] } },
    rules: [{ name: "china", agents: ["worker-cn"], require: "region=cn" }],
  },
  { nodes: { "mac-new": { tags: ["gpu"], workspace: "/w", ssh: { user: "claw" } } } },
];

describe.each(COMMANDS)("%s", (_, options) => {
  const clean = async (config: unknown) => {
    const world = newWorld(config);
    const { report, calls } = await runIn(world, options);
    expect(report).toMatchObject({ ok: true, problem: null });
    return { end: seen(world), calls };
  };

  test("ends with the entry, the rule and the guard, and a second run changes nothing and asks nobody", async () => {
    const world = newWorld();
    await runIn(world, options);
    const before = seen(world);
    const again = await runIn(world, options);
    expect(again.report.steps.filter(({ state }) => state !== "there")).toEqual([]);
    expect([seen(world), again.shown]).toEqual([before, []]);
    expect(before.config).toMatchObject({
      nodes: {
        "mac-new": { location: { country: "SG" }, tags: ["region=sg"], workspace: "/home/claw/work" },
      },
      rules: [{ name: "mac-new", agents: ["worker-sg"], require: "region=sg" }],
    });
  });

  test.each([0, 1, 2])(
    "of which any call fails, is lost or is interrupted, leaves all but the compared host key as it was, and then succeeds (config %i)",
    async (index) => {
      const config = CONFIGS[index];
      const { end, calls } = await clean(config);
      const faults = fc.record<CallFault>({
        at: fc.nat({ max: calls.length - 1 }),
        how: fc.constantFrom("throws", "lost", "stops"),
      });
      await fc.assert(
        fc.asyncProperty(faults, async (fault) => {
          const world = newWorld(config);
          const { report } = await runIn(world, { ...options, fault });
          if (!report.ok) {
            expect(report.left).toEqual([]);
            const { trusted: _trusted, guarded: _guarded, device: _device, ...rest } = seen(world);
            const { trusted: _t, guarded: _g, device: _d, ...before } = seen(newWorld(config));
            expect(rest).toEqual(before);
          }
          await runIn(world, options);
          expect(seen(world)).toEqual(end);
        }),
      );
    },
  );

  test.each([0, 1, 2])(
    "killed at any call goes on from there when it is run again (config %i)",
    async (index) => {
      const config = CONFIGS[index];
      const { end, calls } = await clean(config);
      for (const at of calls.keys()) {
        const world = newWorld(config);
        await runIn(world, { ...options, fault: { at, how: "dead" } });
        const { report } = await runIn(world, options);
        expect([at, report.problem, seen(world)]).toEqual([at, null, end]);
      }
    },
  );

  test("writes nothing before a person has seen every value and agreed", async () => {
    const world = newWorld();
    const lines: string[] = [];
    const change = async (told: readonly string[]) => lines.push(...told) < 0;
    const { report } = await runIn(world, { ...options, talk: { change } });
    expect(report.problem).toBe("SETUP_FAILED: the change was not agreed to; it was not written");
    expect(seen(world)).toEqual({ ...seen(newWorld()), trusted: true });
    expect(lines.join("\n")).toContain("plugins.entries.node-router.config.nodes.mac-new: {");
    expect(lines.join("\n")).toContain('"require":"region=sg"');
  });

  test("records a host key that a person has named, and no other", async () => {
    for (const said of [null, "SHA256:wrong"]) {
      const world = newWorld();
      const { report } = await runIn(world, { ...options, talk: { hostKey: async () => said } });
      expect(report.problem).toMatch(/^HOST_KEY_UNKNOWN: /);
      expect(seen(world)).toEqual(seen(newWorld()));
    }
    const { report } = await runIn(newWorld(), { ...options, talk: { hostKey: async () => FINGERPRINT } });
    expect(report.ok).toBe(true);
  });

  test("a guess of the place is shown with its reason, and not written unless a person agrees", async () => {
    const world = newWorld();
    const guesses: unknown[] = [];
    const place = async (guess: unknown) => {
      guesses.push(guess);
      return null;
    };
    const { report } = await runIn(world, { ...options, wishes: { country: null }, talk: { place } });
    expect(guesses).toEqual([{ country: "SG", why: "time zone Asia/Singapore" }]);
    expect(report.steps.find(({ step }) => step === "place")?.fact).toBe(
      "not said; a guess is SG (time zone Asia/Singapore)",
    );
    expect(JSON.stringify(seen(world).config)).not.toContain("country");
    expect(seen(world).config).toMatchObject({ rules: [{ require: "node.name=mac-new" }] });
  });

  test("an agent that does not exist ends it before anything is asked of the machine", async () => {
    const { report, calls } = await runIn(newWorld(), { ...options, wishes: { agents: ["wrker"] } });
    expect(report.problem).toContain('AGENT_UNKNOWN: no agent "wrker" is configured');
    expect(calls).toEqual(["look"]);
  });

  test("an agent for which a rule speaks gets no second one, which would never be read", async () => {
    const rules = [{ name: "mine", agents: ["worker-sg"], require: "region=sg" }];
    const world = newWorld({ rules });
    await runIn(world, options);
    expect(seen(world).config).toMatchObject({ rules });
  });

  test("a name that is another machine in the config is not led to this one", async () => {
    const config = { nodes: { "mac-new": { ssh: { host: "elsewhere" } } } };
    const world = newWorld(config);
    const { report } = await runIn(world, options);
    // Called by the node's name alone, it is the machine of the entry.
    expect(report.ok).toBe(true);
    expect(seen(world).config).toMatchObject({ nodes: { "mac-new": { ssh: { host: "elsewhere" } } } });
  });
});

describe("join", () => {
  test("binds the name to the device that used this run's code", async () => {
    const world = newWorld();
    await runIn(world, { join: {} });
    expect(seen(world)).toMatchObject({ plugin: "0.1.0", paired: [DEVICE], running: true });
    expect(seen(world).config).toMatchObject({
      nodes: { "mac-new": { node: DEVICE, ssh: { tunnel: true } } },
    });
  });

  test("brings the plugin before the first connect, so that nothing is left to approve", async () => {
    const { calls } = await runIn(newWorld(), { join: {} });
    expect(calls.indexOf("install")).toBeGreaterThan(0);
    expect(calls.indexOf("install")).toBeLessThan(calls.indexOf("connect"));
  });

  test("of a machine that was paired before takes back neither its pairing nor its node host", async () => {
    const paired = () => newWorld({}, { device: DEVICE, paired: new Set([DEVICE]), plugin: "0.1.0" });
    const world = paired();
    const gateway = { write: () => Promise.reject(new Error("disk full")) };
    expect((await runIn(world, { join: {}, gateway })).report.ok).toBe(false);
    expect(seen(world)).toEqual({ ...seen(paired()), trusted: true });
  });

  test("keeps the tunnel's port that is in the config, unless a person names another", () => {
    const look = (tunnel: unknown) => ({ entry: { ssh: { tunnel } } }) as unknown as SetupLook;
    expect(tunnelEntry(look({ port: 18_790 }), null)).toEqual({});
    expect(tunnelEntry(look({ port: 18_790 }), 18_791)).toEqual({ ssh: { tunnel: { port: 18_791 } } });
    for (const absent of [undefined, false])
      expect(tunnelEntry(look(absent), null)).toEqual({ ssh: { tunnel: true } });
  });

  test("a plugin that comes to a node host which runs already is said to need a restart and an approval", async () => {
    const world = newWorld({}, { device: DEVICE, paired: new Set([DEVICE]), running: true });
    const { report } = await runIn(world, { join: {} });
    expect(report.steps.find(({ step }) => step === "pair")?.fact).toContain('"openclaw nodes approve"');
    const again = await runIn(world, { join: {} });
    expect(again.report.steps.find(({ step }) => step === "pair")?.fact).not.toContain("approve");
  });

  test("an older plugin there is replaced, and stays replaced where the rest fails: nobody has its package", async () => {
    const world = newWorld({}, { plugin: "0.0.9" });
    const pairing = {
      code: () => Promise.reject(new Error("no rights")),
      usedBy: async () => null,
      remove: async () => undefined,
    };
    const { report } = await runIn(world, { join: { pairing } });
    expect([report.ok, seen(world).plugin]).toEqual([false, "0.1.0"]);
  });

  test("without OpenClaw on the machine says the line that installs it, of the gateway's version", async () => {
    const gateway = {
      onNode: async () => ({ ok: true, stdout: "node-router-says missing openclaw\n", problem: null }),
    };
    const { report } = await runIn(newWorld(), { join: {}, gateway });
    expect(report.problem).toContain("npm install -g openclaw@2026.9.6");
  });

  test("where nothing keeps a service says so before anything is changed, and --no-service goes on", async () => {
    const tell = (text: string) => ({ ok: true, stdout: text, problem: null });
    const onNode = async () =>
      tell("node-router-says service none\nnode-router-says version OpenClaw 2026.9.6\n");
    const world = newWorld();
    const { report } = await runIn(world, { join: {}, gateway: { onNode } });
    expect(report.problem).toContain("--no-service");
    expect(seen(world)).toEqual({ ...seen(newWorld()), trusted: true });
    const without = await runIn(newWorld(), { join: { service: false }, gateway: { onNode } });
    expect(without.report.steps.find(({ step }) => step === "openclaw")?.state).toBe("there");
  });
});

test("a login that lets nobody in ends with the line for authorized_keys, and is no fault of the machine's key", async () => {
  const steps = [{ host: "mac-new", name: "auth" as const, ok: false, ms: 1, detail: "AUTH_FAILED: no key" }];
  const probe = async () => ({
    node: "mac-new",
    way: null,
    ok: false,
    steps,
    problem: "AUTH_FAILED: no key",
  });
  const { report } = await runIn(newWorld(), { gateway: { probe } });
  expect(report.problem).toMatch(
    /^AUTH_FAILED: no key\. Put this line into .*authorized_keys.*: restrict,pty ssh-ed25519 AAAA$/,
  );
  expect(refusal("SETUP_FAILED", "x").advice).not.toBeNull();
});
