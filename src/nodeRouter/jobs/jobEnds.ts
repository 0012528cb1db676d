// What became of jobs whose output nobody carries on: their nodes are asked, and the audit is told of each end once.
import type { Memory } from "../../shared/processMemory.ts";
import { AUDIT } from "../audit/audit.ts";
import { collect } from "../transports/collect.ts";
import { NODE_TRANSPORT } from "../transports/nodeTransport.ts";
import { type CommandRequest, type RunningCommand, SSH_TRANSPORT } from "../transports/transport.ts";
import type { Job, JobEnd } from "./jobRecord.ts";
import { JOBS, KEEP_MS } from "./jobs.ts";
import { barScript, MAX_OUTPUT_BYTES, NEVER, pollScript } from "./nodeJob.ts";

/** A node that is silent for so long, in ms, is not reachable. */
const ASK_MS = 20_000;
/** Between two rounds, and at most between two questions about one job: it is asked for half as often each time. */
const ROUND_MS = 15_000;
const MAX_WAIT_MS = 10 * 60_000;
/** A person may take so long to agree to a command; what has not begun by then never will. */
const UNBEGUN_MS = 3_600_000;
/** Beyond every output: only the state is asked for. */
export const NO_OUTPUT = Number.MAX_SAFE_INTEGER;

/** What is told of an end. */
export type KnownEnd = Omit<JobEnd, "atMs">;

/** The end goes into the job's record and into the audit, unless it is there already. */
export function noteEnd(memory: Memory, jobId: string, end: KnownEnd): void {
  const job = memory.part(JOBS).end(jobId, end);
  if (job === null || job.auditRecord === "") return;
  memory.part(AUDIT).current?.endLate(job.auditRecord, {
    ...end,
    processGroup: null,
    bytesIn: null,
    bytesOut: null,
    error: ERRORS[end.outcome],
  });
}

const ERRORS = { ran: null, "not-started": "NOT_STARTED", unknown: "OUTCOME_UNKNOWN" } as const;

/**
 * What an answer of the job scripts says of the end. Null: it goes on, it may still begin, or the answer is none of theirs.
 * @param answer `state <running|ended|lost|gone|never|killed> <exit status or -> …`
 */
export function endIn(answer: string, job: Pick<Job, "seen" | "startedAtMs">, nowMs: number): KnownEnd | null {
  const [, state, status = "-"] = /^state ([a-z]{1,10}) ([A-Za-z0-9+-]{1,20})(?:\s|$)/.exec(answer) ?? [];
  if (state === "never" || (state === "ended" && status === NEVER)) return plain("not-started");
  if (state === "ended" || state === "killed") {
    const isCode = /^\d{1,3}$/.test(status);
    if (!isCode && !/^[A-Z][A-Z0-9]{1,9}$/.test(status)) return plain("unknown");
    return { outcome: "ran", exitCode: isCode ? Number(status) : null, signal: isCode ? null : status };
  }
  if (state === "lost") return plain("unknown");
  // Its folder may have been cleaned away long ago.
  const isOver = state === "gone" && (job.seen || nowMs - job.startedAtMs > KEEP_MS);
  return isOver ? plain("unknown") : null;
}

function plain(outcome: "not-started" | "unknown"): KnownEnd {
  return { outcome, exitCode: null, signal: null };
}

/**
 * Runs one of the job scripts on the job's node by the workspace's transport, and gives its stdout. Nothing of the agent
 * goes there with it but the job's id, so it may also be asked where the agent may send nothing any more.
 * @param isBackground no connection is made for it.
 * @throws Error the node did not answer
 */
export async function askNode(
  memory: Memory,
  job: Pick<Job, "nodeId" | "nodeName" | "through" | "sessionKey">,
  script: string,
  isBackground = false,
): Promise<string> {
  const { sessionKey, nodeName: name, nodeId } = job;
  const request: CommandRequest = { script, sessionKey, isBackground, input: Buffer.alloc(0) };
  const command = start(memory, job, { name, nodeId }, request);
  if (command === null) throw new Error("nothing is sent to it in this process yet");
  const limits = { deadlineMs: ASK_MS, maxStdout: 2 * MAX_OUTPUT_BYTES };
  const { outcome, stdout, givenUp } = await collect(command, limits);
  if (outcome.kind !== "ran") throw new Error(givenUp ?? outcome.fact);
  return stdout.toString("utf8");
}

function start(
  memory: Memory,
  { through }: Pick<Job, "through">,
  { name, nodeId }: { readonly name: string; readonly nodeId: string | null },
  request: CommandRequest,
): RunningCommand | null {
  if (through === "ssh") return memory.part(SSH_TRANSPORT).current?.start(name, request) ?? null;
  if (nodeId === null) return null;
  return memory.part(NODE_TRANSPORT).current?.start({ name, nodeId }, request) ?? null;
}

/** Asks one job's node, and notes the end that it tells. @returns whether the node answered */
export async function askForEnd(
  memory: Memory,
  job: Job,
  ask: (job: Job, script: string) => Promise<string>,
  now: () => number,
): Promise<boolean> {
  try {
    const answer = await ask(job, pollScript(job.jobId, NO_OUTPUT));
    if (!answer.startsWith("state ")) return false;
    if (!answer.startsWith("state gone")) memory.part(JOBS).begun(job.jobId);
    let end = endIn(answer, job, now());
    const isLate = end === null && answer.startsWith("state gone") && now() - job.startedAtMs > UNBEGUN_MS;
    if (isLate) end = endIn(await ask(job, barScript(job.jobId)), job, now());
    if (end !== null) noteEnd(memory, job.jobId, end);
    return true;
  } catch {
    return false;
  }
}

export interface WatchOptions {
  /** Epoch ms. */
  readonly now: () => number;
  readonly roundMs?: number;
  /** Default: `askNode`, over connections that are there. */
  readonly ask?: (job: Job, script: string) => Promise<string>;
}

/**
 * Asks for the ends of all open jobs that nobody follows, until the returned function is called: each at first after one
 * round, then half as often each time. A node that does not answer is asked once a round.
 */
export function watchEnds(memory: Memory, options: WatchOptions): () => void {
  const { now, roundMs = ROUND_MS, ask = (job, script) => askNode(memory, job, script, true) } = options;
  const jobs = memory.part(JOBS);
  /** When each is asked next, and how long that was waited for. */
  const due = new Map<string, { readonly atMs: number; readonly waitMs: number }>();
  let isOver = false;
  let timer: NodeJS.Timeout | undefined;

  const round = async (): Promise<void> => {
    await jobs.ready();
    const silent = new Set<string>();
    const open = new Set<string>();
    for (const job of jobs.open()) {
      open.add(job.jobId);
      const { atMs, waitMs } = due.get(job.jobId) ?? { atMs: 0, waitMs: roundMs / 2 };
      if (isOver || jobs.isFollowed(job.jobId) || silent.has(job.nodeName) || atMs > now()) continue;
      if (!(await askForEnd(memory, job, ask, now))) silent.add(job.nodeName);
      const next = Math.min(waitMs * 2, MAX_WAIT_MS);
      due.set(job.jobId, { atMs: now() + next, waitMs: next });
    }
    for (const jobId of due.keys()) if (!open.has(jobId)) due.delete(jobId);
  };
  const loop = (): void => {
    timer = setTimeout(() => void round().finally(() => isOver || loop()), roundMs);
    timer.unref();
  };
  loop();
  return () => {
    isOver = true;
    clearTimeout(timer);
  };
}
