// An A2A 1.0 agent card: made for one peer with what it may ask here, and read with what may be asked there. Pure.
import { fieldOf, itemsOf } from "../../../shared/jsonParts.ts";
import { isPrintable } from "../../../shared/safeText.ts";
import { type CardExtension, EXTENSION } from "./wire.ts";

/** What a peer says of itself. */
export interface ReadCard {
  /** Agents that may be asked, by their ids. */
  readonly agents: readonly string[];
  /** Null: it is no gateway with this plugin. */
  readonly extension: CardExtension | null;
}

const MAX_AGENTS = 1_000;
const MAX_ID = 256;

/** @param url where this card's JSON-RPC interface is, as the peer reached it */
export function writeCard(url: string, extension: CardExtension): object {
  return {
    name: extension.name,
    description: "An OpenClaw gateway that takes tasks for its agents.",
    version: extension.pluginVersion,
    supportedInterfaces: [{ url, protocolBinding: "JSONRPC", protocolVersion: "1.0" }],
    capabilities: {
      streaming: false,
      pushNotifications: false,
      extendedAgentCard: true,
      extensions: [
        {
          uri: EXTENSION,
          description: "A message is done once at most, can be found and fenced, and polls may wait.",
          required: false,
          params: extension,
        },
      ],
    },
    securitySchemes: { peer: { httpAuthSecurityScheme: { scheme: "Bearer" } } },
    securityRequirements: [{ schemes: { peer: { list: [] } } }],
    defaultInputModes: ["text/plain"],
    defaultOutputModes: ["text/plain"],
    skills: extension.agents.map((id) => ({
      id,
      name: id,
      description: `Agent ${id} of this gateway; several: name it in message.metadata.agent.`,
      tags: ["openclaw"],
    })),
  };
}

/** @returns null for what is no card */
export function readCard(given: unknown): ReadCard | null {
  const capabilities = fieldOf(given, "capabilities");
  if (idIn(given, "name") === null || capabilities === undefined) return null;
  const ours = itemsOf(fieldOf(capabilities, "extensions")).find((one) => fieldOf(one, "uri") === EXTENSION);
  const extension = readExtension(fieldOf(ours, "params"));
  const skills = itemsOf(fieldOf(given, "skills")).slice(0, MAX_AGENTS);
  return { agents: extension?.agents ?? skills.flatMap((skill) => idIn(skill, "id") ?? []), extension };
}

function readExtension(params: unknown): CardExtension | null {
  const gateway = idIn(params, "gateway");
  const nowMs = countIn(params, "nowMs");
  if (gateway === null || nowMs === null) return null;
  return {
    gateway,
    name: idIn(params, "name") ?? "",
    pluginVersion: idIn(params, "pluginVersion") ?? "",
    agents: itemsOf(fieldOf(params, "agents")).slice(0, MAX_AGENTS).filter(isName),
    running: countIn(params, "running") ?? 0,
    queued: countIn(params, "queued") ?? 0,
    maxRunning: countIn(params, "maxRunning") ?? 0,
    maxQueued: countIn(params, "maxQueued") ?? 0,
    maxMinutes: countIn(params, "maxMinutes") ?? 0,
    maxTaskBytes: countIn(params, "maxTaskBytes") ?? 0,
    // Who does not say that it takes tasks takes none.
    draining: fieldOf(params, "draining") !== false,
    nowMs,
  };
}

function idIn(holder: unknown, key: string): string | null {
  const value = fieldOf(holder, key);
  return isName(value) ? value : null;
}

function isName(value: unknown): value is string {
  return typeof value === "string" && value !== "" && value.length <= MAX_ID && isPrintable(value);
}

function countIn(holder: unknown, key: string): number | null {
  const value = fieldOf(holder, key);
  return typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : null;
}
