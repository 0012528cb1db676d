// Problems of meaning in a rule's `near`. It only ranks nodes, so nothing here refuses calls.
import { quote } from "../../shared/safeText.ts";
import { didYouMean } from "../../shared/suggest.ts";
import type { ConfigDraft } from "../drafts/draft.ts";
import { type ConfigProblem, configWarning } from "../problems/problem.ts";

/** Nodes that do not exist, or whose distance may never be known. */
export function* checkNear({ nodes, rules }: ConfigDraft): Generator<ConfigProblem> {
  const byName = new Map(nodes.map((node) => [node.name, node]));
  for (const { near, path: rulePath, agents } of rules) {
    const path = `${rulePath}.near`;
    if (near?.kind === "gateway" && byName.has("gateway")) {
      const message = '"gateway" means the machine that the gateway runs on, not the node of that name';
      yield configWarning({ code: "NEAR_AMBIGUOUS", path, message, agents });
    }
    if (near?.kind !== "node") continue;
    const node = byName.get(near.name);
    if (node === undefined) {
      const message = `no node is named ${quote(near.name)} under nodes, so no node counts as near`;
      const suggestion = didYouMean(near.name, ["gateway", ...byName.keys()]);
      yield configWarning({ code: "NEAR_UNKNOWN_NODE", path, message, suggestion, agents });
    } else if (
      node.location === null ||
      (node.location.country === null && node.location.latitude === null)
    ) {
      const message = `node ${quote(near.name)} declares neither coordinates nor a country, so distances from it are known only while its place can be inferred`;
      yield configWarning({ code: "NEAR_WITHOUT_PLACE", path, message, agents });
    }
  }
}
