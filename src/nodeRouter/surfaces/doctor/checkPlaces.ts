// Doctor: places that contradict each other, and rules that rely on a guess.
import { formatPath } from "../../../config/problems/path.ts";
import type { ConfiguredRule } from "../../../config/resolveRules.ts";
import { disagreement } from "../../../presence/location/disagreement.ts";
import { quote } from "../../../shared/safeText.ts";
import type { NodeTags } from "../../../shared/types.ts";
import type { NodeState } from "../../placement/model/snapshot.ts";
import { BUILTIN_KEY, PLACE_KEYS } from "../../placement/selector/builtinTags.ts";
import { matches, type Requirement } from "../../placement/selector/selector.ts";
import { type DoctorCheck, type DoctorInput, type Finding, finding } from "./finding.ts";

export const checkPlaces: DoctorCheck = (input) => [
  ...input.config.rules.flatMap((rule) => trustsInferred(input, rule)),
  ...disagreements(input),
];

/** A rule's `require` is a promise, which a guessed place cannot keep. */
function trustsInferred(
  { snapshot }: DoctorInput,
  { name, index, require }: ConfiguredRule,
): readonly Finding[] {
  if (require === null || !require.requirements.some(({ key }) => PLACE_KEYS.includes(key))) return [];
  const found = (nodes: readonly NodeState[], message: string): readonly Finding[] => {
    if (nodes.length === 0) return [];
    const named = nodes.map((node) => `${quote(node.name)} (${node.location?.source ?? "unknown"})`);
    return [
      finding(
        "rule-trusts-inferred-place",
        "warning",
        `rule ${quote(name)} ${message}: ${named.join(", ")}`,
        "declare where these nodes are: plugins.entries.node-router.config.nodes.<name>.location; or require a tag of yours",
        formatPath(["rules", index, "require"]),
      ),
    ];
  };
  const guessed = snapshot.nodes.filter(
    (node) => matches(require, node.tags) && !matches(require, tagsByWord(node)),
  );
  const isRuledOut = ({ operator, key }: Requirement) =>
    ["!=", "notin", "notexists"].includes(operator) && PLACE_KEYS.includes(key);
  // A place that nobody knows, as after every start, is not ruled out: a missing tag matches.
  const notKeptOut = snapshot.nodes.filter((node) => {
    const tags = tagsByWord(node);
    return (
      matches(require, tags) && require.requirements.some((one) => isRuledOut(one) && !tags.has(one.key))
    );
  });
  return [
    ...found(guessed, "requires a place that nobody declared, so a wrong guess sends calls elsewhere"),
    ...found(
      notKeptOut,
      "rules a place out, and nobody declared where these nodes are, so calls go there whenever that is not known",
    ),
  ];
}

/** Of the tags that say where a node is, only those that the operator said. */
function tagsByWord(node: NodeState): NodeTags {
  const { location } = node;
  const isDeclared = location?.source === "declared";
  const tags = new Map(node.tags);
  for (const key of PLACE_KEYS) {
    const isWord = isDeclared && (key !== BUILTIN_KEY.timeZone || location.timeZone !== undefined);
    if (!isWord) tags.delete(key);
  }
  return tags;
}

function disagreements({ config, presence }: DoctorInput): readonly Finding[] {
  return [...presence.values()].flatMap((record) => {
    // A record of an older config disagrees with words that are gone.
    if (config.nodes.get(record.node)?.location == null) return [];
    // A clock's zone is a setting, which a laptop keeps on its way.
    const others = record.otherPlaces.filter(({ source }) => source !== "timezone");
    const words = disagreement(record.location, others);
    if (words === null) return [];
    return [
      finding(
        "location-disagrees",
        "warning",
        `the place of node ${quote(record.node)} is in doubt: ${words}`,
        "correct the location, or the node's route; the declared place is used, and a rule with residency gives the node no calls",
        `${formatPath(["nodes", record.node])}.location`,
      ),
    ];
  });
}
