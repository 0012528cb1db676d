// Doctor: rules that rely on what a node says of itself.
import { formatPath } from "../../../config/problems/path.ts";
import type { ResolvedConfig } from "../../../config/resolve.ts";
import type { ConfiguredNode } from "../../../config/resolveNodes.ts";
import type { ConfiguredRule } from "../../../config/resolveRules.ts";
import { quote } from "../../../shared/safeText.ts";
import type { NodeLocation } from "../../../shared/types.ts";
import { CHOSEN_TAGS } from "../../inventory/factTrust.ts";
import { BUILTIN_KEY } from "../../placement/selector/builtinTags.ts";
import type { Requirement } from "../../placement/selector/selector.ts";
import { type DoctorCheck, type Finding, finding, found } from "./finding.ts";

export const checkTrust: DoctorCheck = ({ config }) =>
  config.rules.flatMap((rule) => found(required(config, rule), preferred(config, rule)));

/** A condition that a node which was taken over meets, or escapes, by a word of its own. */
function required(config: ResolvedConfig, { name, index, require }: ConfiguredRule): Finding | null {
  const keys = chosenKeys(config, require?.requirements ?? []);
  if (keys.length === 0) return null;
  return finding(
    "rule-trusts-node",
    "warning",
    `rule ${quote(name)} requires ${keys.join(", ")}, which a node says of itself: one that was taken over can say what the rule asks for`,
    "require a tag that you gave the nodes; what a node says of itself is good for a preference",
    formatPath(["rules", index, "require"]),
  );
}

function preferred(config: ResolvedConfig, { name, index, prefer }: ConfiguredRule): Finding | null {
  const keys = chosenKeys(
    config,
    prefer.flatMap(({ selector }) => selector.requirements),
  );
  if (keys.length === 0) return null;
  return finding(
    "rule-prefers-by-node",
    "info",
    `rule ${quote(name)} prefers by ${keys.join(", ")}, which a node says of itself: one that was taken over can make itself preferred among the nodes that fit`,
    "nothing to do, if every node that fits may run these calls",
    formatPath(["rules", index, "prefer"]),
  );
}

function chosenKeys(config: ResolvedConfig, requirements: readonly Requirement[]): readonly string[] {
  const chosen = requirements.filter((requirement) => isChosen(config, requirement)).map(({ key }) => key);
  return [...new Set(chosen)];
}

/** `=`, `in` and a bare key are met by a claim; `!=`, `notin` and `!key` by leaving it out, or by another one. */
function isChosen({ nodes }: ResolvedConfig, { key, operator, values }: Requirement): boolean {
  if (!CHOSEN_TAGS.includes(key)) return false;
  // A name of the config is nobody else's; one that is ruled out is left by whoever renames itself.
  if (key === BUILTIN_KEY.name) {
    return !(operator === "=" || operator === "in") || values.some((value) => !nodes.has(value));
  }
  const part = DECLARED[key];
  // A place that the operator declared for every node is no node's to choose.
  return (
    part === undefined || nodes.size === 0 || [...nodes.values()].some((node) => !isDeclared(node, part))
  );
}

const DECLARED: Readonly<Record<string, keyof NodeLocation>> = {
  [BUILTIN_KEY.country]: "country",
  [BUILTIN_KEY.region]: "region",
  [BUILTIN_KEY.city]: "city",
  [BUILTIN_KEY.timeZone]: "timeZone",
};

function isDeclared({ location }: ConfiguredNode, part: keyof NodeLocation): boolean {
  return location?.[part] !== undefined;
}
