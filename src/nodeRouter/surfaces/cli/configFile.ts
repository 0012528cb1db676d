// Reads a config that somebody wants to try from a file or from stdin: JSON, or JSON5 as openclaw.json may be.
import { open } from "node:fs/promises";
import { errorCode } from "../../../shared/errorCode.ts";
import { messageOf } from "../../../shared/errors.ts";
import { readJson } from "../../../shared/jsonParts.ts";
import { quote } from "../../../shared/safeText.ts";
import { repeatedKeys } from "./repeatedKeys.ts";

/** Far more than any config. Bytes. */
const MAX_BYTES = 8 * 1024 * 1024;

/** `message`: what is wrong with the file. */
export type ReadConfig =
  /** `repeated`: what is said of keys that it has more than once. */
  | { readonly ok: true; readonly document: unknown; readonly repeated: readonly string[] }
  | { readonly ok: false; readonly message: string };

/** @param file path; `-`: stdin. */
export async function readConfigFile(file: string): Promise<ReadConfig> {
  const name = file === "-" ? "stdin" : quote(file);
  try {
    const text = await readAll(file);
    const document = readJson(text) ?? readJson(plainJson(text));
    if (document === null) return { ok: false, message: `${name} is neither JSON nor JSON5` };
    return { ok: true, document, repeated: repeatedKeys(plainJson(text)).map(repeatedText) };
  } catch (error) {
    return { ok: false, message: `${name} cannot be read: ${errorCode(error) ?? messageOf(error)}` };
  }
}

function repeatedText(key: string): string {
  return `the file has ${key} more than once: the last one counts, and what the others say is lost`;
}

async function readAll(file: string): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const source = file === "-" ? process.stdin : (await open(file)).createReadStream();
  for await (const chunk of source) {
    chunks.push(Buffer.from(chunk));
    bytes += chunks.at(-1)?.length ?? 0;
    if (bytes > MAX_BYTES) throw new Error(`it is larger than ${MAX_BYTES} bytes`);
  }
  return Buffer.concat(chunks)
    .toString("utf8")
    .replace(/^\uFEFF/, "");
}

/** A comment, a text in either quotes, a mark, a word or blanks, in this order. */
const TOKEN =
  /\/\/[^\n]*|\/\*[\s\S]*?\*\/|"(?:[^"\\]|\\[\s\S])*"|'(?:[^'\\]|\\[\s\S])*'|[{}[\],:]|[^\s{}[\],:"'/]+|\s+|[\s\S]/g;

/**
 * JSON5 as JSON: without comments and the comma behind the last entry, keys and texts in double quotes. What has no
 * JSON (hexadecimal numbers, Infinity) stays as it is, and is no JSON then.
 */
export function plainJson(text: string): string {
  const tokens = (text.match(TOKEN) ?? []).filter(
    (token) => !/^(\/\/|\/\*)/.test(token) && token.trim() !== "",
  );
  return tokens
    .map((token, at) => {
      const next = tokens[at + 1];
      if (token === "," && (next === "}" || next === "]")) return "";
      if (token.startsWith('"') || token.startsWith("'")) return doubleQuoted(token);
      return next === ":" && /^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(token) ? JSON.stringify(token) : token;
    })
    .join(" "); // or `1 0` would be ten
}

/** A line may be continued inside a text, and `\'` is no escape of JSON. */
function doubleQuoted(token: string): string {
  const inner = token.slice(1, -1).replace(/\\(\r?\n|')/g, (_, what: string) => (what === "'" ? "'" : ""));
  return token.startsWith('"')
    ? `"${inner}"`
    : `"${inner.replace(/(\\[\s\S])|"/g, (whole, kept) => kept ?? `\\${whole}`)}"`;
}
