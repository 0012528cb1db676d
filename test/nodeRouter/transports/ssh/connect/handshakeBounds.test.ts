// What a server may do before anybody is logged in, and with the keys afterwards.
import { connect, createServer } from "node:net";
import ssh2, { type Connection } from "ssh2";
import { afterEach, describe, expect, test } from "vitest";
import {
  algorithmsFor,
  HOST_KEY_TYPES,
} from "../../../../../src/nodeRouter/transports/ssh/connect/base/algorithms.ts";
import { NodeMisbehaved } from "../../../../../src/nodeRouter/transports/ssh/connect/bounds/guard.ts";
import { handshakeFailure } from "../../../../../src/nodeRouter/transports/ssh/connect/failure.ts";
import { shakeHands } from "../../../../../src/nodeRouter/transports/ssh/connect/handshake.ts";
import { makeKey } from "../../../../support/ssh/keys.ts";
import { portOf } from "../../../../support/ssh/wire.ts";

const KEY = makeKey("ed25519");
const cleanUps: (() => void)[] = [];
afterEach(() => {
  for (const cleanUp of cleanUps.splice(0)) cleanUp();
});

async function shake(serve: (connection: Connection) => void) {
  const server = new ssh2.Server({ hostKeys: [KEY.privateKey] }, (connection) => {
    connection.on("error", () => undefined);
    serve(connection);
  });
  const listener = createServer((socket) => {
    socket.on("error", () => undefined);
    cleanUps.push(() => socket.destroy());
    server.injectSocket(socket);
  });
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  cleanUps.push(() => void listener.close());
  const stream = connect({ host: "127.0.0.1", port: portOf(listener) });
  stream.on("error", () => undefined);
  const result = await shakeHands({
    stream,
    user: "claw",
    types: HOST_KEY_TYPES,
    believes: () => true,
    identities: { attempts: [{ label: "none", method: { type: "none", username: "claw" } }], problems: [] },
    timeoutMs: 20_000,
    keepaliveIntervalMs: 5_000,
    keepaliveCountMax: 3,
    signal: undefined,
    now: () => performance.now(),
  });
  if (result.ok) cleanUps.push(() => result.client.destroy());
  return { result, stream };
}

/** ssh2's servers send no second banner by themselves. */
function send(connection: Connection, payload: Buffer): void {
  const protocol = Object(Reflect.get(connection, "_protocol"));
  const writer = Object(Reflect.get(Object(Reflect.get(protocol, "_packetRW")), "write"));
  const packet: Uint8Array = Reflect.apply(Reflect.get(writer, "alloc"), writer, [payload.length]);
  packet.set(payload, Reflect.get(writer, "allocStart"));
  const finalized: unknown = Reflect.apply(Reflect.get(writer, "finalize"), writer, [packet]);
  const cipher = Object(Reflect.get(protocol, "_cipher"));
  Reflect.apply(Reflect.get(cipher, "encrypt"), cipher, [finalized]);
}

const PLACE = { node: "n", address: "claw@n", jump: null, at: "nodes.n.ssh" };

describe("before the login", () => {
  test("banners that never stop end the connection, and the failure says so", async () => {
    const banner = Buffer.from([53, 0, 0, 0, 1, 0x78, 0, 0, 0, 0]);
    const { result, stream } = await shake((connection) => {
      connection.on("authentication", () => {
        for (let count = 0; count < 5_000; count += 1) send(connection, banner);
      });
    });
    expect(result).toMatchObject({ ok: false, why: "misbehaved" });
    expect(stream.destroyed).toBe(true);
    if (result.ok) return;
    const { code, fact, transportFailure } = handshakeFailure(PLACE, result.why, result.error, result, 1);
    expect({ code, transportFailure }).toEqual({ code: "NODE_UNREACHABLE", transportFailure: true });
    expect(fact).toContain("it floods the connection with messages that carry no data");
  });

  test("more than a megabyte ends the connection, whatever it is", async () => {
    const banner = Buffer.concat([
      Buffer.from([53, 0, 0, 0x75, 0x30]),
      Buffer.alloc(30_000, "x"),
      Buffer.alloc(4),
    ]);
    const { result } = await shake((connection) => {
      connection.on("authentication", () => {
        for (let count = 0; count < 60; count += 1) send(connection, banner);
      });
    });
    expect(result).toMatchObject({ ok: false, why: "misbehaved" });
    expect(result.ok ? "" : result.error?.message).toBe(
      "it sent more than 1024 KiB before the login was done",
    );
  });

  test("one banner, however long, is kept in part", async () => {
    const banner = Buffer.concat([
      Buffer.from([53, 0, 0, 0x75, 0x30]),
      Buffer.alloc(30_000, "x"),
      Buffer.alloc(4),
    ]);
    const { result } = await shake((connection) => {
      connection.on("authentication", (context) => {
        send(connection, banner);
        context.accept();
      });
    });
    expect(result.ok).toBe(true);
    expect(result.words.banner).toHaveLength(1_000);
  });
});

describe("keys", () => {
  test("are not exchanged in a group that the server chooses: to check one stops everything for most of a minute", () => {
    const { kex } = algorithmsFor(HOST_KEY_TYPES);
    expect(String(kex)).not.toContain("group-exchange");
  });

  test("may be exchanged anew now and then, and not on and on", async () => {
    let server: Connection | null = null;
    const { result } = await shake((connection) => {
      server = connection;
      connection.on("authentication", (context) => context.accept());
    });
    if (!result.ok) throw new Error("no connection");
    const { promise, resolve } = Promise.withResolvers<Error>();
    result.client.on("error", resolve);
    let count = 0;
    const again = (): void => {
      count += 1;
      try {
        Object(server).rekey(() => setImmediate(again));
      } catch {
        // The connection is gone.
      }
    };
    again();
    const error = await promise;
    expect(error).toBeInstanceOf(NodeMisbehaved);
    expect(count).toBeGreaterThan(3);
    expect(count).toBeLessThan(20);
  });
});
