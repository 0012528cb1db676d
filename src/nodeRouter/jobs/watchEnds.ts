// Asks nodes what became of jobs whose output nobody carries on, with growing pauses.
import type { Memory } from "../../shared/processMemory.ts";
import { collect } from "../transports/collect.ts";
import { NODE_TRANSPORT } from "../transports/nodeTransport.ts";
import { type CommandRequest, type RunningCommand, SSH_TRANSPORT } from "../transports/transport.ts";
import { noteAnswer } from "./jobEnds.ts";
import { barScript, MAX_OUTPUT_BYTES, NO_OUTPUT, pollScript } from "./jobLooks.ts";
import type { Job } from "./jobRecord.ts";
import { JOBS } from "./jobs.ts";

/** A node that is silent for so long, in ms, is not reachable. */
const ASK_MS = 20_000;
/** Between two rounds, and at most between two questions about one job: it is asked for half as often each time. */
const ROUND_MS = 15_000;
const MAX_WAIT_MS = 10 * 60_000;
/** A person may take so long to agree to a command; what has not begun by then is barred. */
const UNBEGUN_MS = 3_600_000;
/**
 * Runs one of the job scripts on the job's node by the workspace's transport, and gives its stdout. Nothing of the agent
 * goes there with it but the job's id, so it may also be asked where the agent may send nothing any more.
 * @param isBackground no connection is made for it.
 * @throws Error the node did not answer
 */
export async function askJobNode(
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
async function askForEnd(
  memory: Memory,
  job: Job,
  ask: (job: Job, script: string) => Promise<string>,
  nowMs: number,
): Promise<boolean> {
  try {
    const answer = await ask(job, pollScript(job.jobId, NO_OUTPUT));
    if (!answer.startsWith("state ")) return false;
    noteAnswer(memory, job, answer, nowMs);
    // OpenClaw's approvals end with the process that asked for them: what one was killed with can only still be on its way.
    const isOver = memory.part(JOBS).isOfEarlierProcess(job.jobId) || nowMs - job.startedAtMs > UNBEGUN_MS;
    if (answer.startsWith("state gone") && isOver && job.end === null)
      noteAnswer(memory, job, await ask(job, barScript(job.jobId)), nowMs);
    return true;
  } catch {
    return false;
  }
}

export interface WatchEndsOptions {
  /** Epoch ms. */
  readonly now: () => number;
  readonly roundMs?: number;
  /** Default: `askJobNode`, over connections that are there. */
  readonly ask?: (job: Job, script: string) => Promise<string>;
}

/**
 * Asks for the ends of all open jobs that nobody follows, until the returned function is called: each at first after one
 * round, then half as often each time. A node that does not answer is asked once a round.
 */
export function watchEnds(memory: Memory, options: WatchEndsOptions): () => void {
  const { now, roundMs = ROUND_MS, ask = (job, script) => askJobNode(memory, job, script, true) } = options;
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
      if (!(await askForEnd(memory, job, ask, now()))) silent.add(job.nodeName);
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
