// Problems of meaning in the tags of a node, or of a peer.
import { keyProblem, printTag, reservedPrefix } from "../../nodeRouter/placement/selector/tags.ts";
import { quote } from "../../shared/safeText.ts";
import { type ConcernedAgents, type ConfigProblem, configError } from "../problems/problem.ts";
import { keysMeant } from "./concern.ts";
import type { WrittenNode } from "./written.ts";

/**
 * Tags that cannot be read, that only the plugin may set, or that say two things at once.
 * @param agentsOf whom a fault of tags with these keys concerns; null: with any key.
 */
export function* checkTags(
  node: Pick<WrittenNode, "path" | "parsedTags">,
  agentsOf: (keys: readonly string[] | null) => ConcernedAgents,
  noun: "node" | "peer" = "node",
): Generator<ConfigProblem> {
  const first = new Map<string, string>();
  for (const [index, { text, tag }] of node.parsedTags.entries()) {
    const path = `${node.path}.tags[${index}]`;
    if (!tag.ok) {
      const agents = agentsOf(keysMeant(text, keyProblem));
      yield configError({ code: "TAG_INVALID", path, message: tag.message, agents });
      continue;
    }
    const { key, value } = tag;
    const prefix = reservedPrefix(key);
    if (prefix !== null) {
      const message = `tag ${quote(text)}: tags that begin with "${prefix}" are found by the plugin and cannot be set`;
      yield configError({ code: "TAG_RESERVED", path, message, agents: agentsOf([key]) });
      continue;
    }
    const before = first.get(key);
    if (before === undefined) {
      first.set(key, value);
    } else if (before !== value) {
      const message = `tag ${quote(text)} contradicts tag ${quote(printTag(key, before))} of the same ${noun}`;
      yield configError({ code: "TAG_CONFLICT", path, message, agents: agentsOf([key]) });
    }
  }
}
