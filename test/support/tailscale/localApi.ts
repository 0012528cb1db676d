// Stand-in for tailscaled's LocalAPI: on a unix socket in a temporary folder, or on a loopback port with a password.
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TailnetMachine } from "../../../src/presence/sources/tailscale/tailnetMachine.ts";
import { status103 } from "./fixtures.ts";

export interface LocalApiStandIn {
  /** Path of its socket; a path without a socket when it listens on a port. */
  readonly socket: string;
  /** 0 on a socket. */
  readonly port: number;
  /** Paths with query, in order. */
  readonly asked: readonly string[];
  /** What the next question for the status gets. */
  status: unknown;
  /** Undefined: it has no such path, as an old Tailscale. */
  derpMap: unknown;
  /** Takes every request instead. */
  instead: RequestListener | null;
  /** Sends one message to everybody who watches the bus. */
  send(message: object): void;
  /** Sends bytes as they are. */
  sendRaw(text: string): void;
  /** @param last bytes before the end. */
  endBus(last?: string): void;
  /** Watchers now. */
  watchers(): number;
  /** Resolves when the next one began to watch. */
  watched(): Promise<void>;
  close(): Promise<void>;
}

export interface StandInOptions {
  /** It then listens on a port and asks for this password. */
  readonly token?: string;
}

/** Answers as tailscaled 1.103 does: the same refusals, tabs, and an endless bus. */
export async function startLocalApi({ token }: StandInOptions = {}): Promise<LocalApiStandIn> {
  const folder = mkdtempSync(join(tmpdir(), "nr-ts-"));
  const socket = join(folder, "tailscaled.sock");
  const buses = new Set<ServerResponse>();
  const asked: string[] = [];
  let waiters: (() => void)[] = [];

  const listener: RequestListener = (request, answer) => {
    asked.push(request.url ?? "");
    if (standIn.instead !== null) return void standIn.instead(request, answer);
    const refusal = refusalOf(request, token);
    if (refusal !== null) return void answer.writeHead(refusal).end("invalid localapi request\n");
    const { pathname, searchParams } = new URL(request.url ?? "", "http://x");
    const json = (value: unknown) => answer.end(`${JSON.stringify(value, null, "\t")}\n`);
    if (pathname === "/localapi/v0/status") json(standIn.status);
    else if (pathname === "/localapi/v0/derpmap" && standIn.derpMap !== undefined) json(standIn.derpMap);
    else if (pathname === "/localapi/v0/watch-ipn-bus") watch(Number(searchParams.get("mask")), answer);
    else answer.writeHead(404).end("404 page not found\n");
  };

  const watch = (mask: number, answer: ServerResponse): void => {
    buses.add(answer);
    answer.on("close", () => buses.delete(answer));
    const first = {
      Version: "1.103.0",
      ...(mask & 2 ? { SessionID: "0011223344556677", State: 6 } : {}),
      ...(mask & 16_384 ? { InitialStatus: standIn.status } : {}),
    };
    answer.write(`${JSON.stringify(first)}\n`);
    for (const waiter of waiters) waiter();
    waiters = [];
  };

  const server = createServer(listener);
  await new Promise<void>((resolve) => {
    if (token === undefined) server.listen(socket, resolve);
    else server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();

  const standIn: LocalApiStandIn = {
    socket,
    port: typeof address === "object" && address !== null ? address.port : 0,
    asked,
    status: status103(),
    derpMap: undefined,
    instead: null,
    send: (message) => standIn.sendRaw(`${JSON.stringify(message)}\n`),
    sendRaw(text) {
      for (const bus of buses) bus.write(text);
    },
    endBus(last = "") {
      for (const bus of buses) bus.end(last);
    },
    watchers: () => buses.size,
    watched: () => new Promise((resolve) => waiters.push(resolve)),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return standIn;
}

/** Status of a refusal by tailscaled's ServeHTTP; null: it answers. */
function refusalOf({ headers }: IncomingMessage, token: string | undefined): number | null {
  if (headers.origin !== undefined || headers.referer !== undefined) return 403;
  if (headers.host !== "local-tailscaled.sock") return 403;
  if (token === undefined) return null;
  if (headers.authorization === undefined) return 401;
  return headers.authorization === `Basic ${Buffer.from(`:${token}`).toString("base64")}` ? null : 403;
}

/** A machine without any Tailscale, but for what the changes say. */
export function machine(changes: Partial<TailnetMachine> = {}): TailnetMachine {
  const absent = () => Promise.reject(Object.assign(new Error("ENOENT: no such file"), { code: "ENOENT" }));
  return {
    platform: "linux",
    sockets: [],
    commands: [],
    macFolder: "/nowhere",
    readLink: absent,
    readFile: absent,
    openFiles: absent,
    ...changes,
  };
}
