// What alerts are about: of each agent and node whether it is wrong, well, or nobody knows.
import { describe, expect, test } from "vitest";
import { resolveConfig } from "../../../src/config/resolve.ts";
import { lookAround, MISMATCH_STANDS_MS } from "../../../src/nodeRouter/alerts/lookAround.ts";
import { worldNow } from "../../../src/nodeRouter/current/worldNow.ts";
import { withCordons } from "../../../src/nodeRouter/inventory/cordons.ts";
import { currentSnapshot } from "../../../src/nodeRouter/inventory/currentSnapshot.ts";
import type { NodeSnapshot, NodeState } from "../../../src/nodeRouter/placement/model/snapshot.ts";
import { NO_LAST_NODES } from "../../../src/nodeRouter/state/lastNodes.ts";
import type { NodePresence } from "../../../src/presence/record.ts";
import { inSlices } from "../../../src/shared/inSlices.ts";
import { CONFIG, fakeDeps, hostEntry, SG_ID, START_MS } from "../../support/fakeDeps.ts";
import { makePresence } from "../../support/makePresence.ts";

interface Scene {
  readonly alerts?: object;
  readonly config?: object;
  readonly nodes?: readonly object[];
  readonly presence?: readonly NodePresence[];
  readonly change?: (node: NodeState) => NodeState;
  readonly cordoned?: boolean;
  readonly last?: readonly (readonly [agent: string, atMs: number])[];
  readonly knownSinceMs?: number;
}

async function seen({ alerts, config, nodes, presence = [], change = (node) => node, ...scene }: Scene = {}) {
  const deps = fakeDeps();
  if (nodes !== undefined) deps.nodes = { nodes };
  const resolved = resolveConfig({ ...CONFIG, ...config, alerts: { channel: "c", to: "t", ...alerts } });
  if (resolved.alerts === null) throw new Error("no alerts");
  const read = await currentSnapshot(deps, resolved);
  const changed: NodeSnapshot = { ...read, nodes: read.nodes.map(change) };
  const snapshot =
    scene.cordoned === true ? withCordons(changed, { records: new Map(), problem: "unreadable" }) : changed;
  const steps = lookAround({
    settings: resolved.alerts,
    config: resolved,
    world: {
      ...worldNow(deps, resolved, snapshot),
      presence: new Map(presence.map((record) => [record.node, record])),
    },
    agents: ["master", "worker-sg"],
    lastNodes: NO_LAST_NODES,
    wrongMachines: {
      sinceMs: scene.knownSinceMs ?? 0,
      last: new Map(scene.last?.map(([agent, atMs]) => [agent, { atMs, detail: "elsewhere" }])),
    },
    nowMs: START_MS,
  });
  const look = await inSlices(steps, 0);
  return Object.fromEntries([...look].map(([key, one]) => [key, one.seen]));
}

describe("an agent", () => {
  test("that has a node, or no rule, is well", async () => {
    expect(await seen()).toMatchObject({ "refused:master": "well", "refused:worker-sg": "well" });
  });

  test("that is refused is wrong, in the words of the refusal", async () => {
    const look = await seen({ nodes: [hostEntry("mac-sg", SG_ID, { connected: false })] });
    expect(look["refused:worker-sg"]).toEqual({ detail: expect.stringMatching(/^NO_NODE_FITS: 0\//) });
    expect(look["refused:master"]).toBe("well");
  });

  test("is not asked about in shadow mode, where nobody is refused, or where nobody wants to be told", async () => {
    const nodes = [hostEntry("mac-sg", SG_ID, { connected: false })];
    expect(await seen({ nodes, config: { mode: "shadow" } })).not.toHaveProperty("refused:worker-sg");
    expect(await seen({ nodes, alerts: { refusedFor: "off" } })).not.toHaveProperty("refused:worker-sg");
  });
});

describe("a node", () => {
  const offline = [makePresence({ node: "mac-sg", state: "offline", reason: "no answer" })];

  test("is offline, well or unknown as it is observed", async () => {
    expect((await seen({ presence: offline }))["offline:mac-sg"]).toEqual({ detail: "no answer" });
    for (const state of ["ready", "degraded"] as const)
      expect((await seen({ presence: [makePresence({ state })] }))["offline:mac-sg"]).toBe("well");
    for (const state of ["stale", "unknown"] as const)
      expect((await seen({ presence: [makePresence({ state })] }))["offline:mac-sg"]).toBe("unknown");
    expect((await seen())["offline:mac-sg"]).toBe("unknown");
  });

  test("is seen by a list, which is well, where nodes that are offline are told of, and only there", async () => {
    expect((await seen({ presence: offline }))["unlisted:"]).toBe("well");
    expect(await seen({ presence: offline, alerts: { offlineFor: "off" } })).not.toHaveProperty("unlisted:");
  });

  test("that is cordoned or in doubt is not told of as offline, and not as back either", async () => {
    expect((await seen({ presence: offline, cordoned: true }))["offline:mac-sg"]).toBe("unknown");
    const change = (node: NodeState): NodeState => ({ ...node, cordon: "unreadable" });
    expect((await seen({ presence: [makePresence({ state: "ready" })], change }))["offline:mac-sg"]).toBe(
      "unknown",
    );
  });

  test("that the config does not name is not asked about; what the selector does not mean now is unknown", async () => {
    const phone = hostEntry("phone", "ab".repeat(32), { connected: false });
    expect(await seen({ nodes: [phone] })).not.toHaveProperty("offline:phone");
    const look = await seen({ presence: offline, alerts: { nodes: "region=cn" } });
    expect(look["offline:mac-sg"]).toBe("unknown");
    const meant = await seen({ presence: offline, alerts: { nodes: "region=sg" } });
    expect(meant["offline:mac-sg"]).toEqual({ detail: "no answer" });
  });

  test("whose place is disputed is told of where a rule with residency would choose it, and only there", async () => {
    const change = (node: NodeState): NodeState => {
      const disputes = [{ words: "egress 198.51.100.7 looks like JP Tokyo", atMs: START_MS }];
      return { ...node, residence: { ...node.residence, disputes } };
    };
    const [sg, cn] = CONFIG.rules;
    const rules = [{ ...sg, residency: { allow: ["SG"] } }, cn];
    const look = await seen({ change, config: { rules } });
    expect(look["residency:mac-sg"]).toEqual({
      detail: expect.stringContaining("egress 198.51.100.7 looks like JP Tokyo"),
    });
    expect(look["residency:mac-cn"]).toBe("unknown");
    const other = [
      { ...sg, residency: { allow: ["DE"] } },
      { ...cn, residency: { allow: ["SG"] } },
    ];
    expect((await seen({ change, config: { rules: other } }))["residency:mac-sg"]).toBe("unknown");
    expect((await seen({ config: { rules } }))["residency:mac-sg"]).toBe("well");
    expect(await seen({ change })).not.toHaveProperty("residency:mac-sg");
    const abroad = [{ ...sg, residency: { allow: ["DE"] } }];
    expect((await seen({ change, config: { rules: abroad } }))["residency:mac-sg"]).toBe("unknown");
    const off = { residency: false };
    expect(await seen({ change, config: { rules }, alerts: off })).not.toHaveProperty("residency:mac-sg");
  });
});

describe("a command on a wrong machine", () => {
  test("stands for an hour after the last one", async () => {
    const at = async (ago: number) =>
      (await seen({ last: [["worker-sg", START_MS - ago]] }))["mismatch:worker-sg"];
    expect(await at(0)).toEqual({ detail: "elsewhere" });
    expect(await at(MISMATCH_STANDS_MS - 1)).toEqual({ detail: "elsewhere" });
    expect(await at(MISMATCH_STANDS_MS)).toBe("well");
    expect(await at(-MISMATCH_STANDS_MS)).toBe("well");
  });

  test("is told of also where no config lists its agent", async () => {
    const look = await seen({ last: [["unlisted", START_MS]] });
    expect(look["mismatch:unlisted"]).toEqual({ detail: "elsewhere" });
  });

  test("of an earlier life of the gateway is not over because this one has seen none", async () => {
    const just = { knownSinceMs: START_MS - 1_000 };
    expect((await seen(just))["mismatch:worker-sg"]).toBe("unknown");
    expect((await seen({ knownSinceMs: START_MS - MISMATCH_STANDS_MS }))["mismatch:worker-sg"]).toBe("well");
  });
});
