// One complete, valid node that can take any call; a test changes the one thing that it is about.
import { NO_RESIDENCE } from "../../src/nodeRouter/placement/model/residence.ts";
import { type NodeState, UNKNOWN_CAPACITY } from "../../src/nodeRouter/placement/model/snapshot.ts";

/** Paired, approved, online, in Singapore, reachable over both transports. */
export function makeNode(changes: Partial<NodeState> = {}): NodeState {
  return {
    name: "mac-sg",
    nodeId: "5a".repeat(32),
    configured: true,
    tags: new Map([
      ["region", "sg"],
      ["node.os", "macos"],
    ]),
    online: true,
    sshReachable: null,
    rttMs: null,
    capacity: UNKNOWN_CAPACITY,
    approval: "approved",
    awaitsReapproval: false,
    commands: new Set(["system.run", "system.run.prepare", "system.which"]),
    ssh: true,
    transport: "auto",
    workspace: "/Users/claw/work",
    location: { country: "SG", city: "Singapore", source: "declared" },
    residence: { ...NO_RESIDENCE, country: "SG", by: { words: "declared", atMs: null } },
    taints: [],
    ghostIds: [],
    doubt: null,
    cordon: null,
    ...changes,
  };
}
