// Agent tool node_process: output and end of commands that were started on a node with background: true.
import { messageOf, NodeRouterError } from "../../../shared/errors.ts";
import { refusal } from "../../../shared/refusal.ts";
import { nameText, quote, safe } from "../../../shared/safeText.ts";
import type { Job, JobRegistry } from "../../jobs/jobs.ts";
import { killScript, MAX_OUTPUT_BYTES, pollScript } from "../../jobs/nodeJob.ts";
import { type ToolOutput, textResult } from "./toolOutput.ts";

export const NODE_PROCESS = {
  name: "node_process",
  label: "Node process",
  description:
    "Looks after commands that exec started on a node with background: true. list: your jobs. poll: new output since the last poll, and whether it ended with which exit status. log: the output from the start. kill: ends the job and everything it started.",
  parameters: {
    type: "object",
    additionalProperties: false,
    required: ["action"],
    properties: {
      action: { type: "string", enum: ["list", "poll", "log", "kill"] },
      jobId: { type: "string", description: "As exec told it, nr-…; not needed for list." },
    },
  },
} as const;

/** Runs a shell program on a node and returns its stdout; throws when the node did not answer. */
export type RunOnNode = (nodeId: string, script: string) => Promise<string>;

/** Told whenever a node says whether a job runs. */
export type Seen = (jobId: string, isRunning: boolean) => void;

const JOB_ID = /^nr-[0-9a-f]{12}$/;

/** Only jobs of the calling agent exist for it. @throws NodeRouterError JOB_UNKNOWN, JOB_UNREACHABLE */
export async function nodeProcess(
  jobs: JobRegistry,
  run: RunOnNode,
  agent: string,
  params: { action?: unknown; jobId?: unknown },
  seen: Seen = () => {},
): Promise<ToolOutput> {
  if (params.action === "list") return list(jobs.of(agent));
  const jobId = typeof params.jobId === "string" ? params.jobId : "";
  const job = JOB_ID.test(jobId) ? jobs.find(jobId, agent) : null;
  if (job === null) {
    const advice =
      "use action list. After a restart of the gateway its files are still on the node, in ~/.openclaw-node-router/jobs";
    throw unknown(`agent "${agent}" has no job ${JSON.stringify(jobId)}`, advice);
  }
  switch (params.action) {
    case "poll":
      return look(job, run, job.offset, seen);
    case "log":
      return look(job, run, 0, seen);
    case "kill": {
      const answer = (await ask(job, run, killScript(job.jobId))).trim();
      seen(job.jobId, false);
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

function list(jobs: readonly Job[]): ToolOutput {
  const rows = jobs.map(({ jobId, nodeName, startedAtMs }) => ({ jobId, node: nodeName, startedAtMs }));
  const text = rows.map(
    (row) => `${row.jobId} on ${nameText(row.node)}, started ${new Date(row.startedAtMs).toISOString()}`,
  );
  return textResult(text.length === 0 ? "No jobs." : text.join("\n"), { jobs: rows });
}

async function look(job: Job, run: RunOnNode, offset: number, seen: Seen): Promise<ToolOutput> {
  const answer = await ask(job, run, pollScript(job.jobId, offset));
  const [head = "", state = "lost", status = "-", size = "0"] =
    /^state ([a-z]{1,10}) ([A-Za-z0-9+-]{1,20}) {1,30}(\d{1,15})\n?/.exec(answer) ?? [];
  seen(job.jobId, state === "running");
  const total = Number(size);
  const end = Math.max(offset, Math.min(total, offset + MAX_OUTPUT_BYTES));
  const goesOn = end < total || state === "running";
  const { text, bytes } = wholeCharacters(answer.slice(head.length), end - offset, goesOn);
  job.offset = offset + bytes;
  const more = total - job.offset;
  const first = `${job.jobId} on ${nameText(job.nodeName)}: ${sentence(state, status)}`;
  const tail = more > 0 ? `\n[${more} more bytes; poll again]` : "";
  return textResult(`${first}\n${text}${tail}`, {
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

function sentence(state: string, status: string): string {
  if (state === "running") return "running";
  if (state === "ended")
    return /^\d+$/.test(status) ? `ended with exit status ${status}` : `ended by signal ${status}`;
  if (state === "gone") return "its folder is gone from the node; its end is unknown";
  return "no longer running, and it left no exit status (the node was restarted, or it was killed from outside); its end is unknown";
}

async function ask(job: Job, run: RunOnNode, script: string): Promise<string> {
  try {
    const answer = await run(job.nodeId, script);
    // A run that was cut off prints nothing: that says nothing about the job.
    if (!answer.startsWith("state ")) throw new Error("its answer does not say how the job is");
    return answer;
  } catch (cause) {
    const fact = `${job.jobId} is on node ${quote(job.nodeName)}, which did not answer: ${safe(messageOf(cause).slice(0, 300))}`;
    throw new NodeRouterError(refusal("JOB_UNREACHABLE", fact), { cause });
  }
}
