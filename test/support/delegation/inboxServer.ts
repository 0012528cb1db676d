// The inbox of a gateway behind its real route and a real port, and a wire before it that breaks.
import { createServer as createHttpServer, type Server } from "node:http";
import { connect, createServer, type Socket } from "node:net";
import { answerPeer } from "../../../src/nodeRouter/delegation/inbox/answerPeer.ts";
import { createPeerDoor } from "../../../src/nodeRouter/delegation/inbox/peerDoor.ts";
import { createPeerRoute } from "../../../src/nodeRouter/delegation/inbox/peerRoute.ts";
import type { inboxWorld } from "./inboxWorld.ts";

type World = ReturnType<typeof inboxWorld>;

/** What becomes of one connection: cut after so many bytes of either way, or its request held back and let go later. */
export type Breakage =
  | { readonly do: "cut-up" | "cut-down"; readonly after: number }
  | { readonly do: "hold" };

export interface InboxServer {
  readonly port: number;
  /** Of the next connections. */
  readonly breakages: Breakage[];
  /** What was held arrives now. */
  letGo(): void;
  stop(): Promise<void>;
}

/** @param gateway id of the world's gateway */
export async function serveInbox(world: World, gateway: string): Promise<InboxServer> {
  const config = () => world.config;
  const now = (): number => {
    world.clockMs = Date.now();
    return world.clockMs;
  };
  const door = createPeerDoor({ config, isMachineAt: async () => true, now });
  const route = createPeerRoute({
    door,
    answer: (peer, request, url) => {
      now();
      const { inbox } = world;
      const facts = { gateway, pluginVersion: "1", blanks: world.blanks };
      const needs = { inbox, config, agents: () => world.agents, ...facts, now };
      return answerPeer(needs, peer, request, url);
    },
    maxTaskBytes: () => 100_000,
    log: { warn: () => {} },
  });
  const http: Server = createHttpServer((request, response) => void route(request, response));
  const httpPort = await listen(http);
  const open = new Set<Socket>();
  const held: (() => void)[] = [];
  const breakages: Breakage[] = [];
  const wire = createServer({ noDelay: true }, (socket) => {
    const breakage = breakages.shift() ?? null;
    const up = connect({ host: "127.0.0.1", port: httpPort, noDelay: true });
    for (const one of [socket, up]) {
      open.add(one);
      one.on("error", () => {});
      one.once("close", () => open.delete(one));
    }
    if (breakage?.do === "hold") {
      const parts: Buffer[] = [];
      socket.on("data", (part) => {
        parts.push(part);
        // All of it is here, and the sender is told nothing.
        if (Buffer.concat(parts).toString().includes('"jsonrpc"'))
          setTimeout(() => socket.resetAndDestroy(), 5);
      });
      held.push(() => {
        for (const part of parts) up.write(part);
        up.on("data", () => {});
      });
      return;
    }
    let bytes = 0;
    const pass = (from: Socket, to: Socket, isCut: boolean): void => {
      from.on("data", (part) => {
        if (!isCut || breakage === null) {
          to.write(part);
          return;
        }
        const left = Math.max(0, breakage.after - bytes);
        bytes += part.length;
        if (left > 0) to.write(part.subarray(0, left));
        if (bytes < breakage.after) return;
        setTimeout(() => {
          socket.resetAndDestroy();
          up.resetAndDestroy();
        }, 2);
      });
      from.once("close", () => to.destroy());
    };
    pass(socket, up, breakage?.do === "cut-up");
    pass(up, socket, breakage?.do === "cut-down");
  });
  const port = await listen(wire);
  return {
    port,
    breakages,
    letGo() {
      for (const deliver of held.splice(0)) deliver();
    },
    async stop() {
      const closed = [wire, http].map((server) => new Promise((resolve) => server.close(resolve)));
      for (const socket of open) socket.destroy();
      http.closeAllConnections();
      await Promise.all(closed);
    },
  };
}

async function listen(server: {
  listen(port: number, host: string, done: () => void): unknown;
  address(): unknown;
}): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (typeof address !== "object" || address === null || !("port" in address)) throw new Error("no port");
  return Number(address.port);
}
