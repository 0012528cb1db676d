// The gateway method by which the operator says which paired node a name stands for.

import { PLUGIN_CONFIG } from "../../../config/currentConfig.ts";
import { formatPath } from "../../../config/problems/path.ts";
import { resolveConfig } from "../../../config/resolve.ts";
import { NODE_READER } from "../../../presence/sources/gateway/nodeReader.ts";
import { messageOf, NodeRouterError } from "../../../shared/errors.ts";
import { adviceOf, refusal } from "../../../shared/refusal.ts";
import { quote } from "../../../shared/safeText.ts";
import { currentSnapshot, type SnapshotDeps } from "../../inventory/currentSnapshot.ts";
import { namedById, pairedAs } from "../../inventory/nodeIdentity.ts";
import { NODE_NAMES } from "../../inventory/nodeNames.ts";
import { type Params, readTextParam, UsageError, unknownName } from "./params.ts";

export interface PairedReport {
  readonly node: string;
  /** Of the paired node that the name stands for from now on. */
  readonly id: string;
  readonly displayName: string | null;
  /** The id that it stood for until now; null: none was known. */
  readonly before: string | null;
}

/**
 * @param params `{ node, paired }`: the id of the paired node.
 * @throws UsageError; NodeRouterError INVENTORY_UNAVAILABLE, STATE_NOT_WRITTEN
 */
export async function trustPaired(deps: SnapshotDeps, params: Params): Promise<PairedReport> {
  const config = deps.memory.part(PLUGIN_CONFIG).current ?? resolveConfig({});
  const name = readTextParam(params, "node");
  const id = readTextParam(params, "paired")?.toLowerCase() ?? null;
  if (name === null || id === null)
    throw new UsageError("trust needs a node and, as paired, the id of a paired node");
  const node = config.nodes.get(name);
  if (node === undefined) throw unknownName("node", name, config.nodes.keys(), "configured");
  const path = formatPath(["nodes", name, "node"]);
  if (node.node === null) throw new UsageError(`node ${quote(name)} has no paired node: ${path} is false`);

  await currentSnapshot(deps, config, 0);
  const named = namedById(config.nodes);
  const answering = pairedAs(node.node, deps.memory.part(NODE_READER).last()?.nodes ?? []);
  if (answering.some(({ nodeId }) => nodeId === node.node?.trim().toLowerCase())) {
    throw new UsageError(`node ${quote(name)} has its id in the config already: ${path}`);
  }
  const claimants = answering.filter(({ nodeId }) => !named.has(nodeId));
  const found = claimants.find(({ nodeId }) => nodeId === id);
  if (found === undefined) {
    const known = claimants.map(({ nodeId }) => quote(nodeId)).join(", ") || "none";
    throw new UsageError(
      `no paired node has the id ${quote(id)} and the display name ${quote(node.node)}; by that name there are ${known}`,
    );
  }
  try {
    const before = await deps.memory.part(NODE_NAMES).trust(node.node, found.nodeId);
    return { node: name, id: found.nodeId, displayName: found.displayName, before };
  } catch (cause) {
    const fact = `that node ${quote(name)} is ${quote(found.nodeId)} could not be written: ${messageOf(cause)}`;
    const advice = adviceOf("STATE_NOT_WRITTEN", { path });
    throw new NodeRouterError(refusal("STATE_NOT_WRITTEN", fact, { advice }), { cause });
  }
}
