// What is told of a call: by the result that the model read, and by the plugin's record. Pure.
import { type ErrorCode, entryOf, isErrorCode } from "../src/shared/errorCatalogue.ts";
import { isRecord } from "../src/shared/isRecord.ts";
import { readJson } from "../src/shared/jsonParts.ts";
import type { Claim, Outcome } from "./oracle.ts";
import { ID } from "./transcript.ts";

export const RESULT = "result";
export const RECORD = "record";

/** The plugin's line under a result; see docs/enforcement.md. */
const LINE =
  /^\[node-router\] (ran|runs|starts in the background|may have run|did not start|did not finish) on (\S+) (?:.*? · rule ([\w-]+))?/gm;

/** `did not finish` says nothing of the beginning. */
const OF_VERB: Readonly<Record<string, Outcome>> = {
  ran: "ran",
  runs: "running",
  // Its node had not told yet that it began: the record has what became of that.
  "starts in the background": "running",
  "may have run": "unknown",
  "did not start": "not-started",
  "did not finish": "unknown",
};

/** @param text of a tool result. @param id of its call, which the command says when it has left its mark. */
export function claimOfResult(id: string, text: string): Claim {
  const line = [...text.matchAll(LINE)].at(-1);
  const code = codeIn(text);
  if (line !== undefined) {
    const [, verb = "", node = null, rule = null] = line;
    const outcome = OF_VERB[verb] ?? "unknown";
    // A refusal of the dispatch stands above the line, which then knows no more than "did not finish".
    if (verb !== "did not finish" || code === null) return { id, source: RESULT, outcome, node, rule };
  }
  const said = { id, source: RESULT, node: null, rule: null };
  if (code !== null) return { ...said, outcome: outcomeOf(code) };
  if (text.startsWith("Successfully wrote")) return { ...said, outcome: "ran" };
  if (text.startsWith(`did ${id}`)) return { ...said, outcome: "left", node: "gateway" };
  return { ...said, outcome: "unknown" };
}

/** Whether the tool was not among those of the turn: one that OpenClaw resumes after a restart has few. */
export function isNotOffered(text: string): boolean {
  return /^Tool \w+ not found$/.test(text.trim());
}

function codeIn(text: string): ErrorCode | null {
  const [, code] = /\b([A-Z]+(?:_[A-Z]+)+): /.exec(text) ?? [];
  return isErrorCode(code) ? code : null;
}

function outcomeOf(code: ErrorCode): Outcome {
  return entryOf(code).outcome === "nothingRan" ? "refused" : "unknown";
}

/**
 * Of one call there are several records: its announcement and its end, a command of its own under the same id, each change of a
 * file. All of them are held against the marks.
 * @param lines of the record, with command texts and announcements (`strict`). @param idOf the id of a tool call.
 */
export function claimsOfRecords(
  lines: readonly string[],
  idOf: (callId: string) => string | null,
): readonly Claim[] {
  const records = lines.map((line) => readJson(line)).filter(isRecord);
  /** A call and its command are one row under one id: a job goes on after its call, and its command has the end. */
  const rowOf = ({ kind, id }: Readonly<Record<string, unknown>>): string =>
    `${kind === "command" ? "call" : kind} ${id}`;
  const ended = new Set(records.flatMap((record) => (record.phase === "end" ? [rowOf(record)] : [])));
  return records.flatMap((record): Claim[] => {
    const { phase, kind, command, path, toolCallId, outcome, node, rule } = record;
    const [inText] = ID.exec(String(command ?? path ?? "")) ?? [];
    const id = inText ?? (kind === "call" ? idOf(String(toolCallId)) : null);
    if (id === null || (phase === "begin" && ended.has(rowOf(record)))) return [];
    const became = phase === "begin" ? "open" : (OF_RECORD[String(outcome)] ?? "unknown");
    // A file's record names the rule of its run, which may have begun under an earlier config.
    const by = kind === "file" ? null : textOf(rule);
    return [{ id, source: RECORD, outcome: became, node: textOf(node), rule: by }];
  });
}

const textOf = (value: unknown): string | null => (typeof value === "string" ? value : null);

/** `failed`, of a file: it says why, not what was done. */
const OF_RECORD: Readonly<Record<string, Outcome>> = {
  ran: "ran",
  done: "ran",
  refused: "refused",
  "not-started": "not-started",
  left: "left",
  unknown: "unknown",
};
