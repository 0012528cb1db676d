// The real host behind RouterDeps.
import { homedir } from "node:os";
import type { OpenClawConfig, OpenClawPluginApi } from "openclaw/plugin-sdk/plugin-entry";
import { createLogger, type HostLogger } from "../../shared/logger.ts";
import { processMemory } from "../../shared/processMemory.ts";
import { askHostMask } from "../host/mask.ts";
import { readSessionFacts } from "../host/sandboxProblem.ts";
import { sessionTotals } from "../host/sessionTotals.ts";
import { openHostedReader } from "../hostedSessions/openclawAdapter.ts";
import type { RouterDeps } from "./deps.ts";
import { livingList } from "./livingList.ts";

/** What the plugin needs of the host and the process, by one registration. Asks nothing yet; times are epoch ms. */
export function createDeps(api: OpenClawPluginApi): RouterDeps {
  const memory = processMemory();
  return {
    memory,
    log: createLogger(offTheCallPath(api.logger)),
    listNodes: livingList(memory, () => api.runtime.nodes.list({}), api.registrationMode === "full"),
    hostConfig: () => api.runtime.config.current(),
    agentWorkspace: (agent) => {
      try {
        return api.runtime.agent.resolveAgentWorkspaceDir(currentConfig(api), agent);
      } catch {
        // An agent that the config does not know has no workspace; its paths then go as given.
        return null;
      }
    },
    sessionFacts: (agentId, sessionKey) =>
      sessionKey === ""
        ? null
        : readSessionFacts(api.runtime.agent.session.getSessionEntry({ agentId, sessionKey })),
    sessionTotals: (agentId) => {
      try {
        return sessionTotals(api.runtime.agent.session.listSessionEntries({ agentId, readOnly: true }));
      } catch {
        // A store that cannot be read says nothing about how many there are.
        return null;
      }
    },
    hosted: openHostedReader(api.runtime.state.resolveStateDir()),
    masks: (text) => askHostMask(text),
    home: homedir(),
    now: Date.now,
  };
}

/** The host hands out a read-only view of what it takes back; its own types do not say so. */
function currentConfig(api: OpenClawPluginApi): OpenClawConfig {
  return api.runtime.config.current() as OpenClawConfig;
}

/**
 * The host writes a line to its console and file before it returns, about a millisecond in which the call would
 * wait. Notes can wait instead; what is wrong is written at once.
 */
function offTheCallPath(logger: HostLogger): HostLogger {
  return {
    debug: (message) => void setImmediate(() => logger.debug?.(message)),
    info: (message) => void setImmediate(() => logger.info(message)),
    warn: (message) => logger.warn(message),
    error: (message) => logger.error(message),
  };
}
