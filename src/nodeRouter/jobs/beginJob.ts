// The start of a job, sent once: afterwards it is there, or it can never be.
import { refusal } from "../../shared/refusal.ts";
import { quote, safe } from "../../shared/safeText.ts";
import { envPrefix } from "../../shared/shell.ts";
import { collect } from "../transports/collect.ts";
import type { CommandRequest, Outcome, RunningCommand } from "../transports/transport.ts";
import { type JobAsker, SCRIPT_MS } from "./jobAsker.ts";
import { endIn } from "./jobEnds.ts";
import { barScript } from "./jobLooks.ts";
import { STARTED, startScript } from "./nodeJob.ts";

/** What came of it; `group`: null where nobody told. Null: nobody wants to know any more. */
export type Beginning =
  | { readonly isThere: true; readonly group: number | null }
  | { readonly isThere: false; readonly outcome: Outcome }
  | null;

export interface BeginOptions {
  readonly jobId: string;
  /** Inventory name, for people. */
  readonly node: string;
  readonly request: CommandRequest;
  readonly start: (request: CommandRequest) => RunningCommand;
  readonly asker: JobAsker;
  /** Told of the command that starts it: a signal before its dispatch cancels it. */
  readonly onStart: (command: RunningCommand) => void;
}

/** Where it is not known whether the start came, it is barred on the node, or found there. */
export async function beginJob({
  jobId,
  node,
  request,
  start,
  asker,
  onStart,
}: BeginOptions): Promise<Beginning> {
  const never = (fact: string): Beginning => ({
    isThere: false,
    outcome: { kind: "notStarted", ...refusal("NOT_STARTED", fact) },
  });
  const prefix = envPrefix(request.env);
  if (!prefix.ok)
    return { isThere: false, outcome: { kind: "notStarted", ...refusal("ENV_INVALID", prefix.message) } };
  // Variables in the text: a HOME among them must not lead our own scripts elsewhere.
  const script = startScript(jobId, prefix.text + request.script, { input: true });
  const { auditRecord: _, pty: __, ...rest } = request;
  const first = start({ ...rest, script, env: {}, input: Buffer.alloc(0) });
  onStart(first);
  const { outcome, stdout, stderr } = await collect(first, { deadlineMs: SCRIPT_MS });
  if (outcome.kind === "notStarted") return { isThere: false, outcome };
  const lines = stdout.toString("latin1").split("\n");
  const told = lines.find((line) => line.startsWith(`${STARTED} ${jobId} `))?.split(" ")[2];
  if (told !== undefined && /^\d{1,10}$/.test(told)) return { isThere: true, group: Number(told) };
  // As the script fails where it has begun nothing.
  if (outcome.kind === "ran" && outcome.exitCode === 1) {
    const said = safe(stderr.toString("utf8").trim().slice(0, 300));
    return never(`node ${quote(node)} began no background job: ${said}`);
  }
  const answer = await asker.surely(barScript(jobId));
  if (answer === null) return null;
  if (endIn(answer, { seen: false, startedAtMs: 0 }, 0)?.outcome === "not-started")
    return never(`the start of the job did not reach node ${quote(node)}`);
  const there = /^state there (\d{1,10})$/m.exec(answer)?.[1];
  return { isThere: true, group: there === undefined ? null : Number(there) };
}
