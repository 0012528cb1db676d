// JSON-RPC 2.0 as A2A 1.0 binds it: one request and one reply as text, bounded, in both directions. Pure.
import { isRecord } from "../../../shared/isRecord.ts";
import { fieldOf, itemsOf, readJson } from "../../../shared/jsonParts.ts";
import { JOIN_REASONS, REJECT_REASONS, type RejectReason } from "./wire.ts";

/** Error codes of JSON-RPC 2.0 (section 5.1) and of A2A 1.0 (section 9.5). */
export const RPC = {
  rejected: -32_000,
  taskNotFound: -32_001,
  notCancelable: -32_002,
  pushNotSupported: -32_003,
  unsupported: -32_004,
  contentType: -32_005,
  version: -32_009,
  request: -32_600,
  method: -32_601,
  params: -32_602,
  internal: -32_603,
  parse: -32_700,
} as const;

/** Objects and lists within each other: a task needs 6. What is deeper is refused before it is parsed. */
const MAX_DEPTH = 32;
/** Of an id, a method's name, a reason. */
const MAX_WORD = 256;
/** Characters of an error's words that are read. */
const MAX_MESSAGE = 1_024;

export type RpcId = string | number | null;

export interface RpcRequest {
  readonly id: RpcId;
  readonly method: string;
  readonly params: unknown;
}

/** Why a request was not done. */
export interface RpcFailure {
  readonly code: number;
  /** Safe to print. */
  readonly message: string;
  /** Of ours, or A2A's own, such as `TASK_NOT_FOUND`. */
  readonly reason: string;
}

/** What came back for one request. */
export type RpcReply =
  | { readonly is: "result"; readonly result: unknown }
  | { readonly is: "error"; readonly error: RpcFailure };

/** @returns the failure, with the id that it is told under, where the text is no single request. */
export function readRpcRequest(
  text: string,
): RpcRequest | { readonly id: RpcId; readonly failure: RpcFailure } {
  const parse = (message: string) => ({ id: null, failure: failureOf(RPC.parse, "PARSE", message) });
  if (isDeeper(text, MAX_DEPTH)) return parse(`the body is nested deeper than ${MAX_DEPTH}`);
  const body = readJson(text);
  if (body === null) return parse("the body is not JSON");
  const given = fieldOf(body, "id");
  const id =
    typeof given === "number" || (typeof given === "string" && given.length <= MAX_WORD) ? given : null;
  const method = fieldOf(body, "method");
  if (
    fieldOf(body, "jsonrpc") !== "2.0" ||
    typeof method !== "string" ||
    method.length > MAX_WORD ||
    id === null
  )
    return {
      id,
      failure: failureOf(RPC.request, "REQUEST", "the body is not one JSON-RPC 2.0 request with an id"),
    };
  return { id, method, params: fieldOf(body, "params") ?? {} };
}

export function rpcRequest({ id, method, params }: RpcRequest): string {
  return JSON.stringify({ jsonrpc: "2.0", id, method, params });
}

export function rpcResult(id: RpcId, result: unknown): string {
  return JSON.stringify({ jsonrpc: "2.0", id, result });
}

export function rpcError(id: RpcId, { code, message, reason }: RpcFailure): string {
  const domain = isOurs(reason) ? DOMAIN : "a2a-protocol.org";
  const data = [{ "@type": ERROR_INFO, reason, domain }];
  return JSON.stringify({ jsonrpc: "2.0", id, error: { code, message, data } });
}

/** @returns null for what is no reply to this very request: then nobody knows what became of it. */
export function readRpcReply(text: string, id: RpcId): RpcReply | null {
  const body = isDeeper(text, MAX_DEPTH) ? null : readJson(text);
  if (fieldOf(body, "jsonrpc") !== "2.0" || fieldOf(body, "id") !== id) return null;
  const error = fieldOf(body, "error");
  const result = fieldOf(body, "result");
  if (error === undefined) return result === undefined ? null : { is: "result", result };
  const code = fieldOf(error, "code");
  const message = fieldOf(error, "message");
  if (typeof code !== "number" || !Number.isSafeInteger(code) || result !== undefined) return null;
  const info = itemsOf(fieldOf(error, "data")).find((item) => fieldOf(item, "@type") === ERROR_INFO);
  const reason = fieldOf(info, "reason");
  return {
    is: "error",
    error: {
      code,
      message: typeof message === "string" ? message.slice(0, MAX_MESSAGE) : "",
      reason: typeof reason === "string" ? reason.slice(0, MAX_WORD) : "",
    },
  };
}

export function failureOf(code: number, reason: string, message: string): RpcFailure {
  return { code, reason, message };
}

/** The answer to a message that is not accepted: there is no record of it here, and it never begins. */
export function rejection(reason: RejectReason, message: string): RpcFailure {
  return failureOf(reason === "VERSION" ? RPC.version : RPC.rejected, reason, message);
}

export function isFailure(value: unknown): value is RpcFailure {
  return isRecord(value) && typeof value.code === "number" && typeof value.reason === "string";
}

function isOurs(reason: string): boolean {
  return [...REJECT_REASONS, ...JOIN_REASONS].some((known) => known === reason);
}

const DOMAIN = "node-router";
const ERROR_INFO = "type.googleapis.com/google.rpc.ErrorInfo";

/** Whether the text opens more lists and objects within each other than that; what is in strings does not count. */
function isDeeper(text: string, most: number): boolean {
  let depth = 0;
  let isText = false;
  for (let at = 0; at < text.length; at++) {
    const character = text.charCodeAt(at);
    if (isText) {
      if (character === BACKSLASH) at++;
      else if (character === QUOTE) isText = false;
    } else if (character === QUOTE) isText = true;
    else if (character === BRACE || character === BRACKET) {
      depth++;
      if (depth > most) return true;
    } else if (character === BRACE + 2 || character === BRACKET + 2) depth--;
  }
  return false;
}

const [QUOTE, BACKSLASH, BRACKET, BRACE] = [34, 92, 91, 123];
