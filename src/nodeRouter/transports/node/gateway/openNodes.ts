// Puts the node transport together for the real host: once a process, whatever reloads come.
import { join } from "node:path";
import { messageOf } from "../../../../shared/errors.ts";
import type { Logger } from "../../../../shared/logger.ts";
import type { Memory } from "../../../../shared/processMemory.ts";
import { stateFile } from "../../../../shared/stateFile.ts";
import { NODE_TRANSPORT } from "../../nodeTransport.ts";
import { createCommandJournal } from "./commandJournal.ts";
import { createNodeTransport } from "./createNodeTransport.ts";
import { NODE_CALLS } from "./nodeCalls.ts";
import type { OnOrphan } from "./orphans.ts";

export interface OpenNodesDeps {
  readonly memory: Memory;
  readonly log: Logger;
  readonly onOrphan: OnOrphan;
}

/**
 * The transport outlives the registration that made it, with the commands that run; it loads nothing later.
 * @param stateFolder the host's: `api.runtime.state.resolveStateDir()`
 */
export function openNodes(stateFolder: string, { memory, log, onOrphan }: OpenNodesDeps): void {
  const file = join(stateFolder, "node-router", "node-commands.json");
  const journal = (): ReturnType<typeof createCommandJournal> =>
    createCommandJournal(stateFile(file), (error) => {
      try {
        log.warn({ file, reason: messageOf(error) }, "running commands cannot be kept in a file");
      } catch {
        // The host takes a replaced registration's logger away.
      }
    });
  memory.part(NODE_TRANSPORT).current ??= createNodeTransport({
    calls: memory.part(NODE_CALLS),
    journal: journal(),
    onOrphan,
  });
}
