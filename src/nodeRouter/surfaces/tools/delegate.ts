// Agent tools delegate and delegation: a task for an agent of another gateway, and what became of it.
import type { ResolvedConfig } from "../../../config/resolve.ts";
import { MAX_WAIT_SECONDS } from "../../../config/schema/limits.ts";
import { NodeRouterError } from "../../../shared/errors.ts";
import { agentOfSessionKey } from "../../../shared/hostNames.ts";
import { fieldOf, trimmedText } from "../../../shared/jsonParts.ts";
import { type Refusal, refusal } from "../../../shared/refusal.ts";
import { nameText, quote } from "../../../shared/safeText.ts";
import type { Delegation } from "../../delegation/model/delegation.ts";
import { isEnded } from "../../delegation/model/outgoing.ts";
import { isRefusal, type Outbox } from "../../delegation/outbox/outbox.ts";
import { delegationText } from "../../delegation/outbox/stateText.ts";
import type { DelegatedRun, DelegatedRuns } from "../../state/delegatedRuns.ts";
import { type ToolOutput, textResult } from "./toolOutput.ts";

export interface DelegateDeps {
  readonly config: ResolvedConfig;
  /** Null: it is not open yet. */
  readonly outbox: Outbox | null;
  readonly runs: DelegatedRuns;
  /** Key of the session that spawned one; null: none did, or the host cannot tell. */
  readonly parentOf: (session: string) => string | null;
  readonly agent: string;
  readonly session: string;
  readonly callId: string;
  readonly signal: AbortSignal | undefined;
  /** Shows how it is while the call waits. */
  readonly onProgress: (output: ToolOutput) => void;
}

const MAX_LISTED = 20;

/** @throws NodeRouterError DELEGATION_REFUSED, NO_NODE_FITS, AUDIT_UNAVAILABLE, …: nothing was sent */
export async function delegate(deps: DelegateDeps, params: unknown): Promise<ToolOutput> {
  return begin(deps, {
    task: String(fieldOf(params, "task") ?? ""),
    agent: trimmedText(fieldOf(params, "agent")),
    to: trimmedText(fieldOf(params, "to")),
    context: trimmedText(fieldOf(params, "context")),
    waitMs: waitOf(deps, params),
  });
}

/**
 * Only delegations of the calling agent exist for it. SECURITY: of a session that works for a peer, its own alone: the
 * agent's others are its owner's, and whatever the peer reads leaves this gateway.
 * @throws NodeRouterError DELEGATION_UNKNOWN, and what `delegate` throws
 */
export async function delegation(deps: DelegateDeps, params: unknown): Promise<ToolOutput> {
  const outbox = opened(deps);
  const ofSession = isForPeer(deps) ? deps.session : null;
  const own = outbox
    .all()
    .filter(
      ({ requester: { agent, session } }) => agent === deps.agent && session === (ofSession ?? session),
    );
  const action = fieldOf(params, "action");
  if (action === "list") return list(own);
  const id = trimmedText(fieldOf(params, "id")) ?? "";
  const found = own.find((one) => one.id === id);
  if (found === undefined) {
    const fact = `agent ${quote(deps.agent)} has no delegation ${quote(id.slice(0, 100))}`;
    throw refused("DELEGATION_UNKNOWN", fact, "use action list");
  }
  switch (action) {
    case "status":
    case "result":
      return shown(outbox, found, deps.signal);
    case "wait":
      return shown(outbox, await outbox.wait(id, waitOf(deps, params), deps.signal), deps.signal);
    case "cancel": {
      const after = settled(await outbox.cancel(id));
      return shown(outbox, await outbox.wait(after.id, CANCEL_MS, deps.signal), deps.signal);
    }
    case "follow_up": {
      const task = String(fieldOf(params, "text") ?? "");
      const { asked, context } = found;
      return begin(deps, { task, ...asked, context, waitMs: waitOf(deps, params) });
    }
    default:
      throw refused(
        "DELEGATION_REFUSED",
        `delegation has no action ${JSON.stringify(action)}`,
        "use list, status, wait, result, cancel or follow_up",
      );
  }
}

/** A cancel is shown with its end where that comes soon. */
const CANCEL_MS = 5_000;

interface Wanted {
  readonly task: string;
  readonly agent: string | null;
  readonly to: string | null;
  readonly context: string | null;
  readonly waitMs: number;
}

async function begin(deps: DelegateDeps, wanted: Wanted): Promise<ToolOutput> {
  const outbox = opened(deps);
  const { chain: through, maxHops } = originOf(deps);
  const { agent, session, callId, signal } = deps;
  const given = await outbox.delegate({
    ...wanted,
    requester: { agent, session, run: null, call: callId },
    through,
    maxHops,
    signal,
    onProgress: (now) =>
      deps.onProgress(textResult(`${now.state} at ${now.peer ?? "no gateway yet"}`, detailsOf(now))),
  });
  return shown(outbox, settled(given), signal);
}

/**
 * The gateways that the calling run's own task came through, and how many may be; none where it is no task of a peer.
 * SECURITY: what a peer gave is not given on, by sub-agents neither, unless the operator lets that peer.
 * @throws NodeRouterError DELEGATION_REFUSED
 */
function originOf(deps: DelegateDeps): Pick<DelegatedRun, "chain" | "maxHops"> {
  const { runs, parentOf, session, config } = deps;
  const run = runs.find(session, parentOf);
  if (run === null) {
    // Its task is not known any more: that it may be given on is not known either.
    if (!isForPeer(deps)) return { chain: [], maxHops: null };
    throw refused(
      "DELEGATION_REFUSED",
      "this session works for another gateway, and its task has ended",
      "Do it here",
    );
  }
  if (config.peers.get(run.peer)?.accept?.mayDelegate === true) return run;
  const key = `plugins.entries.node-router.config.peers.${nameText(run.peer)}.accept.mayDelegate`;
  throw refused(
    "DELEGATION_REFUSED",
    `this task is one of gateway ${quote(run.peer)}, and ${key} is false`,
    "Do it here",
  );
}

/** As the inbox makes them. */
const PEER_SESSION = /^agent:[^:]*:subagent:peer-/;
/** More than sub-agents of sub-agents can be. */
const MAX_DEPTH = 8;

/** Whether the session, or one that it was spawned by, works for another gateway, or did. */
function isForPeer({ session, parentOf }: DelegateDeps): boolean {
  let at: string | null = session;
  for (let depth = 0; at !== null && depth < MAX_DEPTH; depth++) {
    if (PEER_SESSION.test(at)) return true;
    at = parentOf(at);
  }
  return false;
}

function opened({ outbox }: DelegateDeps): Outbox {
  if (outbox !== null) return outbox;
  throw refused(
    "DELEGATION_REFUSED",
    "delegations are not open yet on this gateway",
    "Try again in a few seconds",
  );
}

function settled(given: Delegation | Refusal): Delegation {
  if (isRefusal(given)) throw new NodeRouterError(given, { isForAgent: true });
  return given;
}

/** Whoever reads an end here is not told of it again. */
async function shown(
  outbox: Outbox,
  given: Delegation | null,
  signal: AbortSignal | undefined,
): Promise<ToolOutput> {
  if (given === null) throw refused("DELEGATION_UNKNOWN", "it was forgotten meanwhile", "use action list");
  if (isEnded(given) && signal?.aborted !== true) await outbox.told(given.id);
  return textResult(delegationText(given, outbox.trouble(given.id)), detailsOf(given));
}

function list(own: readonly Delegation[]): ToolOutput {
  const newest = [...own].sort((a, b) => b.createdAtMs - a.createdAtMs).slice(0, MAX_LISTED);
  const rows = newest.map(({ id, state, peer, createdAtMs, task }) => {
    const at = peer === null ? "" : ` at ${nameText(peer)}`;
    return `${id}: ${state}${at}, ${new Date(createdAtMs).toISOString()}: ${quote(task.slice(0, 80))}`;
  });
  return textResult(rows.join("\n") || "No delegations.", { delegations: newest.map(detailsOf) });
}

function detailsOf({
  id,
  context,
  state,
  peer,
  agent,
  rule,
  weaker,
  mayHaveRun,
  attempts,
}: Delegation): object {
  return { id, context, state, peer, agent, rule, weaker, mayHaveRun, attempts: attempts.length };
}

function waitOf({ config }: DelegateDeps, params: unknown): number {
  const given = fieldOf(params, "wait_seconds");
  if (typeof given !== "number" || !Number.isFinite(given)) return config.delegation.waitMs;
  return Math.min(Math.max(0, given), MAX_WAIT_SECONDS) * 1_000;
}

function refused(
  code: "DELEGATION_REFUSED" | "DELEGATION_UNKNOWN",
  fact: string,
  advice: string,
): NodeRouterError {
  return new NodeRouterError(refusal(code, fact, { advice }));
}

/** As the session's key says it; `parentOf` for the host's sessions. */
export function parentBy(
  facts: (agent: string, session: string) => { readonly spawnedBy?: string } | null,
): (session: string) => string | null {
  return (session) => {
    try {
      return facts(agentOfSessionKey(session) ?? "", session)?.spawnedBy ?? null;
    } catch {
      return null;
    }
  };
}
