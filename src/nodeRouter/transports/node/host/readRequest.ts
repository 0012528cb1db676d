// Takes apart what a gateway sends: a request of the protocol, or why it is none. Pure.
import { fieldOf, readJson } from "../../../../shared/jsonParts.ts";
import { ENV_NAME } from "../../../../shared/shell.ts";
import {
  type Forget,
  MAX_INPUT_BYTES,
  MAX_REPLY_BYTES,
  MAX_URL,
  MAX_WAIT_MS,
  type Pull,
  type Request,
  type RunRequest,
} from "../wire.ts";

const KEY = /^[\w-]{8,64}$/;
const TERMINAL_NAME = /^[A-Za-z0-9][\w.+-]{0,63}$/;
/** Rows or columns of a terminal, as OpenClaw bounds them. */
const MAX_SIDE = 2_000;
/** Of script, arguments, variables and directories together. */
const MAX_TEXT = 16 << 20;
const MAX_ITEMS = 65_536;
/** What stdin may grow to. */
const MAX_OFFSET = Number.MAX_SAFE_INTEGER / 2;

/** A field of the request is not what it must be. Stays in this file. */
class Wrong extends Error {}

/**
 * The request; a text that says what is wrong with it. Fields that are unknown here are a newer gateway's and are left
 * out. Waits and sizes above the limit count as the limit.
 * @param paramsJSON as the host hands it over.
 */
export function readRequest(paramsJSON: string | null | undefined): Request | string {
  const json = readJson(paramsJSON ?? "");
  try {
    return requestIn(json);
  } catch (error) {
    if (error instanceof Wrong) return error.message;
    throw error;
  }
}

function requestIn(json: unknown): Request {
  const op = fieldOf(json, "op");
  if (op === "hello") return { op };
  if (op === "address") return { op, url: urlIn(json) };
  const key = textIn(json, "key");
  if (!KEY.test(key)) throw new Wrong("its key is none");
  switch (op) {
    case "run":
      return runIn(json, key);
    case "pull":
      return { op, key, out: offsetIn(json, "out"), err: offsetIn(json, "err"), ...waitIn(json) };
    case "input": {
      const data = textIn(json, "data");
      return { op, key, off: offsetIn(json, "off"), data: input(data), eof: fieldOf(json, "eof") === true };
    }
    case "signal":
      return { op, key, signal: textIn(json, "signal") };
    case "forget":
      return { op, key } satisfies Forget;
    default:
      throw new Wrong("its operation is none of this protocol");
  }
}

function runIn(json: unknown, key: string): RunRequest {
  const request: RunRequest = {
    op: "run",
    key,
    boot: textIn(json, "boot"),
    script: textIn(json, "script"),
    args: listIn(json, "args"),
    env: envIn(json),
    cwd: fieldOf(json, "cwd") == null ? null : textIn(json, "cwd"),
    makeCwd: fieldOf(json, "makeCwd") === true,
    pathPrepend: listIn(json, "pathPrepend"),
    pty: fieldOf(json, "pty") == null ? null : ptyIn(fieldOf(json, "pty")),
    input: input(textIn(json, "input")),
    eof: fieldOf(json, "eof") === true,
    approved: fieldOf(json, "approved") === true,
    ...waitIn(json),
  };
  const { script, args, env, cwd, pathPrepend } = request;
  const texts = [script, ...args, ...Object.values(env), cwd ?? "", ...pathPrepend];
  if (texts.some((text) => text.includes("\0"))) throw new Wrong("it holds a NUL character");
  if (texts.reduce((total, { length }) => total + length, 0) > MAX_TEXT) throw new Wrong("it is too large");
  if (cwd !== null && !cwd.startsWith("/")) throw new Wrong("its working directory is not absolute");
  return request;
}

function waitIn(json: unknown): Pick<Pull, "max" | "waitMs"> {
  return {
    max: Math.min(offsetIn(json, "max"), MAX_REPLY_BYTES),
    waitMs: Math.min(offsetIn(json, "waitMs"), MAX_WAIT_MS),
  };
}

function ptyIn(json: unknown): RunRequest["pty"] {
  const [rows, cols, term] = [offsetIn(json, "rows"), offsetIn(json, "cols"), textIn(json, "term")];
  if (![rows, cols].every((side) => side > 0 && side <= MAX_SIDE))
    throw new Wrong("its terminal has no such size");
  if (!TERMINAL_NAME.test(term)) throw new Wrong("its terminal has no such name");
  return { rows, cols, term };
}

function envIn(json: unknown): Readonly<Record<string, string>> {
  const env = Object.entries(fieldOf(json, "env") ?? {});
  if (env.length > MAX_ITEMS) throw new Wrong("it has too many variables");
  for (const [name, value] of env) {
    if (!ENV_NAME.test(name) || typeof value !== "string") throw new Wrong("one of its variables is none");
  }
  return Object.fromEntries(env);
}

function textIn(json: unknown, name: string): string {
  const text = fieldOf(json, name);
  if (typeof text !== "string") throw new Wrong(`its ${name} is no text`);
  return text;
}

/** SECURITY: whatever a gateway names, nothing but a https service is asked. */
function urlIn(json: unknown): string {
  const url = textIn(json, "url");
  if (url.length > MAX_URL || URL.parse(url)?.protocol !== "https:")
    throw new Wrong("its url is no https one");
  return url;
}

function offsetIn(json: unknown, name: string): number {
  const value = fieldOf(json, name);
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0 && value <= MAX_OFFSET)
    return value;
  throw new Wrong(`its ${name} is no number of this kind`);
}

function listIn(json: unknown, name: string): readonly string[] {
  const list = fieldOf(json, name);
  if (!Array.isArray(list) || list.length > MAX_ITEMS) throw new Wrong(`its ${name} is no list`);
  return list.map((item: unknown) => {
    if (typeof item !== "string") throw new Wrong(`its ${name} has an item that is no text`);
    return item;
  });
}

/** Base64, and not more than may be. */
function input(data: string): string {
  if (data.length > Math.ceil(MAX_INPUT_BYTES / 3) * 4) throw new Wrong("its input is too large");
  return data;
}
