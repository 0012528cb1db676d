// The workspace's part of the shared state: everything that a process has once and that outlives a reload.
import type { HostLogger } from "../../shared/logger.ts";
import type { Audit } from "../audit/audit.ts";
import { createSessionNodes, type SessionNodes } from "../state/sessionNodes.ts";
import { createWorkspaceCalls, type WorkspaceCalls } from "../state/workspaceCalls.ts";
import type { SshTransport } from "../transports/transport.ts";
import type { ExecServer } from "./exec/server.ts";
import { createMirrorMemory, type MirrorMemory } from "./mirror/mirrorMemory.ts";
import { createReadAheads, type ReadAheads } from "./readAheads.ts";
import { createRegistrations, type Registrations } from "./registrations.ts";

export interface WorkspaceState {
  /** Why the host's sandbox API cannot be used; null while nothing speaks against it. */
  apiProblem: string | null;
  /** All SSH connections; null until the first registration that may open some. */
  transport: SshTransport | null;
  /** Records of commands and file changes: one writer a process. Null until the first registration. */
  audit: Audit | null;
  /** Of the newest registration, for what outlives it. */
  hostLogger: HostLogger | null;
  /** exec calls between the tool policy and the backend. */
  readonly calls: WorkspaceCalls;
  /** Which node each session is on; `told` once the agent knows of a move. */
  readonly placements: SessionNodes;
  readonly readAheads: ReadAheads;
  /** What was brought to the nodes. */
  readonly mirrored: MirrorMemory;
  /**
   * Null until the first command. Later instances of the plugin use the one that is there: when its interface
   * changes, the shared state's version must too.
   */
  server: ExecServer | null;
  /** Takes the backend back from the host; null while it is not registered. */
  unregister: (() => void) | null;
  readonly registrations: Registrations;
}

/** Before the first registration: no connection, no audit, no backend. */
export function createWorkspaceState(): WorkspaceState {
  return {
    apiProblem: null,
    transport: null,
    audit: null,
    hostLogger: null,
    calls: createWorkspaceCalls(),
    placements: createSessionNodes(),
    readAheads: createReadAheads(),
    mirrored: createMirrorMemory(),
    server: null,
    unregister: null,
    registrations: createRegistrations(),
  };
}
