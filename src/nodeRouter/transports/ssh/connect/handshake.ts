// One SSH handshake over a stream that is already open: key exchange, host key, login.
import type { Duplex } from "node:stream";
import ssh2, { type Client, type ClientErrorExtensions } from "ssh2";
import { type AuthSequence, createAuthSequence } from "./auth/authSequence.ts";
import type { Identities } from "./auth/identities.ts";
import { algorithmsFor, type Offer } from "./base/algorithms.ts";
import { andThen, GreetingLines, type ServerWords } from "./base/serverWords.ts";
import { guard, NodeMisbehaved, sever } from "./bounds/guard.ts";
import { type PublicKey, typeOf } from "./trust/fingerprint.ts";

export interface HandshakeRequest {
  /** Is ours from now on: destroyed unless a client comes back. */
  readonly stream: Duplex;
  readonly user: string;
  /** Host key types to ask for, in this order; no others are taken. */
  readonly types: readonly string[];
  /** What else may be used; default: what is ours. */
  readonly offer?: Offer;
  /** Called with every host key that the server proves; also when it is exchanged anew later. */
  readonly believes: (key: PublicKey) => boolean;
  readonly identities: Identities;
  readonly timeoutMs: number;
  readonly keepaliveIntervalMs: number;
  readonly keepaliveCountMax: number;
  readonly onExchanged?: ((ms: number) => void) | undefined;
  readonly signal: AbortSignal | undefined;
  readonly now: () => number;
}

/** What was known when it ended. */
export interface HandshakeFacts {
  /** The first host key that was offered. */
  readonly hostKey: PublicKey | null;
  /** The server's software, e.g. `OpenSSH_9.2p1`; null = it did not greet. */
  readonly server: string | null;
  /** Until the keys were exchanged; null = they were not. */
  readonly exchangeMs: number | null;
  readonly totalMs: number;
  /** e.g. `curve25519-sha256, aes128-gcm@openssh.com`. */
  readonly algorithms: string | null;
  readonly auth: AuthSequence;
  readonly words: ServerWords;
}

/**
 * Why there is no client. `disbelieved`: `believes` said no. `exhausted`: nothing is left to log in with.
 * `closed`: the stream ended or broke. `error`: the other side or ssh2 gave a reason. `misbehaved`: the other side
 * sent what no server sends.
 */
export type HandshakeEnd =
  | "disbelieved"
  | "exhausted"
  | "closed"
  | "error"
  | "misbehaved"
  | "timeout"
  | "aborted";

/** Of what a server or ssh2 says. */
const MAX_WORDS = 1_000;
/** Of the name of its software. */
const MAX_SOFTWARE = 100;
const SIGNING = /^Error (while )?signing/i;
const LOST = /lost before handshake/i;

export type HandshakeResult =
  | (HandshakeFacts & { readonly ok: true; readonly client: Client })
  | (HandshakeFacts & { readonly ok: false; readonly why: HandshakeEnd; readonly error: Error | null });

/** Never rejects. The client that comes back has a listener for errors, so that none is unhandled. */
export function shakeHands(request: HandshakeRequest): Promise<HandshakeResult> {
  const { stream, signal, now } = request;
  const startedMs = now();
  const { promise, resolve } = Promise.withResolvers<HandshakeResult>();
  const client = new ssh2.Client();
  let hostKey: PublicKey | null = null;
  let isDisbelieved = false;
  let exchangeMs: number | null = null;
  let algorithms: string | null = null;
  let banner: string | null = null;
  let goodbye: string | null = null;
  const greeting = new GreetingLines();
  let isSettled = false;

  const facts = (): HandshakeFacts => ({
    hostKey,
    server: serverOf(client),
    exchangeMs,
    totalMs: now() - startedMs,
    algorithms,
    auth,
    words: { greeting: greeting.text, banner, goodbye },
  });
  const fail = (why: HandshakeEnd, error: Error | null) => {
    if (isSettled) return;
    isSettled = true;
    resolve({ ok: false, why, error, ...facts() });
    sever(client);
    stream.destroy();
  };
  const auth = createAuthSequence(request.identities, () => fail("exhausted", null));

  client.on("error", (error: Error & ClientErrorExtensions) => {
    // ssh2 goes on to the next attempt by itself.
    if (error instanceof NodeMisbehaved) {
      fail("misbehaved", error);
    } else if (error.level === "agent" || SIGNING.test(error.message.slice(0, MAX_WORDS))) {
      auth.noteFault(
        `${auth.current()?.label ?? "a key"} could not sign: ${error.message.slice(0, MAX_WORDS)}`,
      );
    } else if (isDisbelieved) {
      fail("disbelieved", null);
    } else if (error.level === "client-socket" || LOST.test(error.message.slice(0, MAX_WORDS))) {
      fail("closed", error);
    } else {
      fail("error", error);
    }
  });
  client.on("banner", (text: string) => {
    banner = andThen(banner, text);
  });
  client.once("handshake", ({ kex, cs }) => {
    exchangeMs = now() - startedMs;
    algorithms = `${kex}, ${cs.cipher}`;
    request.onExchanged?.(exchangeMs);
  });
  client.once("close", () => fail("closed", null));
  client.once("ready", () => {
    if (isSettled) return;
    isSettled = true;
    resolve({ ok: true, client, ...facts() });
  });

  const timer = setTimeout(() => fail("timeout", null), request.timeoutMs);
  const onAbort = () => fail("aborted", null);
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    hearGreeting(client, stream, greeting, () => {
      fail("error", new Error(`${greeting.bytes.length} bytes came, and none of them an SSH greeting`));
    });
    if (signal?.aborted) fail("aborted", null);
    else {
      client.connect({
        sock: stream,
        username: request.user,
        algorithms: algorithmsFor(request.types, request.offer),
        hostVerifier: (blob: Buffer): boolean => {
          const key = { type: typeOf(blob) ?? "", blob };
          hostKey ??= key;
          isDisbelieved = !request.believes(key);
          return !isDisbelieved;
        },
        authHandler: auth.handler,
        readyTimeout: 0,
        keepaliveInterval: request.keepaliveIntervalMs,
        keepaliveCountMax: request.keepaliveCountMax,
      });
      guard(client, stream);
      onDisconnect(client, (text) => {
        goodbye ??= andThen(null, text);
      });
    }
  } catch (error) {
    fail("error", error instanceof Error ? error : new Error(String(error)));
  }
  return promise.finally(() => {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
  });
}

/**
 * Hears what comes in until the SSH greeting: ssh2 tells of lines before one only once there is one. Not before ssh2
 * listens itself: a stream that one of them reads flows, and the other would miss what had come.
 */
function hearGreeting(client: Client, stream: Duplex, lines: GreetingLines, onTooLong: () => void): void {
  const onData = (chunk: Buffer) => {
    keepPieces(client, lines.bytes);
    lines.add(chunk);
    if (lines.isComplete) stream.off("data", onData);
    if (lines.isTooLong) onTooLong();
  };
  const onListener = (event: string | symbol) => {
    if (event !== "data") return;
    stream.off("newListener", onListener);
    stream.on("data", onData);
  };
  stream.on("newListener", onListener);
}

/** ssh2 keeps the first piece of a greeting that comes in several, and forgets the others but the last. */
function keepPieces(client: Client, before: Buffer): void {
  const protocol: unknown = Reflect.get(client, "_protocol");
  if (!isObject(protocol)) return;
  const kept: unknown = Reflect.get(protocol, "_buffer");
  if (Buffer.isBuffer(kept) && kept.length < before.length) Reflect.set(protocol, "_buffer", before);
}

/** ssh2 drops the words of a disconnection "by application", the reason that most bastions give for all of theirs. */
function onDisconnect(client: Client, hear: (text: string) => void): void {
  const protocol: unknown = Reflect.get(client, "_protocol");
  const handlers: unknown = isObject(protocol) ? Reflect.get(protocol, "_handlers") : null;
  const own: unknown = isObject(handlers) ? Reflect.get(handlers, "DISCONNECT") : null;
  if (!isObject(handlers) || typeof own !== "function") return;
  Reflect.set(handlers, "DISCONNECT", (...args: unknown[]) => {
    if (typeof args[2] === "string") hear(args[2]);
    Reflect.apply(own, handlers, args);
  });
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

/** ssh2 keeps the server's greeting to itself. */
function serverOf(client: Client): string | null {
  const version: unknown = Reflect.get(client, "_remoteVer");
  return typeof version === "string" ? version.slice(0, MAX_SOFTWARE) : null;
}
