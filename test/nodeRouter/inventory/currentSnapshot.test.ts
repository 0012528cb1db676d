// The snapshot a call is decided from: how old, how often asked for, and the same object for the same facts.

import { expect, test, vi } from "vitest";
import { PLUGIN_CONFIG } from "../../../src/config/currentConfig.ts";
import {
  currentSnapshot,
  decidedNow,
  lastSnapshot,
  SNAPSHOT_MAX_AGE_MS,
} from "../../../src/nodeRouter/inventory/currentSnapshot.ts";
import { PRESENCE } from "../../../src/presence/presence.ts";
import { CONFIG, fakeDeps, hostEntry, SG_ID, START_MS } from "../../support/fakeDeps.ts";
import { fakePresence, makePresence } from "../../support/makePresence.ts";

function arranged() {
  const deps = fakeDeps();
  const config = deps.memory.part(PLUGIN_CONFIG).current;
  if (config === null) throw new Error("no config");
  return { deps, config };
}

test("calls within a second share one list and one snapshot; after it, or when asked for, it is read anew", async () => {
  const { deps, config } = arranged();
  const first = await currentSnapshot(deps, config);
  deps.clockMs += SNAPSHOT_MAX_AGE_MS;
  expect(await currentSnapshot(deps, config)).toBe(first);
  expect(deps.listCalls).toBe(1);
  expect(await currentSnapshot(deps, config, 0)).not.toBe(first);
  deps.clockMs += SNAPSHOT_MAX_AGE_MS + 1;
  await currentSnapshot(deps, config);
  expect(deps.listCalls).toBe(3);
});

test("a snapshot that one copy of this code has made is the one that another copy reads", async () => {
  const { deps, config } = arranged();
  const made = await currentSnapshot(deps, config);
  vi.resetModules();
  const other = await import("../../../src/nodeRouter/inventory/currentSnapshot.ts");
  expect(other.currentSnapshot).not.toBe(currentSnapshot);
  expect(await other.currentSnapshot(deps, config)).toBe(made);
});

test("concurrent calls ask the host once", async () => {
  const { deps, config } = arranged();
  await Promise.all(Array.from({ length: 20 }, () => currentSnapshot(deps, config)));
  expect(deps.listCalls).toBe(1);
});

test("a new config is joined with the list that is there", async () => {
  const { deps, config } = arranged();
  await currentSnapshot(deps, config);
  deps.configure({ ...CONFIG, nodes: { "mac-sg": { tags: ["new"] } } });
  const changed = deps.memory.part(PLUGIN_CONFIG).current;
  if (changed === null) throw new Error("no config");
  const snapshot = await currentSnapshot(deps, changed);
  expect(deps.listCalls).toBe(1);
  expect(snapshot.nodes[0]?.tags.has("new")).toBe(true);
});

test("the last snapshot asks nobody: empty before the first list, and then however old", async () => {
  const { deps, config } = arranged();
  expect(lastSnapshot(deps, config)).toEqual({ nodes: [], takenAtMs: null, gatewayLocation: null });
  deps.nodes = { nodes: [hostEntry("mac-sg", SG_ID)] };
  const read = await currentSnapshot(deps, config);
  deps.clockMs += 1e9;
  expect(lastSnapshot(deps, config)).toBe(read);
  expect(read.takenAtMs).toBe(START_MS);
});

test("a host that fails is a fault, not an empty or an old list", async () => {
  const { deps, config } = arranged();
  await currentSnapshot(deps, config);
  deps.nodes = new Error("draining");
  deps.clockMs += SNAPSHOT_MAX_AGE_MS + 1;
  await expect(currentSnapshot(deps, config)).rejects.toMatchObject({ code: "INVENTORY_UNAVAILABLE" });
});

test("presence is part of the snapshot: the same while it is the same object, new when it changed, and never waited for", async () => {
  const { deps, config } = arranged();
  const before = await currentSnapshot(deps, config);
  let records = new Map([["mac-sg", makePresence({ rttMs: 5 })]]);
  deps.memory.part(PRESENCE).current = fakePresence(() => records);
  const observed = await currentSnapshot(deps, config);
  expect(observed).not.toBe(before);
  expect(observed.nodes.map(({ rttMs }) => rttMs)).toEqual([5, null]);
  expect(lastSnapshot(deps, config)).toBe(observed);
  records = new Map(records);
  expect(lastSnapshot(deps, config)).not.toBe(observed);
  expect(lastSnapshot(deps, config)).toEqual(observed);
  expect(deps.listCalls).toBe(1);
});

test("the gateway's place is the declared one, with coordinates of its city or country where it has none", async () => {
  const { deps } = arranged();
  const placeIn = async (gateway: object) => {
    deps.configure({ ...CONFIG, gateway });
    const config = deps.memory.part(PLUGIN_CONFIG).current;
    if (config === null) throw new Error("no config");
    return (await currentSnapshot(deps, config)).gatewayLocation;
  };
  expect(await placeIn({})).toBe(null);
  expect(await placeIn({ location: { latitude: 1, longitude: 2 } })).toMatchObject({
    latitude: 1,
    longitude: 2,
  });
  const { latitude = Number.NaN, longitude = Number.NaN } =
    (await placeIn({ location: { country: "SG" } })) ?? {};
  expect([Math.round(latitude), Math.round(longitude)]).toEqual([1, 104]);
});

test("a refusal stands on a list that was read for its call, and everything else on one that may be a second old", async () => {
  const { deps, config } = arranged();
  const seen: (number | null)[] = [];
  const decide = ({ takenAtMs }: { takenAtMs: number | null }) => {
    seen.push(takenAtMs);
    return { isRefused: takenAtMs === START_MS };
  };
  await currentSnapshot(deps, config);
  deps.clockMs += 400;
  expect(await decidedNow(deps, config, decide, ({ isRefused }) => isRefused)).toEqual({ isRefused: false });
  expect(seen).toEqual([START_MS, START_MS + 400]);
  expect(await decidedNow(deps, config, decide, ({ isRefused }) => isRefused)).toEqual({ isRefused: false });
  expect(deps.listCalls).toBe(2);
});

test("a list that was read for the call itself is not read once more before it refuses", async () => {
  const { deps, config } = arranged();
  await decidedNow(
    deps,
    config,
    () => "no",
    () => true,
  );
  expect(deps.listCalls).toBe(1);
});
