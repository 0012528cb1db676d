// An SSH server that was a node and was taken over: it does one thing that no SSH server does, when it is told to.
import { createServer } from "node:net";
import type { Connection, ServerChannel } from "ssh2";
import ssh2 from "ssh2";
import { KEEPER, PONG, READY } from "../../../src/nodeRouter/transports/ssh/session/bootstrap.ts";
import { knownHostsLines, makeKey } from "./keys.ts";
import { portOf } from "./wire.ts";

/** What it does instead of what it should. */
export const ATTACKS = {
  digits: "a waiting shell prints digits that have no end",
  words: "the keeper prints its own words for ever",
  file: "the answer to a script has no end",
  window: "output comes without heeding the window",
  marker: "the first line of a command has no end",
  requests: "messages without data come for ever",
  hang: "a script never ends",
  lines: "the keeper prints empty lines for ever",
} as const;

export type Attack = keyof typeof ATTACKS;

export interface HostileServer {
  readonly port: number;
  knownHosts(name?: string): string;
  /** From now on; null: it behaves. What is open already goes on as it was. */
  attack: Attack | null;
  /** Ends every open connection, so that the next begins with the attack. */
  cut(): void;
  /** Connections that were logged in, all in all. */
  readonly logins: number;
  stop(): Promise<void>;
}

export async function startHostileServer(): Promise<HostileServer> {
  const key = makeKey("ed25519");
  const open = new Set<Connection>();
  let logins = 0;
  let lastPid = 5_000;
  const server: { attack: Attack | null } = { attack: null };

  const onConnection = (connection: Connection): void => {
    connection.on("error", () => undefined);
    connection.on("authentication", (context) => context.accept());
    connection.once("close", () => open.delete(connection));
    connection.on("ready", () => {
      open.add(connection);
      logins += 1;
      if (server.attack === "requests") setTimeout(sendForEver, 200, connection, REQUEST);
    });
    connection.on("session", (accept) => {
      const session = accept();
      session.on("pty", (agree) => agree?.());
      session.on("signal", (agree) => agree?.());
      session.on("exec", (agree, _, { command }) => {
        const channel = agree();
        channel.on("error", () => undefined);
        lastPid += 1;
        if (command.includes(KEEPER)) keep(channel, lastPid, server.attack);
        else wait(channel, lastPid, server);
      });
    });
  };

  const sshServer = new ssh2.Server({ hostKeys: [key.privateKey] }, onConnection);
  const listener = createServer({ noDelay: true }, (socket) => {
    socket.on("error", () => undefined);
    sshServer.injectSocket(socket);
  });
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  const port = portOf(listener);
  const cut = (): void => {
    for (const connection of open) socketOf(connection).destroy();
  };
  return {
    port,
    knownHosts: (name = `[127.0.0.1]:${port}`) => knownHostsLines(name, [key]),
    get attack() {
      return server.attack;
    },
    set attack(attack) {
      server.attack = attack;
    },
    get logins() {
      return logins;
    },
    cut,
    async stop() {
      cut();
      await new Promise((resolve) => listener.close(resolve));
    },
  };
}

function keep(channel: ServerChannel, pid: number, attack: Attack | null): void {
  if (attack === "words") {
    pour(channel, Buffer.from(`${KEEPER} os `.repeat(800)));
    return;
  }
  const facts = ["os Linux", "arch x86_64", "shell /bin/sh", "home /", "host evil", `ready ${pid}`];
  channel.write(facts.map((fact) => `${KEEPER} ${fact}\n`).join(""));
  let text = "";
  channel.on("data", (chunk: Buffer) => {
    const lines = (text + chunk.toString("latin1")).split("\n");
    text = lines.pop() ?? "";
    for (const line of lines) if (line.startsWith("P ")) channel.write(`${PONG} ${line.slice(2)}\n`);
  });
  if (attack === "lines") setTimeout(() => pour(channel, Buffer.alloc(1 << 16, "\n")), 200);
}

function wait(channel: ServerChannel, pid: number, server: { readonly attack: Attack | null }): void {
  if (server.attack === "digits") {
    channel.write(`${READY} 1 ${"1".repeat(20_000)}`);
    return;
  }
  channel.write(`${READY} ${pid} 1 ${pid} Thu Jan  1 00:00:00 1970\n`);
  let request = "";
  const read = (chunk: Buffer): void => {
    request += chunk.toString("latin1");
    const head = request.indexOf("\n");
    const [marker = "", size = ""] = request.slice(0, Math.max(0, head)).split(" ");
    if (head === -1 || request.length - head - 1 < Number(size)) return;
    channel.off("data", read);
    channel.resume();
    answer(channel, marker, server.attack);
  };
  channel.on("data", read);
}

function answer(channel: ServerChannel, marker: string, attack: Attack | null): void {
  if (attack === "marker") {
    channel.write(marker);
    pour(channel, Buffer.alloc(1 << 16, "x"));
    return;
  }
  channel.write(`${marker}\n`);
  channel.stderr.write(`${marker} start\n`);
  if (attack === "file") pour(channel, Buffer.alloc(1 << 16, "x"));
  else if (attack === "window") overrun(channel);
  else if (attack !== "hang") {
    channel.exit(0);
    channel.end();
  }
}

/** For ever, as far as the other side reads. */
function pour(channel: ServerChannel, piece: Buffer): void {
  const go = (): void => {
    while (channel.writable && channel.write(piece));
    if (channel.writable) channel.once("drain", go);
  };
  go();
}

const text = (word: string): readonly number[] => [0, 0, 0, word.length, ...Buffer.from(word)];
/** An answer is wanted, and there is none but no. */
const REQUEST = Buffer.from([80, ...text("x"), 1]);

/** As fast as the socket takes them; nothing is read meanwhile. */
function sendForEver(connection: Connection, payload: Buffer): void {
  const socket = socketOf(connection);
  socket.pause();
  const timer = setInterval(() => {
    for (let count = 0; count < 20_000 && socket.writableLength < 5_000_000; count += 1) {
      sendPacket(connection, payload);
    }
  }, 10);
  connection.once("close", () => clearInterval(timer));
}

function overrun(channel: ServerChannel): void {
  const client = Object(Reflect.get(channel, "_client"));
  const id = Number(Reflect.get(Object(Reflect.get(channel, "outgoing")), "id"));
  const head = Buffer.alloc(9);
  head[0] = 94;
  head.writeUInt32BE(id, 1);
  head.writeUInt32BE(30_000, 5);
  const packet = Buffer.concat([head, Buffer.alloc(30_000, "x")]);
  const socket = socketOf(client);
  const timer = setInterval(() => {
    for (let count = 0; count < 100 && socket.writableLength < 3e7; count += 1) sendPacket(client, packet);
  }, 1);
  socket.once("close", () => clearInterval(timer));
}

/** ssh2's servers send none of these by themselves. */
function sendPacket(connection: object, payload: Uint8Array): void {
  const protocol = Object(Reflect.get(connection, "_protocol"));
  const writer = Object(Reflect.get(Object(Reflect.get(protocol, "_packetRW")), "write"));
  const packet: Uint8Array = Reflect.apply(Reflect.get(writer, "alloc"), writer, [payload.length]);
  packet.set(payload, Reflect.get(writer, "allocStart"));
  const finalized: unknown = Reflect.apply(Reflect.get(writer, "finalize"), writer, [packet]);
  const cipher = Object(Reflect.get(protocol, "_cipher"));
  Reflect.apply(Reflect.get(cipher, "encrypt"), cipher, [finalized]);
}

function socketOf(connection: object): import("node:net").Socket {
  return Reflect.get(connection, "_sock");
}
