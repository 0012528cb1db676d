// What a set-up asks of the gateway: the questions and answers of the method `noderouter.setup`, as types.

import type { TrustReport } from "../transports/ssh/connect/trust.ts";
import type { ProbeReport } from "../transports/ssh/probe.ts";
import type { TunnelStatus } from "../tunnels/tunnelStatus.ts";
import type { ConfigChange, WrittenValue } from "./configChange.ts";
import type { NodeTask } from "./nodeTasks.ts";

/** What the gateway knows before anything is done. */
export interface SetupLook {
  /** Of the plugin, and of OpenClaw on the gateway, with the port that it listens on. */
  readonly version: string;
  readonly openclaw: string;
  readonly port: number;
  /** `nodes.<node>` as it is in force, without its secrets; null: there is none. */
  readonly entry: Readonly<Record<string, unknown>> | null;
  readonly rules: readonly string[];
  /** Of the agents that were asked about. */
  readonly agents: readonly {
    readonly agent: string;
    readonly exists: boolean;
    /** The rule that speaks for its exec; null: none does. */
    readonly rule: string | null;
  }[];
  /** Paired nodes that the name may stand for, and the one that was asked about by its id. */
  readonly paired: readonly PairedLook[];
  /** Null: none is in the config. */
  readonly tunnel: TunnelStatus | null;
}

export interface PairedLook {
  readonly id: string;
  /** Null: not known. */
  readonly connected: boolean | null;
  readonly approved: boolean;
  /** Whether it takes commands (`system.run`). */
  readonly exec: boolean;
}

/** For a machine that fetches the package from the gateway over SSH. */
export interface SetupPackage {
  /** The archive on the gateway, absolute. */
  readonly file: string;
  /** The gateway machine for people, its SSH port, and the user that runs the gateway. */
  readonly address: string;
  readonly sshPort: number;
  readonly user: string;
}

/** What the change would write into the config in force; empty: it is there. */
export interface SetupPlan {
  readonly values: readonly WrittenValue[];
  /** What would be wrong with the config then and is not now; each a sentence with its path. */
  readonly problems: readonly string[];
}

/** What is seen of where a machine is: no more than a guess, and what it is from. */
export interface PlaceGuess {
  readonly country: string;
  readonly why: string;
}

/** What came of a task on the node. */
export interface TaskAnswer {
  readonly ok: boolean;
  /** Bounded; as the node sent it. */
  readonly stdout: string;
  /** Why it is not ok; null when it is. */
  readonly problem: string | null;
}

/** A machine that need not be in the config yet, by the change that would put it there. */
export interface SetupDraft {
  readonly change: ConfigChange;
}

/** Each may reject with what the gateway's client throws. */
export interface SetupGateway {
  /** @param device id of a paired node. */
  look(node: string, agents: readonly string[], device?: string): Promise<SetupLook>;
  plan(change: ConfigChange): Promise<SetupPlan>;
  /** Resolves when the file is written; it is in force a moment later. */
  write(change: ConfigChange): Promise<readonly WrittenValue[]>;
  /** Resolves with what stays, because somebody has changed it since. */
  takeBack(values: readonly WrittenValue[]): Promise<readonly string[]>;
  trust(draft: SetupDraft, fingerprint: string | null): Promise<TrustReport>;
  probe(draft: SetupDraft): Promise<ProbeReport>;
  /** @param facts what the task of that name printed; null: nothing. */
  guess(draft: SetupDraft, facts: string | null): Promise<PlaceGuess | null>;
  /** The line of authorized_keys for the key that the gateway offers; null: it has none that could be read. */
  keyLine(draft: SetupDraft, tunnelPort: number | null): Promise<string | null>;
  onNode(draft: SetupDraft, task: NodeTask, args?: readonly string[], input?: string): Promise<TaskAnswer>;
}
