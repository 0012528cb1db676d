// Reads what can be read of one entry of `rules`.
import * as Value from "@sinclair/typebox/value";
import {
  type FilesPolicy,
  MAX_WEIGHT,
  MIN_WEIGHT,
  type Minimum,
  type Near,
  type OnUnavailable,
} from "../../nodeRouter/placement/model/rule.ts";
import { type ParsedSelector, parseSelector } from "../../nodeRouter/placement/selector/parser.ts";
import { isRecord, readNumber, readText } from "../../shared/isRecord.ts";
import { formatPath } from "../problems/path.ts";
import type { ConcernedAgents } from "../problems/problem.ts";
import { DEFAULT_FILES, DEFAULT_ON_UNAVAILABLE } from "../schema/defaults.ts";
import {
  MAX_AGENTS,
  MAX_FREE_GIB,
  MAX_IDLE_CPUS,
  MAX_NAME_LENGTH,
  MAX_PREFERENCES,
  MAX_SELECTOR_LENGTH,
  MAX_TOOLS,
} from "../schema/limits.ts";
import { RuleSchema } from "../schema/schema.ts";
import { readNear } from "./placeDraft.ts";

/** A rule's entry as far as it is readable; a value of the wrong type reads as if it were absent. */
export interface RuleDraft {
  /** Place in the config's list. */
  readonly index: number;
  readonly path: string;
  /** Whether the entry has the schema's shape. */
  readonly wellFormed: boolean;
  readonly name: string | null;
  /** `"*"` when the list cannot be read whole: the rule may then speak for anyone. */
  readonly agents: ConcernedAgents;
  /** Null = every tool. */
  readonly tools: readonly string[] | null;
  readonly require: SelectorDraft | null;
  readonly prefer: readonly PreferenceDraft[];
  readonly near: Near | null;
  readonly minimum: Minimum | null;
  readonly onUnavailable: OnUnavailable;
  readonly files: FilesPolicy;
}

/** A selector's text where it stands, and what came of parsing it. */
export interface SelectorDraft {
  readonly text: string;
  readonly path: string;
  readonly parsed: ParsedSelector;
}

export interface PreferenceDraft {
  readonly path: string;
  readonly selector: SelectorDraft | null;
  readonly weight: number | null;
}

/** Reads any value; never throws. */
export function readRule(value: unknown, index: number): RuleDraft {
  const entry = isRecord(value) ? value : {};
  const path = formatPath(["rules", index]);
  const prefer: readonly unknown[] = Array.isArray(entry.prefer) ? entry.prefer : [];
  return {
    index,
    path,
    wellFormed: Value.Check(RuleSchema, value),
    name: readText(entry.name, MAX_NAME_LENGTH),
    agents: readAgents(entry.agents),
    tools: readNames(entry.tools, MAX_TOOLS),
    require: readSelector(entry.require, `${path}.require`),
    prefer: prefer
      .slice(0, MAX_PREFERENCES)
      .map((preference, position) => readPreference(preference, `${path}.prefer[${position}]`)),
    near: readNear(entry.near),
    minimum: isRecord(entry.minimum) ? readMinimum(entry.minimum) : null,
    onUnavailable: entry.onUnavailable === "gateway" ? "gateway" : DEFAULT_ON_UNAVAILABLE,
    files: entry.files === "refuse" ? "refuse" : DEFAULT_FILES,
  };
}

function readAgents(value: unknown): ConcernedAgents {
  const agents = readNames(value, MAX_AGENTS);
  return agents === null || agents.length === 0 ? "*" : agents;
}

/** The names when every one can be read, else null. */
function readNames(value: unknown, maxItems: number): readonly string[] | null {
  if (!Array.isArray(value) || value.length > maxItems) return null;
  const names = value.map((name) => readText(name, MAX_NAME_LENGTH)).filter((name) => name !== null);
  return names.length === value.length ? names : null;
}

function readSelector(value: unknown, path: string): SelectorDraft | null {
  const text = readText(value, MAX_SELECTOR_LENGTH);
  return text === null ? null : { text, path, parsed: parseSelector(text) };
}

function readMinimum(entry: Readonly<Record<string, unknown>>): Minimum {
  return {
    idleCpus: readNumber(entry.idleCpus, 0, MAX_IDLE_CPUS),
    freeMemoryGiB: readNumber(entry.freeMemoryGiB, 0, MAX_FREE_GIB),
    freeDiskGiB: readNumber(entry.freeDiskGiB, 0, MAX_FREE_GIB),
  };
}

function readPreference(value: unknown, path: string): PreferenceDraft {
  const entry = isRecord(value) ? value : {};
  const weight = readNumber(entry.weight, MIN_WEIGHT, MAX_WEIGHT);
  return {
    path,
    selector: readSelector(entry.selector, `${path}.selector`),
    weight: Number.isInteger(weight) ? weight : null,
  };
}
