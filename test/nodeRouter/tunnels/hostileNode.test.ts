// A node that was taken over has the other end of its own tunnel, and nothing else of the gateway's machine.
import { createServer, type Server } from "node:net";
import type { Connection } from "ssh2";
import ssh2 from "ssh2";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type OpenedTunnel, openTunnelOnce, type Tunnel } from "../../../src/nodeRouter/tunnels/oneTunnel.ts";
import { skipWithoutSsh } from "../../support/ssh/client.ts";
import { knownHostsLines, makeKey } from "../../support/ssh/keys.ts";
import { portOf } from "../../support/ssh/wire.ts";
import { waitFor } from "../../support/wait.ts";
import { makeTestHome, sshNode, type TestHome } from "../transports/ssh/connect/arrange.ts";
import { type FakeGateway, startFakeGateway } from "./arrange.ts";

const PORT = 18_789;
const LOOPBACK = "proc 0: 0100007F:4965 00000000:0000 0A";

describe.skipIf(skipWithoutSsh("test/nodeRouter/tunnels/hostileNode"))("a node that was taken over", () => {
  let home: TestHome;
  let gateway: FakeGateway;
  let listener: Server;
  let node: Connection | null;
  /** What it says when it is asked who listens. */
  let told: string;
  let grants: boolean;
  /** What became of a connection that it said had come as soon as it listened, which is before it was looked at. */
  let early: Promise<string> | null;
  let comesEarly: boolean;
  /** Connections to the gateway when it says who listens. */
  let inside: number[];

  beforeEach(async () => {
    home = makeTestHome();
    gateway = await startFakeGateway();
    told = `node-router-port ${LOOPBACK}\nnode-router-port looked proc\n`;
    grants = true;
    [node, early, comesEarly, inside] = [null, null, false, []];
    const key = makeKey();
    const server = new ssh2.Server({ hostKeys: [key.privateKey] }, (connection) => {
      node = connection;
      connection.on("error", () => {});
      connection.on("authentication", (context) => context.accept());
      connection.on("request", (accept, reject) => {
        if (!grants) return reject?.();
        accept?.();
        if (comesEarly) early ??= incoming("127.0.0.1", PORT);
      });
      connection.on("session", (accept) => {
        accept().on("exec", (agree) => {
          const channel = agree();
          const tell = (): void => {
            inside.push(gateway.sockets.size);
            channel.end(told);
            channel.exit(0);
            channel.close();
          };
          if (comesEarly) setTimeout(tell, 200);
          else tell();
        });
      });
    });
    listener = createServer({ noDelay: true }, (socket) => server.injectSocket(socket));
    await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
    home.write(".ssh/known_hosts", knownHostsLines(`[127.0.0.1]:${portOf(listener)}`, [key]));
    home.write(".ssh/id_ed25519", makeKey().privateKey);
  });

  afterEach(async () => {
    node?.end();
    const closed = new Promise((resolve) => listener.close(resolve));
    await Promise.all([closed, gateway.stop()]);
    home.remove();
  });

  const open = (): Promise<OpenedTunnel> =>
    openTunnelOnce({
      node: { ...sshNode({ host: "127.0.0.1", port: portOf(listener) }), tunnelPort: PORT },
      port: PORT,
      door: () => ({ ok: true, port: gateway.port }),
      env: home.env(),
    });
  const opened = async (): Promise<Tunnel> => {
    const result = await open();
    if (!result.ok) throw new Error(result.fact);
    return result.tunnel;
  };
  /** What becomes of a connection that the node says came in there. */
  const incoming = (address: string, port: number): Promise<string> =>
    new Promise((resolve) => {
      node?.forwardOut(address, port, "10.0.0.1", 1, (error, channel) => {
        if (error) resolve("refused");
        else {
          channel.close();
          resolve("taken");
        }
      });
    });

  test("opens what was asked for, and no other port or address", async () => {
    const tunnel = await opened();
    expect(await incoming("127.0.0.1", PORT)).toBe("taken");
    expect(await incoming("127.0.0.1", 22)).toBe("refused");
    expect(await incoming("0.0.0.0", PORT)).toBe("refused");
    expect(await incoming("constructor", PORT)).toBe("refused");
    tunnel.close();
  });

  test("gets no socket, no X11 and no agent of the gateway", async () => {
    const tunnel = await opened();
    const refused = (ask: (done: (error?: Error) => void) => void): Promise<boolean> =>
      new Promise((resolve) => ask((error) => resolve(error !== undefined && error !== null)));
    expect(await refused((done) => node?.x11("10.0.0.1", 1, done))).toBe(true);
    expect(await refused((done) => node?.openssh_forwardOutStreamLocal("/run/x.sock", done))).toBe(true);
    expect(gateway.sockets.size).toBe(0);
    tunnel.close();
  });

  test("is let in nowhere before it was looked at, though it says that connections came", async () => {
    comesEarly = true;
    const tunnel = await opened();
    expect(inside).toEqual([0]);
    expect(await early).toBe("taken");
    tunnel.close();
  });

  test("has 64 connections and not one more, whatever it opens, and its flood ends its own connection", async () => {
    const tunnel = await opened();
    let most = 0;
    for (let count = 0; count < 2_000; count += 1) {
      node?.forwardOut("127.0.0.1", PORT, "10.0.0.1", count, () => {});
      most = Math.max(most, gateway.sockets.size);
    }
    expect(await tunnel.closed).toMatchObject({ code: "NODE_UNREACHABLE", isBlocked: true });
    expect(Math.max(most, gateway.sockets.size)).toBeLessThanOrEqual(64);
    await waitFor("the gateway to be left", () => gateway.sockets.size === 0);
  });

  test("that says nothing of who listens gets no tunnel", async () => {
    told = "";
    expect(await open()).toMatchObject({ ok: false, code: "TUNNEL_EXPOSED" });
  });

  test("that floods the answer gets no tunnel, and little memory", async () => {
    told = "node-router-port who x\n".repeat(200_000);
    expect(await open()).toMatchObject({ ok: false, code: "TUNNEL_EXPOSED" });
  });

  test("that refuses to listen is not believed to listen", async () => {
    grants = false;
    told = "node-router-port looked proc\n";
    expect(await open()).toMatchObject({ ok: false, code: "TUNNEL_FORBIDDEN" });
  });
});
