// The service that observes the nodes, with a host that fails in the ways in which hosts do.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { PLUGIN_CONFIG } from "../../../src/config/currentConfig.ts";
import { currentSnapshot } from "../../../src/nodeRouter/inventory/currentSnapshot.ts";
import { NODE_NAMES } from "../../../src/nodeRouter/inventory/nodeNames.ts";
import { registerPresence } from "../../../src/nodeRouter/observe/register.ts";
import { PRESENCE_HUB } from "../../../src/presence/hub.ts";
import { PRESENCE } from "../../../src/presence/presence.ts";
import { type FakeDeps, fakeDeps, hostEntry, SG_ID } from "../../support/fakeDeps.ts";
import { SLOW } from "../../support/wait.ts";

interface Service {
  start(): Promise<void>;
  stop(): Promise<void>;
}

let folder = "";
let current: Service | null = null;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "presence-"));
});
afterEach(async () => {
  await current?.stop();
  current = null;
  await rm(folder, { recursive: true, force: true });
});

function setUp(resolveStateDir: () => string = () => folder) {
  const deps = fakeDeps();
  deps.configure({ nodes: { "mac-sg": { tailscale: false }, "mac-cn": { tailscale: false } } });
  return { deps, service: register(deps, resolveStateDir) };
}

function register(
  deps: FakeDeps,
  resolveStateDir: () => string = () => folder,
  patienceMs = 60_000,
): Service {
  const services: Service[] = [];
  const api = {
    registerService: (service: Service) => void services.push(service),
    runtime: { state: { resolveStateDir }, nodes: { invoke: async () => ({}) } },
  };
  // Only what the service uses of it.
  registerPresence(api as never, deps, patienceMs);
  const [service] = services;
  if (service === undefined) throw new Error("no service");
  current = service;
  return service;
}

test("it knows the nodes once it started, and nothing more once it stopped", async () => {
  const { deps, service } = setUp();
  await service.start();
  expect([...(deps.memory.part(PRESENCE).current?.current().keys() ?? [])].sort()).toEqual([
    "mac-cn",
    "mac-sg",
  ]);
  await service.stop();
  expect(deps.memory.part(PRESENCE).current).toBeNull();
});

test("what speaks against a node's place does so while one service has ended and the next has not begun", async () => {
  const { deps, service } = setUp();
  deps.nodes = { nodes: [hostEntry("mac-sg", SG_ID)] };
  const sg = { tailscale: false, location: { country: "SG" } };
  deps.configure({ nodes: { "mac-sg": sg, "mac-cn": { ...sg, ssh: {} } } });
  const residence = async () => {
    const config = deps.memory.part(PLUGIN_CONFIG).current;
    if (config === null) throw new Error("no config");
    const { nodes, gatewayResidence } = await currentSnapshot(deps, config, 0);
    const said = nodes.map(({ name, residence: { country, disputes } }) => [name, country, disputes.length]);
    return { said: said.sort(), gatewayResidence };
  };
  await service.start();
  const hub = deps.memory.part(PRESENCE_HUB).current;
  const facts = { timeZone: "Asia/Tokyo" };
  hub?.sink.observe({ node: "mac-sg", source: "plugin", atMs: deps.now(), facts });
  hub?.refresh();
  const observed = await residence();
  expect(observed.said).toEqual([
    ["mac-cn", "SG", 0],
    ["mac-sg", "SG", 1],
  ]);
  await service.stop();
  expect(await residence()).toEqual(observed);
  const next = register(deps);
  await next.start();
  expect(await residence()).toEqual(observed);
});

test("one that could not start says why, and neither its end nor the next start stumbles over it", async () => {
  const dir = vi.fn(() => folder);
  dir.mockImplementationOnce(() => {
    throw new Error("no state folder");
  });
  const { deps, service } = setUp(dir);
  await expect(service.start()).rejects.toThrow("no state folder");
  await expect(service.stop()).resolves.toBeUndefined();
  await service.start();
  expect(deps.memory.part(PRESENCE).current).not.toBeNull();
});

test("started anew after a failure without an end in between, it observes", async () => {
  const dir = vi.fn(() => folder);
  dir.mockImplementationOnce(() => {
    throw new Error("no state folder");
  });
  const { deps, service } = setUp(dir);
  await expect(service.start()).rejects.toThrow("no state folder");
  await service.start();
  expect(deps.memory.part(PRESENCE).current).not.toBeNull();
});

describe("a list of nodes that does not come, on a machine that is too busy,", () => {
  const PATIENCE_MS = 20;

  /** Holds every list back until it is released. */
  function holdBack(deps: FakeDeps): () => void {
    const { promise, resolve } = Promise.withResolvers<unknown>();
    vi.spyOn(deps, "listNodes").mockReturnValue(promise);
    return () => resolve(deps.nodes);
  }

  test("does not hold up the start, which the host would take for a failed reload", async () => {
    const { deps } = setUp();
    const release = holdBack(deps);
    await register(deps, undefined, PATIENCE_MS).start();
    expect(deps.memory.part(PRESENCE).current).toBeNull();
    release();
    await vi.waitFor(() => expect(deps.memory.part(PRESENCE).current).not.toBeNull(), SLOW);
  });

  test("does not hold up the end either, and what began before it takes nothing from its successor", async () => {
    const { deps } = setUp();
    const release = holdBack(deps);
    const first = register(deps, undefined, PATIENCE_MS);
    await first.start();
    await first.stop();
    const second = register(deps, undefined, PATIENCE_MS);
    await second.start();
    release();
    await vi.waitFor(() => expect(deps.memory.part(PRESENCE).current).not.toBeNull(), SLOW);
    await first.stop();
    expect(deps.memory.part(PRESENCE).current).not.toBeNull();
    await second.stop();
    expect(deps.memory.part(PRESENCE).current).toBeNull();
  });
});

test("a start that fails after nobody waits for it any more says so in the log", async () => {
  const { deps } = setUp();
  const { promise, reject } = Promise.withResolvers<never>();
  vi.spyOn(deps.memory.part(NODE_NAMES), "ready").mockReturnValue(promise);
  await register(deps, undefined, 20).start();
  reject(new Error("no names"));
  await vi.waitFor(() => expect(deps.lines.map(({ text }) => text).join()).toContain("no names"), SLOW);
});

test("a state folder that cannot be written costs the history, and nothing else", async () => {
  const file = join(folder, "file");
  await writeFile(file, "");
  const { deps, service } = setUp(() => file);
  await service.start();
  expect(deps.memory.part(PRESENCE).current?.current().size).toBe(2);
  await service.stop();
  expect(deps.lines.filter(({ level }) => level === "warn").map(({ text }) => text)).toEqual([
    expect.stringContaining("could not be read"),
    expect.stringContaining("could not be written"),
  ]);
});
