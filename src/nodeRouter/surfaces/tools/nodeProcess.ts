// Agent tool node_process: output and end of commands that were started on a node with background: true.
import { messageOf, NodeRouterError } from "../../../shared/errors.ts";
import { refusal } from "../../../shared/refusal.ts";
import { nameText, quote, safe } from "../../../shared/safeText.ts";
import { killScript, MAX_OUTPUT_BYTES, NO_OUTPUT, pollScript } from "../../jobs/jobLooks.ts";
import { JOB_ID, type Job, type JobEnd } from "../../jobs/jobRecord.ts";
import type { JobRegistry } from "../../jobs/jobs.ts";
import { NEVER } from "../../jobs/nodeJob.ts";
import { type ToolOutput, textResult } from "./toolOutput.ts";

export { noteAnswer } from "../../jobs/jobEnds.ts";
export { askJobNode } from "../../jobs/watchEnds.ts";

export interface NodeProcessDeps {
  readonly jobs: JobRegistry;
  /** Runs a shell program on the job's node and gives its stdout; rejects when the node did not answer. */
  readonly run: (job: Job, script: string) => Promise<string>;
  /** Told of every answer, which may hold the job's end. */
  readonly onAnswer: (job: Job, answer: string) => void;
}

/** So many of an agent's jobs are asked about for one list. */
const MAX_ASKED = 8;

/**
 * Only jobs of the calling agent exist for it. Looking at one and ending it stay possible where the rule has changed:
 * nothing of the agent goes to the node with that.
 * @throws NodeRouterError JOB_UNKNOWN, JOB_UNREACHABLE
 */
export async function nodeProcess(
  deps: NodeProcessDeps,
  agent: string,
  params: { action?: unknown; jobId?: unknown },
): Promise<ToolOutput> {
  const { jobs } = deps;
  await jobs.ready();
  if (params.action === "list") return list(deps, jobs.of(agent));
  const jobId = typeof params.jobId === "string" ? params.jobId : "";
  const job = JOB_ID.test(jobId) ? jobs.find(jobId, agent) : null;
  if (job === null) {
    throw unknown(`agent "${agent}" has no job ${JSON.stringify(jobId)}`, "use action list");
  }
  switch (params.action) {
    case "poll":
      return look(deps, job, job.offset);
    case "log":
      return look(deps, job, 0);
    case "kill": {
      const answer = (await ask(deps, job, killScript(job.jobId))).trim();
      return textResult(`${job.jobId} on ${nameText(job.nodeName)}: ${killed(answer)}`, {
        jobId: job.jobId,
        state: killed(answer),
      });
    }
    default:
      throw unknown(
        `node_process has no action ${JSON.stringify(params.action)}`,
        "use list, poll, log or kill",
      );
  }
}

function unknown(fact: string, advice: string): NodeRouterError {
  return new NodeRouterError(refusal("JOB_UNKNOWN", fact, { advice }));
}

/** The newest of those whose end is not known are asked about; a node that does not answer leaves its jobs as they were. */
async function list(deps: NodeProcessDeps, jobs: readonly Job[]): Promise<ToolOutput> {
  const open = jobs.filter(({ end }) => end === null).slice(-MAX_ASKED);
  const answers = new Map<Job, string>();
  await Promise.all(
    open.map(async (job) => {
      const answer = await ask(deps, job, pollScript(job.jobId, NO_OUTPUT)).catch(() => null);
      if (answer !== null) answers.set(job, answer);
    }),
  );
  const rows = jobs.map((job) => {
    const [, state = "unknown"] = /^state ([a-z]{1,10})/.exec(answers.get(job) ?? "") ?? [];
    const { jobId, nodeName: node, startedAtMs, end } = job;
    return { jobId, node, startedAtMs, state: end === null ? state : endText(end) };
  });
  const text = rows.map(
    ({ jobId, node, startedAtMs, state }) =>
      `${jobId} on ${nameText(node)}, started ${new Date(startedAtMs).toISOString()}: ${state}`,
  );
  return textResult(text.length === 0 ? "No jobs." : text.join("\n"), { jobs: rows });
}

function endText({ outcome, exitCode, signal }: JobEnd): string {
  if (outcome === "not-started") return "never started";
  if (outcome === "unknown") return "over, its end is unknown";
  return signal === null ? `ended with exit status ${exitCode}` : `ended by signal ${signal}`;
}

async function look(deps: NodeProcessDeps, job: Job, offset: number): Promise<ToolOutput> {
  const answer = await ask(deps, job, pollScript(job.jobId, offset));
  const [head = "", state = "lost", status = "-", size = "0", first = offset] =
    /^state ([a-z]{1,10}) ([A-Za-z0-9+-]{1,20}) {1,30}(\d{1,15})(?: (\d{1,15}))?\n?/.exec(answer) ?? [];
  const total = Number(size);
  const from = Math.max(offset, Number(first));
  const end = Math.max(from, Math.min(total, from + MAX_OUTPUT_BYTES));
  const goesOn = end < total || state === "running";
  const { text, bytes } = wholeCharacters(answer.slice(head.length), end - from, goesOn);
  deps.jobs.shown(job, from + bytes);
  const more = total - from - bytes;
  const title = `${job.jobId} on ${nameText(job.nodeName)}: ${sentence(state, status, job)}`;
  const dropped = from > offset ? `[${from - offset} bytes before this were dropped on the node]\n` : "";
  const tail = more > 0 ? `\n[${more} more bytes; poll again]` : "";
  return textResult(`${title}\n${dropped}${text}${tail}`, {
    jobId: job.jobId,
    node: job.nodeName,
    state,
    exitStatus: status === "-" ? null : status,
    bytes: total,
  });
}

/** `killed TERM`, `ended 0`; of an answer that is none of the script's, nothing is told on. */
function killed(answer: string): string {
  return (
    /^state ([a-z]{1,10} [A-Za-z0-9+-]{1,20})$/.exec(answer)?.[1] ?? "its node does not say what became of it"
  );
}

/**
 * A page can end inside a character, which then reads as U+FFFD: such a piece is left for the next look.
 * Output that is not UTF-8 has U+FFFD elsewhere too, and is shown as it comes.
 */
function wholeCharacters(text: string, bytes: number, goesOn: boolean): { text: string; bytes: number } {
  const body = text.slice(0, -1);
  const cut = bytes - Buffer.byteLength(body);
  return goesOn && text.endsWith("\uFFFD") && !body.includes("\uFFFD") && cut >= 1 && cut <= 3
    ? { text: body, bytes: bytes - cut }
    : { text, bytes };
}

function sentence(state: string, status: string, { end, seen }: Job): string {
  if (state === "running") return "running";
  if (state === "ended" && status === NEVER && !seen) return "never started";
  if (state === "ended" && status !== NEVER)
    return /^\d+$/.test(status) ? `ended with exit status ${status}` : `ended by signal ${status}`;
  if (state === "gone")
    return `its folder is gone from the node; ${end === null ? "its end is unknown" : endText(end)}`;
  return "no longer running, and it left no exit status (the node was restarted, or it was killed from outside); its end is unknown";
}

async function ask({ run, onAnswer }: NodeProcessDeps, job: Job, script: string): Promise<string> {
  try {
    const answer = await run(job, script);
    // A run that was cut off prints nothing: that says nothing about the job.
    if (!answer.startsWith("state ")) throw new Error("its answer does not say how the job is");
    onAnswer(job, answer);
    return answer;
  } catch (cause) {
    const fact = `${job.jobId} is on node ${quote(job.nodeName)}, which did not answer: ${safe(messageOf(cause).slice(0, 300))}`;
    throw new NodeRouterError(refusal("JOB_UNREACHABLE", fact), { cause });
  }
}
