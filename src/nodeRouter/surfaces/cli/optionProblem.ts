// What is wrong with the value of an option that means the same wherever it is: told before the gateway is asked.
import { quote } from "../../../shared/safeText.ts";
import { didYouMean } from "../../../shared/suggest.ts";
import { parseSpan, SPAN_HELP } from "../../../shared/timeSpan.ts";
import { OUTCOMES } from "../../ledger/readCalls.ts";
import { parseSelector } from "../../placement/selector/parser.ts";
import { parseSince, SINCE_HELP } from "../reports/since.ts";
import type { CommandOptions } from "./commandOptions.ts";
import { commaList } from "./editCommand.ts";
import { readTags } from "./initQuestions.ts";
import { watchInterval } from "./watch.ts";

/** Null: nothing is wrong; else what the option takes. */
type Check = (value: string, nowMs: number) => string | null;

const unless = (isRight: boolean, takes: string): string | null => (isRight ? null : takes);
const matching = (pattern: RegExp, takes: string) => (value: string) => unless(pattern.test(value), takes);
const FINGERPRINT = matching(
  /^SHA256:[A-Za-z0-9+/]{43}=?$/,
  "a fingerprint as ssh-keygen -l prints it, SHA256:…",
);
const nodes: Check = (value) => unless(commaList(value).length > 0, "names of nodes joined by commas");
const selector: Check = (value) => {
  const parsed = parseSelector(value);
  return parsed.ok ? null : `a selector (${parsed.message})`;
};

const CHECKS: Readonly<Partial<Record<keyof CommandOptions, Check>>> = {
  limit: matching(/^[1-9]\d{0,2}$|^1000$/, "a number from 1 to 1000"),
  timeout: (value) =>
    unless(/^[1-9]\d{0,8}$/.test(value) || parseSpan(value) !== null, `${SPAN_HELP}, or a number of ms`),
  since: (value, nowMs) => unless(parseSince(value, nowMs) !== null, SINCE_HELP),
  at: (value, nowMs) => unless((parseSpan(value) ?? parseSince(value, nowMs)) !== null, SINCE_HELP),
  down: nodes,
  cordon: nodes,
  require: selector,
  to: selector,
  head: matching(/^[\w-]{43}$/, "the hash of a record, 43 characters, as status shows it"),
  hostKey: FINGERPRINT,
  yes: FINGERPRINT,
  tags(value) {
    const read = readTags(value);
    return typeof read === "string" ? `tags with commas (${read})` : null;
  },
  peerUrl: (value) => unless(URL.canParse(value), "an address such as https://gw-cn.tail1234.ts.net"),
};

const NAMES = ["agent", "node", "rule", "peer"] as const;

/** What is wrong with one of them; null: nothing is. A flag without a value is none. */
export function optionProblem(options: CommandOptions, nowMs: number): string | null {
  for (const [key, check] of Object.entries(CHECKS)) {
    const value = options[key as keyof CommandOptions];
    const takes = typeof value === "string" ? check(value.trim(), nowMs) : null;
    if (takes !== null) return `${flagOf(key)} takes ${takes}, not ${quote(String(value))}`;
  }
  const wrongWord = wordsProblem("outcome", options.outcome, OUTCOMES);
  if (wrongWord !== null) return wrongWord;
  // As of a variable of a script that is not set: it must not mean all of them.
  const blank = NAMES.find((key) => options[key]?.trim() === "");
  if (blank !== undefined) return `--${blank} needs a name; leave it out for all`;
  const { watch } = options;
  return watch === undefined || watch === false || watchInterval(watch) !== null
    ? null
    : `--watch takes seconds from 0.5 to 3600, not ${quote(String(watch))}`;
}

/** Of an option that takes one of these words; null: it is one, or was not written. */
export function wordsProblem(
  key: string,
  value: string | undefined,
  words: readonly string[],
): string | null {
  const word = value?.trim();
  if (word === undefined || words.includes(word)) return null;
  const near = didYouMean(word, words);
  return `--${key} takes ${words.join(", ")}, not ${quote(word)}${near === null ? "" : `; ${near}`}`;
}

/** `sshPort` as it is typed: `--ssh-port`. */
export function flagOf(key: string): string {
  return `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
