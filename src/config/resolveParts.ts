// Parts of the config that nodes, rules, peers and their rules have in common, as the rest of the plugin reads them.
import type { Residency } from "../nodeRouter/placement/model/residence.ts";
import type { Near } from "../nodeRouter/placement/model/rule.ts";
import type { NodeLocation } from "../shared/types.ts";
import type { LocationEntry, RuleEntry } from "./checks/written.ts";
import * as defaults from "./schema/defaults.ts";

/** Whether a part of the config has an error, by its path. */
export type IsWrong = (path: string) => boolean;

/** Null when there is none, or a wrong one. */
export function locationAt(
  path: string,
  location: LocationEntry | undefined,
  isWrong: IsWrong,
): NodeLocation | null {
  return location === undefined || isWrong(`${path}.location`) ? null : { ...location, source: "declared" };
}

/** `"gateway"` is the gateway, whatever nodes are called. */
export function nearOf(near: RuleEntry["near"]): Near | null {
  if (near === undefined) return null;
  if (typeof near !== "string") return { kind: "point", ...near };
  return near === "gateway" ? { kind: "gateway" } : { kind: "node", name: near };
}

/** Null: any place. */
export function residencyOf(residency: RuleEntry["residency"]): Residency | null {
  return residency === undefined
    ? null
    : { allow: new Set(residency.allow), egress: residency.egress ?? defaults.DEFAULT_EGRESS };
}
