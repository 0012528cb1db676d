// Puts the parts of the workspace together for the real host: connections, audit, backend.
import { PLUGIN_CONFIG } from "../../config/currentConfig.ts";
import { NodeRouterError } from "../../shared/errors.ts";
import { createLogger, type HostLogger, type Logger } from "../../shared/logger.ts";
import { quote } from "../../shared/safeText.ts";
import { createLedger } from "../ledger/createLedger.ts";
import { LEDGER, ledgerFolder } from "../ledger/ledger.ts";
import { DEFAULT_LIMITS, ledgerLimits } from "../ledger/shares.ts";
import { createSshTransport } from "../transports/ssh/sshTransport.ts";
import { SSH_TRANSPORT } from "../transports/transport.ts";
import { loadSshClient } from "./loadSshClient.ts";
import { type RegistrationDeps, registerWorkspace, type WorkspaceHost } from "./register.ts";
import type { SshClient } from "./registrations.ts";
import { WORKSPACE, type WorkspaceState } from "./workspaceState.ts";

/**
 * Connections and audit are made once a process and outlive reloads of the plugin, with the commands that
 * run. Opens no connection and no file. The transport is this code's until the gateway restarts; what it needs of
 * the host, and what it has not loaded yet, goes through the newest registration.
 */
export function openWorkspace(
  api: WorkspaceHost & { readonly logger: HostLogger },
  deps: RegistrationDeps,
): void {
  const { memory } = deps;
  const workspace = memory.part(WORKSPACE);
  const config = memory.part(PLUGIN_CONFIG);
  const transport = memory.part(SSH_TRANSPORT);
  const audit = memory.part(LEDGER);
  workspace.hostLogger = api.logger;
  const log = relayedLog(workspace);
  const told = new Set<string>();
  let loaded: SshClient | null = null;
  const loadOnce = async (): Promise<SshClient | NodeRouterError> => {
    try {
      loaded ??= await loadSshClient(workspace.registrations);
      return loaded;
    } catch (error) {
      if (error instanceof NodeRouterError) return error;
      throw error;
    }
  };
  transport.current ??= createSshTransport({
    settings: (name) => config.current?.nodes.get(name) ?? null,
    connect: async (node, signal) => {
      const client = await loadOnce();
      // It says nothing of the node.
      if (client instanceof NodeRouterError) return { ok: false, ...client.refusal, transportFailure: false };
      const { connect, processEnv, resolveTarget } = client;
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
  audit.current ??= createLedger({
    // A config that was never read must not be taken for "nothing to record".
    mode: () => config.current?.audit ?? "strict",
    keepText: () => config.current?.auditCommandText ?? false,
    limits: () => (config.current === null ? DEFAULT_LIMITS : ledgerLimits(config.current)),
    folder: ledgerFolder(api.runtime.state.resolveStateDir()),
    now: Date.now,
    log: log.child({ part: "audit" }),
  });
  void registerWorkspace(api, deps, { audit: audit.current });
}

/** The host takes a replaced registration's logger away, and what lives longer must not fail over a log line. */
function relayedLog(workspace: Pick<WorkspaceState, "hostLogger">): Logger {
  const say = (level: "info" | "warn" | "error") => (text: string) => {
    try {
      workspace.hostLogger?.[level](text);
    } catch {
      // Between two registrations nobody listens.
    }
  };
  return createLogger({ info: say("info"), warn: say("warn"), error: say("error") });
}
