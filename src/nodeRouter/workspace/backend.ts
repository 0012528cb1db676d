// The sandbox backend `node-router`: one handle a run, whose commands and files are on the run's node.
import { createHash } from "node:crypto";
import { NodeRouterError } from "../../shared/errors.ts";
import { SANDBOX_BACKEND } from "../host/hostConfig.ts";
import type { SandboxBackend, SandboxHandle, SandboxParams } from "../host/sandboxApi.ts";
import { agentOfKey } from "../host/sessionKey.ts";
import { lastSnapshot } from "../inventory/currentSnapshot.ts";
import { knownRoot, placeWorkspace, type WorkspacePlacement } from "../policy/sessionNode.ts";
import type { SharedState } from "../process/sharedState.ts";
import { createExecPath } from "./execPath.ts";
import { createFiles } from "./files.ts";
import { createManager } from "./manager.ts";
import type { WorkspaceParts } from "./registrations.ts";
import { createRun } from "./run.ts";
import { createTarget } from "./runNode.ts";
import { nodeDirectory } from "./workdir.ts";

/** A reload's gap is 0.3 to 1.6 s on two cores. */
const RELOAD_GAP_MS = 5_000;

/** Where a run without a node is told to be: no tool of it works, so nothing ever looks there. */
const NOWHERE = "/workspace";

/** @param state of the process; everything else is asked of the registration that is current at the time. */
export function createBackend(state: SharedState): SandboxBackend {
  const parts = (): WorkspaceParts => {
    const current = state.workspace.registrations.current();
    if (current === null) throw unavailable("node-router is being reloaded or was disabled; try again");
    return current;
  };
  return {
    factory: (params) => createHandle(state, parts, params),
    manager: createManager(state),
    resolveWorkdir(params) {
      const agent = agentOfKey(params.sessionKey, params.scopeKey);
      return agent === null ? undefined : (rootNow(state, agent, params.sessionKey) ?? undefined);
    },
  };
}

/**
 * The host calls this at the start of every run. It decides the node for the whole run, background jobs included.
 * A refusal is kept for the tools: thrown here, it would end the run before the agent could say anything.
 */
async function createHandle(
  state: SharedState,
  parts: () => WorkspaceParts,
  params: SandboxParams,
): Promise<SandboxHandle> {
  const { sessionKey, scopeKey, workspaceDir } = params;
  const agent = agentOfKey(sessionKey, scopeKey);
  const place = async (): Promise<WorkspacePlacement> => {
    if (agent === null) return refusal("the session's key names no agent, so no rule speaks for it");
    const current = await state.workspace.registrations.wait(RELOAD_GAP_MS);
    if (current === null) return refusal("node-router is being reloaded or was disabled; try again");
    return placeWorkspace(current.deps, agent, sessionKey);
  };
  const first = await place();
  const root = first.ok ? first.root : ((agent && rootNow(state, agent, sessionKey)) ?? NOWHERE);
  const target = createTarget(first, place, root);
  // A model needs seconds for its first call; the connection is up by then.
  if (first.ok) state.workspace.transport?.warm(first.node.name);

  const run = createRun({ state, parts, params, agent: agent ?? "", target, root });
  const exec = createExecPath(run);
  const files = createFiles(run);
  const label = target.known?.node.name ?? "none";
  const runtimeId = runtimeIdOf(scopeKey);
  return {
    id: SANDBOX_BACKEND,
    runtimeId,
    runtimeLabel: runtimeId,
    workdir: root,
    env: {},
    configLabel: label,
    configLabelKind: "Node",
    workdirValidation: "backend",
    workdirRoots: ["/"],
    validateWorkdir: async (workdir) => nodeDirectory(workdir, workspaceDir, root),
    buildExecSpec: exec.build,
    finalizeExec: exec.finalize,
    runShellCommand: files.runShellCommand,
    createFsBridge: ({ sandbox }) => files.createBridge(sandbox),
  };
}

/** Without asking anybody: the host wants it at once. */
function rootNow(state: SharedState, agent: string, sessionKey: string): string | null {
  const { config, workspace } = state;
  if (config === null) return null;
  return (
    knownRoot(config, workspace.placements, agent, sessionKey, lastSnapshot({ state }, config))?.root ?? null
  );
}

/** One a scope, the same after a restart: readable, and unmistakable by the hash. */
export function runtimeIdOf(scopeKey: string): string {
  const readable = scopeKey
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 40);
  return `node-router-${readable}-${createHash("sha256").update(scopeKey).digest("hex").slice(0, 8)}`;
}

function refusal(text: string): WorkspacePlacement {
  return { ok: false, code: "WORKSPACE_UNAVAILABLE", message: `WORKSPACE_UNAVAILABLE: ${text}.` };
}

function unavailable(text: string): NodeRouterError {
  return new NodeRouterError("WORKSPACE_UNAVAILABLE", text);
}
