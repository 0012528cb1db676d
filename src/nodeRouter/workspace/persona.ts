// Puts the parts for persona files together: connections, audit, registrations of the plugin.
import type { Logger } from "../../shared/logger.ts";
import type { Memory } from "../../shared/processMemory.ts";
import { requireStillAllowed } from "../current/stillAllowed.ts";
import type { WorkspaceAccessApi } from "../host/workspaceAccessApi.ts";
import { fileAudit } from "./fileAudit.ts";
import { neverSent, sendScript } from "./files.ts";
import { RELOAD_GAP_MS } from "./loadSshClient.ts";
import { nodeCommands } from "./nodeCommands.ts";
import { bindPersonas, PERSONA, type PersonaNow } from "./persona/bindings.ts";
import type { Owner } from "./persona/owner.ts";
import { createPersonaFiles } from "./persona/personaFiles.ts";
import type { WorkspaceParts } from "./registrations.ts";
import { WORKSPACE } from "./workspaceState.ts";

/**
 * @param probe asks the host whether it can bind folders
 * @param readMs for one trip that reads; default: as `createPersonaFiles` has it
 * @returns what a registration adds to its parts
 */
export function openPersona(
  { deps, audit, createFileBridge }: Pick<WorkspaceParts, "deps" | "audit" | "createFileBridge">,
  log: Logger,
  probe: () => Promise<WorkspaceAccessApi>,
  readMs?: number,
): Pick<WorkspaceParts, "persona" | "bindPersona"> {
  const { memory } = deps;
  const current = registered(memory);
  const asked = probe().then((host) => {
    memory.part(PERSONA).bind = host.ok ? host.bind : null;
    memory.part(PERSONA).problem = host.ok ? null : host.reason;
  });
  return {
    bindPersona: (agent) => asked.then(() => bindPersonas(deps, current, log, agent)),
    persona: createPersonaFiles({
      deps,
      log,
      createFileBridge,
      ...(readMs === undefined ? {} : { readMs }),
      runOn:
        ({ agent, place, sessionKey }: Owner) =>
        async (request, limits) => {
          try {
            requireStillAllowed(memory, agent, place.node.name);
            return await sendScript(nodeCommands(memory, place, sessionKey), place.node, request, limits);
          } catch (error) {
            return neverSent(error);
          }
        },
      audited: ({ agent, sessionKey, place: { node, placement, via } }) =>
        fileAudit({
          agent,
          sessionKey,
          where: () => ({ node: node.name, rule: placement.rule, transport: via.over }),
          audit: () => audit,
        }),
    }),
  };
}

/** Knows nothing but the process's memory. */
function registered(memory: Memory): PersonaNow {
  return async (patient) => {
    const { registrations } = memory.part(WORKSPACE);
    return (await registrations.wait(patient ? RELOAD_GAP_MS : 0))?.persona ?? null;
  };
}
