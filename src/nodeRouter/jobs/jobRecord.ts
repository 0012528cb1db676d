// What is kept of one job, and the file of all: what was written is read back, and whatever else stands there is left out. Pure.
import { isRecord } from "../../shared/isRecord.ts";
import { itemsOf } from "../../shared/jsonParts.ts";
import type { Transport } from "../../shared/types.ts";

/** How a job ended. `not-started`: it never began, and never will. */
export interface JobEnd {
  readonly outcome: "ran" | "not-started" | "unknown";
  readonly exitCode: number | null;
  /** Without SIG. */
  readonly signal: string | null;
  /** When this gateway learned of it, epoch ms. */
  readonly atMs: number;
}

export interface Job {
  readonly jobId: string;
  readonly agent: string;
  readonly sessionKey: string;
  /** Null: a node that is reached over SSH. */
  readonly nodeId: string | null;
  /** Inventory name. */
  readonly nodeName: string;
  /** `exec`: by OpenClaw's own command of the paired node; else by the workspace's transport. */
  readonly through: "exec" | Transport;
  /** Epoch ms. */
  readonly startedAtMs: number;
  /** What the audit says of it when it ends; empty: nothing is to be said. */
  auditRecord: string;
  /** Its folder was seen on the node, so it began. */
  seen: boolean;
  /** Bytes of output that the agent was shown already. */
  offset: number;
  /** Null while nobody knows of one. */
  end: JobEnd | null;
}

/** SECURITY: an id becomes a part of a shell program; nothing else is one. */
export const JOB_ID = /^nr-[0-9a-f]{12}$/;

/** One line of JSON. */
export function writeJobs(jobs: readonly Job[]): string {
  return JSON.stringify({ v: 1, jobs });
}

/** Entries that are not what `writeJobs` writes are left out; null: there is no file. @throws SyntaxError no JSON */
export function readJobs(text: string | null): readonly Job[] {
  const read: unknown = text === null ? null : JSON.parse(text);
  if (!isRecord(read) || read.v !== 1) return [];
  return itemsOf(read.jobs).flatMap((entry) => jobOf(entry) ?? []);
}

function jobOf(entry: unknown): Job | null {
  if (!isRecord(entry)) return null;
  const { jobId, agent, sessionKey, nodeId, nodeName, through, startedAtMs, auditRecord, seen, offset } =
    entry;
  const end = entry.end === null ? null : endOf(entry.end);
  if (typeof jobId !== "string" || !JOB_ID.test(jobId) || end === undefined) return null;
  if (typeof agent !== "string" || typeof sessionKey !== "string" || typeof nodeName !== "string")
    return null;
  if (nodeId !== null && typeof nodeId !== "string") return null;
  if (through !== "exec" && through !== "node" && through !== "ssh") return null;
  if (typeof auditRecord !== "string" || typeof seen !== "boolean") return null;
  if (!isCount(startedAtMs) || !isCount(offset)) return null;
  return {
    jobId,
    agent,
    sessionKey,
    nodeId,
    nodeName,
    through,
    startedAtMs,
    auditRecord,
    seen,
    offset,
    end,
  };
}

/** Undefined: it is none. */
function endOf(entry: unknown): JobEnd | undefined {
  if (!isRecord(entry)) return undefined;
  const { outcome, exitCode, signal, atMs } = entry;
  if (outcome !== "ran" && outcome !== "not-started" && outcome !== "unknown") return undefined;
  if (exitCode !== null && !isCount(exitCode)) return undefined;
  if (signal !== null && !(typeof signal === "string" && /^[A-Z0-9]{1,10}$/.test(signal))) return undefined;
  return isCount(atMs) ? { outcome, exitCode, signal, atMs } : undefined;
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}
