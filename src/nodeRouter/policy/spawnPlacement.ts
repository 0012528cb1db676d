// `sessions_spawn` with a machine of its own: the host would choose it, and no rule would be asked. Pure.

import { paramValue } from "../../shared/hostParams.ts";
import { isRecord } from "../../shared/isRecord.ts";
import { trimmedText } from "../../shared/jsonParts.ts";
import { type Refusal, refusal } from "../../shared/refusal.ts";
import { quote } from "../../shared/safeText.ts";

/** What a call of `sessions_spawn` asks for, as far as it concerns where the new session runs. */
export interface Spawn {
  /** Whose session it will be: the caller's own, unless the call names another. */
  readonly agent: string;
  /** The configured machines that it is to run on; null: where the caller runs. */
  readonly profile: string | null;
  /** Asks for the gateway, or for nothing. */
  readonly local: boolean;
}

/** Null for every other tool. */
export function spawnOf(
  tool: string,
  params: Readonly<Record<string, unknown>>,
  caller: string,
): Spawn | null {
  if (tool !== "sessions_spawn") return null;
  const { placement } = params;
  const agent = trimmedText(paramValue(params, "agentId"))?.toLowerCase() ?? caller;
  const { kind, profileId } = isRecord(placement) ? placement : {};
  // A shape that we do not know may be one that a newer host does.
  const isElsewhere = placement !== undefined && placement !== null && kind !== "local";
  const profile = typeof profileId === "string" ? profileId : "";
  return { agent, profile: isElsewhere ? profile : null, local: kind === "local" };
}

/**
 * Why the new session may not start; null when nothing speaks against it. Which machine a profile gives is the host's
 * choice, so it is unknown, and refused, for every agent whose commands a rule places.
 */
export function spawnRefusal(
  tool: string,
  params: Readonly<Record<string, unknown>>,
  caller: string,
  mustBePlaced: (agent: string) => boolean,
): Refusal | null {
  const spawn = spawnOf(tool, params, caller);
  if (spawn === null || spawn.profile === null || !mustBePlaced(spawn.agent)) return null;
  const fact = `"sessions_spawn" would host a session of agent ${quote(spawn.agent)} on a machine of profile ${quote(spawn.profile)}, which no rule chose, and the agent is routed to nodes`;
  const advice =
    'leave placement out, or use placement { kind: "local" }: its commands are then placed one by one';
  return refusal("HOSTED_ELSEWHERE", fact, { advice });
}
