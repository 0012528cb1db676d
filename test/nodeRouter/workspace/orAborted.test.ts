import { describe, expect, test } from "vitest";
import { createExecJob } from "../../../src/nodeRouter/workspace/execJob.ts";
import { orAborted } from "../../../src/nodeRouter/workspace/orAborted.ts";
import { createLocalTransport } from "./localTransport.ts";

const NEVER = new Promise<never>(() => {});

describe("a wait of a call", () => {
  test("ends with the call, and nothing was sent", async () => {
    const call = new AbortController();
    const waiting = orAborted(NEVER, call.signal);
    call.abort();
    await expect(waiting).rejects.toMatchObject({ code: "NOT_STARTED" });
    await expect(orAborted(NEVER, call.signal)).rejects.toMatchObject({ code: "NOT_STARTED" });
  });

  test("a wait that is not aborted ends as what it waits for, with its failure too", async () => {
    const { signal } = new AbortController();
    expect(await orAborted(Promise.resolve(7), signal)).toBe(7);
    expect(await orAborted(Promise.resolve(7), undefined)).toBe(7);
    await expect(orAborted(Promise.reject(new Error("no")), signal)).rejects.toThrow("no");
  });
});

test("a command that waits for a node that hangs is not started when its call is given up", async () => {
  const transport = createLocalTransport();
  const call = new AbortController();
  const job = createExecJob({
    agent: "a",
    sessionKey: "agent:a:s",
    target: { node: Object({ name: "n" }), via: { over: "ssh" }, root: "/w", rule: null },
    commands: { start: (request) => transport.start("n", request) },
    request: { script: "true" },
    call: null,
    audit: { begin: async () => {}, end: () => {}, announcement: () => "" },
    ready: (cancelled) => orAborted(NEVER, cancelled),
    now: Date.now,
    onChange: () => {},
  });
  const started = job.start(call.signal);
  call.abort();
  await expect(started).rejects.toMatchObject({ code: "NOT_STARTED" });
  expect(transport.started).toEqual([]);
});
