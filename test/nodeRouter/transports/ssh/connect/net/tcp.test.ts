// One TCP connection where packets are lost: a machine that takes no new ones for a while, as behind a link that is cut.
import { connect, type Socket } from "node:net";
import { Worker } from "node:worker_threads";
import { afterEach, describe, expect, test } from "vitest";
import { openTcp, type TcpRequest } from "../../../../../../src/nodeRouter/transports/ssh/connect/net/tcp.ts";
import { pause, waitFor } from "../../../../../support/wait.ts";

/** Listens, and takes nobody until it is told to: the kernel drops what comes when its queue of one is full. */
const DEAF = `
  const { createServer } = require("node:net");
  const { parentPort, workerData } = require("node:worker_threads");
  let open = 0;
  const server = createServer((socket) => {
    socket.on("error", () => {}).once("close", () => parentPort.postMessage({ open: --open }));
    parentPort.postMessage({ open: ++open });
  });
  server.listen({ host: "127.0.0.1", port: 0, backlog: 1 }, () => {
    parentPort.postMessage({ port: server.address().port });
    setTimeout(() => Atomics.wait(workerData, 0, 0), 10);
  });
`;
/** TCP asks again after a second. */
const BY_ITSELF_MS = 900;

let worker: Worker | null = null;
const sockets: Socket[] = [];

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await worker?.terminate();
});

async function deafMachine(): Promise<{ readonly port: number; hear(): void }> {
  const flag = new Int32Array(new SharedArrayBuffer(4));
  const own = new Worker(DEAF, { eval: true, workerData: flag });
  worker = own;
  const { port } = await new Promise<{ port: number }>((resolve) => own.once("message", resolve));
  await pause(50);
  let isDropped = false;
  // Fills the queue, until one is not answered.
  while (!isDropped) {
    const socket = connect({ host: "127.0.0.1", port }).on("error", () => {});
    sockets.push(socket);
    isDropped = await Promise.race([
      new Promise<boolean>((resolve) => socket.once("connect", () => resolve(false))),
      // What came while this process stood still is looked at before that counts.
      pause(300)
        .then(() => new Promise((resolve) => setImmediate(resolve)))
        .then(() => true),
    ]);
  }
  return {
    port,
    hear() {
      Atomics.store(flag, 0, 1);
      Atomics.notify(flag, 0);
    },
  };
}

const open = (changes: Partial<TcpRequest>) =>
  openTcp({
    host: "127.0.0.1",
    port: 0,
    family: 0,
    localAddress: null,
    timeoutMs: 5_000,
    signal: undefined,
    now: () => performance.now(),
    ...changes,
  });

describe("a machine that hears nothing at first", () => {
  // A second in which this machine stands still is the second after which TCP asks again.
  test("is reached within one dial after it hears again, and not when TCP asks again by itself", {
    retry: 4,
  }, async () => {
    const { port, hear } = await deafMachine();
    const opening = open({ port, redialMs: 50 });
    await pause(150);
    hear();
    const result = await opening;
    if (!result.ok) throw new Error(result.why);
    sockets.push(result.socket);
    expect(result.totalMs).toBeGreaterThan(140);
    expect(result.totalMs).toBeLessThan(BY_ITSELF_MS);
    expect(result.socket.destroyed).toBe(false);
  });

  test("is reached when TCP asks again where it is dialled once", async () => {
    const { port, hear } = await deafMachine();
    const opening = open({ port });
    await pause(150);
    hear();
    const result = await opening;
    if (!result.ok) throw new Error(result.why);
    sockets.push(result.socket);
    expect(result.totalMs).toBeGreaterThanOrEqual(BY_ITSELF_MS);
  });

  test("is given up in time with all dials, and none is left to connect later", async () => {
    const { port, hear } = await deafMachine();
    const own = worker;
    let open_ = -1;
    own?.on("message", ({ open: left }) => {
      open_ = left;
    });
    expect(await open({ port, redialMs: 50, timeoutMs: 300 })).toMatchObject({ ok: false, why: "timeout" });
    for (const socket of sockets.splice(0)) socket.destroy();
    hear();
    await waitFor("everybody to be gone", () => open_ === 0);
    await pause(100);
    await waitFor("everybody to be gone for good", () => open_ === 0, { timeoutMs: 20_000 });
  });
});

test("a machine that refuses is told of at once, however often it would be dialled", async () => {
  const result = await open({ port: 1, redialMs: 50 });
  expect(result).toMatchObject({ ok: false, why: "error", error: { code: "ECONNREFUSED" } });
});

test("a name that nobody knows is asked for once", async () => {
  const result = await open({ host: "no-such-machine.invalid", port: 1, redialMs: 5 });
  expect(result).toMatchObject({ ok: false, why: "error", lookupMs: null, address: null });
});
