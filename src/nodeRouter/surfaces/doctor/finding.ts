// What a doctor finding is, and what the checks look at.
import type { ResolvedConfig } from "../../../config/resolve.ts";
import type { NodePresence, SourceHealth } from "../../../presence/record.ts";
import type { HostNode } from "../../../presence/sources/gateway/hostNode.ts";
import type { AlertsHealth } from "../../alerts/alertsHealth.ts";
import type { KnownPeer } from "../../delegation/peers/knownPeers.ts";
import type { Discovery } from "../../host/discovery.ts";
import type { GateState, HostedRecords } from "../../hostedSessions/hostedSession.ts";
import type { CordonView } from "../../inventory/cordons.ts";
import type { LedgerState } from "../../ledger/ledger.ts";
import type { Liveness } from "../../liveness/liveness.ts";
import type { NodeSnapshot } from "../../placement/model/snapshot.ts";
import type { Counters } from "../../state/counters.ts";
import type { LastNodes } from "../../state/lastNodes.ts";
import type { StrangeTool } from "../../toolCatalog/strangeTools.ts";
import type { TunnelStatus } from "../../tunnels/tunnelStatus.ts";
import type { Bindings } from "../../workspace/persona/bindings.ts";

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
  /** Tools of other plugins that routed agents called; left out: none. */
  readonly strangeTools?: readonly StrangeTool[];
  /** Null: nothing was audited in this process. */
  readonly audit: LedgerState | null;
  /** Why the host's sandbox API cannot be used; null while nothing speaks against it. */
  readonly workspace: {
    readonly apiProblem: string | null;
    /** Whose persona files stay on the gateway: all agents' (`problem`), or those of these folders; absent: not asked. */
    readonly persona?: Pick<Bindings, "problem" | "left">;
  };
  /** By inventory name; empty before the nodes are observed. */
  readonly presence: ReadonlyMap<string, NodePresence>;
  /** What ssh says of each node with SSH settings; empty where nobody asked. */
  readonly ssh: readonly SshLook[];
  /** Nodes whose login gives no session that a command could run in, and why; absent: not asked. */
  readonly sshFaults?: ReadonlyMap<string, string>;
  /** Those of the config, by inventory name; absent: not asked. */
  readonly tunnels?: ReadonlyMap<string, TunnelStatus>;
  /** What each peer told, by name; absent: nobody asks them. */
  readonly peers?: ReadonlyMap<string, KnownPeer>;
  /** Where the gateway is by its environment; absent: not asked. */
  readonly discovery?: Discovery;
  /** Who observes the nodes, and whether they can. */
  readonly sources: readonly SourceHealth[];
  /** Sessions that run on another machine as a whole; absent: not asked. */
  readonly hosted?: HostedRecords | undefined;
  /** What stands before their turns; absent: not asked. */
  readonly turnGate?: GateState;
  /** Where the agents' calls ran until now. */
  readonly lastNodes: Pick<LastNodes, "of">;
  /** From which nodes the operator keeps calls away; absent: not asked. */
  readonly cordons?: CordonView;
  /** Whether alerts get to their chat; absent: not asked. */
  readonly alerts?: AlertsHealth;
  /** Epoch ms. */
  readonly nowMs: number;
}

/** The SSH settings of one node, as a new connection would have them now. */
export interface SshLook {
  /** Inventory name. */
  readonly node: string;
  /** Why there can be no connection, with its code; null = there can. */
  readonly problem: string | null;
  /** What of ssh_config does not count, each a sentence without its end. */
  readonly notes: readonly string[];
  /** Why ssh was not asked; null = it was. */
  readonly notAsked: string | null;
  /** The gateway user's own config, absolute; null = there is none. */
  readonly configFile: string | null;
}

/** One question; an empty list is a clean answer. */
export type DoctorCheck = (input: DoctorInput) => readonly Finding[];

/**
 * @param name kebab-case and stable: scripts know findings by it.
 * @param message the observed fact; names from outside are escaped already.
 * @param path config key in full; null: it is not about the config.
 */
export function finding(
  name: string,
  severity: Finding["severity"],
  message: string,
  fix: string,
  path: string | null = null,
): Finding {
  return { id: `node-router/${name}`, severity, message, path, fix };
}

/** Those of the answers that found something. */
export function found(...answers: readonly (Finding | null)[]): readonly Finding[] {
  return answers.filter((answer) => answer !== null);
}
