// One peer as JSON-RPC over HTTP/1.1: what came back, and, where nothing did, whether the request can have arrived.
import { Agent, type ClientRequestArgs, type IncomingMessage, request } from "node:http";
import type { Duplex } from "node:stream";
import { errorCode } from "../../../shared/errorCode.ts";
import { messageOf } from "../../../shared/errors.ts";
import { type Refusal, refusal } from "../../../shared/refusal.ts";
import { quote, safe } from "../../../shared/safeText.ts";
import { REQUEST_HEADERS } from "../protocol/askPeer.ts";
import { readRpcReply, rpcRequest } from "../protocol/rpc.ts";
import type { Road } from "./road.ts";

export type PeerAnswer =
  | { readonly is: "result"; readonly result: unknown; readonly rttMs: number }
  /** A JSON-RPC error. `reason` is that of its ErrorInfo; both texts are not cleaned. */
  | {
      readonly is: "rejected";
      readonly rpcCode: number;
      readonly reason: string | null;
      readonly message: string;
    }
  /** HTTP's status, without JSON-RPC. `isItsOwn`: the gateway's own word; else of whoever stands before it. */
  | {
      readonly is: "status";
      readonly status: number;
      readonly retryAfterMs: number | null;
      readonly isItsOwn?: true;
    }
  /** Proven: not a byte of the request was written. */
  | { readonly is: "not-sent"; readonly why: Refusal }
  /** It may have arrived. */
  | { readonly is: "no-answer"; readonly why: Refusal };

export interface PeerClient {
  /** Never rejects. `timeoutMs` is for all of it, the connection included. */
  call(method: string, params: unknown, options: CallOptions): Promise<PeerAnswer>;
  /** Ends what is open, and what is under way; a later call connects anew. */
  close(): void;
}

export interface CallOptions {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

export interface PeerClientOptions {
  /** For words. */
  readonly peer: string;
  readonly road: Road;
  /** Of the JSON-RPC endpoint. */
  readonly path: string;
  /** Secret; asked at each call. A refusal: it cannot be had. */
  readonly token: () => string | Refusal;
}

/** The inbox says it with every status, and no proxy by itself. */
const OWN_HEADER = "a2a-version";
/** Of a reply: JSON may write a character of a result in 6 bytes, and a result has 1 MiB at most. */
export const MAX_ANSWER_BYTES = 8 * 1_024 * 1_024;
/** To one peer at a time; others wait. A long poll holds one. */
const MAX_LINES = 128;

/** Connects at the first call, and keeps the connection. */
export function createPeerClient({ peer, road, path, token }: PeerClientOptions): PeerClient {
  const agent = new RoadAgent(road);
  const underWay = new Set<AbortController>();
  let number = 0;

  return {
    async call(method, params, { timeoutMs, signal }) {
      const secret = token();
      if (typeof secret !== "string") return { is: "not-sent", why: secret };
      number += 1;
      const id = String(number);
      const body = Buffer.from(rpcRequest({ id, method, params }));
      const abort = new AbortController();
      const onAbort = (): void => abort.abort();
      const timer = setTimeout(onAbort, timeoutMs);
      signal?.addEventListener("abort", onAbort, { once: true });
      if (signal?.aborted) abort.abort();
      underWay.add(abort);
      const startedMs = performance.now();
      const sent: Sent = { isOut: false };
      try {
        const headers = {
          ...REQUEST_HEADERS,
          host: road.host,
          authorization: `Bearer ${secret}`,
          "accept-encoding": "identity",
          "content-length": String(body.length),
        };
        const { status, text, retryAfter, isItsOwn } = await exchange(
          agent,
          path,
          headers,
          body,
          abort.signal,
          sent,
        );
        const reply = readRpcReply(text, id);
        if (reply?.is === "error") {
          const { code, reason, message } = reply.error;
          return { is: "rejected", rpcCode: code, reason: reason === "" ? null : reason, message };
        }
        if (status !== 200)
          return { is: "status", status, retryAfterMs: retryAfter, ...(isItsOwn ? { isItsOwn } : {}) };
        if (reply === null) return noAnswer(`answered ${method} with what is no reply to it`);
        return { is: "result", result: reply.result, rttMs: performance.now() - startedMs };
      } catch (error) {
        if (error instanceof NoRoad) return { is: "not-sent", why: error.why };
        const within = `within ${timeoutMs} ms`;
        const how = abort.signal.aborted
          ? `did not answer ${method} ${signal?.aborted ? "before that was given up" : within}`
          : `did not answer ${method}: ${wordsOf(error)}`;
        if (sent.isOut) return noAnswer(how);
        return {
          is: "not-sent",
          why: refusal("PEER_UNREACHABLE", `peer ${quote(peer)} ${how}; nothing was sent`),
        };
      } finally {
        clearTimeout(timer);
        signal?.removeEventListener("abort", onAbort);
        underWay.delete(abort);
      }
    },
    close() {
      for (const abort of underWay) abort.abort();
      agent.destroy();
      road.close();
    },
  };

  function noAnswer(how: string): PeerAnswer {
    return { is: "no-answer", why: refusal("PEER_UNREACHABLE", `peer ${quote(peer)} ${how}`) };
  }
}

/** `isOut`: a connection was handed the request; from then on nobody knows how much of it arrives. */
interface Sent {
  isOut: boolean;
}

interface Reply {
  readonly status: number;
  readonly text: string;
  readonly retryAfter: number | null;
  readonly isItsOwn: boolean;
}

/** @throws NoRoad there is no connection; Error of it; where it was aborted, any */
function exchange(
  agent: Agent,
  path: string,
  headers: Readonly<Record<string, string>>,
  body: Buffer,
  signal: AbortSignal,
  sent: Sent,
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    // Node hands all options but `signal` to the agent.
    const options = { agent, method: "POST", path, headers, signal, setHost: false, givenUp: signal };
    const asked = request(options);
    // A request without a connection tells nobody that it was given up.
    signal.addEventListener("abort", () => reject(new Error("given up")), { once: true });
    asked.once("socket", () => {
      sent.isOut = true;
    });
    asked.on("error", reject);
    const onClose = (): void => reject(new Error("the connection was closed"));
    asked.once("close", onClose);
    asked.once("response", (response) => {
      asked.off("close", onClose);
      readAll(response).then((text) => {
        const { statusCode = 0, headers } = response;
        const isItsOwn = headers[OWN_HEADER] !== undefined;
        resolve({ status: statusCode, text, retryAfter: retryAfterOf(response), isItsOwn });
      }, reject);
    });
    asked.end(body);
  });
}

/** @throws Error it is longer than `MAX_ANSWER_BYTES`, or not whole */
function readAll(response: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    let bytes = 0;
    response.on("data", (part: Buffer) => {
      bytes += part.length;
      if (bytes > MAX_ANSWER_BYTES) {
        response.destroy();
        reject(new Error(`its answer is longer than ${MAX_ANSWER_BYTES / 1_048_576} MiB`));
      } else parts.push(part);
    });
    response.once("end", () => resolve(Buffer.concat(parts).toString("utf8")));
    response.once("error", reject);
    response.once("close", () => reject(new Error("its answer broke off")));
  });
}

const MAX_RETRY_S = 3_600;

function retryAfterOf({ headers }: IncomingMessage): number | null {
  const given = headers["retry-after"];
  return given !== undefined && /^\d{1,9}$/.test(given) ? Math.min(Number(given), MAX_RETRY_S) * 1_000 : null;
}

class NoRoad extends Error {
  readonly why: Refusal;

  constructor(why: Refusal) {
    super(why.fact);
    this.why = why;
  }
}

/** Gives requests connections of the road, each when it is there and not before. */
class RoadAgent extends Agent {
  readonly #road: Road;

  constructor(road: Road) {
    super({ keepAlive: true, maxSockets: MAX_LINES, maxFreeSockets: 8 });
    this.#road = road;
  }

  override createConnection(
    options: ClientRequestArgs & { readonly givenUp?: AbortSignal },
    done: (error: Error | null, stream: Duplex) => void,
  ): null {
    const { givenUp = new AbortController().signal } = options;
    void this.#road.open(givenUp).then((opened) => {
      if (opened.ok) done(null, opened.stream);
      else Reflect.apply(done, null, [new NoRoad(opened.why)]);
    });
    return null;
  }
}

function wordsOf(error: unknown): string {
  return safe((errorCode(error) ?? messageOf(error)).slice(0, 200));
}
