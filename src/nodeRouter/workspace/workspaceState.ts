// The workspace's part of the process: everything that a process has once and that outlives a reload.
import type { HostLogger } from "../../shared/logger.ts";
import { definePart } from "../../shared/processMemory.ts";
import type { ExecServer } from "./exec/server.ts";
import { createMirrorMemory, type MirrorMemory } from "./mirror/mirrorMemory.ts";
import { createReadAheads, type ReadAheads } from "./readAheads.ts";
import { createRegistrations, type Registrations } from "./registrations.ts";

export interface WorkspaceState {
  /** Of the newest registration, for what outlives it. */
  hostLogger: HostLogger | null;
  readonly readAheads: ReadAheads;
  /** What was brought to the nodes. */
  readonly mirrored: MirrorMemory;
  /**
   * Null until the first command. Later instances of the plugin use the one that is there: when its interface
   * changes, the part's version must too.
   */
  server: ExecServer | null;
  /** Takes the backend back from the host; null while it is not registered. */
  unregister: (() => void) | null;
  readonly registrations: Registrations;
}

export const WORKSPACE = definePart("workspace", 3, createWorkspaceState);

function createWorkspaceState(): WorkspaceState {
  return {
    hostLogger: null,
    readAheads: createReadAheads(),
    mirrored: createMirrorMemory(),
    server: null,
    unregister: null,
    registrations: createRegistrations(),
  };
}
