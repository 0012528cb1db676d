// The service that asks what became of jobs: it keeps neither a start nor an end of the gateway's services waiting.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { JOBS } from "../../../src/nodeRouter/jobs/jobs.ts";
import { registerJobs } from "../../../src/nodeRouter/jobs/register.ts";
import { createMemory } from "../../../src/shared/processMemory.ts";
import { ownStore } from "../../support/ownStore.ts";
import { makeJob } from "./makeJob.ts";

interface Service {
  readonly id: string;
  start(): Promise<void>;
  stop(): Promise<void>;
}

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "node-router-jobs-"));
});
afterEach(() => {
  vi.useRealTimers();
  rmSync(folder, { recursive: true, force: true });
});

function arranged(write: (text: string) => Promise<void>) {
  const memory = createMemory(Date.now);
  memory.part(JOBS).keepIn(ownStore({ read: async () => null, write }), () => {});
  const services: Service[] = [];
  const api = {
    registerService: (service: Service) => void services.push(service),
    runtime: { state: { resolveStateDir: () => folder } },
  };
  const log = { warn: () => {}, error: () => {} };
  registerJobs(api as never, { memory, log: log as never, now: Date.now });
  const [service] = services;
  if (service === undefined) throw new Error("no service");
  return { memory, service };
}

test("a disk that never answers holds up no stop for longer than the host's patience", async () => {
  const { memory, service } = arranged(() => new Promise(() => {}));
  await service.start();
  vi.useFakeTimers();
  void memory.part(JOBS).add(makeJob());
  const stopped = vi.fn();
  void service.stop().then(stopped);
  await vi.advanceTimersByTimeAsync(1_900);
  expect(stopped).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(200);
  expect(stopped).toHaveBeenCalledOnce();
  expect(vi.getTimerCount()).toBe(0);
});

test("what was noted is in the file when the stop is over", async () => {
  const written: string[] = [];
  const { memory, service } = arranged(async (text) => void written.push(text));
  await service.start();
  void memory.part(JOBS).add(makeJob());
  await service.stop();
  expect(written).toHaveLength(1);
});

test("a second start and a stop leave nothing that goes on asking", async () => {
  vi.useFakeTimers();
  const { service } = arranged(async () => {});
  await service.start();
  await service.start();
  expect(vi.getTimerCount()).toBe(1);
  await service.stop();
  await service.stop();
  expect(vi.getTimerCount()).toBe(0);
});
