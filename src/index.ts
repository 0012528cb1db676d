// Everything this plugin registers, in one place. Handlers that a call path does not need at once load lazily.
import { definePluginEntry, type OpenClawPluginApi } from "openclaw/plugin-sdk/plugin-entry";
import { registerHooks } from "./hooks/register.ts";
import { registerAlerts } from "./nodeRouter/alerts/register.ts";
import { testCurrentConfig } from "./nodeRouter/current/testedConfig.ts";
import { PEERS } from "./nodeRouter/delegation/peers/knownPeers.ts";
import { mergedChanges } from "./nodeRouter/delegation/peers/peerChanges.ts";
import { registerDelegation } from "./nodeRouter/delegation/register.ts";
import { publishConfig } from "./nodeRouter/host/publishConfig.ts";
import { registerHostedSessions } from "./nodeRouter/hostedSessions/register.ts";
import { CORDONS } from "./nodeRouter/inventory/cordons.ts";
import { openCordons } from "./nodeRouter/inventory/cordonsFile.ts";
import { openNames } from "./nodeRouter/inventory/namesFile.ts";
import { NODE_NAMES } from "./nodeRouter/inventory/nodeNames.ts";
import { registerJobs } from "./nodeRouter/jobs/register.ts";
import { ledgerLateEnds } from "./nodeRouter/ledger/lateEnds.ts";
import { HOOKS_SEEN, noteRegistration } from "./nodeRouter/liveness/liveness.ts";
import { registerLivenessService } from "./nodeRouter/liveness/livenessService.ts";
import { registerPresence } from "./nodeRouter/observe/register.ts";
import { createDeps } from "./nodeRouter/process/openclaw.ts";
import { LAST_NODES } from "./nodeRouter/state/lastNodes.ts";
import { openStuck } from "./nodeRouter/state/sessionNodesFile.ts";
import { registerSlashCommands } from "./nodeRouter/surfaces/chat/register.ts";
import { registerCommands } from "./nodeRouter/surfaces/cli/register.ts";
import { loadLaterMethods, registerGatewayMethods } from "./nodeRouter/surfaces/methods/register.ts";
import { registerTools } from "./nodeRouter/surfaces/tools/register.ts";
import { registerWeb } from "./nodeRouter/surfaces/web/register.ts";
import { registerNodeTransport } from "./nodeRouter/transports/node/gateway/register.ts";
import { registerWorkspaceCommand } from "./nodeRouter/transports/node/host/register.ts";
import { registerTunnels } from "./nodeRouter/tunnels/register.ts";
import { openWorkspace } from "./nodeRouter/workspace/open.ts";
import { PRESENCE } from "./presence/presence.ts";

export const PLUGIN_ID = "node-router";

export default definePluginEntry({
  id: PLUGIN_ID,
  name: "Node Router",
  description:
    "Decides by node tags, location and rules on which machine every tool call of every agent runs.",
  register(api: OpenClawPluginApi) {
    // `openclaw node-router …`: status, nodes, events, explain, doctor, guard, trust, probe, add, join,
    // cordon, uncordon, drain, plan, test, calls, usage, ledger. The only thing in a metadata load.
    registerCommands(api);
    if (api.registrationMode === "cli-metadata" || api.registrationMode === "setup-only") return;

    // The newest registration's rules hold for every instance of the process.
    const deps = createDeps(api);
    publishConfig(api, deps.memory);
    testCurrentConfig(deps);
    noteRegistration(deps.memory.part(HOOKS_SEEN), api.registrationMode, deps.now());

    // Which paired node each name stands for, remembered across restarts.
    openNames(api, deps.memory.part(NODE_NAMES), deps.log);

    // From which nodes the operator keeps calls away, remembered across restarts.
    openCordons(api, deps.memory.part(CORDONS));

    // To which node commands come back for their files, remembered across restarts.
    openStuck(api, deps.memory.part(LAST_NODES).stuck, deps.log);

    // Commands that go on detached, remembered across restarts. Service: asks their nodes how they ended.
    registerJobs(api, deps);

    // Enforcement, in every mode: agent runs take hooks from other instances than services.
    //   trusted tool policy, before_tool_call (last), node-invoke policy, resolve_exec_env,
    //   after_tool_call, tool-result middleware, model_call_started/ended, before_prompt_build (with your grant)
    registerHooks(api, deps);

    // On a paired node: the node's end of a workspace, "node-router.workspace.v1". On a gateway it does nothing.
    registerWorkspaceCommand(api, deps.memory);

    // On a gateway: commands of workspaces on paired nodes, which nobody else may send there. Service: makes the calls.
    registerNodeTransport(api, { ...deps, onOrphan: ledgerLateEnds(deps.memory) });

    // Turns that the host would run on another machine as a whole: a gate before every turn of the gateway.
    registerHostedSessions(api, deps);

    // Sandbox backend "node-router": the workspace of an agent on a node, over SSH or the node protocol. Opens nothing until it is used.
    openWorkspace(api, deps);

    // Agent tools: node_route, node_process; for agents that may delegate: delegate, delegation.
    registerTools(api, deps);

    // Gateway methods: noderouter.status, .nodes, .events, .explain, .doctor, .guard, .probe, .trust, .setup,
    // .cordon, .uncordon, .drain, .drained, .plan, .test, .calls, .usage, .ledger.
    const methods = registerGatewayMethods(api, deps);

    // The Control UI's tab "Nodes", and under /plugins/node-router/: the page, its data, Prometheus metrics.
    registerWeb(api, deps, {
      ...methods,
      events: (query) =>
        mergedChanges(
          deps.memory.part(PRESENCE).current?.events(query) ?? [],
          deps.memory.part(PEERS).current?.changes?.(),
          query,
        ),
      calls: async () => (await loadLaterMethods()).newestCalls(deps),
      peers: async () => (await loadLaterMethods()).peersOverview(deps),
      usage: async () => (await loadLaterMethods()).usageOverview(deps, api.runtime.state.resolveStateDir()),
    });

    // In a chat: /nodes, /cordon, /uncordon, /drain.
    registerSlashCommands(api, deps);

    // Service: observes every node, so that calls and people find out without asking it.
    registerPresence(api, deps);

    // Service: keeps the tunnels by which nodes reach this gateway.
    registerTunnels(api, deps);

    // With peers in the config: the route /node-router/peer, which authenticates by itself. Service: looks after their tasks.
    registerDelegation(api, deps);

    // With alerts in the config: a service that tells a person in a chat what stays wrong.
    registerAlerts(api, deps);

    // Service: notices runs without our hooks, tells `openclaw health`, and brings them to life.
    registerLivenessService(api, deps);
  },
});
