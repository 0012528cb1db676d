// Puts the gate for hosted sessions before the host's turns, for as long as this registration is the newest.
import type { OpenClawPluginApi } from "openclaw/plugin-sdk/plugin-entry";
import { isRecord } from "../../shared/isRecord.ts";
import { trimmedText } from "../../shared/jsonParts.ts";
import { section } from "../host/hostConfig.ts";
import type { HostedReader, TurnGate } from "./hostedSession.ts";
import { createMessageGate } from "./messageGate.ts";
import { armTurnGate, disarmTurnGate, rearm, turnGateState } from "./openclawAdapter.ts";
import { createTurnGate, type TurnGateDeps } from "./turnGate.ts";

/** A reload takes seconds between the old registration's end and the new one; no turn may slip through. */
const HANDOVER_MS = 30_000;

type HostedDeps = Omit<TurnGateDeps, "reader" | "cliNode"> & { readonly hosted?: HostedReader };

const UNKNOWN = { ok: false, reason: "the host's records are not known" } as const;
const NO_RECORDS: HostedReader = { all: () => UNKNOWN, ofSession: () => UNKNOWN, ofKey: () => UNKNOWN };

/**
 * Puts the gate before every turn for as long as this registration lives. Where the host has no place for it, a turn is
 * stopped where its first message is written.
 */
export function registerHostedSessions(api: OpenClawPluginApi, deps: HostedDeps): void {
  const reader = deps.hosted ?? NO_RECORDS;
  const gate = createTurnGate({
    ...deps,
    reader,
    cliNode: (agentId, sessionKey) =>
      sessionKey === ""
        ? null
        : cliNodeOf(api.runtime.agent.session.getSessionEntry({ agentId, sessionKey })),
  });
  // Only this mode lives as long as the plugin: the others come and go with every reload of anything.
  if (api.registrationMode === "full") {
    armTurnGate(deps.memory, gate);
    api.on("gateway_start", () => void rearm(deps.memory));
    api.lifecycle.onDispose?.(() => retire(gate, deps));
  } else {
    rearm(deps.memory);
  }
  // With this hook the host no longer recovers a chat that a restart cut off, so it is for those who need it.
  if (turnGateState(deps.memory).kind === "unfit") {
    api.on("before_message_write", createMessageGate(gate, reader, deps.log.child({ part: "hosted" })));
  }
}

/** The gate outlives its registration until the next one took over, or the plugin is known to be gone. */
function retire(gate: TurnGate, deps: HostedDeps): void {
  setTimeout(() => {
    if (!isStillWanted(deps)) disarmTurnGate(deps.memory, gate);
  }, HANDOVER_MS).unref();
}

function isStillWanted(deps: HostedDeps): boolean {
  try {
    const entries = section(deps.hostConfig(), "plugins", "entries");
    const entry = entries["node-router"];
    return isRecord(entry) && entry.enabled !== false;
  } catch {
    return false;
  }
}

/** A node that runs the whole command line agent of a session: `execHost: "node"`, without `execNode` the host refuses. */
export function cliNodeOf(entry: unknown): string | null {
  if (!isRecord(entry) || entry.execHost !== "node") return null;
  return trimmedText(entry.execNode);
}
