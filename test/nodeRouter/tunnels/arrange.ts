// A gateway's port that answers, and a node behind a real sshd that is asked for a tunnel to it.
import { createServer, connect as dial, type Server, type Socket } from "node:net";
import { afterEach, beforeEach } from "vitest";
import type { ConfiguredNode } from "../../../src/config/resolveNodes.ts";
import type { Door } from "../../../src/nodeRouter/tunnels/gatewayDoor.ts";
import type { TunnelRequest } from "../../../src/nodeRouter/tunnels/oneTunnel.ts";
import { freePort } from "../../support/ports.ts";
import { makeKey } from "../../support/ssh/keys.ts";
import { type Sshd, startSshd } from "../../support/ssh/sshd.ts";
import { makeTestHome, sshNode, type TestHome } from "../transports/ssh/connect/arrange.ts";

export interface FakeGateway {
  readonly port: number;
  /** Connections that are open. */
  readonly sockets: ReadonlySet<Socket>;
  stop(): Promise<void>;
}

/** Says back in capitals whatever it hears. */
export async function startFakeGateway(): Promise<FakeGateway> {
  const sockets = new Set<Socket>();
  const server: Server = createServer({ noDelay: true, allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.once("close", () => sockets.delete(socket));
    socket.on("data", (chunk) => socket.write(chunk.toString("latin1").toUpperCase(), "latin1"));
    socket.once("end", () => socket.end());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("it has no port");
  return {
    port: address.port,
    sockets,
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** What comes back for `text`, all of it once both have ended; the error's code where none does. */
export function ask(port: number, text: string | Buffer, host = "127.0.0.1"): Promise<string> {
  return new Promise((resolve) => {
    let answer = "";
    const socket = dial({ port, host, allowHalfOpen: true }, () => socket.end(text));
    socket.on("data", (chunk) => {
      answer += chunk.toString("latin1");
    });
    socket.once("error", (error) => resolve("code" in error ? String(error.code) : error.message));
    socket.once("close", () => resolve(answer));
  });
}

/** An open connection through the port. */
export async function hold(port: number): Promise<Socket> {
  const socket = dial({ port, host: "127.0.0.1" });
  socket.on("error", () => {});
  await new Promise((resolve) => socket.once("connect", resolve));
  return socket;
}

export interface TunnelArrangement {
  readonly home: TestHome;
  readonly gateway: FakeGateway;
  /** On the "node", which is this machine. */
  readonly port: number;
  /** Starts an sshd with these lines, and the key's options. */
  serve(config?: readonly string[], keyOptions?: string): Promise<Sshd>;
  /** The node behind the sshd that was started last, or behind another port. */
  node(ssh?: object): ConfiguredNode;
  request(changes?: Partial<TunnelRequest>): TunnelRequest;
  readonly door: () => Door;
}

/** Of each test its own; everything ends with it. */
export function arrangeTunnels(): () => TunnelArrangement {
  let arrangement: TunnelArrangement | null = null;
  const servers: Sshd[] = [];

  beforeEach(async () => {
    const home = makeTestHome();
    const gateway = await startFakeGateway();
    const port = await freePort();
    const key = makeKey();
    home.write(".ssh/id_ed25519", key.privateKey);
    const door = (): Door => ({ ok: true, port: gateway.port });
    const node = (ssh: object = {}): ConfiguredNode => {
      const { port: sshPort = 0, user = "" } = servers.at(-1) ?? {};
      return { ...sshNode({ host: "127.0.0.1", port: sshPort, user, ...ssh }), tunnelPort: port };
    };
    arrangement = {
      home,
      gateway,
      port,
      door,
      node,
      async serve(config = [], keyOptions = "") {
        const authorizedKeys = [`${keyOptions} ${key.publicKey}`.trim()];
        const sshd = await startSshd({ authorizedKeys, config });
        servers.push(sshd);
        home.write(".ssh/known_hosts", servers.map((one) => one.knownHosts()).join(""));
        return sshd;
      },
      request: (changes = {}) => ({ node: node(), port, door, env: home.env(), ...changes }),
    };
  });

  afterEach(async () => {
    await Promise.all(servers.splice(0).map((sshd) => sshd.stop()));
    await arrangement?.gateway.stop();
    arrangement?.home.remove();
  });

  return () => {
    if (arrangement === null) throw new Error("it is made before each test");
    return arrangement;
  };
}
