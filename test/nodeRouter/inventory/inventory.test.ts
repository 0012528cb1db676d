// Which paired machine a configured node is, and what is known of it then.
import { describe, expect, test } from "vitest";
import { resolveConfig } from "../../../src/config/resolve.ts";
import { buildSnapshot, pairedAs } from "../../../src/nodeRouter/inventory/inventory.ts";
import { type NodeSnapshot, UNKNOWN_CAPACITY } from "../../../src/nodeRouter/placement/model/snapshot.ts";
import type { HostNode } from "../../../src/presence/sources/gateway/hostNode.ts";

const ID = "1d".repeat(32);
const OTHER_ID = "07".repeat(32);

function paired(nodeId: string, changes: Partial<HostNode> = {}): HostNode {
  return {
    nodeId,
    displayName: "mac-sg",
    platform: "darwin",
    remoteIp: null,
    connected: true,
    approval: "approved",
    commands: ["system.run"],
    connectedAtMs: 100,
    lastSeenAtMs: 100,
    version: null,
    stats: null,
    ...changes,
  };
}

function snapshotWith(nodes: unknown, ...host: HostNode[]): NodeSnapshot {
  return buildSnapshot(resolveConfig({ nodes }).nodes, { nodes: host, takenAtMs: 5 });
}

/** `name=id(+ghosts)` of each node. */
function places(snapshot: NodeSnapshot): string[] {
  return snapshot.nodes.map(
    ({ name, nodeId, ghostIds }) =>
      `${name}=${nodeId}${ghostIds.length === 0 ? "" : `(+${ghostIds.join(",")})`}`,
  );
}

test("nodes that offer the same commands share one set of them, and who offers another one does not", () => {
  const ids = ["a", "b", "c", "d"];
  const offers = [["x", "y"], ["x", "y"], ["x"], ["x,y"]];
  const host = ids.map((id, at) => paired(id, { displayName: id, commands: offers[at] ?? [] }));
  const sets = snapshotWith({}, ...host).nodes.map(({ commands }) => commands);
  expect(sets.map((set) => [...set])).toEqual(offers);
  expect(sets[1]).toBe(sets[0]);
});

describe("joining", () => {
  test("by display name when the config names none, without regard to case and punctuation, as the host does", () => {
    expect(places(snapshotWith({ "mac-sg": {} }, paired("a", { displayName: "Mac SG" })))).toEqual([
      "mac-sg=a",
    ]);
    expect(places(snapshotWith({ "mac-sg": {} }, paired("a", { displayName: "mac-sgp" })))).toEqual([
      "mac-sg=null",
      "mac-sgp=a",
    ]);
  });

  test("by id, and then no display name is looked at", () => {
    const host = [paired(ID, { displayName: "renamed" }), paired("b", { displayName: "sg" })];
    expect(places(snapshotWith({ sg: { node: ID } }, ...host))).toEqual([`sg=${ID}`, "b=b"]);
  });

  test("node: false joins nothing, also when a machine has its name", () => {
    expect(places(snapshotWith({ "mac-sg": { node: false } }, paired("a")))).toEqual(["mac-sg=null", "a=a"]);
  });

  test("a joined node has the config's tags, place and workspace, and the host's facts", () => {
    const config = {
      "mac-sg": { tags: ["region=sg"], location: { country: "SG" }, workspace: "/w", ssh: {} },
    };
    const [node] = snapshotWith(config, paired("a")).nodes;
    expect(node).toEqual({
      name: "mac-sg",
      nodeId: "a",
      configured: true,
      tags: new Map([
        ["region", "sg"],
        ["node.name", "mac-sg"],
        ["node.os", "macos"],
        ["node.transport", "node-ssh"],
        ["node.country", "SG"],
      ]),
      online: true,
      sshReachable: null,
      rttMs: null,
      capacity: UNKNOWN_CAPACITY,
      approval: "approved",
      awaitsReapproval: false,
      commands: new Set(["system.run"]),
      ssh: true,
      transport: "auto",
      workspace: "/w",
      location: { country: "SG", source: "declared" },
      residence: {
        country: "SG",
        by: { words: "declared", atMs: null },
        disputes: [],
        agrees: null,
        egress: null,
        lapsed: null,
      },
      taints: [],
      ghostIds: [],
      doubt: null,
      cordon: null,
    });
  });

  test("a paired node that nobody configured keeps a place of its own, without configured tags", () => {
    const [node] = snapshotWith({}, paired("a", { platform: "win32" })).nodes;
    expect(node).toMatchObject({ name: "mac-sg", nodeId: "a", configured: false, workspace: null });
    expect(node?.tags).toEqual(
      new Map([
        ["node.name", "mac-sg"],
        ["node.os", "windows"],
        ["node.transport", "node"],
      ]),
    );
  });

  test("a node that is configured by its id is not also the node of an entry that names its display name", () => {
    const config = { sg: { node: ID, tags: ["region=sg"] }, cn: { node: "mac-sg", tags: ["region=cn"] } };
    expect(places(snapshotWith(config, paired(ID)))).toEqual([`sg=${ID}`, "cn=null"]);
  });
});

describe("what is not known", () => {
  test("presence of a paired node that the host is silent about is null, not false", () => {
    expect(snapshotWith({ "mac-sg": {} }, paired("a", { connected: null })).nodes[0]?.online).toBe(null);
    expect(snapshotWith({ "mac-sg": {} }, paired("a", { connected: false })).nodes[0]?.online).toBe(false);
  });

  test("a machine with SSH that is not paired is neither up nor down: the host's list says nothing about it", () => {
    const [ssh, plain] = snapshotWith({ a: { node: false, ssh: {} }, b: { node: false } }).nodes;
    expect(ssh).toMatchObject({ online: null, approval: "unpaired" });
    expect(plain).toMatchObject({ online: false, approval: "unpaired" });
  });

  test("before the first list nothing is known; after a list without it, the node is unpaired and offline", () => {
    const { nodes } = resolveConfig({ nodes: { "mac-sg": {} } });
    expect(buildSnapshot(nodes, null)).toMatchObject({
      takenAtMs: null,
      nodes: [{ nodeId: null, online: null, approval: "unknown" }],
    });
    expect(snapshotWith({ "mac-sg": {} })).toMatchObject({
      takenAtMs: 5,
      nodes: [{ nodeId: null, online: false, approval: "unpaired" }],
    });
  });

  test.each([
    ["approved", "approved"],
    ["pending-reapproval", "approved"],
    ["pending-approval", "pending"],
    ["unapproved", "pending"],
    ["unknown", "unknown"],
  ] as const)("the host's %s is %s", (approval, expected) => {
    expect(snapshotWith({ "mac-sg": {} }, paired("a", { approval })).nodes[0]?.approval).toBe(expected);
  });
});

describe("ghosts", () => {
  const old = paired("old", { connected: false, connectedAtMs: 900, lastSeenAtMs: 900 });

  test("the connected one wins over one that was connected later, and the others are reported", () => {
    expect(places(snapshotWith({ "mac-sg": {} }, old, paired("new")))).toEqual(["mac-sg=new(+old)"]);
  });

  test("of several that are offline the newest wins, by connect, then by contact, then by id", () => {
    const offline = (id: string, connectedAtMs: number, lastSeenAtMs: number) =>
      paired(id, { connected: false, connectedAtMs, lastSeenAtMs });
    expect(places(snapshotWith({ "mac-sg": {} }, offline("a", 1, 9), offline("b", 2, 1)))).toEqual([
      "mac-sg=b(+a)",
    ]);
    expect(places(snapshotWith({ "mac-sg": {} }, offline("a", 2, 1), offline("b", 2, 9)))).toEqual([
      "mac-sg=b(+a)",
    ]);
    expect(places(snapshotWith({ "mac-sg": {} }, offline("b", 2, 2), offline("a", 2, 2)))).toEqual([
      "mac-sg=a(+b)",
    ]);
  });

  test.each(["pending-approval", "unapproved", "unknown"] as const)(
    "a newer namesake with approval %s never takes the place of a usable one",
    (approval) => {
      const namesake = paired("intruder", { approval, connectedAtMs: 999 });
      expect(places(snapshotWith({ "mac-sg": {} }, namesake, paired("real")))).toEqual([
        "mac-sg=real(+intruder)",
      ]);
    },
  );

  test("namesakes that nobody configured share one place too, while only one of them works", () => {
    expect(places(snapshotWith({}, old, paired("new")))).toEqual(["mac-sg=new(+old)"]);
  });
});

describe("two usable machines of one name", () => {
  const real = paired(ID, { connectedAtMs: 1 });
  const other = paired(OTHER_ID, { displayName: "MAC sg!", connectedAtMs: 2 });

  test("are ambiguous: neither has the entry, its tags or its place, whichever connected later", () => {
    const config = { "mac-sg": { tags: ["region=sg"], workspace: "/w" } };
    expect(snapshotWith(config, real, other).nodes).toMatchObject([
      {
        name: "mac-sg",
        nodeId: null,
        online: null,
        approval: "unknown",
        commands: new Set(),
        ghostIds: [OTHER_ID, ID],
        doubt: { kind: "ambiguous", ids: [OTHER_ID, ID], knownId: null },
      },
    ]);
  });

  test("are none any more once the entry has the id of one, in capitals or not", () => {
    for (const node of [ID, ID.toUpperCase(), ` ${ID} `]) {
      const { nodes } = snapshotWith({ "mac-sg": { node, tags: ["region=sg"] } }, real, other);
      expect(nodes.map(({ name, nodeId, doubt }) => [name, nodeId, doubt])).toEqual([
        ["mac-sg", ID, null],
        ["MAC sg!", OTHER_ID, null],
      ]);
    }
  });

  test("that nobody configured are two nodes, each under its id", () => {
    const twin = { ...other, displayName: "mac-sg" };
    const old = paired("old", { connected: false });
    expect(places(snapshotWith({}, real, twin, old))).toEqual([
      `${OTHER_ID}=${OTHER_ID}(+old)`,
      `${ID}=${ID}`,
    ]);
  });

  test("do not become one by a third that may do nothing", () => {
    const pending = paired("new", { approval: "pending-approval" });
    expect(snapshotWith({ "mac-sg": {} }, real, pending).nodes[0]).toMatchObject({ nodeId: ID, doubt: null });
  });
});

describe("names that want to be something else", () => {
  test("an id is never read as a display name, also when the machine with that id is gone", () => {
    const intruder = paired("intruder", { displayName: ID });
    expect(pairedAs(ID, [intruder])).toEqual([]);
    expect(places(snapshotWith({ sg: { node: ID } }, intruder))).toEqual(["sg=null", `${ID}=intruder`]);
  });

  test("a machine that calls itself by another's id gets neither its name nor its place", () => {
    const nameless = paired(ID, { displayName: null });
    const intruder = paired(OTHER_ID, { displayName: ID });
    expect(places(snapshotWith({}, nameless, intruder))).toEqual([`${OTHER_ID}=${OTHER_ID}`, `${ID}=${ID}`]);
  });

  test("no two nodes have one name, whatever the config calls its own", () => {
    const config = { [ID]: { node: false }, "mac-sg": { node: false } };
    expect(places(snapshotWith(config, paired(ID)))).toEqual([
      `${ID}=null`,
      "mac-sg=null",
      `${ID} (2)=${ID}`,
    ]);
  });

  test.each(["__proto__", "constructor", "toString"])("%s is a name like any other", (displayName) => {
    const [node] = snapshotWith({}, paired("a", { displayName })).nodes;
    expect(node).toMatchObject({ name: displayName, nodeId: "a" });
    expect(node?.tags.get("node.name")).toBe(displayName);
  });

  test("a name of punctuation alone is only like itself", () => {
    expect(pairedAs("--", [paired("a", { displayName: "!!" })])).toEqual([]);
    expect(pairedAs("!!", [paired("a", { displayName: "!!" })])).toHaveLength(1);
  });
});
