// One command of an agent, from its helper's arrival to its record: first everything it needs, then the dispatch.
import { randomUUID } from "node:crypto";
import { NodeRouterError } from "../../shared/errors.ts";
import { refusal } from "../../shared/refusal.ts";
import { commandResult, inputResult } from "../ledger/ledgerResult.ts";
import type { InputSubject, LedgerSubject } from "../ledger/ledgerSubject.ts";
import type { OpenCalls } from "../ledger/openCalls.ts";
import type { WorkspaceCall } from "../state/workspaceCalls.ts";
import type { CommandRequest, Outcome, RunningCommand } from "../transports/transport.ts";
import type { ExecJob } from "./exec/server.ts";
import type { NodeCommands } from "./nodeCommands.ts";
import type { WorkspaceParts } from "./registrations.ts";
import type { RunTarget } from "./runNode.ts";

export interface ExecJobInput {
  readonly agent: string;
  readonly sessionKey: string;
  readonly target: RunTarget;
  readonly commands: Pick<NodeCommands, "start">;
  readonly request: CommandRequest;
  /** What the tool policy decided; null when the host did not pass it on. */
  readonly call: WorkspaceCall | null;
  readonly audit: WorkspaceParts["audit"];
  /** Where the ledger's record of the call is open, which the command's end ends, too; left out: nowhere. */
  readonly openCalls?: Pick<OpenCalls, "find" | "take">;
  /** @throws NodeRouterError the node may get nothing more of the agent: its place or its taints changed */
  readonly requireAllowed?: () => void;
  /** Skills and attachments are on the node. */
  readonly ready: (cancelled: AbortSignal) => Promise<void>;
  /** Of a command that goes on without us; left out: it ends with its connection. */
  readonly job?: DetachedJob;
  /** Epoch ms. */
  readonly now: () => number;
  /** The node's files may change from here on, or have changed. */
  readonly onChange: () => void;
  /** It is over; told before the host is. */
  readonly onEnd?: (outcome: Outcome) => void;
}

export interface DetachedJob {
  /** Resolves when it is on record that it may begin. */
  note(auditRecord: string): Promise<void>;
  start(request: CommandRequest): RunningCommand;
  /** Whether its end is news. False: somebody told of it before, or nobody knows it yet and it will be told later. */
  ended(outcome: Outcome): boolean;
}

/**
 * The job that the exec server hands to its helper. The order is what counts: the mirror, the audit's line, the dispatch;
 * a job that is cancelled before the dispatch is never sent.
 */
export function createExecJob(input: ExecJobInput): ExecJob {
  const { agent, sessionKey, target, commands, request, call, audit, openCalls, onChange } = input;
  let subject: LedgerSubject | null = null;
  const id = call?.decisionId ?? randomUUID();
  const who = {
    node: target.node.name,
    transport: target.via.over,
    rule: call?.rule ?? target.rule,
    agent,
    sessionKey,
  };
  return {
    async start(cancelled) {
      // What is brought along is the agent's data, too; and a person may have agreed minutes after the decision.
      input.requireAllowed?.();
      await input.ready(cancelled);
      throwIfCancelled(cancelled);
      input.requireAllowed?.();
      const announced: LedgerSubject = {
        kind: "command",
        operation: "exec",
        id,
        startMs: input.now(),
        ...who,
        place: call === null ? null : (openCalls?.find(call.runId, call.toolCallId)?.subject.place ?? null),
        runId: call?.runId ?? null,
        toolCallId: call?.toolCallId ?? null,
        command: request.script,
        cwd: request.cwd ?? null,
      };
      await audit.begin(announced);
      subject = announced;
      // Recorded as not started: `ended` has the subject now.
      throwIfCancelled(cancelled);
      const auditRecord = audit.announcement(announced);
      await input.job?.note(auditRecord);
      throwIfCancelled(cancelled);
      onChange();
      const approved = call?.agreed?.consent.granted === true;
      const command = (input.job ?? commands).start({ ...request, auditRecord, approved });
      if (call !== null)
        void command.started.then((begun) => {
          if (begun !== null) call.begun = true;
        });
      return command;
    },
    async watchInput(bytes) {
      input.requireAllowed?.();
      // The host does not say which call of `process` it is from.
      const sent: InputSubject = {
        kind: "input",
        operation: "input",
        id: randomUUID(),
        commandId: id,
        startMs: input.now(),
        ...who,
        runId: null,
        toolCallId: null,
        bytes,
      };
      await audit.begin(sent);
      return (isSent) => audit.end(sent, inputResult(sent, isSent));
    },
    ended({ outcome, processGroup, bytesIn, bytesOut }) {
      onChange();
      if (call !== null) call.outcome = outcome;
      const opened = call === null ? null : (openCalls?.take(call.runId, call.toolCallId) ?? null);
      const isTold = input.job?.ended(outcome) === false;
      const result = commandResult(outcome, { processGroup, bytesIn, bytesOut });
      // What was refused before its announcement is in the ledger as a call.
      const about = subject ?? opened?.subject ?? null;
      if (about !== null && !isTold) audit.end(about, result, opened?.subject);
      input.onEnd?.(outcome);
    },
  };
}

function throwIfCancelled(cancelled: AbortSignal): void {
  if (!cancelled.aborted) return;
  const fact = "the command was cancelled before it was sent";
  throw new NodeRouterError(refusal("NOT_STARTED", fact));
}
