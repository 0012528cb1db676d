// A background command of a workspace as a job: on record before it begins, followed while this gateway lives, let go when it stops.
import type { Memory } from "../../shared/processMemory.ts";
import { quote } from "../../shared/safeText.ts";
import type { Job } from "../jobs/jobRecord.ts";
import { JOBS } from "../jobs/jobs.ts";
import { onGatewayStop } from "../jobs/stopping.ts";
import type { WorkspaceCall } from "../state/workspaceCalls.ts";
import type { DetachedJob } from "./execJob.ts";
import type { NodeCommands } from "./nodeCommands.ts";
import type { WorkspaceParts } from "./registrations.ts";
import type { RunTarget } from "./runNode.ts";

type Detached = Awaited<ReturnType<WorkspaceParts["loadDetached"]>>;

/** For the parts of an exec job; empty for a command that ends with its connection. */
export function detachedJob(
  memory: Memory,
  { jobId, agent, sessionKey }: WorkspaceCall,
  { node, via }: Pick<RunTarget, "node" | "via">,
  commands: Pick<NodeCommands, "start">,
  { now, load }: { readonly now: () => number; readonly load: WorkspaceParts["loadDetached"] },
): { readonly job?: DetachedJob } {
  if (jobId === null) return {};
  const jobs = memory.part(JOBS);
  let job: Job | null = null;
  let startDetached: Detached["startDetached"] | null = null;
  return {
    job: {
      async note(auditRecord) {
        // Here, where a registration lives whose files are there, and before anything is sent.
        ({ startDetached } = await load());
        job = {
          jobId,
          agent,
          sessionKey,
          nodeId: via.over === "node" ? via.nodeId : null,
          nodeName: node.name,
          through: via.over,
          startedAtMs: now(),
          auditRecord,
          seen: false,
          offset: 0,
          end: null,
        };
        await jobs.add(job);
      },
      start(request) {
        if (startDetached === null) throw new Error("a job is noted before it is started");
        const unfollow = jobs.follow(jobId);
        const command = startDetached({
          jobId,
          node: node.name,
          request,
          start: (part) => commands.start(part),
          onBegun: () => jobs.begun(jobId),
          onShown: (offset) => job !== null && jobs.shown(job, offset),
        });
        const forget = onGatewayStop(memory, () =>
          command.abandon(`the gateway stops, and the command goes on on node ${quote(node.name)}`, "end"),
        );
        void command.outcome.then(() => {
          unfollow();
          forget();
        });
        return command;
      },
      ended(outcome) {
        // Whoever asks the node next is told, and tells the audit.
        if (outcome.kind === "unknown") return false;
        const end =
          outcome.kind === "ran"
            ? { outcome: outcome.kind, exitCode: outcome.exitCode, signal: outcome.signal }
            : { outcome: "not-started" as const, exitCode: null, signal: null };
        // Without a record it was cancelled before there was one.
        return job === null || jobs.end(jobId, end) !== null;
      },
    },
  };
}
