// Problems of meaning in a rule's `near`. It only ranks nodes, so nothing here refuses calls.
import { quote } from "../../shared/safeText.ts";
import { didYouMean } from "../../shared/suggest.ts";
import { type ConfigProblem, configWarning } from "../problems/problem.ts";
import type { RuleEntry, WrittenConfig } from "./written.ts";

interface RuleWithNear {
  readonly path: string;
  readonly entry: Pick<RuleEntry, "near" | "agents">;
}

/** Nodes that do not exist, or whose distance may never be known. */
export function* checkNear({
  nodes,
  rules,
}: Pick<WrittenConfig, "nodes"> & { readonly rules: readonly RuleWithNear[] }): Generator<ConfigProblem> {
  const byName = new Map(nodes.map(({ name, entry }) => [name, entry]));
  for (const { path: rulePath, entry } of rules) {
    const { near, agents } = entry;
    const path = `${rulePath}.near`;
    if (near === "gateway" && byName.has("gateway")) {
      const message = '"gateway" means the machine that the gateway runs on, not the node of that name';
      yield configWarning({ code: "NEAR_AMBIGUOUS", path, message, agents });
    }
    if (typeof near !== "string" || near === "gateway") continue;
    const node = byName.get(near);
    if (node === undefined) {
      const message = `no node is named ${quote(near)} under nodes, so no node counts as near`;
      const suggestion = didYouMean(near, ["gateway", ...byName.keys()]);
      yield configWarning({ code: "NEAR_UNKNOWN_NODE", path, message, suggestion, agents });
    } else if (node.location?.country === undefined && node.location?.latitude === undefined) {
      const message = `node ${quote(near)} declares neither coordinates nor a country, so distances from it are known only while its place can be inferred`;
      yield configWarning({ code: "NEAR_WITHOUT_PLACE", path, message, agents });
    }
  }
}
