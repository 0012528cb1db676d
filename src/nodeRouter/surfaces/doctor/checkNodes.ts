// Doctor: nodes that are not paired, have a name in doubt, wait for approval or have ghosts.
import { formatPath } from "../../../config/problems/path.ts";
import type { HostNode } from "../../../presence/sources/gateway/hostNode.ts";
import { quote } from "../../../shared/safeText.ts";
import { pairedAs } from "../../inventory/inventory.ts";
import { doubtFix, doubtText } from "../../inventory/nameDoubt.ts";
import type { NameDoubt, NodeSnapshot } from "../../placement/model/snapshot.ts";
import { type DoctorCheck, type Finding, finding, found } from "./finding.ts";

export const checkNodes: DoctorCheck = ({ config, snapshot, hostNodes }) => [
  ...snapshot.nodes.flatMap((node) => {
    const path = node.configured ? formatPath(["nodes", node.name]) : null;
    const wanted = config.nodes.get(node.name)?.node ?? null;
    const name = quote(node.name);
    // A node that the config does not name may be none of our business.
    const severity = node.configured ? "warning" : "info";
    return found(
      node.configured && wanted !== null && node.approval === "unpaired" && !node.ssh
        ? unpairedFinding(node.name, wanted, snapshot, hostNodes)
        : null,
      node.approval === "pending"
        ? finding(
            "node-pending",
            severity,
            `node ${name} waits for approval and can run nothing until then`,
            'see "openclaw nodes pending", then "openclaw nodes approve <request>"',
            path,
          )
        : null,
      node.doubt === null ? null : doubtFinding(node.name, node.doubt, path === null ? null : `${path}.node`),
      node.doubt === null && node.ghostIds.length > 0
        ? finding(
            "node-ghost",
            severity,
            `node ${name} shares its display name with ${node.ghostIds.length} other paired id(s), ${node.ghostIds.map((id) => id.slice(0, 12)).join(", ")}; ${(node.nodeId ?? "none").slice(0, 12)} is used`,
            'remove the old pairing with "openclaw nodes remove --node <id>", or set node to the id you mean',
            path,
          )
        : null,
    );
  }),
];

/** A configured node that none of the paired ones is. */
function unpairedFinding(
  name: string,
  wanted: string,
  { nodes }: NodeSnapshot,
  hostNodes: readonly HostNode[],
): Finding {
  const namesakes = pairedAs(wanted, hostNodes).map(({ nodeId }) => nodeId);
  const owner = nodes.find(({ nodeId }) => nodeId !== null && namesakes.includes(nodeId));
  return finding(
    "node-not-paired",
    "warning",
    owner === undefined
      ? `node ${quote(name)} is configured, but no paired node has the id or display name ${quote(wanted)}`
      : `node ${quote(name)} is configured, but the paired node ${quote(wanted)} is ${quote(owner.name)}, which names it by id`,
    owner === undefined
      ? `start "openclaw node run" there with that --display-name and pair it, or set this key to what "openclaw nodes status" shows`
      : "set this key to the id of the node you mean, or remove one of the two",
    `${formatPath(["nodes", name])}.node`,
  );
}

function doubtFinding(node: string, doubt: NameDoubt, path: string | null): Finding {
  const [text, fix] = [doubtText(node, doubt), doubtFix(node, doubt)];
  switch (doubt.kind) {
    case "ambiguous":
      return finding("node-ambiguous", "error", text, fix, path);
    case "moved":
      return finding("node-moved", "error", text, fix, path);
    case "forgotten":
      return finding("node-forgotten", "error", text, fix, path);
    case "taken":
      return finding("node-taken", "error", text, fix, path);
  }
}
