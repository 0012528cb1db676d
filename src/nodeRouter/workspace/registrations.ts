// The parts that the workspace backend is given, and the registrations of the plugin that bring them.
import { createGap } from "../../shared/gap.ts";
import type { SessionFacts } from "../host/sandboxProblem.ts";
import type { PersonaBridge } from "../host/workspaceAccessApi.ts";
import type { SnapshotDeps } from "../inventory/currentSnapshot.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { FileBridge, FileBridgeOptions } from "./files/fileBridge.ts";
import type { Mirror, MirrorOptions } from "./mirror/mirrorOptions.ts";

/** What stands on ssh2. */
export type SshClient = typeof import("../transports/ssh/client.ts");

/** What of the host is asked, through the registration that lives. */
export interface WorkspaceDeps extends SnapshotDeps {
  readonly hostConfig: () => unknown;
  readonly sessionFacts: (agent: string, sessionKey: string) => SessionFacts | null;
  /** The agent's workspace folder on the gateway, absolute; null when the host cannot tell. */
  readonly agentWorkspace: (agent: string) => string | null;
}

/** One registration of the plugin, as far as the workspace needs it. */
export interface WorkspaceParts {
  readonly deps: WorkspaceDeps;
  /** Whether it is the one that lives as long as the plugin's config: others end with the runs they were made for. */
  readonly full: boolean;
  readonly audit: Pick<Ledger, "begin" | "end" | "announcement">;
  /** Brings skills and attachments of one run to its node. */
  readonly createMirror: (options: MirrorOptions) => Mirror;
  readonly createFileBridge: (options: FileBridgeOptions) => FileBridge;
  /** What the host reads for prompts in place of this folder of the gateway. */
  readonly persona: (folder: string) => PersonaBridge;
  /** From now on the persona files of this agent are the node's; without one, of all agents. */
  readonly bindPersona: (agent?: string) => Promise<void>;
  readonly loadSshClient: () => Promise<SshClient>;
  readonly loadDetached: () => Promise<typeof import("../jobs/detached.ts")>;
}

/** One registration's place among the others. */
export interface Registered {
  /** The host has taken it back, or is about to. */
  remove(): void;
  /** Whether a full one came after this one. */
  isReplaced(): boolean;
}

/**
 * The host takes a registration's API away when it is replaced, sometimes long before the last command of its
 * runs. So nothing keeps a registration: it is asked for here at every use.
 */
export interface Registrations {
  add(parts: WorkspaceParts): Registered;
  /** The newest full one, else the newest; null between two. */
  current(): WorkspaceParts | null;
  /** Waits for one at most this long: a reload leaves a gap of a second or two. */
  wait(ms: number): Promise<WorkspaceParts | null>;
}

/** One a process, without any registration yet. */
export function createRegistrations(): Registrations {
  const all = new Set<WorkspaceParts>();
  const gap = createGap();
  let count = 0;
  let lastFull = 0;
  const current = () => [...all].findLast(({ full }) => full) ?? [...all].at(-1) ?? null;
  return {
    current,
    add(parts) {
      count += 1;
      const own = count;
      if (parts.full) lastFull = own;
      all.add(parts);
      gap.close();
      return { remove: () => void all.delete(parts), isReplaced: () => lastFull > own };
    },
    async wait(ms) {
      if (current() === null) await gap.wait(ms);
      return current();
    },
  };
}
