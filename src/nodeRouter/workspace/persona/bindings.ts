// Binds agents' folders on the gateway, once a process each, to whatever registration of the plugin lives.
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { messageOf, NodeRouterError } from "../../../shared/errors.ts";
import type { Logger } from "../../../shared/logger.ts";
import { definePart } from "../../../shared/processMemory.ts";
import { refusal } from "../../../shared/refusal.ts";
import { quote, safe } from "../../../shared/safeText.ts";
import { agentIds, bindingOf } from "../../host/hostConfig.ts";
import { type BindFolder, ONBOARDING_FILE, type PersonaBridge } from "../../host/workspaceAccessApi.ts";
import { agentsOf, type OwnerDeps } from "./owner.ts";

export interface Bindings {
  /** Null until the host was asked, and in one that cannot bind. */
  bind: BindFolder | null;
  /** Why the host cannot; null while nothing speaks against it. */
  problem: string | null;
  /** The host never frees one, so neither do we. */
  readonly bound: Set<string>;
  /** Folders that stay the gateway's, and why. */
  readonly left: Map<string, string>;
}

/** Of the process, as the host's own table is. */
export const PERSONA = definePart<Bindings>("persona", 1, () => ({
  bind: null,
  problem: null,
  bound: new Set(),
  left: new Map(),
}));

/** What stands behind the bound folders, by folder; null while there is none, which only the patient wait for. */
export type PersonaNow = (patient: boolean) => Promise<((folder: string) => PersonaBridge) | null>;

/**
 * Binds the folder of every agent whose workspace is on a node, or of this one alone. What is bound stays so; a folder
 * that another agent has on the gateway is left alone. Never throws.
 * @param current outlives the registration whose it is, so it loads nothing and keeps nothing of it
 * @param only this agent
 */
export function bindPersonas(deps: OwnerDeps, current: PersonaNow, log: Logger, only?: string): void {
  const persona = deps.memory.part(PERSONA);
  if (persona.bind === null) return;
  const config = deps.hostConfig();
  const agents = only === undefined ? agentIds(config) : [only];
  const before = new Map(persona.left);
  // What was in the way of agents that are bound no more is in nobody's way.
  if (only === undefined) persona.left.clear();
  for (const agent of agents.filter((id) => bindingOf(config, id) === "workspace")) {
    const own = deps.agentWorkspace(agent);
    const folder = own === null ? null : resolve(own);
    if (folder === null || persona.bound.has(folder)) continue;
    const reason = bindOne(deps, current, persona.bind, folder);
    if (reason === null) {
      persona.bound.add(folder);
      persona.left.delete(folder);
      if (existsSync(join(folder, ONBOARDING_FILE))) {
        log.warn(
          { agent, folder },
          `OpenClaw takes the ${ONBOARDING_FILE} of this folder for an onboarding that is still to be done, while the agent works on its node: remove it`,
        );
      }
    } else {
      persona.left.set(folder, reason);
      if (before.get(folder) === reason) continue;
      log.warn(
        { agent, folder, reason },
        "the prompt's files are read on the gateway, and not on the agent's node",
      );
    }
  }
}

/** @returns why not; null: it is bound */
function bindOne(deps: OwnerDeps, current: PersonaNow, bind: BindFolder, folder: string): string | null {
  const config = deps.hostConfig();
  const other = agentsOf(deps, folder).find((agent) => bindingOf(config, agent) !== "workspace");
  if (other !== undefined)
    return `agent ${quote(other)} has the same folder and its workspace on the gateway`;
  try {
    bind(folder, delegate(current, folder));
    return null;
  } catch (error) {
    return safe(messageOf(error));
  }
}

/** Outlives the registration that made it, so it does nothing but ask for the one that lives. */
function delegate(current: PersonaNow, folder: string): PersonaBridge {
  let isGone = false;
  const now = async (): Promise<PersonaBridge> => {
    // Waited for once: a turn reads six files, and the plugin may be gone for good.
    const persona = await current(!isGone);
    isGone = persona === null;
    if (persona !== null) return persona(folder);
    const fact = "node-router is being reloaded or was disabled";
    const advice = "Try again, or restart the gateway if it is to stay disabled";
    throw new NodeRouterError(refusal("WORKSPACE_UNAVAILABLE", fact, { advice, agentAdvice: advice }));
  };
  return {
    readFileWithSource: async (params) => (await now()).readFileWithSource(params),
    readFile: async (params) => (await now()).readFile(params),
    writeFile: async (params) => (await now()).writeFile(params),
    stat: async (params) => (await now()).stat(params),
    readDirectory: async (params) => (await now()).readDirectory(params),
  };
}
