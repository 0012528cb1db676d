// Registers the sandbox backend with the host, and takes it back when the plugin is disabled.
import { messageOf } from "../../shared/errors.ts";
import { loadLater } from "../../shared/loadLater.ts";
import type { Logger } from "../../shared/logger.ts";
import type { Memory } from "../../shared/processMemory.ts";
import { coded } from "../../shared/refusal.ts";
import { safe } from "../../shared/safeText.ts";
import { SANDBOX_BACKEND } from "../host/hostConfig.ts";
import { apiProblemText, probeSandboxApi, SANDBOX_PROBLEM, type SandboxApi } from "../host/sandboxApi.ts";
import { probeWorkspaceAccessApi, type WorkspaceAccessApi } from "../host/workspaceAccessApi.ts";
import { SESSION_NODES } from "../state/sessionNodes.ts";
import { sessionFile } from "../state/sessionNodesFile.ts";
import { SSH_TRANSPORT } from "../transports/transport.ts";
import { createBackend } from "./backend.ts";
import { createFileBridge } from "./files/createFileBridge.ts";
import { createMirror } from "./mirror/mirror.ts";
import { openPersona } from "./persona.ts";
import type { WorkspaceDeps, WorkspaceParts } from "./registrations.ts";
import { WORKSPACE } from "./workspaceState.ts";

/** What of the host's plugin API is used. */
export interface WorkspaceHost {
  readonly registrationMode: string;
  readonly lifecycle: {
    /** Absent in hosts that never take an instance away. */
    readonly onDispose?: (dispose: () => void) => unknown;
    registerRuntimeLifecycle(lifecycle: {
      readonly id: string;
      cleanup(context: RuntimeCleanup): void;
    }): void;
  };
  readonly runtime: { readonly state: { resolveStateDir(): string } };
}

export interface RuntimeCleanup {
  /** `disable`: the plugin is off or gone. `restart`: another registration takes over. */
  readonly reason: string;
  readonly sessionKey?: string | undefined;
  readonly runId?: string | undefined;
}

export type RegistrationDeps = WorkspaceDeps & { readonly log: Logger };

export interface WorkspaceOptions {
  /** One a process. */
  readonly audit: WorkspaceParts["audit"];
  /** Default: the real host. */
  readonly probe?: () => Promise<SandboxApi>;
  /** The same of the host's API for persona files. */
  readonly probeAccess?: () => Promise<WorkspaceAccessApi>;
}

/**
 * Registers in every mode that has hooks, as agent runs may begin with any of them. Opens nothing: a command's
 * own process registers too (`openclaw sandbox list`).
 *
 * The host keeps one map of backends a process, so the newest registration's code serves every run, and reaches
 * the host through whichever registration is alive (the host takes a replaced one's API away). In a reload the
 * backend stays registered: commands that run then go on, and a run that begins in the gap waits for the next
 * registration. Only `disable` takes it back; the host then refuses agents that are bound to it.
 * @returns when the host has answered; nobody needs to wait for it.
 */
export function registerWorkspace(
  api: WorkspaceHost,
  deps: RegistrationDeps,
  options: WorkspaceOptions,
): Promise<void> {
  const { memory } = deps;
  const workspace = memory.part(WORKSPACE);
  const sessions = memory.part(SESSION_NODES);
  const log = deps.log.child({ part: "workspace" });
  const { probe = probeSandboxApi, probeAccess = probeWorkspaceAccessApi, audit } = options;
  const full = api.registrationMode === "full";
  const parts: WorkspaceParts = {
    deps,
    full,
    audit,
    createMirror,
    createFileBridge,
    ...openPersona({ deps, audit, createFileBridge }, log, probeAccess),
    loadSshClient: () => loadLater(() => import("../transports/ssh/client.ts")),
    loadDetached: () => loadLater(() => import("../jobs/detached.ts")),
  };

  sessions.keepIn(sessionFile(api.runtime.state.resolveStateDir()), (error) =>
    log.warn({ reason: messageOf(error) }, "the sessions' nodes cannot be kept in a file"),
  );
  const own = workspace.registrations.add(parts);
  let gone = false;
  api.lifecycle.onDispose?.(() => own.remove());
  api.lifecycle.registerRuntimeLifecycle({
    id: "node-router-workspace",
    cleanup({ reason, sessionKey, runId }) {
      if (reason !== "disable" || sessionKey !== undefined || runId !== undefined) return;
      gone = true;
      own.remove();
      // A late word of a registration that another one has replaced since (disabled and enabled again).
      if (own.isReplaced()) return;
      workspace.unregister?.();
      workspace.unregister = null;
      // What runs may end; an enabled plugin makes new connections.
      const transport = memory.part(SSH_TRANSPORT);
      void transport.current?.close();
      transport.current = null;
    },
  });

  const backend = probe().then((host) => {
    if (!gone) take(memory, host, log);
  });
  const personas = parts.bindPersona();
  return Promise.all([backend, personas]).then(() => undefined);
}

function take(memory: Memory, host: SandboxApi, log: Logger): void {
  const workspace = memory.part(WORKSPACE);
  const known = memory.part(SANDBOX_PROBLEM);
  let problem = host.ok ? null : host.reason;
  if (host.ok) {
    // Before the next one, or else the host would keep every registration there ever was behind it.
    workspace.unregister?.();
    workspace.unregister = null;
    try {
      workspace.unregister = host.register(SANDBOX_BACKEND, createBackend(memory));
    } catch (error) {
      problem = apiProblemText(safe(messageOf(error)));
    }
  }
  if (problem !== null && known.current === null) {
    log.error({ problem }, coded("WORKSPACE_UNAVAILABLE", "agents whose workspace is on a node cannot work"));
  }
  known.current = problem;
}
