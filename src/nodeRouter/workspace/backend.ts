// The sandbox backend `node-router`: one handle a run, whose commands and files are on the run's node.
import { createHash } from "node:crypto";
import { PLUGIN_CONFIG } from "../../config/currentConfig.ts";
import { agentError, NodeRouterError } from "../../shared/errors.ts";
import type { Memory } from "../../shared/processMemory.ts";
import { refusal } from "../../shared/refusal.ts";
import { placeSession } from "../current/placeSession.ts";
import { SANDBOX_BACKEND } from "../host/hostConfig.ts";
import type { SandboxBackend, SandboxHandle, SandboxParams } from "../host/sandboxApi.ts";
import { agentOfKey } from "../host/sessionKey.ts";
import { lastSnapshot, presenceRecords } from "../inventory/currentSnapshot.ts";
import { makePolicy } from "../policy/agentPolicy.ts";
import type { SessionPlace } from "../policy/callDecision.ts";
import { knownRoot } from "../policy/sessionNode.ts";
import { LAST_NODES } from "../state/lastNodes.ts";
import { SESSION_NODES } from "../state/sessionNodes.ts";
import { createExecPath } from "./execPath.ts";
import { createFiles } from "./files.ts";
import { RELOAD_GAP_MS } from "./loadSshClient.ts";
import { createManager } from "./manager.ts";
import { warmNode } from "./nodeCommands.ts";
import type { WorkspaceParts } from "./registrations.ts";
import { createRun } from "./run.ts";
import { createTarget } from "./runNode.ts";
import { nodeDirectory } from "./workdir.ts";
import { WORKSPACE } from "./workspaceState.ts";

/** Where a run without a node is told to be: no tool of it works, so nothing ever looks there. */
const NOWHERE = "/workspace";

const NO_AGENT = refusal(
  "WORKSPACE_UNAVAILABLE",
  "the session's key names no agent, so no rule speaks for it",
);
const RELOADED = refusal("WORKSPACE_UNAVAILABLE", "node-router is being reloaded or was disabled", {
  advice: "try again",
  agentAdvice: "try again",
});

/** Everything but the memory is asked of the registration that is current at the time. */
export function createBackend(memory: Memory): SandboxBackend {
  const parts = (): WorkspaceParts => {
    const current = memory.part(WORKSPACE).registrations.current();
    if (current === null) throw new NodeRouterError(RELOADED);
    return current;
  };
  return {
    factory: (params) => createHandle(memory, parts, params),
    manager: createManager(memory),
    resolveWorkdir(params) {
      const agent = agentOfKey(params.sessionKey, params.scopeKey);
      return agent === null ? undefined : (rootNow(memory, agent, params.sessionKey) ?? undefined);
    },
  };
}

/**
 * The host calls this at the start of every run. It decides the node for the whole run, background jobs included.
 * A refusal is kept for the tools: thrown here, it would end the run before the agent could say anything.
 */
async function createHandle(
  memory: Memory,
  parts: () => WorkspaceParts,
  params: SandboxParams,
): Promise<SandboxHandle> {
  const { sessionKey, scopeKey, workspaceDir } = params;
  const agent = agentOfKey(sessionKey, scopeKey);
  const place = async (mayWait = false): Promise<SessionPlace> => {
    if (agent === null) return { ok: false, refusal: NO_AGENT };
    const current = await memory.part(WORKSPACE).registrations.wait(RELOAD_GAP_MS);
    if (current === null) return { ok: false, refusal: RELOADED };
    await current.bindPersona(agent);
    return placeSession(current.deps, agent, sessionKey, mayWait);
  };
  // A run that begins without a node does not get one later.
  const first = await place(true);
  const root = first.ok ? first.root : ((agent && rootNow(memory, agent, sessionKey)) ?? NOWHERE);
  const target = createTarget(first, () => place(), root);
  // A model needs seconds for its first call; the connection is up by then.
  if (first.ok) warmNode(memory, first);

  const run = createRun({ memory, parts, params, agent: agent ?? "", target, root });
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
    buildExecSpec: (asked) =>
      exec.build(asked).catch((error) => {
        throw agentError(error);
      }),
    finalizeExec: exec.finalize,
    runShellCommand: files.runShellCommand,
    createFsBridge: ({ sandbox }) => files.createBridge(sandbox),
  };
}

/** Without asking anybody: the host wants it at once. */
function rootNow(memory: Memory, agent: string, sessionKey: string): string | null {
  const config = memory.part(PLUGIN_CONFIG).current;
  if (config === null) return null;
  const sessions = memory.part(SESSION_NODES);
  const kept = sessions.get(sessionKey);
  const policy = makePolicy(config, null, agent, "workspace");
  const known = { snapshot: lastSnapshot({ memory }, config), presence: presenceRecords({ memory }) };
  return knownRoot(policy, kept, known, memory.part(LAST_NODES))?.root ?? null;
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
