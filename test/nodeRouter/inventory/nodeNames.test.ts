// Who a name stands for from its first sight on: nobody takes it over, nothing forgets it, and the operator can say otherwise.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import { resolveConfig } from "../../../src/config/resolve.ts";
import { identifyNodes } from "../../../src/nodeRouter/inventory/nodeIdentity.ts";
import {
  createNodeNames,
  type NodeNames,
  parseNames,
  serializeNames,
} from "../../../src/nodeRouter/inventory/nodeNames.ts";
import { type HostNode, readHostNode } from "../../../src/presence/sources/gateway/hostNode.ts";
import { sharedFile } from "../../../src/shared/stateFile.ts";
import { hostEntry } from "../../support/fakeDeps.ts";

const REAL = "aa".repeat(32);
const OTHER = "bb".repeat(32);
const CONFIG = { "mac-sg": { tags: ["region=sg"] } };

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), "node-names-"));
  folders.push(made);
  return made;
}

function host(nodeId: string, changes: object = {}): HostNode {
  const node = readHostNode(hostEntry("mac-sg", nodeId, changes));
  if (node === null) throw new Error("no node");
  return node;
}

const away = { connected: false };
const waiting = { approvalState: "pending-approval", commands: [] };

/** The first configured node after the gateway has listed these. */
function lookAt(names: NodeNames, nodes: readonly HostNode[], config: object = CONFIG) {
  const configured = resolveConfig({ nodes: config }).nodes;
  names.see(configured, nodes);
  const [first] = identifyNodes(configured, nodes, names.known());
  return first === undefined ? null : (first.host?.nodeId ?? first.doubt?.kind ?? null);
}

describe("a machine that had the name of a tainted entry and calls itself something else", () => {
  const configured = resolveConfig({
    nodes: { "mac-sg": { tags: ["region=sg"], taints: ["prod:NoExecute"] } },
  }).nodes;
  const renamed = host(REAL, { displayName: "nice" });
  const told = (names: NodeNames, list: readonly HostNode[]) =>
    identifyNodes(configured, list, names.known()).map(({ name, host: one, taints }) => [
      name,
      one?.nodeId ?? null,
      taints.map(({ key }) => key),
    ]);

  test("has its taints and nothing else of the entry, and one that never had the name has none", () => {
    const names = createNodeNames();
    names.see(configured, [host(REAL)]);
    expect(told(names, [renamed, host(OTHER, { displayName: "other" })])).toEqual([
      ["mac-sg", null, ["prod"]],
      ["nice", REAL, ["prod"]],
      ["other", OTHER, []],
    ]);
    expect(told(createNodeNames(), [renamed])[1]).toEqual(["nice", REAL, []]);
  });

  test("has none any more when the operator says that the name stands for another machine", async () => {
    const names = createNodeNames();
    names.see(configured, [host(REAL)]);
    await names.trust("mac-sg", OTHER);
    expect(told(names, [renamed, host(OTHER)])).toEqual([
      ["mac-sg", OTHER, ["prod"]],
      ["nice", REAL, []],
    ]);
  });
});

describe("a machine that had the name of one entry and calls itself like another one", () => {
  const nodes = { "mac-cn": { location: { country: "CN" } }, "mac-sg": { location: { country: "SG" } } };
  const configured = resolveConfig({ nodes }).nodes;
  const chinese = host(REAL, { displayName: "mac-cn" });
  const sg = (names: NodeNames, list: readonly HostNode[], of = configured) => {
    names.see(of, list);
    const found = identifyNodes(of, list, names.known()).find(({ name }) => name === "mac-sg");
    return found?.host?.nodeId ?? found?.doubt ?? null;
  };
  const names = () => {
    const made = createNodeNames();
    made.see(configured, [chinese]);
    return made;
  };

  test("does not become that, also when it stays alone with the name, until the operator says so", async () => {
    const known = names();
    const taken = { kind: "taken", ids: [REAL], knownId: REAL };
    expect(sg(known, [host(REAL)])).toEqual(taken);
    expect(sg(known, [host(REAL)])).toEqual(taken);
    expect(sg(known, [host(REAL), host(OTHER)])).toEqual({ ...taken, ids: [REAL, OTHER] });
    await known.trust("mac-sg", REAL);
    expect(sg(known, [host(REAL)])).toBe(REAL);
  });

  test("leaves the name to a machine that never had another one, and becomes that where its old entry is gone", () => {
    expect(sg(names(), [chinese, host(OTHER)])).toBe(OTHER);
    const alone = resolveConfig({ nodes: { "mac-sg": nodes["mac-sg"] } }).nodes;
    expect(sg(names(), [host(REAL)], alone)).toBe(REAL);
  });
});

describe("a name that was seen with an id", () => {
  test("does not move to a namesake that connects while its own machine is away", () => {
    const names = createNodeNames();
    expect(lookAt(names, [host(REAL)])).toBe(REAL);
    expect(lookAt(names, [host(REAL, away), host(OTHER, { displayName: "MAC sg!" })])).toBe("moved");
    for (const changes of [away, waiting]) {
      expect(lookAt(names, [host(REAL, away), host(OTHER, changes)])).toBe(REAL);
      expect(lookAt(names, [host(REAL), host(OTHER, changes)])).toBe(REAL);
    }
  });

  test("is nobody's while a namesake works beside it, and its own again when that has left", () => {
    const names = createNodeNames();
    lookAt(names, [host(REAL)]);
    expect(lookAt(names, [host(REAL), host(OTHER)])).toBe("ambiguous");
    expect(lookAt(names, [host(REAL), host(OTHER, waiting)])).toBe(REAL);
    expect(lookAt(names, [host(REAL)])).toBe(REAL);
  });

  test("is nobody's once its machine is paired under another id, connected or not, approved or not", () => {
    const names = createNodeNames();
    lookAt(names, [host(REAL)]);
    for (const changes of [{}, away, waiting]) expect(lookAt(names, [host(OTHER, changes)])).toBe("moved");
    expect(lookAt(names, [])).toBeNull();
    expect(lookAt(names, [host(OTHER)])).toBe("moved");
  });

  test("is nobody's when its machine calls itself otherwise and another takes the name", () => {
    const names = createNodeNames();
    lookAt(names, [host(REAL)]);
    expect(lookAt(names, [host(REAL, { displayName: "renamed" }), host(OTHER)])).toBe("moved");
  });

  test("needs no memory where the entry has the id", () => {
    const names = createNodeNames();
    lookAt(names, [host(REAL)]);
    expect(lookAt(names, [host(REAL), host(OTHER)], { "mac-sg": { node: OTHER } })).toBe(OTHER);
  });

  test("is the same one for an entry that is called or written otherwise", () => {
    const names = createNodeNames();
    lookAt(names, [host(REAL)]);
    expect(lookAt(names, [host(OTHER)], { studio: { node: "Mac SG" } })).toBe("moved");
  });
});

describe("at first sight", () => {
  test("two approved machines of one name are ambiguous, also when only one is connected", () => {
    for (const changes of [{}, away]) {
      const names = createNodeNames();
      expect(lookAt(names, [host(OTHER), host(REAL, changes)])).toBe("ambiguous");
      // When the operator has removed one pairing, the other is the first that is seen alone.
      expect(lookAt(names, [host(REAL)])).toBe(REAL);
    }
  });

  test("machines that wait for approval hold nothing up, and are not remembered", () => {
    const names = createNodeNames();
    expect(lookAt(names, [host(OTHER, waiting)])).toBe(OTHER);
    expect(lookAt(names, [host(OTHER, waiting), host(REAL)])).toBe(REAL);
    expect(lookAt(names, [host(OTHER)])).toBe("moved");
  });

  test("names that no entry has are nobody's business", () => {
    const names = createNodeNames();
    lookAt(names, [host(REAL, { displayName: "stranger" })]);
    expect(names.known().names.size).toBe(0);
  });
});

describe("the operator's word", () => {
  test("moves a name to a re-paired machine, and says who had it", async () => {
    const names = createNodeNames();
    lookAt(names, [host(REAL)]);
    expect(await names.trust("mac-sg", OTHER)).toBe(REAL);
    expect(lookAt(names, [host(OTHER)])).toBe(OTHER);
    expect(lookAt(names, [host(REAL, away), host(OTHER)])).toBe(OTHER);
    // The old one is the namesake now.
    expect(lookAt(names, [host(REAL), host(OTHER, away)])).toBe("moved");
  });

  test("holds beside a namesake that works", async () => {
    const names = createNodeNames();
    expect(lookAt(names, [host(REAL), host(OTHER)])).toBe("ambiguous");
    expect(await names.trust("Mac SG", REAL)).toBeNull();
    expect(lookAt(names, [host(REAL), host(OTHER)])).toBe(REAL);
  });
});

describe("the file", () => {
  async function life(file: string, errors: unknown[] = []): Promise<NodeNames> {
    const names = createNodeNames();
    names.keepIn(sharedFile(file), (error) => errors.push(error));
    await names.ready();
    return names;
  }

  test("keeps a name across a restart", async () => {
    const file = join(folder(), "names.json");
    const first = await life(file);
    lookAt(first, [host(REAL)]);
    await first.flush();
    const second = await life(file);
    expect(lookAt(second, [host(OTHER)])).toBe("moved");
    expect(await second.trust("mac-sg", OTHER)).toBe(REAL);
    expect(lookAt(await life(file), [host(REAL), host(OTHER)])).toBe(OTHER);
  });

  test("of two gateways keeps the name for whom it was remembered first, and what the operator said on either", async () => {
    const file = join(folder(), "names.json");
    const [a, b] = [await life(file), await life(file)];
    lookAt(a, [host(REAL)]);
    await a.flush();
    // It has not seen the first machine: one that calls itself the same does not take the name over.
    lookAt(b, [host(OTHER)]);
    await b.flush();
    expect(lookAt(await life(file), [host(OTHER)])).toBe("moved");
    await b.trust("mac-sg", OTHER);
    lookAt(a, [host(REAL, { displayName: "mac-cn" })], { "mac-cn": {} });
    await a.flush();
    expect(lookAt(await life(file), [host(REAL), host(OTHER)])).toBe(OTHER);
  });

  test("is waited for: until it is read no name is taken for new", async () => {
    const file = join(folder(), "names.json");
    const names = createNodeNames();
    names.keepIn(sharedFile(file), () => {});
    expect(lookAt(names, [host(REAL)])).toBe("forgotten");
    await names.ready();
    expect(lookAt(names, [host(REAL)])).toBe(REAL);
  });

  test.each([
    "",
    "{",
    "[]",
    '{"version":2,"names":{}}',
    '{"version":1,"complete":true,"names":{"mac-sg":7}}',
  ])("that holds %j lets nobody in, until the operator has said who it is", async (text) => {
    const file = join(folder(), "names.json");
    writeFileSync(file, text);
    const names = await life(file);
    expect(lookAt(names, [host(OTHER)])).toBe("forgotten");
    expect(lookAt(names, [host(OTHER)], { "mac-sg": { node: OTHER } })).toBe(OTHER);
    await names.trust("mac-sg", REAL);
    expect(lookAt(names, [host(REAL)])).toBe(REAL);
    // What was lost stays lost after a restart; what was said is kept.
    const next = await life(file);
    expect(lookAt(next, [host(REAL)])).toBe(REAL);
    expect(lookAt(next, [host(OTHER, { displayName: "mac-cn" })], { "mac-cn": {} })).toBe("forgotten");
  });

  test("that cannot be read or written is reported, and nothing is trusted that would not be kept", async () => {
    const place = folder();
    const errors: unknown[] = [];
    // A folder in the file's place: neither reading nor replacing it works.
    const names = await life(place, errors);
    expect(errors).toHaveLength(1);
    expect(lookAt(names, [host(REAL)])).toBe("forgotten");
    await expect(names.trust("mac-sg", REAL)).rejects.toThrow();
    expect(lookAt(names, [host(REAL)])).toBe("forgotten");
  });

  test("is for its user alone and holds names and ids only", async () => {
    const file = join(folder(), "names.json");
    const names = await life(file);
    lookAt(names, [host(REAL)]);
    await names.flush();
    expect(JSON.parse(readFileSync(file, "utf8"))).toEqual({
      version: 1,
      complete: true,
      names: { "mac-sg": { id: REAL, trusted: false } },
    });
  });
});

test("whatever was remembered is read back as it was", () => {
  const known = fc.record({
    complete: fc.boolean(),
    names: fc
      .array(fc.tuple(fc.string(), fc.record({ id: fc.string({ minLength: 1 }), trusted: fc.boolean() })))
      .map((entries) => new Map(entries)),
  });
  fc.assert(
    fc.property(known, (one) => {
      expect(parseNames(serializeNames(one))).toEqual(one);
    }),
  );
});

test("the same lists again change nothing", () => {
  const names = createNodeNames();
  const nodes = [host(REAL)];
  const configured = resolveConfig({ nodes: CONFIG }).nodes;
  names.see(configured, nodes);
  const before = names.known();
  names.see(configured, nodes);
  names.see(configured, [...nodes]);
  expect(names.known()).toBe(before);
});
