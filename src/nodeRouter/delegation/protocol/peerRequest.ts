// What a peer asks for: the params of each method, checked, bounded and reduced to what is read of them. Pure.
import { fieldOf, itemsOf, numberIn } from "../../../shared/jsonParts.ts";
import { isPrintable, quote } from "../../../shared/safeText.ts";
import { failureOf, isFailure, RPC, type RpcFailure, type RpcRequest, rejection } from "./rpc.ts";
import { A2A_METHODS, EXTENSION, OWN_METHODS, type SendExtension } from "./wire.ts";

/** One message that is to become a task. */
export interface AskedTask {
  readonly messageId: string;
  /** Null: it begins a conversation of its own. */
  readonly context: string | null;
  readonly text: string;
  /** Null: not named. */
  readonly agent: string | null;
  /** Null: from an A2A client that knows nothing of the extension. */
  readonly extension: SendExtension | null;
  /** The answer waits for the end. */
  readonly waits: boolean;
  readonly historyLength: number | null;
}

export type PeerRequest =
  | { readonly ask: "send"; readonly task: AskedTask }
  | {
      readonly ask: "get";
      readonly id: string;
      readonly waitMs: number;
      readonly historyLength: number | null;
    }
  | {
      readonly ask: "list";
      readonly context: string | null;
      readonly state: string | null;
      readonly pageSize: number;
      /** Tasks before it are left out. */
      readonly from: number;
      readonly withResults: boolean;
    }
  | { readonly ask: "cancel"; readonly id: string }
  | { readonly ask: "card" }
  | { readonly ask: "find" | "fence"; readonly messageId: string };

/** A long poll ends before any proxy ends it. */
export const MAX_POLL_MS = 25_000;
const MAX_ID = 256;
const MAX_PARTS = 64;
const MAX_CHAIN = 16;
const MAX_PAGE = 100;
const DEFAULT_PAGE = 50;
/** A2A 1.0 has them; this server does not (section 3.3.2: UnsupportedOperationError). */
const UNSUPPORTED = /^(?:SendStreamingMessage|SubscribeToTask|QuerySkill)$/;
const PUSH = /^(?:Create|Get|List|Delete)TaskPushNotificationConfigs?$/;

/** @returns why it cannot be done, in the spec's codes. */
export function readPeerRequest({
  method,
  params,
}: Pick<RpcRequest, "method" | "params">): PeerRequest | RpcFailure {
  switch (method) {
    case "SendMessage":
      return readSend(params);
    case "GetTask": {
      const id = idIn(params, "id");
      if (isFailure(id)) return id;
      const waitMs = numberIn(fieldOf(fieldOf(params, "metadata"), EXTENSION), "waitMs") ?? 0;
      return {
        ask: "get",
        id,
        waitMs: Math.min(Math.max(0, waitMs), MAX_POLL_MS),
        historyLength: numberIn(params, "historyLength"),
      };
    }
    case "ListTasks":
      return readList(params);
    case "CancelTask": {
      const id = idIn(params, "id");
      return isFailure(id) ? id : { ask: "cancel", id };
    }
    case "GetExtendedAgentCard":
      return { ask: "card" };
    case OWN_METHODS[0]:
    case OWN_METHODS[1]: {
      const messageId = idIn(params, "messageId");
      if (isFailure(messageId)) return messageId;
      return { ask: method === OWN_METHODS[0] ? "find" : "fence", messageId };
    }
  }
  if (PUSH.test(method)) return PUSH_FAILURE;
  if (UNSUPPORTED.test(method))
    return failureOf(
      RPC.unsupported,
      "UNSUPPORTED_OPERATION",
      `${method} is not offered here; poll with GetTask`,
    );
  const known = [...A2A_METHODS, ...OWN_METHODS].join(", ");
  return failureOf(
    RPC.method,
    "METHOD_NOT_FOUND",
    `no method ${quote(method.slice(0, MAX_ID))}; there are ${known}`,
  );
}

function readSend(params: unknown): PeerRequest | RpcFailure {
  const message = fieldOf(params, "message");
  const messageId = idIn(message, "messageId", "message.messageId");
  if (isFailure(messageId)) return messageId;
  const context = optionalId(message, "contextId", "message.contextId");
  if (isFailure(context)) return context;
  if (fieldOf(message, "role") !== "ROLE_USER") return wrong('message.role must be "ROLE_USER"');
  const continued = optionalId(message, "taskId", "message.taskId");
  if (isFailure(continued)) return continued;
  if (continued !== null) {
    const told = "a task takes no second message; send a new one with the same contextId and without taskId";
    return failureOf(RPC.unsupported, "UNSUPPORTED_OPERATION", told);
  }
  const text = textOf(fieldOf(message, "parts"));
  if (isFailure(text)) return text;
  const configuration = fieldOf(params, "configuration");
  if ((fieldOf(configuration, "taskPushNotificationConfig") ?? null) !== null) return PUSH_FAILURE;
  const modes = itemsOf(fieldOf(configuration, "acceptedOutputModes"));
  if (modes.length > 0 && !modes.some((mode) => mode === "text/plain" || mode === "text/*" || mode === "*/*"))
    return failureOf(RPC.contentType, "CONTENT_TYPE_NOT_SUPPORTED", "results are text/plain");
  const given = fieldOf(fieldOf(params, "metadata"), EXTENSION);
  const extension = given === undefined ? null : readExtension(given);
  if (isFailure(extension)) return extension;
  const named = optionalId(fieldOf(message, "metadata"), "agent", "message.metadata.agent");
  if (isFailure(named)) return named;
  return {
    ask: "send",
    task: {
      messageId,
      context,
      text,
      agent: extension?.agent ?? named,
      extension,
      waits: fieldOf(configuration, "returnImmediately") !== true,
      historyLength: numberIn(configuration, "historyLength"),
    },
  };
}

/** All text parts as one. Files and data are refused: nothing here could hand them to an agent. */
function textOf(given: unknown): string | RpcFailure {
  const parts = itemsOf(given);
  if (parts.length === 0 || parts.length > MAX_PARTS)
    return wrong(`message.parts must be a list of 1 to ${MAX_PARTS} parts`);
  const texts: string[] = [];
  for (const part of parts) {
    const text = fieldOf(part, "text");
    if (typeof text !== "string")
      return failureOf(RPC.contentType, "CONTENT_TYPE_NOT_SUPPORTED", "only parts with text are taken");
    texts.push(text);
  }
  const text = texts.join("\n");
  if (text.trim() === "") return rejection("TASK_UNREADABLE", "the task is empty");
  if (text.includes("\0") || !text.isWellFormed())
    return rejection("TASK_UNREADABLE", "the task has a NUL character or half a surrogate pair");
  // SECURITY: the host would take it for a command of a person.
  if (text.trimStart().startsWith("/"))
    return rejection(
      "TASK_UNREADABLE",
      'the task begins with "/": commands are for people; write it as a sentence',
    );
  return text;
}

function readExtension(given: unknown): SendExtension | RpcFailure {
  const at = `metadata[${quote(EXTENSION)}]`;
  const agent = idIn(given, "agent", `${at}.agent`);
  if (isFailure(agent)) return agent;
  const requester = idIn(given, "requester", `${at}.requester`);
  if (isFailure(requester)) return requester;
  const links = fieldOf(given, "chain");
  const chain = itemsOf(links).filter(isId);
  if (chain.length === 0 || chain.length > MAX_CHAIN || chain.length !== itemsOf(links).length)
    return wrong(`${at}.chain must be a list of 1 to ${MAX_CHAIN} gateway ids`);
  const maxHops = numberIn(given, "maxHops");
  if (maxHops === null) return wrong(`${at}.maxHops must be a number`);
  return {
    agent,
    requester,
    chain,
    maxHops,
    acceptBeforeMs: numberIn(given, "acceptBeforeMs"),
    maxMinutes: numberIn(given, "maxMinutes"),
  };
}

function readList(params: unknown): PeerRequest | RpcFailure {
  const context = optionalId(params, "contextId");
  if (isFailure(context)) return context;
  const state = optionalId(params, "status");
  if (isFailure(state)) return state;
  const pageSize = numberIn(params, "pageSize") ?? DEFAULT_PAGE;
  const token = fieldOf(params, "pageToken") ?? "";
  const from = token === "" ? 0 : typeof token === "string" && /^\d{1,6}$/.test(token) ? Number(token) : null;
  if (pageSize < 1 || pageSize > MAX_PAGE) return wrong(`pageSize must be 1 to ${MAX_PAGE}`);
  if (from === null) return wrong("pageToken is none of ours");
  const withResults = fieldOf(params, "includeArtifacts") === true;
  return { ask: "list", context, state, pageSize: Math.floor(pageSize), from, withResults };
}

function idIn(holder: unknown, key: string, path = key): string | RpcFailure {
  const value = fieldOf(holder, key);
  return isId(value) ? value : wrong(`${path} must be 1 to ${MAX_ID} printable characters`);
}

/** An empty one is none, as Protocol Buffers have it. */
function optionalId(holder: unknown, key: string, path = key): string | null | RpcFailure {
  const value = fieldOf(holder, key) ?? "";
  return value === "" ? null : idIn(holder, key, path);
}

function isId(value: unknown): value is string {
  return typeof value === "string" && value !== "" && value.length <= MAX_ID && isPrintable(value);
}

function wrong(message: string): RpcFailure {
  return failureOf(RPC.params, "INVALID_PARAMS", message);
}

const PUSH_FAILURE = failureOf(
  RPC.pushNotSupported,
  "PUSH_NOTIFICATION_NOT_SUPPORTED",
  "there are no push notifications here; poll with GetTask",
);
