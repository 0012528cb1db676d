// The real host behind alerts: what is known of agents and nodes, the file of what was told, and the channel.
import { join } from "node:path";
import type { OpenClawPluginApi } from "openclaw/plugin-sdk/plugin-entry";
import type { ResolvedConfig } from "../../config/resolve.ts";
import type { AlertSettings } from "../../config/resolveAlerts.ts";
import { inSlices } from "../../shared/inSlices.ts";
import { stateFile } from "../../shared/stateFile.ts";
import { testedBy } from "../current/testedConfig.ts";
import { worldNow } from "../current/worldNow.ts";
import { outsideCaller } from "../host/callerScope.ts";
import { hasChannel, sendToChat } from "../host/chatMessages.ts";
import { agentIds } from "../host/hostConfig.ts";
import { seldomSnapshot } from "../inventory/currentSnapshot.ts";
import type { RouterDeps } from "../process/deps.ts";
import { LAST_NODES } from "../state/lastNodes.ts";
import { keepAlerts } from "./keepAlerts.ts";
import { lookAround } from "./lookAround.ts";
import { WRONG_MACHINES } from "./wrongMachines.ts";

/** No call waits longer than this, and one agent's decision, for a look. */
const SLICE_MS = 5;

/** @param published with `settings` in it. @returns stops. */
export function openAlerts(
  { runtime }: Pick<OpenClawPluginApi, "runtime">,
  deps: RouterDeps,
  published: ResolvedConfig,
  settings: AlertSettings,
): () => void {
  const { memory } = deps;
  return keepAlerts({
    memory,
    log: deps.log.child({ part: "alerts" }),
    settings,
    gatewayName: published.gatewayName,
    store: stateFile(join(runtime.state.resolveStateDir(), "node-router", "alerts.json")),
    now: deps.now,
    hasChannel: () => outsideCaller(() => hasChannel(runtime, settings.channel)),
    send: (text) => outsideCaller(() => sendToChat(runtime, settings, text)),
    look: () =>
      outsideCaller(async () => {
        const hostConfig = deps.hostConfig();
        const config = testedBy(published, hostConfig);
        const snapshot = await seldomSnapshot(deps, config);
        const steps = lookAround({
          settings,
          config,
          world: worldNow(deps, config, snapshot),
          agents: agentIds(hostConfig),
          lastNodes: memory.part(LAST_NODES),
          wrongMachines: memory.part(WRONG_MACHINES),
          nowMs: deps.now(),
        });
        return inSlices(steps, SLICE_MS);
      }),
  });
}
