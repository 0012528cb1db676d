// Puts the parts of the workspace together for the real host: connections, audit, backend.
import { createLogger, type HostLogger, type Logger } from "../../shared/logger.ts";
import { quote } from "../../shared/safeText.ts";
import { auditFolder, createAudit } from "../audit/audit.ts";
import { auditLimits, DEFAULT_LIMITS } from "../audit/shares.ts";
import type { RouterDeps } from "../process/deps.ts";
import type { SharedState } from "../process/sharedState.ts";
import { createSshTransport } from "../transports/ssh/sshTransport.ts";
import { registerWorkspace, type WorkspaceHost } from "./register.ts";

/**
 * Connections and audit are made once a process and outlive reloads of the plugin, with the commands that
 * run. Opens no connection and no file. The transport is this code's until the gateway restarts; what it needs of
 * the host goes through the newest registration.
 */
export function openWorkspace(api: WorkspaceHost & { readonly logger: HostLogger }, deps: RouterDeps): void {
  const { state } = deps;
  const { workspace } = state;
  workspace.hostLogger = api.logger;
  const log = relayedLog(state);
  const told = new Set<string>();
  workspace.transport ??= createSshTransport({
    settings: (name) => state.config?.nodes.get(name) ?? null,
    connect: async (node, signal) => {
      const { connect, processEnv, resolveTarget } = await import("../transports/ssh/client.ts");
      const resolved = await resolveTarget(node, processEnv(), signal);
      if (!resolved.ok) return { ...resolved, transportFailure: false };
      const { notAsked } = resolved.target;
      if (notAsked !== null && !told.has(node.name)) {
        told.add(node.name);
        log.warn(`ssh_config is not read for node ${quote(node.name)}: ${notAsked}; see the doctor`);
      }
      return connect(resolved.target, processEnv(), { signal });
    },
    now: Date.now,
    log: log.child({ part: "ssh" }),
    // What was there before may be gone: a machine that was set up anew, a cleared folder.
    onConnect: (name) => workspace.mirrored.forget(name),
  });
  workspace.audit ??= createAudit({
    // A config that was never read must not be taken for "nothing to record".
    mode: () => state.config?.audit ?? "strict",
    keepText: () => state.config?.auditCommandText ?? false,
    limits: () => (state.config === null ? DEFAULT_LIMITS : auditLimits(state.config)),
    folder: auditFolder(api.runtime.state.resolveStateDir()),
    now: Date.now,
    log: log.child({ part: "audit" }),
  });
  void registerWorkspace(api, deps, { audit: workspace.audit });
}

/** The host takes a replaced registration's logger away, and what lives longer must not fail over a log line. */
function relayedLog(state: SharedState): Logger {
  const say = (level: "info" | "warn" | "error") => (text: string) => {
    try {
      state.workspace.hostLogger?.[level](text);
    } catch {
      // Between two registrations nobody listens.
    }
  };
  return createLogger({ info: say("info"), warn: say("warn"), error: say("error") });
}
