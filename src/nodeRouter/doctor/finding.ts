// What a doctor finding is, and what the checks look at.
import type { ResolvedConfig } from "../../config/resolve.ts";
import type { NodePresence, SourceHealth } from "../../presence/contract.ts";
import type { HostNode } from "../../presence/hostNode.ts";
import type { AuditState } from "../audit/audit.ts";
import type { Counters } from "../counters.ts";
import type { LastNodes } from "../lastNodes.ts";
import type { Liveness } from "../liveness.ts";
import type { NodeSnapshot } from "../placement/snapshot.ts";

export interface Finding {
  /** `node-router/<kebab-name>`, stable. */
  readonly id: string;
  /** `error`: calls are refused or may go wrong. `warning`: they may, one day. `info`: good to know. */
  readonly severity: "error" | "warning" | "info";
  /** What is wrong, on what, with the observed fact. */
  readonly message: string;
  /** Config key in full; null when it is not about config. */
  readonly path: string | null;
  /** What to do. */
  readonly fix: string;
}

export interface DoctorInput {
  readonly config: ResolvedConfig;
  readonly hostConfig: unknown;
  readonly snapshot: NodeSnapshot;
  readonly hostNodes: readonly HostNode[];
  readonly hooks: Liveness;
  readonly counters: Counters;
  readonly missedAgents: ReadonlySet<string>;
  /** Null: nothing was audited in this process. */
  readonly audit: AuditState | null;
  /** Why the host's sandbox API cannot be used; null while nothing speaks against it. */
  readonly workspace: { readonly apiProblem: string | null };
  /** By inventory name; empty before the nodes are observed. */
  readonly presence: ReadonlyMap<string, NodePresence>;
  /** Nodes whose login gives no session that a command could run in, and why; absent: not asked. */
  readonly sshFaults?: ReadonlyMap<string, string>;
  /** Who observes the nodes, and whether they can. */
  readonly sources: readonly SourceHealth[];
  /** Where the agents' calls ran until now. */
  readonly lastNodes: Pick<LastNodes, "of">;
  /** Epoch ms. */
  readonly nowMs: number;
}

/** One question; an empty list is a clean answer. */
export type Check = (input: DoctorInput) => readonly Finding[];

export function finding(
  name: string,
  severity: Finding["severity"],
  message: string,
  fix: string,
  path: string | null = null,
): Finding {
  return { id: `node-router/${name}`, severity, message, path, fix };
}
