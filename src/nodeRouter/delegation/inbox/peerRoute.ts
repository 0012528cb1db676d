// The route that peers ask: one JSON-RPC request a POST, authenticated, bounded in bytes and time, answered by the inbox.
import type { IncomingMessage, ServerResponse } from "node:http";
import { messageOf } from "../../../shared/errors.ts";
import type { Logger } from "../../../shared/logger.ts";
import { type PeerRequest, readPeerRequest } from "../protocol/peerRequest.ts";
import {
  failureOf,
  isFailure,
  RPC,
  type RpcFailure,
  readRpcRequest,
  rejection,
  rpcError,
  rpcResult,
} from "../protocol/rpc.ts";
import { EXTENSION, JOIN_METHOD } from "../protocol/wire.ts";
import type { PeerDoor } from "./peerDoor.ts";

export interface RouteNeeds {
  readonly door: PeerDoor;
  /** As `answerPeer`. */
  readonly answer: (
    peer: string,
    request: PeerRequest,
    url: string,
  ) => Promise<{ readonly result: unknown } | RpcFailure>;
  /** As `acceptJoin`; absent: there are no invitations. */
  readonly join?: (secret: string, params: unknown) => Promise<{ readonly result: unknown } | RpcFailure>;
  /** Of a task's text. */
  readonly maxTaskBytes: () => number;
  readonly log: Pick<Logger, "warn">;
  readonly bodyMs?: number;
}

/** JSON may escape each byte of a task in six; everything else of a message is small. */
const ESCAPED = 6;
const ENVELOPE_BYTES = 16 * 1024;
/** SECURITY: more than any task needs, whatever the config says. */
const MAX_BODY_BYTES = 4 * 1024 * 1024;
const BODY_MS = 15_000;
const UNREAD_MS = 5_000;
/** Open requests of one peer: polls wait. */
const MAX_OPEN = 200;

const HEADERS = {
  "content-type": "application/json; charset=utf-8",
  "cache-control": "no-store",
  "a2a-version": "1.0",
};

/** Answers always, and never rejects. */
export type PeerRoute = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

export function createPeerRoute({
  door,
  answer,
  join,
  maxTaskBytes,
  log,
  bodyMs = BODY_MS,
}: RouteNeeds): PeerRoute {
  const open = new Map<string, number>();
  return async (request, response) => {
    const reply = (status: number, body: string, headers: Readonly<Record<string, string>> = {}): void => {
      if (response.writableEnded || response.destroyed) return;
      response.writeHead(status, { ...HEADERS, ...headers });
      response.end(body);
    };
    /** Who gets it has been refused before anything was looked at; the rest of the body is not read. */
    const refuse = (status: number, error: string, headers: Readonly<Record<string, string>> = {}): void => {
      const body = JSON.stringify({ error });
      if (request.complete || request.destroyed) {
        reply(status, body, headers);
        return;
      }
      if (response.headersSent || response.destroyed) return;
      const bytes = String(Buffer.byteLength(body));
      response.writeHead(status, { ...HEADERS, ...headers, connection: "close", "content-length": bytes });
      response.write(body);
      // Whoever still sends would lose the answer with the connection, which Node closes when the answer has its end.
      const over = (): void => {
        clearTimeout(timer);
        response.end();
      };
      const timer = setTimeout(over, UNREAD_MS);
      request.once("end", over).once("close", over).resume();
    };
    const wait = (ms: number): Record<string, string> => ({ "retry-after": String(Math.ceil(ms / 1_000)) });
    try {
      const { headers } = request;
      if (request.method !== "POST") return refuse(405, "only POST is answered here", { allow: "POST" });
      // SECURITY: no page in a browser asks for its user's gateway.
      if (headers.origin !== undefined || headers.referer !== undefined)
        return refuse(403, "requests of web pages are not answered");
      const address = request.socket.remoteAddress ?? "";
      const entry = await door.enter(headers.authorization, address);
      if ("status" in entry) {
        if (entry.retryAfterMs !== null)
          return refuse(429, "too many wrong tokens", wait(entry.retryAfterMs));
        if (entry.status === 403) return refuse(403, "this peer is not accepted from that address");
        return refuse(401, "no peer has this token", { "www-authenticate": "Bearer" });
      }
      // All invited ones together: no peer has an empty name.
      const peer = "invite" in entry ? "" : entry.peer;
      const mayAsk = door.count(peer, false);
      const others = open.get(peer) ?? 0;
      if (mayAsk !== null || others >= MAX_OPEN)
        return refuse(429, "too many requests", wait(mayAsk ?? 1_000));
      if (!/^application\/(?:a2a\+)?json(?:\s*;|$)/i.test(headers["content-type"] ?? ""))
        return refuse(415, "the body must be application/json");
      if ((headers["content-encoding"] ?? "identity") !== "identity")
        return refuse(415, "the body must not be compressed");
      open.set(peer, others + 1);
      try {
        await served(peer, "invite" in entry ? entry.invite : null);
      } finally {
        const left = (open.get(peer) ?? 1) - 1;
        if (left > 0) open.set(peer, left);
        else open.delete(peer);
      }
    } catch (error) {
      log.warn({ reason: messageOf(error) }, "a request of a peer was not answered");
      // Nobody knows: no word that a peer could take for a refusal.
      refuse(500, "the gateway does not know what became of it");
    }

    async function served(peer: string, invite: string | null): Promise<void> {
      const most = Math.min(MAX_BODY_BYTES, ESCAPED * maxTaskBytes() + ENVELOPE_BYTES);
      const body = await readBody(request, most, bodyMs);
      if (typeof body === "number")
        return refuse(
          body,
          body === 413 ? `the body has more than ${most} bytes` : "the body did not come in time",
        );
      const text = textOf(body);
      const read = readRpcRequest(text ?? "");
      if ("failure" in read) return reply(200, rpcError(read.id, read.failure));
      const fail = (failure: RpcFailure) => reply(200, rpcError(read.id, failure));
      const asked = versionOf(request);
      if (!/^1\.0(?:\.\d{1,9})?$/.test(asked))
        return fail(rejection("VERSION", "A2A 1.0 is spoken here: send the header A2A-Version: 1.0"));
      if (invite !== null) {
        // SECURITY: who is invited may do nothing else yet.
        const isJoin = join !== undefined && read.method === JOIN_METHOD;
        const joined = isJoin ? await join(invite, read.params) : NOT_YET;
        return isFailure(joined) ? fail(joined) : reply(200, rpcResult(read.id, joined.result));
      }
      const what = readPeerRequest(read);
      if (isFailure(what)) return fail(what);
      if (what.ask === "send") {
        const mayGive = door.count(peer, true);
        if (mayGive !== null) return refuse(429, "too many tasks in a minute", wait(mayGive));
      }
      const url = `http://${request.headers.host ?? "localhost"}${(request.url ?? "").split("?", 1)[0]}`;
      const answered = await answer(peer, what, url);
      if (isFailure(answered)) return fail(answered);
      const used = String(request.headers["a2a-extensions"] ?? "").includes(EXTENSION);
      reply(200, rpcResult(read.id, answered.result), used ? { "a2a-extensions": EXTENSION } : {});
    }
  };
}

const NOT_YET = failureOf(RPC.method, "METHOD_NOT_FOUND", `whoever is invited may ask ${JOIN_METHOD} alone`);

/** A2A 1.0, section 3.6: the header, or a parameter of that name; none means 0.3. */
function versionOf({ headers, url = "" }: IncomingMessage): string {
  const header = headers["a2a-version"];
  if (typeof header === "string" && header !== "") return header.trim();
  return new URLSearchParams(url.split("?").slice(1).join("?")).get("A2A-Version") ?? "0.3";
}

/** @returns 413 where it is longer, 408 where it takes too long or breaks off */
function readBody(request: IncomingMessage, maxBytes: number, ms: number): Promise<Buffer | 408 | 413> {
  if (Number(request.headers["content-length"] ?? 0) > maxBytes) return Promise.resolve(413);
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const done = (result: Buffer | 408 | 413): void => {
      clearTimeout(timer);
      request.off("data", onData);
      resolve(result);
    };
    const onData = (chunk: Buffer): void => {
      bytes += chunk.length;
      if (bytes > maxBytes) done(413);
      else chunks.push(chunk);
    };
    const timer = setTimeout(() => done(408), ms);
    request.on("data", onData);
    request.once("end", () => done(Buffer.concat(chunks)));
    request.once("error", () => done(408));
    request.once("close", () => done(408));
  });
}

/** Null: it is no UTF-8. */
function textOf(body: Buffer): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(body);
  } catch {
    return null;
  }
}
