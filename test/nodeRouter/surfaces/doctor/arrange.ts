// A whole deployment in plain values: the reference rules, two paired nodes, three agents. A test changes one thing.
import { resolveConfig } from "../../../../src/config/resolve.ts";
import { buildSnapshot } from "../../../../src/nodeRouter/inventory/inventory.ts";
import { createCounters } from "../../../../src/nodeRouter/state/counters.ts";
import { NO_LAST_NODES } from "../../../../src/nodeRouter/state/lastNodes.ts";
import { runDoctor } from "../../../../src/nodeRouter/surfaces/doctor/doctor.ts";
import type { DoctorInput, Finding } from "../../../../src/nodeRouter/surfaces/doctor/finding.ts";
import { applyGuard } from "../../../../src/nodeRouter/surfaces/guard/apply.ts";
import { type GuardPlan, planGuard } from "../../../../src/nodeRouter/surfaces/guard/guardPlan.ts";
import type { NodePresence } from "../../../../src/presence/record.ts";
import { type HostNode, readHostNode } from "../../../../src/presence/sources/gateway/hostNode.ts";
import { REFERENCE_CONFIG } from "../../../config/support.ts";
import { CN_ID, hostEntry, SG_ID } from "../../../support/fakeDeps.ts";

export { CN_ID, hostEntry, SG_ID } from "../../../support/fakeDeps.ts";

export interface Situation {
  /** `plugins.entries.node-router.config`; default: the reference rules. */
  readonly router?: unknown;
  /** The gateway's config; default: three agents without any setting. */
  readonly host?: unknown;
  /** The host's list of nodes; default: mac-sg and mac-cn. Null: it was never read. */
  readonly nodes?: readonly object[] | null;
  /** What was observed; default: nothing. */
  readonly presence?: readonly NodePresence[];
  readonly doctor?: Partial<
    Pick<
      DoctorInput,
      | "hooks"
      | "counters"
      | "missedAgents"
      | "strangeTools"
      | "workspace"
      | "audit"
      | "sources"
      | "lastNodes"
      | "ssh"
      | "sshFaults"
      | "discovery"
      | "tunnels"
      | "peers"
    >
  >;
}

export const NOW_MS = Date.UTC(2026, 0, 31, 8);

export const NODES = [hostEntry("mac-sg", SG_ID), hostEntry("mac-cn", CN_ID)];

/** `agents.entries` with these agents, and master. */
export function hostOf(agents: Record<string, unknown>, more: object = {}): object {
  return { agents: { entries: { master: {}, "worker-cn": {}, "worker-sg": {}, ...agents } }, ...more };
}

/** One rule for worker-sg among the reference nodes. */
export function ruleFor(changes: object): object {
  return {
    ...REFERENCE_CONFIG,
    rules: [{ name: "singapore", agents: ["worker-sg"], require: "region=sg", ...changes }],
  };
}

export function inputOf({
  router = REFERENCE_CONFIG,
  host = hostOf({}),
  nodes = NODES,
  presence: records = [],
  doctor,
}: Situation = {}) {
  const config = resolveConfig(router);
  const hostNodes = (nodes ?? []).map(readHostNode).filter((node): node is HostNode => node !== null);
  const presence = new Map(records.map((record) => [record.node, record]));
  const snapshot = buildSnapshot(
    config.nodes,
    nodes === null ? null : { nodes: hostNodes, takenAtMs: 1_000 },
    presence,
  );
  const input: DoctorInput = {
    config,
    hostConfig: host,
    hostNodes,
    snapshot,
    hooks: "live",
    counters: createCounters(),
    missedAgents: new Set(),
    strangeTools: [],
    workspace: { apiProblem: null },
    audit: null,
    presence,
    ssh: [],
    sources: [],
    lastNodes: NO_LAST_NODES,
    nowMs: NOW_MS,
    ...doctor,
  };
  return input;
}

export function plansOf(situation: Situation = {}): readonly GuardPlan[] {
  const { config, hostConfig, snapshot } = inputOf(situation);
  return planGuard(config, hostConfig, snapshot);
}

/** The plan of worker-sg; its absence is a failure. */
export function planOf(situation: Situation = {}): GuardPlan {
  const plan = plansOf(situation).find(({ agent }) => agent === "worker-sg");
  if (plan === undefined) throw new Error("worker-sg has no guard plan");
  return plan;
}

/** The same host config after `guard` was run in this situation. */
export function guarded(situation: Situation = {}): unknown {
  const draft: unknown = structuredClone(situation.host ?? hostOf({}));
  applyGuard(draft, plansOf(situation));
  return draft;
}

export function findingsOf(situation: Situation = {}): readonly Finding[] {
  return runDoctor(inputOf(situation)).findings;
}

/** What the doctor says beyond the guard of agents, which most situations leave out. */
export function oddities(situation: Situation = {}): readonly Finding[] {
  return findingsOf(situation).filter(({ id }) => !/guard-|config-agent-unknown/.test(id));
}

/** `severity id path` of each finding. */
export function linesOf(findings: readonly Finding[]): string[] {
  return findings.map(({ severity, id, path }) => `${severity} ${id} ${path}`);
}
