// The files of one run: the bridge for the host's file tools, and its own small scripts.
import { posix } from "node:path";
import type { ConfiguredNode } from "../../config/resolveNodes.ts";
import { messageOf, NodeRouterError } from "../../shared/errors.ts";
import { refusal } from "../../shared/refusal.ts";
import { quote, safe } from "../../shared/safeText.ts";
import { requireStillAllowed } from "../current/stillAllowed.ts";
import type { BridgeContext, ShellCommand, ShellResult } from "../host/sandboxApi.ts";
import { currentToolCall } from "../host/toolCall.ts";
import { OPEN_CALLS, type ScriptEnd } from "../ledger/openCalls.ts";
import { SESSION_NODES } from "../state/sessionNodes.ts";
import { collect } from "../transports/collect.ts";
import type { CollectCommand, Collected, CollectLimits, CommandRequest } from "../transports/transport.ts";
import { fileAudit } from "./fileAudit.ts";
import type { FileBridge } from "./files/fileBridge.ts";
import { HOST_ATTACHMENTS, NODE_ATTACHMENTS } from "./mirror/hostSources.ts";
import type { NodeCommands } from "./nodeCommands.ts";
import { orAborted } from "./orAborted.ts";
import type { Run } from "./run.ts";
import { WORKSPACE } from "./workspaceState.ts";

/** Nobody knows what a script of the host prints, or how long it takes. */
const HOST_SCRIPT: CollectLimits = {
  maxStdout: 64 * 1024 * 1024,
  maxStderr: 1024 * 1024,
  deadlineMs: 5 * 60_000,
  onExcess: "end",
};

export interface RunFiles {
  createBridge(context: BridgeContext): FileBridge;
  /**
   * A script of the host, in the workspace.
   * @throws NodeRouterError it did not run, or its end was not seen; also for a failure that is not allowed
   */
  runShellCommand(command: ShellCommand): Promise<ShellResult>;
}

/** The files of one run. Nothing is asked of the node before a tool needs it. */
export function createFiles(run: Run): RunFiles {
  const { memory, params, target, root } = run;

  /** For the ledger's record of the call that sent it. */
  const noteScript = (end: ScriptEnd): void =>
    memory.part(OPEN_CALLS).script(run.agent, params.sessionKey, end, currentToolCall());

  const runScript: CollectCommand = async (request, limits) => {
    const collected = await sendOrRefuse(request, limits);
    noteScript(collected.outcome.kind);
    return collected;
  };

  /** Refusals are outcomes here: the bridge turns them into errors of the file tools. */
  const sendOrRefuse: CollectCommand = async (request, limits = {}) => {
    const signal = request.abortSignal;
    try {
      const at = await orAborted(target.current(), signal);
      requireDecided(run, at.node.name);
      requireStillAllowed(memory, run.agent, at.node.name);
      await run.ready(at, signal);
      return await sendScript(run.commands(at), at.node, request, limits);
    } catch (error) {
      return neverSent(error);
    }
  };

  return {
    createBridge(context) {
      const node = target.known?.node ?? null;
      const bridge = run.parts().createFileBridge({
        node: node?.name ?? "none",
        root,
        workspaceDir: context.workspaceDir,
        paths: node?.paths ?? [],
        readOnlyMounts: (context.readOnlyResourceMounts ?? []).map(({ hostPath, containerPath }) => ({
          hostRoot: hostPath,
          // Where the mirror puts them.
          containerRoot:
            containerPath === HOST_ATTACHMENTS ? posix.join(root, NODE_ATTACHMENTS) : containerPath,
        })),
        run: runScript,
        onCall(means) {
          const call = currentToolCall();
          if (call !== null) memory.part(OPEN_CALLS).begins(run.agent, params.sessionKey, call, means);
        },
        now: run.parts().deps.now,
        ...fileAudit({
          agent: run.agent,
          sessionKey: params.sessionKey,
          where: () => ({
            node: target.known?.node.name ?? "none",
            transport: target.known?.via.over ?? null,
            rule: target.known?.rule ?? null,
          }),
          audit: () => run.parts().audit,
          changed: () => noteScript("changed"),
        }),
      });
      if (node !== null) memory.part(WORKSPACE).readAheads.add(node.name, bridge);
      return bridge;
    },

    async runShellCommand({ script, args = [], stdin, allowFailure, signal }) {
      const { outcome, stdout, stderr } = await runScript(
        {
          script,
          args,
          cwd: root,
          makeCwd: true,
          input: Buffer.from(stdin ?? ""),
          abortSignal: signal,
        },
        HOST_SCRIPT,
      );
      const node = target.known?.node.name ?? "none";
      if (target.known !== null) memory.part(WORKSPACE).readAheads.invalidate(node);
      if (outcome.kind !== "ran") throw new NodeRouterError(outcome, { isForAgent: true });
      const code = outcome.exitCode ?? 128;
      if (code !== 0 && allowFailure !== true) {
        const how = outcome.signal === null ? `exit code ${code}` : `signal ${outcome.signal}`;
        const said = safe(stderr.toString("utf8").trim().slice(0, 500));
        const fact = `a script on node ${quote(node)} ended with ${how}: ${said}`;
        throw new NodeRouterError(refusal("FILE_FAILED", fact));
      }
      return { stdout, stderr, code };
    },
  };
}

/**
 * The tool policy places every call of a file tool, and the result says where. A call that it placed elsewhere must
 * not act here. The host does not tell which call it is, so the session's latest placement counts.
 */
function requireDecided({ memory, params }: Run, node: string): void {
  const decided = memory.part(SESSION_NODES).get(params.sessionKey)?.node ?? node;
  if (decided === node) return;
  const fact = `the session is on node ${quote(decided)} by now, and this run works on ${quote(node)}`;
  const told = { nothingRan: "nothing was done", advice: "Try again in the next run" };
  throw new NodeRouterError(refusal("NODE_MISMATCH", fact, told));
}

/** Scripts are POSIX sh and need nothing of the user's profile, so only what finds their programs goes along. */
export function sendScript(
  commands: NodeCommands,
  { pathPrepend }: Pick<ConfiguredNode, "pathPrepend">,
  request: CommandRequest,
  limits: CollectLimits = {},
): Promise<Collected> {
  const command = commands.start({ pathPrepend, ...request });
  return collect(command, { ...limits, signal: request.abortSignal }, request.input?.length ?? 0);
}

/** The outcome of a script that a fault kept from the node. */
export function neverSent(error: unknown): Collected {
  const fault =
    error instanceof NodeRouterError
      ? error.refusal
      : refusal("NOT_STARTED", `nothing was sent to the node (${safe(messageOf(error))})`, { advice: null });
  return {
    outcome: { kind: "notStarted", ...fault },
    stdout: Buffer.alloc(0),
    stderr: Buffer.alloc(0),
  };
}
