// The facts that an SSH node last stated, kept over a restart: while the node is down, nobody else can state them. Pure.
import { isRecord } from "../shared/isRecord.ts";
import { FACT_NAMES, FACTS, saidAtMs } from "./facts.ts";
import { cleanFacts } from "./nodeFacts.ts";
import type { FactValues, Observation, PresenceTarget } from "./record.ts";

export interface SeenFacts {
  /** Whom SSH led to. */
  readonly of: string;
  /** Epoch ms at which it was said. */
  readonly atMs: number;
  readonly facts: Readonly<Partial<FactValues>>;
}

/**
 * Not the public address, which has an age of its own, and nothing of Tailscale: a tag that was taken away meanwhile
 * must not come back.
 */
const KEPT = FACT_NAMES.filter((name) => name !== "publicAddress" && FACTS[name].sources.includes("ssh"));

/** As old as its oldest fact. @param observation of the source `ssh`. */
export function seenOf(target: PresenceTarget, observation: Observation): SeenFacts {
  const facts = keptOf(observation.facts);
  const ages = KEPT.filter((name) => facts[name] !== undefined).map((name) => saidAtMs(observation, name));
  return { of: target.sshTo ?? "", atMs: Math.min(observation.atMs, ...ages), facts };
}

/** As it was said, when SSH still leads to the same machine; it is as old as it is. */
export function observationOf(target: PresenceTarget, seen: SeenFacts | null): Observation | null {
  if (seen === null || !target.ssh || seen.of !== (target.sshTo ?? "")) return null;
  return { node: target.name, source: "ssh", atMs: seen.atMs, facts: seen.facts };
}

/** Null for anything that we did not write. */
export function readSeen(value: unknown): SeenFacts | null {
  if (!isRecord(value) || typeof value.of !== "string" || !isRecord(value.facts)) return null;
  const { of, atMs } = value;
  if (typeof atMs !== "number" || !Number.isFinite(atMs)) return null;
  return { of, atMs, facts: keptOf(value.facts) };
}

function keptOf(said: Readonly<Record<string, unknown>>): Partial<FactValues> {
  return cleanFacts(Object.fromEntries(KEPT.map((name) => [name, said[name]])));
}
