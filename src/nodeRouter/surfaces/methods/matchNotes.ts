// What an edit of the config makes of nodes for rules and for calls without one, also where no call goes elsewhere for that now.
import { type ResolvedConfig, resolveConfig } from "../../../config/resolve.ts";
import { NODE_READER } from "../../../presence/sources/gateway/nodeReader.ts";
import { fieldOf } from "../../../shared/jsonParts.ts";
import { quote } from "../../../shared/safeText.ts";
import { sameData } from "../../../shared/sameData.ts";
import { snapshotBy } from "../../inventory/currentSnapshot.ts";
import { NODE_NAMES } from "../../inventory/nodeNames.ts";
import type { Rule } from "../../placement/model/rule.ts";
import type { NodeSnapshot } from "../../placement/model/snapshot.ts";
import { COMMAND_NEEDS } from "../../placement/model/way.ts";
import { placeByRule } from "../../placement/place.ts";
import { closedNodes } from "../../policy/untolerated.ts";
import type { RouterDeps } from "../../process/deps.ts";
import { namesList } from "./namesList.ts";

const ASKED = {
  agent: "",
  tool: "exec",
  commands: [],
  needs: COMMAND_NEEDS,
  binding: "exec",
  current: null,
} as const;

interface Side {
  readonly config: ResolvedConfig;
  readonly snapshot: NodeSnapshot;
}

/**
 * Rules that mean another node then, by tags, place and taints, or one no longer; nodes that calls without a rule are kept
 * off no longer. @param before the plugin's config; @param after as it would be.
 */
export function matchNotes(deps: RouterDeps, before: unknown, after: unknown): readonly string[] {
  const sideOf = (written: unknown): Side => {
    const { memory } = deps;
    const config = resolveConfig(written);
    const known = memory.part(NODE_NAMES).known();
    return { config, snapshot: snapshotBy(deps, config, memory.part(NODE_READER).last(), known) };
  };
  const [was, is] = [sideOf(before), sideOf(after)];
  const [had, has] = [namesOf(was), namesOf(is)];
  const entry = (written: unknown, name: string) => fieldOf(fieldOf(written, "nodes"), name);
  // Of thousands of nodes few change.
  const changed = new Set(
    [...had, ...has].filter(
      (name) => had.has(name) !== has.has(name) || !sameData(entry(before, name), entry(after, name)),
    ),
  );
  if (changed.size === 0) return [];
  const ofRules = is.config.rules.flatMap((rule) => {
    const same = was.config.rules.find(({ name }) => name === rule.name);
    if (same === undefined) return [];
    const [meant, means] = [meantBy(same, was, changed), meantBy(rule, is, changed)];
    return [
      ...told(`rule ${quote(rule.name)} then matches also`, meant, means),
      ...told(`rule ${quote(rule.name)} then matches no longer`, means, meant),
    ];
  });
  const open = ({ config, snapshot }: Side): readonly string[] => {
    const closed = closedNodes(config, snapshot);
    return snapshot.nodes.flatMap(({ name }) => (changed.has(name) && !closed.includes(name) ? [name] : []));
  };
  return [...ofRules, ...told("calls without a rule are then no longer kept off", open(was), open(is))];
}

function namesOf({ snapshot }: Side): ReadonlySet<string> {
  return new Set(snapshot.nodes.map(({ name }) => name));
}

/** Of the nodes that changed those that the rule means, whether they can be used now or not. */
function meantBy(rule: Rule, { snapshot }: Side, changed: ReadonlySet<string>): readonly string[] {
  const nodes = snapshot.nodes.filter(({ name }) => changed.has(name));
  return placeByRule(rule, ASKED, { ...snapshot, nodes })
    .candidates()
    .flatMap(({ node, reason }) => (reason?.about === "rule" ? [] : [node]));
}

function told(words: string, from: readonly string[], to: readonly string[]): readonly string[] {
  const names = to.filter((name) => !from.includes(name));
  return names.length === 0 ? [] : [`${words} ${namesList(names)}`];
}
