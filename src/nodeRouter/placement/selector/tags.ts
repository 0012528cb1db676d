// Reads and checks one tag, `key` or `key=value`, by the rules of Kubernetes labels.
import { quote } from "../../../shared/safeText.ts";

/** Tags with this prefix are facts found by the plugin; config may select by them, never set them. */
export const BUILTIN_PREFIX = "node.";

/** So are these: `tailscale.x` is the tag `tag:x` that the tailnet's policy gives the node. */
export const TAILNET_PREFIX = "tailscale.";

/** Its values are IANA names, which hold "/" and "+" besides. */
const TIME_ZONE_KEY = `${BUILTIN_PREFIX}tz`;
const TIME_ZONE_VALUE = /^[A-Za-z0-9]([-+A-Za-z0-9_./]*[A-Za-z0-9])?$/;

/** Kubernetes: name and value each at most 63 characters. */
const MAX_PART_LENGTH = 63;
/** RFC 1123: a DNS subdomain is at most 253 characters. */
const MAX_PREFIX_LENGTH = 253;

const PART = /^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/;
const DNS_SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const PART_RULE = 'made of letters, digits, "-", "_" and ".", beginning and ending with a letter or digit';

export type ParsedTag =
  | { readonly ok: true; readonly key: string; readonly value: string }
  | { readonly ok: false; readonly message: string };

/**
 * Reads `key` or `key=value`; `key` and `key=` both give the value `""`. Nothing is trimmed.
 * A refused tag is a value: `message` names the tag and the rule it breaks.
 * Source: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set
 */
export function parseTag(text: string): ParsedTag {
  const equals = text.indexOf("=");
  const key = equals < 0 ? text : text.slice(0, equals);
  const value = equals < 0 ? "" : text.slice(equals + 1);
  const problem = keyProblem(key) ?? valueProblem(value);
  return problem === null
    ? { ok: true, key, value }
    : { ok: false, message: `tag ${quote(text)}: ${problem}` };
}

/** The tag as config writes it: a bare key when the value is empty. */
export function printTag(key: string, value: string): string {
  return value === "" ? key : `${key}=${value}`;
}

/** Whether the key is `node.` and something. */
export function isBuiltinKey(key: string): boolean {
  return key.startsWith(BUILTIN_PREFIX);
}

/** The prefix for which config is forbidden to set this key; null when it may. */
export function reservedPrefix(key: string): string | null {
  return [BUILTIN_PREFIX, TAILNET_PREFIX].find((prefix) => key.startsWith(prefix)) ?? null;
}

/** What is wrong with a tag's key, `[prefix/]name`; null when nothing is. */
export function keyProblem(key: string): string | null {
  const slash = key.indexOf("/");
  const prefix = slash < 0 ? null : key.slice(0, slash);
  const name = key.slice(slash + 1);
  if (prefix !== null && (prefix.length > MAX_PREFIX_LENGTH || !DNS_SUBDOMAIN.test(prefix))) {
    return `the prefix ${quote(prefix)} of its key must be a lower-case DNS name of at most ${MAX_PREFIX_LENGTH} characters`;
  }
  return isPart(name)
    ? null
    : `its key ${quote(name)} must be 1 to ${MAX_PART_LENGTH} characters ${PART_RULE}`;
}

/** What is wrong with a tag's value, which may be empty; null when nothing is. */
export function valueProblem(value: string): string | null {
  if (value === "" || isPart(value)) return null;
  return `its value ${quote(value)} must be empty or at most ${MAX_PART_LENGTH} characters ${PART_RULE}`;
}

/** The same of a value that a selector compares this key with. */
export function selectorValueProblem(key: string, value: string): string | null {
  const isTimeZone = key === TIME_ZONE_KEY && value.length <= MAX_PART_LENGTH && TIME_ZONE_VALUE.test(value);
  return isTimeZone ? null : valueProblem(value);
}

function isPart(text: string): boolean {
  return text.length <= MAX_PART_LENGTH && PART.test(text);
}
