// The service that observes the nodes, with a host that fails in the ways in which hosts do.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { registerPresence } from "../../../src/nodeRouter/observe/register.ts";
import { PRESENCE } from "../../../src/presence/presence.ts";
import { fakeDeps } from "../../support/fakeDeps.ts";

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
  const services: Service[] = [];
  const api = {
    registerService: (service: Service) => void services.push(service),
    runtime: { state: { resolveStateDir }, nodes: { invoke: async () => ({}) } },
  };
  // Only what the service uses of it.
  registerPresence(api as never, deps);
  const [service] = services;
  if (service === undefined) throw new Error("no service");
  current = service;
  return { deps, service };
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
