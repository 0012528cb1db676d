// Notices that agents run without our hooks, says so, and brings the hooks to life. Runs in the full instance.

import { PLUGIN_CONFIG } from "../../config/currentConfig.ts";
import { messageOf } from "../../shared/errors.ts";
import { isRecord } from "../../shared/isRecord.ts";
import { fieldOf, itemsOf } from "../../shared/jsonParts.ts";
import type { Logger } from "../../shared/logger.ts";
import { definePart, type Memory } from "../../shared/processMemory.ts";
import { coded, refusalText } from "../../shared/refusal.ts";
import { agentOf } from "../host/events.ts";
import { keepResults } from "../host/resultSeam.ts";
import type { HostedReader } from "../hostedSessions/hostedSession.ts";
import { rearm } from "../hostedSessions/openclawAdapter.ts";
import { HOSTED_RUNS } from "../hostedSessions/turnGate.ts";
import { makePolicy } from "../policy/agentPolicy.ts";
import { COUNTERS } from "../state/counters.ts";
import { healthProblem, hostingHealth, nameProblems } from "./health.ts";
import { HOOKS_SEEN, type HooksSeen, hookLiveness, LIVENESS_GRACE_MS } from "./liveness.ts";

/** The host's agent events that we read. */
export interface AgentEvent {
  readonly runId: string;
  readonly stream: string;
  readonly sessionKey?: string | undefined;
  readonly agentId?: string | undefined;
  readonly data: Readonly<Record<string, unknown>>;
}

export interface LivenessDeps {
  readonly memory: Memory;
  readonly log: Logger;
  readonly now: () => number;
  /** Ids of the host's agents as its config is now; absent: not known. */
  readonly agents?: () => readonly string[];
  readonly reportFailure: (error: Error) => void;
  readonly clearFailure: () => void;
  /** Makes the host register the plugin anew, hooks included. */
  readonly revive: () => Promise<void>;
  /** The host's records of sessions that run on another machine; absent: nobody can tell. */
  readonly hosted?: HostedReader | undefined;
  readonly onAgentEvent: (listener: (event: AgentEvent) => void) => () => void;
}

/** How stale `openclaw health` may be; it reads three numbers. */
const REFRESH_MS = 5_000;

/** How long after a reload the handlers of results may be those of one registration; looking costs nothing. */
const KEEP_MS = 100;

/** How long a watch that asks for its own replacement listens on for it: a reload of a busy host is over sooner. */
export const HANDOVER_MS = 30_000;

/** Ends the listening of a watch that was stopped by the reload it had asked for; null: there is none. */
const HANDOVER = definePart<{ end: (() => void) | null }>("liveness-handover", 1, () => ({ end: null }));

/** A host that does not register our hooks whatever we do must not be made to reload for ever. */
export const MAX_REVIVALS = 3;

/** How long the host may take to register the hooks: longer after each revival, for it may just be busy. */
const patienceMs = ({ revivals }: Pick<HooksSeen, "revivals">): number => LIVENESS_GRACE_MS * 2 ** revivals;

/** Divides every patience. */
const STEP_MS = 250;

/** Starts watching; the result stops it and leaves nothing behind. */
export function watchLiveness(deps: LivenessDeps): () => void {
  const { memory, log, now } = deps;
  const seen = memory.part(HOOKS_SEEN);
  // Not null: the host keeps a failure of the instance before us until somebody clears it.
  let reported: string | null | undefined;
  let reviving = false;
  let stopped = false;
  /** Each wrong name is told once, and again when it comes back. */
  let said: readonly string[] = [];
  const report = (): void => {
    if (hookLiveness(seen, now()) === "live") {
      seen.revivals = 0;
      reviving = false;
    }
    const agents = deps.agents?.() ?? null;
    const wrongNames = nameProblems(memory, agents).map(refusalText);
    for (const problem of wrongNames) if (!said.includes(problem)) log.warn(problem);
    said = wrongNames;
    const worst =
      healthProblem(memory, now(), agents) ??
      hostingHealth(memory.part(PLUGIN_CONFIG).current, rearm(memory), deps.hosted);
    const problem = worst === null ? null : refusalText(worst);
    if (problem === reported) return;
    reported = problem;
    if (problem === null) deps.clearFailure();
    else deps.reportFailure(new Error(problem));
  };

  const isEarly = (): boolean =>
    seen.fullRegisteredAtMs !== null && now() - seen.fullRegisteredAtMs < patienceMs(seen);

  /** @param proven an exec was missed, so there is nothing to wait for. */
  const check = async (proven: boolean): Promise<void> => {
    report();
    const config = memory.part(PLUGIN_CONFIG).current;
    if (config === null || config.mode === "shadow" || config.rules.length === 0) return;
    const liveness = hookLiveness(seen, now());
    // A miss after a revival may be of a run that began before it, so it is waited for like nothing.
    if (liveness === "live" || (isEarly() && !(proven && seen.revivals === 0))) return;
    // Once asked, the host replaces this instance; only a refusal is worth another try.
    if (reviving || seen.revivals >= MAX_REVIVALS) return;
    reviving = true;
    seen.revivals += 1;
    log.error(coded("HOOKS_NOT_LIVE", "agents run without these hooks; registering the plugin anew"));
    try {
      await deps.revive();
    } catch (error) {
      reviving = false;
      const text = coded("HOOKS_NOT_LIVE", 'run "openclaw plugins reload node-router"');
      log.error({ reason: messageOf(error) }, text);
    }
  };
  const stopWaiting = afterSteps(patienceMs(seen) / STEP_MS, () => void check(false));
  // Hooks can come to life, and counters change, without an event that reaches us.
  const refresh = setInterval(report, REFRESH_MS).unref();
  // A turn may take its handlers right after a reload, before any call asks our policy.
  const keep = setInterval(() => keepResults(memory, "node-router"), KEEP_MS).unref();

  const off = deps.onAgentEvent((event) => {
    const agent = missedExec(memory, event);
    if (agent === null || isHosted(memory, event, deps.hosted)) return;
    memory.part(COUNTERS).missed += 1;
    seen.missedAgents.add(agent);
    log.error(
      { agent, tool: "exec", runId: event.runId },
      coded("HOOKS_NOT_LIVE", "an exec of a routed agent ran without these hooks"),
    );
    if (!stopped) void check(true);
  });
  const handover = memory.part(HANDOVER);
  handover.end?.();
  report();
  return () => {
    stopped = true;
    stopWaiting();
    clearInterval(refresh);
    clearInterval(keep);
    if (reviving) handover.end = listenOn(handover, off);
    else off();
  };
}

/**
 * Not one timer: in a process that stands still, or works for seconds without a pause, that one is due at once
 * afterwards, and the host has not had its time.
 */
function afterSteps(steps: number, act: () => void): () => void {
  let timer: NodeJS.Timeout;
  const next = (left: number): void => {
    timer = setTimeout(() => (left > 1 ? next(left - 1) : act()), STEP_MS).unref();
  };
  next(steps);
  return () => clearTimeout(timer);
}

/** Listens until the next watch does, so that no exec between the two stays unseen. The result ends it at once. */
function listenOn(handover: { end: (() => void) | null }, off: () => void): () => void {
  const end = (): void => {
    clearTimeout(limit);
    off();
    if (handover.end === end) handover.end = null;
  };
  const limit = setTimeout(end, HANDOVER_MS).unref();
  return end;
}

/**
 * Whether the run is on another machine as a whole: there no hook of any plugin is asked, and no reload can change
 * that. The gate has let it go there, or says in health and doctor why it cannot stand in its way.
 */
function isHosted(memory: Memory, event: AgentEvent, reader: HostedReader | undefined): boolean {
  if (memory.part(HOSTED_RUNS).has(event.runId)) return true;
  const record = event.sessionKey === undefined ? undefined : reader?.ofKey(event.sessionKey);
  return record?.ok === true && record.session !== null;
}

/** The routed agent whose exec has just ended without our policy ever being asked in its run; else null. */
export function missedExec(memory: Memory, event: AgentEvent): string | null {
  if (event.stream !== "tool" || event.data.phase !== "result" || event.data.name !== "exec") return null;
  const agent = agentOf(event);
  const config = memory.part(PLUGIN_CONFIG).current;
  if (agent === null || config === null || config.mode === "shadow" || isNotOffered(event.data)) return null;
  if (memory.part(HOOKS_SEEN).evaluatedRuns.has(event.runId)) return null;
  return makePolicy(config, null, agent, "exec").isRouted ? agent : null;
}

/**
 * Whether the turn has no such tool, as turns that OpenClaw resumes after a restart have few: nothing ran.
 * SECURITY: no command's output can look like it, for the details of what ran are not empty.
 */
function isNotOffered({ isError, result }: AgentEvent["data"]): boolean {
  const [part, ...more] = itemsOf(fieldOf(result, "content"));
  const details = fieldOf(result, "details");
  const isBare = details === undefined || (isRecord(details) && Object.keys(details).length === 0);
  return isError === true && isBare && more.length === 0 && fieldOf(part, "text") === "Tool exec not found";
}
