// What alerts are about, as it is now: agents that are refused, nodes that are offline or of disputed place. Pure but for memory.

import type { ResolvedConfig } from "../../config/resolve.ts";
import type { AlertSettings } from "../../config/resolveAlerts.ts";
import type { NodePresence } from "../../presence/record.ts";
import { coded } from "../../shared/refusal.ts";
import { statementText } from "../placement/filters/residency.ts";
import type { NodeSnapshot, NodeState } from "../placement/model/snapshot.ts";
import { matches } from "../placement/selector/selector.ts";
import type { LastNodesView, World } from "../policy/callDecision.ts";
import { decisionRefusal, lookAhead } from "../policy/explainTool.ts";
import { type AlertSubject, LIST, type Look, type Sighting, subjectKey } from "./alertState.ts";
import type { WrongMachines } from "./wrongMachines.ts";

export interface AlertWorld {
  readonly settings: AlertSettings;
  readonly config: ResolvedConfig;
  readonly world: World;
  /** Those of the gateway, by id. */
  readonly agents: readonly string[];
  readonly lastNodes: LastNodesView;
  readonly wrongMachines: WrongMachines;
  /** Epoch ms. */
  readonly nowMs: number;
}

/** One command on a wrong machine stands for so long after the last one. */
export const MISMATCH_STANDS_MS = 3_600_000;

/** In shadow mode nobody is refused and nothing is placed. Gives way between agents: each is a decision over all nodes. */
export function* lookAround(input: AlertWorld): Generator<void, Look> {
  const { settings, config } = input;
  const isEnforced = config.mode === "enforce";
  const subjects: Found[] = [];
  for (const agent of isEnforced && settings.refusedForMs !== null ? input.agents : []) {
    subjects.push(refusedAgent(input, agent));
    yield;
  }
  if (settings.offlineForMs !== null) subjects.push(LISTED, ...offlineNodes(input));
  yield;
  if (settings.residency) subjects.push(...disputedNodes(config, input.world.snapshot));
  yield;
  if (isEnforced && settings.mismatch) subjects.push(...wrongMachines(input));
  return new Map(subjects.map((subject) => [subjectKey(subject), subject]));
}

type Found = AlertSubject & { readonly seen: Sighting };

/** Whoever looks around has the list. */
const LISTED: Found = { ...LIST, seen: "well" };

function refusedAgent({ world, lastNodes }: AlertWorld, name: string): Found {
  const refusal = decisionRefusal(lookAhead(world.agent(name), "exec", world, lastNodes));
  // What to do is a command that a chat would cut, and that the doctor has.
  const seen: Sighting = refusal === null ? "well" : { detail: coded(refusal.code, refusal.fact) };
  return { kind: "refused", name, seen };
}

/** A phone that comes and goes is in no config, and a node that the operator has cordoned is known to be away. */
function offlineNodes({ settings, config, world }: AlertWorld): readonly Found[] {
  return world.snapshot.nodes
    .filter((node) => config.nodes.has(node.name))
    .map((node) => {
      // A tag may be one that is not known any more, or not yet: what was told must not be forgotten for that.
      const isMeant = settings.nodes === null || matches(settings.nodes, node.tags);
      const seen = isMeant ? seenOf(node, world.presence.get(node.name)) : "unknown";
      return { kind: "offline", name: node.name, seen };
    });
}

function seenOf({ cordon, doubt }: NodeState, record: NodePresence | undefined): Sighting {
  if (cordon !== null || doubt !== null || record === undefined) return "unknown";
  if (record.state === "offline") return { detail: record.reason };
  return record.state === "ready" || record.state === "degraded" ? "well" : "unknown";
}

/** Nodes that a rule with residency would choose, were nobody to contradict their place. */
function disputedNodes({ rules }: ResolvedConfig, { nodes, takenAtMs }: NodeSnapshot): readonly Found[] {
  const strict = rules.flatMap(({ require, residency }) =>
    residency === null ? [] : [{ require, allow: residency.allow }],
  );
  if (strict.length === 0) return [];
  return nodes.map(({ name, tags, residence: { country, disputes } }) => {
    const isMeant =
      country !== null &&
      strict.some(({ require, allow }) => allow.has(country) && (require === null || matches(require, tags)));
    const detail = disputes.map((one) => statementText(one, takenAtMs)).join(", ");
    const seen: Sighting = !isMeant ? "unknown" : disputes.length === 0 ? "well" : { detail };
    return { kind: "residency", name, seen };
  });
}

function wrongMachines({ agents, wrongMachines: { last, sinceMs }, nowMs }: AlertWorld): readonly Found[] {
  // Also of an agent that no config lists, for it has run a command.
  return [...new Set([...agents, ...last.keys()])].map((name) => {
    const { atMs, detail } = last.get(name) ?? { atMs: null, detail: "" };
    // A clock that was set back since must not make it stand for good.
    if (atMs !== null && Math.abs(nowMs - atMs) < MISMATCH_STANDS_MS)
      return { kind: "mismatch", name, seen: { detail } };
    // What an earlier life of the gateway saw is not over because this one knows nothing of it.
    const isKnown = atMs !== null || nowMs - sinceMs >= MISMATCH_STANDS_MS;
    return { kind: "mismatch", name, seen: isKnown ? "well" : "unknown" };
  });
}
