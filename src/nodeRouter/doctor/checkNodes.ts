// Doctor: configured nodes that are not paired, wait for approval, have ghosts, or share a machine.
import { formatPath } from "../../config/path.ts";
import { quote } from "../../safeText.ts";
import { type Check, finding } from "./finding.ts";

export const checkNodes: Check = ({ config, snapshot }) => [
  ...snapshot.nodes.flatMap((node) => {
    const path = node.configured ? formatPath(["nodes", node.name]) : null;
    const wanted = config.nodes.get(node.name)?.node ?? null;
    const name = quote(node.name);
    // Of a node that the config does not name, only another machine's owner need know.
    const severity = node.configured ? "warning" : "info";
    const found = [];
    if (node.configured && wanted !== null && node.approval === "unpaired" && !node.ssh) {
      found.push(
        finding(
          "node-not-paired",
          "warning",
          `node ${name} is configured, but no paired node has the id or display name ${quote(wanted)}`,
          `start "openclaw node run" there with that --display-name and pair it, or set this key to what "openclaw nodes status" shows`,
          path === null ? null : `${path}.node`,
        ),
      );
    }
    if (node.approval === "pending") {
      found.push(
        finding(
          "node-pending",
          severity,
          `node ${name} waits for approval and can run nothing until then`,
          'see "openclaw nodes pending", then "openclaw nodes approve <request>"',
          path,
        ),
      );
    }
    if (node.ghostIds.length > 0) {
      found.push(
        finding(
          "node-ghost",
          severity,
          `node ${name} shares its display name with ${node.ghostIds.length} other paired id(s), ${node.ghostIds.map((id) => id.slice(0, 12)).join(", ")}; ${(node.nodeId ?? "none").slice(0, 12)} is used`,
          'remove the old pairing with "openclaw nodes remove --node <id>", or set node to the id you mean',
          path,
        ),
      );
    }
    return found;
  }),
  ...sharedMachines(snapshot.nodes),
];

/** One machine under two names carries two sets of tags, and one of them may be untrue. */
function sharedMachines(nodes: Parameters<Check>[0]["snapshot"]["nodes"]): ReturnType<Check> {
  const names = new Map<string, string[]>();
  for (const node of nodes) {
    if (node.nodeId !== null) names.set(node.nodeId, [...(names.get(node.nodeId) ?? []), node.name]);
  }
  return [...names.entries()]
    .filter(([, group]) => group.length > 1)
    .map(([id, group]) =>
      finding(
        "node-claimed-twice",
        "error",
        `${group.map(quote).join(" and ")} are the same paired node ${id.slice(0, 12)}`,
        "give each its own node, or remove one",
        formatPath(["nodes"]),
      ),
    );
}
