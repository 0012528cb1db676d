// What each filter removes, what it leaves, and which reason a node gets when several would do.
import { describe, expect, test } from "vitest";
import { PLUGIN_COMMAND } from "../../../src/nodeRouter/placement/filters/plugin.ts";
import type { PlacementRequest } from "../../../src/nodeRouter/placement/model/decision.ts";
import type { Rule } from "../../../src/nodeRouter/placement/model/rule.ts";
import type { NodeState } from "../../../src/nodeRouter/placement/model/snapshot.ts";
import { place } from "../../../src/nodeRouter/placement/place.ts";
import { WORKSPACE_COMMAND } from "../../../src/nodeRouter/transports/node/wire.ts";
import { makeNode } from "../../support/makeNode.ts";
import { makeRequest, makeRule, selectorOf, snapshotOf, tagsOf } from "./arrange.ts";

const WORKSPACE = makeRequest({ binding: "workspace", commands: [] });
const SSH_ONLY: Partial<NodeState> = {
  nodeId: null,
  approval: "unpaired",
  online: null,
  commands: new Set(),
};

/** The reason of one node; null when it fits. */
function reasonFor(
  node: Partial<NodeState>,
  request: PlacementRequest = makeRequest(),
  rule: Rule = makeRule(),
): string | null {
  const [candidate] = place(request, snapshotOf(makeNode(node)), [rule]).candidates();
  return candidate?.reason?.one ?? null;
}

test("the complete node fits both bindings, so that every reason below comes from the one change", () => {
  expect(reasonFor({})).toBe(null);
  expect(reasonFor({}, WORKSPACE)).toBe(null);
});

describe("selector", () => {
  const rule = makeRule({ require: selectorOf(" region in (sg, hk) ") });

  test("removes a node that doesn't match, in the words of the config", () => {
    expect(reasonFor({ tags: tagsOf("region=cn") }, makeRequest(), rule)).toBe(
      'didn\'t match "region in (sg, hk)"',
    );
  });

  test("leaves a node that matches", () => {
    expect(reasonFor({ tags: tagsOf("region=hk") }, makeRequest(), rule)).toBe(null);
  });

  test("a rule without require means every node, also one without tags", () => {
    expect(reasonFor({ tags: tagsOf() })).toBe(null);
  });
});

describe("transport of an exec binding", () => {
  test("removes a node that is only reachable over SSH, and does not blame pairing", () => {
    expect(reasonFor(SSH_ONLY)).toBe("was reachable only over SSH");
  });

  test('removes a paired node whose transport is "ssh", also when it is offline', () => {
    expect(reasonFor({ transport: "ssh" })).toBe("was reachable only over SSH");
    expect(reasonFor({ transport: "ssh", online: false })).toBe("was reachable only over SSH");
  });

  test("leaves a paired node that also has SSH, and one without", () => {
    expect(reasonFor({ ssh: true })).toBe(null);
    expect(reasonFor({ ssh: false })).toBe(null);
    expect(reasonFor({ ssh: true, transport: "node" })).toBe(null);
  });
});

describe("transport of a workspace binding", () => {
  test.each([
    ["no SSH", { ssh: false }],
    ['transport "node", SSH or not', { transport: "node" as const }],
  ])("asks a paired node that has %s for the plugin, and for nothing of SSH", (_, node) => {
    expect(reasonFor(node, WORKSPACE)).toBe("had no node-router plugin");
    expect(reasonFor({ ...node, commands: new Set([PLUGIN_COMMAND]) }, WORKSPACE)).toBe(null);
  });

  test('takes SSH where it is configured and transport is "auto", and the node protocol where it is not', () => {
    const transportOf = (node: Partial<NodeState>) => {
      const commands = new Set([PLUGIN_COMMAND]);
      return place(WORKSPACE, snapshotOf(makeNode({ ...node, commands })), [makeRule()]).transport;
    };
    expect(transportOf({ ssh: true })).toBe("ssh");
    expect(transportOf({ ssh: false })).toBe("node");
    expect(transportOf({ ssh: true, transport: "node" })).toBe("node");
  });

  test("does not take the node protocol for SSH that is down: the session would have another way each time", () => {
    const node = { sshReachable: false, commands: new Set([PLUGIN_COMMAND]) };
    expect(reasonFor(node, WORKSPACE)).toBe("was offline");
  });

  test("says of a node without any way that it has neither", () => {
    expect(reasonFor({ ...SSH_ONLY, ssh: false }, WORKSPACE)).toBe(
      "was neither paired nor configured with SSH",
    );
    expect(reasonFor({ ...SSH_ONLY, transport: "node" }, WORKSPACE)).toBe("was not paired");
  });

  test.each([
    ["is not paired", SSH_ONLY],
    ["is paired but offline", { online: false }],
    ["waits for approval", { approval: "pending" as const }],
    ["offers no commands", { commands: new Set<string>() }],
    ['has transport "ssh"', { transport: "ssh" as const }],
  ])("leaves a node with SSH that %s: SSH needs none of the node protocol", (_, node) => {
    expect(reasonFor(node, WORKSPACE)).toBe(null);
  });
});

describe("paired", () => {
  test("removes a node that the host does not know", () => {
    expect(reasonFor({ nodeId: null, ssh: false })).toBe("was not paired");
    expect(reasonFor({ approval: "unpaired", ssh: false })).toBe("was not paired");
  });

  test('does not say "only over SSH" of an unpaired node whose transport is "node"', () => {
    expect(reasonFor({ nodeId: null, ssh: true, transport: "node" })).toBe("was not paired");
  });
});

describe("approval", () => {
  test("removes a node that waits, before asking for commands that it cannot offer yet", () => {
    expect(reasonFor({ approval: "pending", commands: new Set() })).toBe("was waiting for approval");
  });

  test("an unknown approval is not reported as waiting", () => {
    expect(reasonFor({ approval: "unknown" })).toBe("had unknown approval");
  });
});

describe("presence", () => {
  test("removes a node that is offline", () => {
    expect(reasonFor({ online: false })).toBe("was offline");
  });

  test("an unknown presence is not treated as offline, nor as online", () => {
    expect(reasonFor({ online: null })).toBe("had unknown presence");
  });
});

describe("command", () => {
  test("names the first command that is missing, not the first that is needed", () => {
    const request = makeRequest({ commands: ["system.run", "camera.snap", "location.get"] });
    expect(reasonFor({}, request)).toBe('didn\'t offer "camera.snap"');
  });

  test("leaves a node that offers every command, and any node when none is needed", () => {
    expect(reasonFor({ commands: new Set(["system.run"]) })).toBe(null);
    expect(reasonFor({ commands: new Set() }, makeRequest({ commands: [] }))).toBe(null);
  });
});

describe("plugin", () => {
  const paired = { ssh: false, commands: new Set(["system.run"]) };

  test("removes a node that lacks the plugin, and one whose new commands wait for approval in other words", () => {
    expect(reasonFor(paired, WORKSPACE)).toBe("had no node-router plugin");
    expect(reasonFor({ ...paired, awaitsReapproval: true }, WORKSPACE)).toBe(
      "offered no node-router plugin and had commands that wait for approval",
    );
  });

  test("leaves a node whose plugin is approved while something else of it waits", () => {
    const node = { ...paired, commands: new Set([PLUGIN_COMMAND]), awaitsReapproval: true };
    expect(reasonFor(node, WORKSPACE)).toBe(null);
  });

  test("is not asked of exec alone, nor of a node that is offline and so offers nothing", () => {
    expect(reasonFor(paired)).toBe(null);
    expect(reasonFor({ ...paired, online: false, commands: new Set() }, WORKSPACE)).toBe("was offline");
  });

  test("knows the command by the name that the wire has", () => {
    expect(PLUGIN_COMMAND).toBe(WORKSPACE_COMMAND);
  });
});

test("a node that fails every question gives the reason that the operator must mend first", () => {
  const rule = makeRule({ require: selectorOf("region=sg") });
  const worst = {
    nodeId: null,
    ssh: false,
    approval: "pending",
    online: false,
    commands: new Set<string>(),
  } as const;
  const order = [
    reasonFor({ ...worst, tags: tagsOf() }, makeRequest(), rule),
    reasonFor({ ...worst, transport: "ssh" }, makeRequest(), rule),
    reasonFor(worst, makeRequest(), rule),
    reasonFor({ ...worst, nodeId: "ab12" }, makeRequest(), rule),
    reasonFor({ ...worst, nodeId: "ab12", approval: "approved" }, makeRequest(), rule),
    reasonFor({ ...worst, nodeId: "ab12", approval: "approved", online: true }, makeRequest(), rule),
  ];
  expect(order).toEqual([
    'didn\'t match "region=sg"',
    "was reachable only over SSH",
    "was not paired",
    "was waiting for approval",
    "was offline",
    'didn\'t offer "system.run"',
  ]);
});

describe("cordon", () => {
  const cordon = { by: "alice", reason: "disk", atMs: 1, untilMs: null, drain: false, move: false };

  test("removes a cordoned node over every protocol, before it is asked whether it is there, and leaves one that is not", () => {
    for (const request of [makeRequest(), WORKSPACE]) {
      expect(reasonFor({ cordon }, request)).toBe("was cordoned");
      expect(reasonFor({ cordon, online: false, sshReachable: false }, request)).toBe("was cordoned");
      expect(reasonFor({ cordon: "unreadable" }, request)).toBe("had a cordon record that cannot be read");
      expect(reasonFor({ cordon: null }, request)).toBe(null);
    }
  });

  test("counts only nodes that the rule means", () => {
    const rule = makeRule({ require: selectorOf("region=cn") });
    expect(reasonFor({ cordon }, makeRequest(), rule)).toBe('didn\'t match "region=cn"');
  });

  test("is waited for by sessions whose files are there, unless the operator lets them go elsewhere", () => {
    const passing = (node: Partial<NodeState>) =>
      place(WORKSPACE, snapshotOf(makeNode(node)), [makeRule()]).candidates()[0]?.passing;
    expect(passing({ cordon })).toBe("is cordoned");
    expect(passing({ cordon: { ...cordon, move: true } })).toBe(null);
    expect(passing({ cordon: "unreadable" })).toBe("has a cordon record that cannot be read");
  });
});
