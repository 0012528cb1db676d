// Puts presence together for the real host: the sources, the collector that runs them, and the file of the histories.
import { join } from "node:path";
import type { OpenClawPluginApi } from "openclaw/plugin-sdk/plugin-entry";
import { PLUGIN_CONFIG } from "../../config/currentConfig.ts";
import { type ResolvedConfig, resolveConfig } from "../../config/resolve.ts";
import { type Collector, startCollector } from "../../presence/collector.ts";
import { createHub, type HubParts, PRESENCE_HUB } from "../../presence/hub.ts";
import { inferredPlaces } from "../../presence/location/inferred.ts";
import { locate } from "../../presence/location/locate.ts";
import { witnessesOf } from "../../presence/location/witnesses.ts";
import { PRESENCE } from "../../presence/presence.ts";
import type { PresenceSource } from "../../presence/record.ts";
import { createGatewaySource, type ReadNodes } from "../../presence/sources/gateway/hostFacts.ts";
import { readHostNodes } from "../../presence/sources/gateway/hostList.ts";
import { createGatewayPing, START_GRACE_MS } from "../../presence/sources/gateway/nodePing.ts";
import { NODE_READER } from "../../presence/sources/gateway/nodeReader.ts";
import { createTailscaleSource } from "../../presence/sources/tailscale/source.ts";
import { createSaver, loadRecords, type RecordSaver } from "../../presence/store.ts";
import { stateFile } from "../../shared/stateFile.ts";
import { outsideCaller } from "../host/callerScope.ts";
import { CORDONS } from "../inventory/cordons.ts";
import { knownNames, lastSnapshot } from "../inventory/currentSnapshot.ts";
import { NODE_NAMES } from "../inventory/nodeNames.ts";
import { createSnapshotKeeper, SNAPSHOT_KEEPER } from "../inventory/snapshotKeeper.ts";
import type { RouterDeps } from "../process/deps.ts";
import { SSH_TRANSPORT } from "../transports/transport.ts";
import { gatewayPlace, gatewayWitnesses } from "./gatewayPlace.ts";
import { createGeoip } from "./geoipSource.ts";
import { pluginSource } from "./pluginSource.ts";
import { sshSources } from "./sshSources.ts";
import { createTargets } from "./sshTargets.ts";

/** Answers and facts age without anybody saying so. */
const REFRESH_MS = 5_000;
/** Watched time alone is written this often; a change of state within seconds. */
const SAVE_MS = 5 * 60_000;

export interface Running {
  stop(): Promise<void>;
}

/**
 * Observes every node until it is stopped. Waits for the first list of nodes, so that it begins with the right ones.
 * @param signal aborted before it began: it does not begin, and the result is null.
 */
export async function startPresence(
  api: OpenClawPluginApi,
  deps: RouterDeps,
  signal: AbortSignal,
): Promise<Running | null> {
  const { memory } = deps;
  const reader = memory.part(NODE_READER);
  const known = memory.part(PRESENCE_HUB);
  const presence = memory.part(PRESENCE);
  const log = deps.log.child({ part: "presence" });
  const stateFolder = api.runtime.state.resolveStateDir();
  const config = (): ResolvedConfig => memory.part(PLUGIN_CONFIG).current ?? EMPTY;
  const targetsOf = createTargets();
  const targets = () => {
    const host = reader.last();
    return targetsOf(config(), host, host === null ? null : knownNames(deps, config(), host));
  };
  const geoipOf = createGeoip({ stateFolder, home: deps.home, hostConfig: deps.hostConfig, now: deps.now });
  const read: ReadNodes = (maxAgeMs) =>
    reader.read(maxAgeMs, (before) => outsideCaller(() => readHostNodes(deps.listNodes, deps.now, before)));
  const tailscale = createTailscaleSource({ now: deps.now });
  const sources: readonly PresenceSource[] = [
    createGatewaySource(read, () => reader.last()),
    createGatewayPing({
      read,
      invoke: (params) =>
        outsideCaller(() => api.runtime.nodes.invoke({ ...params, params: { ...params.params } })),
      now: deps.now,
      monotonic: () => performance.now(),
      // A reload of the plugin disconnects nobody.
      graceMs: known.current === null ? START_GRACE_MS : 0,
    }),
    pluginSource(memory, deps.now, () => config().presence.publicAddressUrl),
    tailscale,
    ...sshSources({ transport: () => memory.part(SSH_TRANSPORT).current, config, now: deps.now }),
  ];

  const gatewayFacts = () => ({
    relay: tailscale.selfRelay(),
    derpMap: tailscale.derpMap(),
    timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
  });

  let collector: Collector | null = null;
  const parts: HubParts = {
    targets,
    locate(declared, facts, places, said) {
      const known = { geoip: geoipOf(config()), derpMap: tailscale.derpMap() };
      const inferred = inferredPlaces(facts, known);
      const { location, others, contradictions } = locate({ declared, places: [...places, ...inferred] });
      return { location, otherPlaces: others, contradictions, witnesses: witnessesOf(said, known) };
    },
    now: deps.now,
    log,
    health: () => collector?.health() ?? [],
    gatewayPlace() {
      const { gateway, nodes } = config();
      const own = tailscale.selfNodes().flatMap((name) => nodes.get(name)?.location ?? []);
      return gatewayPlace({ declared: gateway.location, own, ...gatewayFacts() });
    },
    gatewayWitnesses: () => gatewayWitnesses(gatewayFacts(), deps.now()),
    attributions() {
      const credit = geoipOf(config()).status().attribution;
      return credit === null ? [] : [credit];
    },
  };

  await memory.part(NODE_NAMES).ready();
  // The first list says which nodes there are; without it they come with the next.
  await read(0).catch(() => {});
  const store = stateFile(join(stateFolder, "node-router", "presence.json"));
  const records = known.current === null ? await loadRecords(store, log) : undefined;
  // From here on nothing waits: an instance that was replaced meanwhile takes nothing from its successor.
  if (signal.aborted) return null;
  const hub = known.current ?? createHub(parts, records);
  hub.use(parts);
  hub.refresh();
  known.current = hub;
  presence.current = hub;
  collector = startCollector({ sources, targets, sink: hub.sink, now: deps.now, random: Math.random, log });
  const keeper = createSnapshotKeeper({
    read,
    build: () => {
      // So that a call seldom waits for the file of cordons.
      void memory.part(CORDONS).ready();
      lastSnapshot(deps, config());
    },
    monotonic: () => performance.now(),
  });
  memory.part(SNAPSHOT_KEEPER).current = keeper;
  const unwatchSnapshot = hub.onChange(() => keeper.changed());
  const saver = createSaver(store, () => hub.records(), log);
  const unwatch = saveOnChange(hub, saver);
  const refresh = setInterval(() => hub.refresh(), REFRESH_MS).unref();
  const save = setInterval(() => saver.save(), SAVE_MS).unref();
  return {
    async stop() {
      // Nobody would take back what was last known: a node that was down would stay so.
      presence.current = null;
      const kept = memory.part(SNAPSHOT_KEEPER);
      if (kept.current === keeper) kept.current = null;
      keeper.stop();
      collector?.stop();
      unwatchSnapshot();
      unwatch();
      clearInterval(refresh);
      clearInterval(save);
      saver.save();
      await saver.flush();
    },
  };
}

const EMPTY = resolveConfig({});

/** Only a change of some node's state: round trips change all the time. */
function saveOnChange(hub: ReturnType<typeof createHub>, saver: RecordSaver): () => void {
  let last = "";
  return hub.onChange(() => {
    let now = "";
    for (const { node, state } of hub.current().values()) now += `${node} ${state}\n`;
    if (now !== last) saver.save();
    last = now;
  });
}
