// Bounds on what a server may send over one SSH connection, from its first byte on. ssh2 knows none.
import type { Duplex } from "node:stream";
import type { Client } from "ssh2";
import { PacketBudget } from "./packetBudget.ts";
import { MESSAGE, type PacketInfo, packetInfo } from "./packets.ts";

/** The server does what no SSH server does: its connection was ended for it. */
export class NodeMisbehaved extends Error {}

/** Of one key exchange; a real one has a few KiB. */
const MAX_EXCHANGE_BYTES = 1 << 18;
/** Until the login is done, banners included. */
const MAX_LOGIN_BYTES = 1 << 20;
/** ssh2's window is 2 MiB; what is on its way when a session is closed is not more than that, twice. */
const MAX_AFTER_CLOSE = 1 << 22;
/** So long one connection may keep the event loop at a time; then everybody else has a turn. */
const SLICE_MS = 8;
/** After which a connection is ended whose other side does not close it though it was told to. */
const HALF_CLOSED_MS = 3_000;

interface Guarded {
  readonly stream: Duplex;
  /** What has to end with it: the connections to its jump hosts. */
  readonly also: (() => void)[];
}

const guarded = new WeakMap<Client, Guarded>();

/**
 * To be called once, right after `client.connect({ sock: stream })` and before anything was read. What exceeds a
 * bound ends the connection, and the client emits a `NodeMisbehaved`.
 * SECURITY: it stands on parts of ssh2 that are not documented; where they are not what they were, it throws, so that
 * no connection goes without it.
 */
export function guard(client: Client, stream: Duplex): void {
  if (guarded.has(client)) return;
  const protocol = protocolOf(client);
  const budget = new PacketBudget(performance.now());
  let isExchanging = true;
  let isLoggedIn = false;
  let exchangeBytes = 0;
  let loginBytes = 0;
  const afterClose = new WeakMap<object, number>();

  const misbehaved = (fact: string): never => {
    sever(client);
    throw new NodeMisbehaved(fact);
  };

  const onData = (info: PacketInfo, channel: ChannelState | null): void => {
    if (info.bytes > 0 && channel !== null && channel.isOpen()) {
      // No grace: ssh2 would drop some of it without a word, or hold all of it.
      if (info.bytes > channel.window()) {
        misbehaved("it sent more than the receive window of a session allows");
      }
      if (!channel.isClosing()) return;
      const bytes = (afterClose.get(channel.key) ?? 0) + info.bytes;
      afterClose.set(channel.key, bytes);
      if (bytes > MAX_AFTER_CLOSE) misbehaved("it goes on to send to a session that was closed");
      return;
    }
    // Nothing, or to a session that it had ended itself.
    if (!budget.spend(1, performance.now())) misbehaved(budget.fact);
  };

  const onPacket = (payload: Uint8Array): void => {
    const info = packetInfo(payload);
    if (info.type === MESSAGE.data || info.type === MESSAGE.extendedData) {
      onData(info, channelOf(client, info.channel));
      return;
    }
    if (info.type === MESSAGE.keyExchange) {
      isExchanging = true;
      exchangeBytes = 0;
    }
    if (info.type === MESSAGE.opened && isAwaited(client, info.channel)) budget.opened();
    const isAnswer = info.type === MESSAGE.windowAdjust && budget.answers(protocol.sent());
    if (!isAnswer && !budget.spend(info.cost, performance.now())) misbehaved(budget.fact);
  };
  protocol.watch(onPacket);

  client.on("handshake", () => {
    isExchanging = false;
  });
  client.once("ready", () => {
    isLoggedIn = true;
  });

  let sliceBeganMs = 0;
  let hasSlice = false;
  let isPaused = false;
  stream.on("data", (chunk: Buffer) => {
    if (isExchanging) exchangeBytes += chunk.length;
    if (!isLoggedIn) loginBytes += chunk.length;
    if (isExchanging && exchangeBytes > MAX_EXCHANGE_BYTES) {
      end(client, `it sent more than ${MAX_EXCHANGE_BYTES / 1024} KiB in a key exchange`);
      return;
    }
    if (loginBytes > MAX_LOGIN_BYTES) {
      loginBytes = 0;
      end(client, `it sent more than ${MAX_LOGIN_BYTES / 1024} KiB before the login was done`);
      return;
    }
    const nowMs = performance.now();
    if (!hasSlice) {
      hasSlice = true;
      sliceBeganMs = nowMs;
      setImmediate(() => {
        hasSlice = false;
        if (isPaused) stream.resume();
        isPaused = false;
      });
    } else if (nowMs - sliceBeganMs > SLICE_MS) {
      // Node reads one socket up to 32 times before it looks at anything else.
      isPaused = true;
      stream.pause();
    }
  });
  stream.once("finish", () => setTimeout(() => stream.destroy(), HALF_CLOSED_MS).unref());
  guarded.set(client, { stream, also: [] });
}

/** What ends with the client's connection, whether or not the other side ever says that it is closed. */
export function endsWith(client: Client, end: () => void): void {
  guarded.get(client)?.also.push(end);
}

/** Ends the connection at once, also one that was half closed before, which ssh2's `destroy` leaves open. */
export function sever(client: Client): void {
  client.destroy();
  const { stream, also } = guarded.get(client) ?? { stream: null, also: [] };
  stream?.destroy();
  for (const end of also.splice(0)) end();
}

function end(client: Client, fact: string): void {
  sever(client);
  client.emit("error", new NodeMisbehaved(fact));
}

interface ProtocolHook {
  /** Calls `see` with every payload before ssh2 acts on it, also in what it reads after this. */
  readonly watch: (see: (payload: Uint8Array) => void) => void;
  /** Packets that were sent to the server. */
  readonly sent: () => number;
}

/** @throws Error where ssh2 is not what it was */
function protocolOf(client: Client): ProtocolHook {
  const protocol: unknown = Reflect.get(client, "_protocol");
  if (!isObject(protocol)) throw unknownSsh2("_protocol");
  const original: unknown = Reflect.get(protocol, "_onPayload");
  const handlers: unknown = Reflect.get(protocol, "_handlers");
  if (typeof original !== "function" || !isObject(handlers)) throw unknownSsh2("_onPayload");
  // It would parse and prove any number of host keys that nobody asked for.
  Reflect.set(handlers, "GLOBAL_REQUEST", (_: unknown, __: unknown, wantsReply: unknown) => {
    if (wantsReply === true) Reflect.apply(method(protocol, "requestFailure"), protocol, []);
  });
  return {
    watch: (see) =>
      void Reflect.set(protocol, "_onPayload", (payload: Uint8Array): unknown => {
        see(payload);
        return Reflect.apply(original, protocol, [payload]);
      }),
    sent() {
      const cipher: unknown = Reflect.get(protocol, "_cipher");
      const sent: unknown = isObject(cipher) ? Reflect.get(cipher, "outSeqno") : 0;
      return typeof sent === "number" ? sent : 0;
    },
  };
}

interface ChannelState {
  readonly key: object;
  /** Bytes that the server may still send. */
  readonly window: () => number;
  /** Whether the server may send anything. */
  readonly isOpen: () => boolean;
  /** Whether it was closed here. */
  readonly isClosing: () => boolean;
}

function channelOf(client: Client, id: number): ChannelState | null {
  const channel = entryOf(client, id);
  if (!isObject(channel)) return null;
  const incoming: unknown = Reflect.get(channel, "incoming");
  const outgoing: unknown = Reflect.get(channel, "outgoing");
  if (!isObject(incoming) || !isObject(outgoing)) throw unknownSsh2("incoming");
  return {
    key: channel,
    window: () => Number(Reflect.get(incoming, "window")),
    isOpen: () => Reflect.get(incoming, "state") === "open",
    isClosing: () => Reflect.get(outgoing, "state") === "closing",
  };
}

/** Whether a session with this number was asked for and is not there yet. */
function isAwaited(client: Client, id: number): boolean {
  return typeof entryOf(client, id) === "function";
}

function entryOf(client: Client, id: number): unknown {
  const manager: unknown = Reflect.get(client, "_chanMgr");
  if (!isObject(manager)) throw unknownSsh2("_chanMgr");
  return Reflect.apply(method(manager, "get"), manager, [id]);
}

function method(of: object, name: string): (...given: unknown[]) => unknown {
  const found: unknown = Reflect.get(of, name);
  if (typeof found !== "function") throw unknownSsh2(name);
  return (...given) => Reflect.apply(found, of, given);
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function unknownSsh2(part: string): Error {
  return new Error(`this version of ssh2 has no ${part}, so what a server sends could not be bounded`);
}
