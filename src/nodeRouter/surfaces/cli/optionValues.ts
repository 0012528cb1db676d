// The values that a shell offers behind an option: OpenClaw writes them into its completion script as it finds them then.
import { PRESENCE_STATES } from "../../../presence/freshness.ts";
import { itemsOf } from "../../../shared/jsonParts.ts";
import { agentIds, section } from "../../host/hostConfig.ts";
import { OUTCOMES } from "../../ledger/readCalls.ts";
import { USAGE_BY } from "../../usage/spending.ts";
import { DELEGATION_WORDS } from "./delegationsCommand.ts";
import { formatsOf, sortFields } from "./listing.ts";
import type { Verb } from "./verb.ts";
import { type CommandName, VERBS } from "./verbs.ts";
import { AWAITED } from "./waitCommand.ts";

/** Names of the config. Which other nodes are paired only the gateway knows. */
export interface OfferedNames {
  readonly agents: readonly string[];
  readonly nodes: readonly string[];
  readonly rules: readonly string[];
  readonly peers: readonly string[];
}

/** A script is read at every start of a shell. */
const MAX_OFFERED = 200;
/** SECURITY: they are written into a script of the shell. */
const PLAIN = /^[A-Za-z0-9][A-Za-z0-9._@-]{0,100}$/;

/** @param hostConfig OpenClaw's whole config. */
export function offeredNames(hostConfig: unknown): OfferedNames {
  const own = section(hostConfig, "plugins", "entries", "node-router", "config");
  const keys = (key: string) => plain(Object.keys(section(own, key)));
  const rules = itemsOf(own.rules).flatMap((rule) => {
    const { name } = section(rule);
    return typeof name === "string" ? [name] : [];
  });
  return {
    agents: plain(agentIds(hostConfig)),
    nodes: keys("nodes"),
    rules: plain(rules),
    peers: keys("peers"),
  };
}

function plain(names: readonly string[]): readonly string[] {
  return [...new Set(names)].filter((name) => PLAIN.test(name)).slice(0, MAX_OFFERED);
}

/** What may stand behind the option of that attribute; null: anything. */
export function valuesOf(
  command: CommandName,
  option: string,
  names: OfferedNames,
): readonly string[] | null {
  const { list }: Verb = VERBS[command];
  switch (option) {
    case "agent":
      return names.agents;
    case "node":
      return names.nodes;
    case "rule":
      return names.rules;
    case "peer":
      return names.peers;
    case "outcome":
      return OUTCOMES;
    case "state":
      return command === "delegations" ? DELEGATION_WORDS : list === "nodes" ? PRESENCE_STATES : null;
    case "output":
      return formatsOf(list);
    case "sort":
      return list !== undefined ? sortFields(list).flatMap((field) => [field, `${field}:desc`]) : null;
    case "by":
      return command === "usage" ? USAGE_BY : null;
    case "for":
      return command === "wait" ? Object.keys(AWAITED) : null;
    default:
      return null;
  }
}
