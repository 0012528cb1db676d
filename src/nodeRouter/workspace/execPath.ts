// From the host's `exec` to a command on the node: the host spawns our helper, and the helper fetches its command.
import { TELL_USER } from "../../shared/errorCatalogue.ts";
import { NodeRouterError } from "../../shared/errors.ts";
import type { Memory } from "../../shared/processMemory.ts";
import { coded, type Refusal, refusal } from "../../shared/refusal.ts";
import { quote } from "../../shared/safeText.ts";
import { requireStillAllowed } from "../current/stillAllowed.ts";
import { execPolicy } from "../host/execPolicy.ts";
import type { ExecParams, ExecSpec, FinalizeParams } from "../host/sandboxApi.ts";
import { OPEN_CALLS } from "../ledger/openCalls.ts";
import { OUTLIERS } from "../state/outliers.ts";
import { backgroundKey, RUNNING } from "../state/running.ts";
import { WORKSPACE_CALLS, type WorkspaceCall } from "../state/workspaceCalls.ts";
import type { Outcome, PtySize } from "../transports/transport.ts";
import { agreementProblem, type BroughtCommand } from "./agreed.ts";
import { detachedJob } from "./detachedJob.ts";
import { createExecServer, type ExecServer } from "./exec/server.ts";
import { nodeEnv } from "./execEnv.ts";
import { createExecJob } from "./execJob.ts";
import type { WorkspaceParts } from "./registrations.ts";
import type { Run } from "./run.ts";
import { isRoot } from "./workdir.ts";
import { WORKSPACE } from "./workspaceState.ts";

/** As the host sizes its own terminals. */
const PTY: PtySize = { rows: 30, cols: 120, term: "xterm-256color" };

const nothingRan = "nothing ran";

export interface ExecPath {
  /**
   * Prepares one command. Nothing of it reaches the node here: the host may still refuse it, and it begins when
   * the helper that the host spawns has come for it.
   * @throws NodeRouterError the refusal, as the agent reads it
   */
  build(params: ExecParams): Promise<ExecSpec>;
  /**
   * The host is done with the helper. The helper's end has told how a command ended that ran; one that did not
   * start or whose end is unknown has no such end, and the host would call it completed: so this throws, which
   * makes the host call it failed (and a stop of it not confirmed), with this text behind what the helper wrote.
   */
  finalize(params: FinalizeParams): Promise<void>;
}

/** The commands of one run. */
export function createExecPath(run: Run): ExecPath {
  const { params, agent, target } = run;
  const workspace = run.memory.part(WORKSPACE);
  return {
    async build({ command, workdir = run.root, env: given }) {
      const at = await target.current();
      const env = nodeEnv(given, workdir, at.node.env);
      if (!env.ok) {
        const advice = "set it inside the command. Nothing ran";
        throw new NodeRouterError(refusal("ENV_INVALID", env.message, { advice }));
      }
      const { audit, deps, loadDetached } = run.parts();
      const call = claimCall(run, env.callId, at.node.name);
      if (call !== null) requireAgreement(run, call, { command, workdir, env: env.env });
      if (call === null) requireFreeToRun(run, deps);
      const commands = run.commands(at);
      const server = serverOf(run);
      const { program, helperPath, socketPath, folder } = await server.open();
      commands.warm();
      const token = server.add(
        createExecJob({
          agent,
          sessionKey: params.sessionKey,
          target: at,
          commands,
          request: {
            script: command,
            cwd: workdir,
            makeCwd: isRoot(workdir, at.root),
            env: env.env,
            pathPrepend: at.node.pathPrepend,
            pty: call?.pty === true ? { ...PTY, term: env.env.TERM ?? PTY.term } : null,
            input: null,
          },
          call,
          audit,
          ...(call === null
            ? {}
            : detachedJob(run.memory, call, at, commands, { now: deps.now, load: loadDetached })),
          openCalls: run.memory.part(OPEN_CALLS),
          requireAllowed: () => requireStillAllowed(run.memory, agent, at.node.name),
          ready: (cancelled) => run.ready(at, cancelled),
          now: deps.now,
          onEnd: (outcome) => settle(run.memory, at.node.name, call, outcome),
          onChange: () => workspace.readAheads.invalidate(at.node.name),
        }),
      );
      return {
        argv: [program, helperPath, socketPath, token],
        // SECURITY: the helper needs nothing of the gateway's environment. Windows cannot open sockets without these.
        env: process.platform === "win32" ? pick(process.env, ["SystemRoot", "windir"]) : {},
        // The host would take the gateway's workspace, which may be removed under it.
        cwd: folder,
        stdinMode: "pipe-open",
        finalizeToken: token,
      };
    },

    async finalize({ status, token }) {
      if (typeof token !== "string") return;
      const outcome = (await workspace.server?.finalize(token)) ?? null;
      if (outcome === null || outcome.kind === "ran") return;
      // A stop that came before the start has succeeded.
      if (outcome.kind === "notStarted" && status === "failed") return;
      throw new FinalError(
        coded(
          outcome.code,
          outcome.kind === "unknown"
            ? "how the command ended on the node was not seen; it may still run there"
            : "the command was not started on the node",
        ),
      );
    },
  };
}

/** The host prints it with its name before it. */
class FinalError extends Error {
  override readonly name = "node-router";
}

/**
 * The decision of this call, taken once. Null for a command that the tool policy did not see.
 * @throws NodeRouterError the call names a decision that is not its own, was carried out already, was forgotten,
 *   or is about another node: whatever it was, it cannot be kept
 */
function claimCall(run: Run, callId: string | null, node: string): WorkspaceCall | null {
  if (callId === null) return null;
  const call = run.memory.part(WORKSPACE_CALLS).get(callId);
  if (call === undefined || call.claimed || call.agent !== run.agent) {
    const fact = "the decision about this call is not known any more, or was carried out already";
    const advice = "Try again";
    throw new NodeRouterError(
      refusal("WORKSPACE_UNAVAILABLE", fact, { nothingRan, advice, agentAdvice: advice }),
    );
  }
  call.claimed = true;
  if (call.node === node) return call;
  const fact = `the call was decided for node ${quote(call.node)}, and this run works on ${quote(node)}`;
  throw notStarted(call, refusal("NODE_MISMATCH", fact, { nothingRan, advice: "Try again in the next run" }));
}

/** @throws NodeRouterError RUN_NOT_ALLOWED: a person decides about this command, and did not agree to this one */
function requireAgreement({ params, root }: Run, call: WorkspaceCall, brought: BroughtCommand): void {
  const problem = agreementProblem(call, brought, { gatewayWorkspace: params.workspaceDir, root });
  if (problem === null) return;
  const fact = `a person decides about each command of agent ${quote(call.agent)}, and ${problem}`;
  const advice = "Look for another plugin that changes exec";
  throw notStarted(call, refusal("RUN_NOT_ALLOWED", fact, { advice, agentAdvice: TELL_USER }));
}

/** What it held on its node is free, and whether calls get through to the node is known anew. */
function settle(memory: Memory, node: string, call: WorkspaceCall | null, outcome: Outcome): void {
  if (call !== null) memory.part(RUNNING).release(backgroundKey(call.callId));
  if (outcome.kind === "ran") memory.part(OUTLIERS).succeeded(node);
  else if (outcome.kind === "unknown" || outcome.code === "NODE_UNREACHABLE")
    memory.part(OUTLIERS).failed(node, outcome.code);
}

/** The call is over with that. */
function notStarted(call: WorkspaceCall, why: Refusal): NodeRouterError {
  call.outcome = { kind: "notStarted", ...why };
  return new NodeRouterError(why);
}

/**
 * OpenClaw itself ignores most of the exec policy in a sandbox, so a command that the tool policy did not see may
 * only run where nothing needs to be checked. Happens: after the plugin is enabled, OpenClaw may run agents without
 * its hooks for a while.
 */
function requireFreeToRun({ agent, params }: Run, deps: WorkspaceParts["deps"]): void {
  const permissionMode = deps.sessionFacts(agent, params.sessionKey)?.permissionMode ?? null;
  const policy = execPolicy(deps.hostConfig(), agent, permissionMode, undefined);
  if (policy.kind === "run") return;
  const fact = `${policy.source} demands a check of every command of agent ${quote(agent)}, and OpenClaw ran this one without node-router's hooks, which make it`;
  const advice = 'Try again; if it stays so, run "openclaw plugins reload node-router"';
  throw new NodeRouterError(refusal("HOOKS_NOT_LIVE", fact, { nothingRan, advice }));
}

/** One a process: it outlives reloads of the plugin with the commands that run. */
function serverOf({ memory }: Run): ExecServer {
  const workspace = memory.part(WORKSPACE);
  workspace.server ??= createExecServer();
  return workspace.server;
}

function pick(env: NodeJS.ProcessEnv, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])));
}
