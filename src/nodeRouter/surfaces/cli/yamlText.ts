// A report as YAML 1.2 that any reader takes: block style, and every text that is not plainly a word in JSON's quotes. Pure.
import { isRecord } from "../../../shared/isRecord.ts";
import { safeJson } from "../../../shared/safeText.ts";

/** A word that no reader takes for a number, a date or a truth value. */
const PLAIN = /^[A-Za-z][A-Za-z0-9_./@-]*$/;
/** Of YAML 1.1 too, which many still read. */
const TAKEN = /^(?:true|false|yes|no|on|off|y|n|null|nan|inf)$/i;
const STEP = "  ";

/** @param value as of JSON; what JSON leaves out is left out here. */
export function yamlText(value: unknown): string {
  return linesOf(JSON.parse(JSON.stringify(value) ?? "null")).join("\n");
}

function linesOf(value: unknown): readonly string[] {
  if (Array.isArray(value) && value.length > 0)
    return value.flatMap((item: unknown) => {
      const [first = "", ...rest] = linesOf(item);
      return [`- ${first}`, ...rest.map((line) => STEP + line)];
    });
  if (!isRecord(value)) return [scalar(value)];
  const entries = Object.entries(value);
  if (entries.length === 0) return ["{}"];
  return entries.flatMap(([key, inner]) => {
    const lines = linesOf(inner);
    if (!isBlock(inner)) return [`${word(key)}: ${lines[0]}`];
    return [`${word(key)}:`, ...lines.map((line) => STEP + line)];
  });
}

/** Whether it stands in lines of its own. */
function isBlock(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 : isRecord(value) && Object.keys(value).length > 0;
}

function scalar(value: unknown): string {
  return typeof value === "string" ? word(value) : safeJson(value, 0);
}

function word(text: string): string {
  return PLAIN.test(text) && !TAKEN.test(text) ? text : quoted(text);
}

/** An escape of JSON; `\\ud83d` is a backslash and a word. */
const ESCAPE = /\\(?:u(d[89ab][0-9a-f]{2})\\u(d[c-f][0-9a-f]{2})|[\s\S])/g;

/** JSON's escapes are YAML's, but for the two of one character, which libyaml and Go's reader refuse; half of one is none. */
function quoted(text: string): string {
  return safeJson(text.toWellFormed(), 0).replace(ESCAPE, (whole, high?: string, low?: string) => {
    if (high === undefined || low === undefined) return whole;
    const point = 0x10000 + ((Number.parseInt(high, 16) - 0xd800) << 10) + Number.parseInt(low, 16) - 0xdc00;
    return `\\U${point.toString(16).padStart(8, "0")}`;
  });
}
