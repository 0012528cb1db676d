// What is told of a call: by the result that the model read, and by the plugin's record. Pure.
import { type ErrorCode, entryOf, isErrorCode } from "../src/shared/errorCatalogue.ts";
import { isRecord } from "../src/shared/isRecord.ts";
import { readJson } from "../src/shared/jsonParts.ts";
import type { Claim, Outcome } from "./oracle.ts";
import { ID } from "./transcript.ts";

export const RESULT = "result";
export const AUDIT = "audit";

/** The plugin's line under a result; see docs/enforcement.md. */
const LINE = /^\[node-router\] (ran|runs|may have run|did not start|did not finish) on (\S+) /gm;

/** `did not finish` says nothing of the beginning. */
const OF_VERB: Readonly<Record<string, Outcome>> = {
  ran: "ran",
  runs: "running",
  "may have run": "unknown",
  "did not start": "not-started",
  "did not finish": "unknown",
};

/** @param text of a tool result. @param id of its call, which the command says when it has left its mark. */
export function claimOfResult(id: string, text: string): Claim {
  const line = [...text.matchAll(LINE)].at(-1);
  const code = codeIn(text);
  if (line !== undefined) {
    const [, verb = "", node = null] = line;
    const outcome = OF_VERB[verb] ?? "unknown";
    // A refusal of the dispatch stands above the line, which then knows no more than "did not finish".
    if (verb !== "did not finish" || code === null) return { id, source: RESULT, outcome, node };
  }
  if (code !== null) return { id, source: RESULT, outcome: outcomeOf(code), node: null };
  if (text.startsWith("Successfully wrote")) return { id, source: RESULT, outcome: "ran", node: null };
  if (text.startsWith(`did ${id}`)) return { id, source: RESULT, outcome: "left", node: "gateway" };
  return { id, source: RESULT, outcome: "unknown", node: null };
}

function codeIn(text: string): ErrorCode | null {
  const [, code] = /\b([A-Z]+(?:_[A-Z]+)+): /.exec(text) ?? [];
  return isErrorCode(code) ? code : null;
}

function outcomeOf(code: ErrorCode): Outcome {
  return entryOf(code).outcome === "nothingRan" ? "refused" : "unknown";
}

/** @param lines of `audit.jsonl` with `auditCommandText`, and with announcements (`strict`). */
export function claimsOfAudit(lines: readonly string[]): readonly Claim[] {
  const records = lines.map((line) => readJson(line)).filter(isRecord);
  const ended = new Set(records.flatMap((record) => (record.phase === "end" ? [record.id] : [])));
  return records.flatMap((record): Claim[] => {
    const [id] = ID.exec(String(record.command ?? record.path ?? "")) ?? [];
    if (id === undefined) return [];
    if (record.phase === "begin" && ended.has(record.id)) return [];
    const outcome = record.phase === "begin" ? "unknown" : (OF_RECORD[String(record.outcome)] ?? "unknown");
    return [{ id, source: AUDIT, outcome, node: typeof record.node === "string" ? record.node : null }];
  });
}

/** `failed`, of a file: it says why, not what was done. */
const OF_RECORD: Readonly<Record<string, Outcome>> = {
  ran: "ran",
  done: "ran",
  "not-started": "not-started",
  unknown: "unknown",
};
