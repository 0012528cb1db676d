// What holds for every list a host can give.
import fc from "fast-check";
import { expect, test } from "vitest";
import { resolveConfig } from "../../../src/config/resolve.ts";
import { buildSnapshot } from "../../../src/nodeRouter/inventory/inventory.ts";
import { approvalOf } from "../../../src/nodeRouter/inventory/nodeIdentity.ts";
import { type HostNode, readHostNode } from "../../../src/presence/sources/gateway/hostNode.ts";

// Few ids and names, so that they meet; names can be ids.
const IDS = ["a", "b", "c", "d".repeat(64), "e".repeat(64)];
const NAMES = ["mac-sg", "Mac SG", "mac-cn", "__proto__", "--", ...IDS];

const hostNode = fc
  .record({
    displayName: fc.option(fc.constantFrom(...NAMES)),
    connected: fc.option(fc.boolean()),
    approvalState: fc.constantFrom("approved", "pending-approval", "pending-reapproval", "odd"),
    connectedAtMs: fc.option(fc.integer({ min: 0, max: 3 })),
  })
  .chain((entry) => fc.constantFrom(...IDS).map((nodeId) => readHostNode({ ...entry, nodeId })));

const hostNodes = fc
  .uniqueArray(hostNode, { selector: (node) => node?.nodeId })
  .map((nodes) => nodes.filter((node): node is HostNode => node !== null));

const config = fc
  .dictionary(
    fc.constantFrom("mac-sg", "mac-cn", "d".repeat(64)),
    fc.record({ node: fc.constantFrom(false, "mac-sg", "a", "e".repeat(64)) }, { requiredKeys: [] }),
  )
  .map((nodes) => resolveConfig({ nodes }).nodes);

test("the order of the host's list changes nothing", () => {
  const shuffled = hostNodes.chain((nodes) =>
    fc.tuple(fc.constant(nodes), fc.shuffledSubarray(nodes, { minLength: nodes.length })),
  );
  fc.assert(
    fc.property(config, shuffled, (configured, [nodes, others]) => {
      expect(buildSnapshot(configured, { nodes: others, takenAtMs: 0 })).toEqual(
        buildSnapshot(configured, { nodes, takenAtMs: 0 }),
      );
    }),
  );
});

test("names are unique, and every paired id is there at least once: as a node or as its ghost", () => {
  fc.assert(
    fc.property(config, hostNodes, (configured, nodes) => {
      const snapshot = buildSnapshot(configured, { nodes, takenAtMs: 0 });
      const names = snapshot.nodes.map((node) => node.name);
      expect(new Set(names).size).toBe(names.length);
      const ids = snapshot.nodes.flatMap((node) => [node.nodeId, ...node.ghostIds]);
      for (const { nodeId } of nodes) expect(ids).toContain(nodeId);
    }),
  );
});

test("a configured node never has a usable ghost beside it, and what is in doubt is nobody", () => {
  fc.assert(
    fc.property(config, hostNodes, (configured, nodes) => {
      const usable = new Set(
        nodes
          .filter(({ connected, approval }) => connected === true && approvalOf(approval) === "approved")
          .map(({ nodeId }) => nodeId),
      );
      for (const node of buildSnapshot(configured, { nodes, takenAtMs: 0 }).nodes) {
        const rivals = node.ghostIds.filter((id) => usable.has(id)).sort();
        expect(rivals).toEqual(node.doubt === null ? [] : node.doubt.ids);
        expect(node.doubt === null || node.nodeId === null).toBe(true);
      }
    }),
  );
});
