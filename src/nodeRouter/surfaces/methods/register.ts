// The gateway methods under `noderouter.`, one a command, each with the scope of the host's own method of that effect.
import type { OpenClawPluginApi } from "openclaw/plugin-sdk/plugin-entry";
import { isMistake } from "../../../shared/errorCatalogue.ts";
import { messageOf, NodeRouterError } from "../../../shared/errors.ts";
import { fieldOf, trimmedText } from "../../../shared/jsonParts.ts";
import { loadLater } from "../../../shared/loadLater.ts";
import type { RouterDeps } from "../../process/deps.ts";
import { applyGuard } from "../guard/apply.ts";
import type { LookAtConfigFile } from "./configOnDisk.ts";
import { refusalDetails } from "./errorDetails.ts";
import { createMethods, type Methods, type WriteGuard } from "./methods.ts";
import { trustPaired } from "./nameMethods.ts";
import { type Params, UsageError } from "./params.ts";
import { createSshMethods, lookAtSsh } from "./sshMethods.ts";

const READ = "operator.read";
const WRITE = "operator.write";
const ADMIN = "operator.admin";

/** No command of its own: `guard --dry-run` asks it. */
const PLAN_ONLY = "guardPlan";

/** Loaded when first asked. */
type Lazy =
  | "trust"
  | "probe"
  | "setup"
  | "peerSetup"
  | "edit"
  | "export"
  | "cordon"
  | "uncordon"
  | "drain"
  | "drained"
  | "plan"
  | "test"
  | "calls"
  | "ledger"
  | "describe"
  | "ping"
  | "usage"
  | "peers"
  | "probePeer"
  | "delegations"
  | "delegation"
  | "cancelDelegation"
  | "endDelegation"
  | "retryDelegation";

/** What methods need that no call waits for. */
export const loadLaterMethods = () => loadLater(() => import("./laterMethods.ts"));

/** @returns what the page and metrics are made of too. */
export function registerGatewayMethods(api: OpenClawPluginApi, deps: RouterDeps): Methods {
  const changeConfig = async (mutate: (draft: unknown) => void): Promise<void> => {
    // The file as written: the running config has defaults and resolved secrets in it.
    await api.runtime.config.mutateConfigFile({ base: "source", afterWrite: { mode: "auto" }, mutate });
  };
  const lookAtFile: LookAtConfigFile = (mutate) =>
    api.runtime.config.mutateConfigFile({ base: "source", afterWrite: { mode: "auto" }, mutate });
  const writeGuard: WriteGuard = (plans) => changeConfig((draft) => applyGuard(draft, plans));
  const version = api.version ?? "unknown";
  const own = createMethods(deps, version, writeGuard, lookAtSsh);
  const ssh = createSshMethods(deps);
  const later = loadLaterMethods;
  const stateFolder = () => api.runtime.state.resolveStateDir();
  const setupHost = () => ({
    version,
    openclaw: api.runtime.version,
    packageFolder: api.rootDir ?? null,
    stateFolder: stateFolder(),
    changeConfig,
  });
  type Later = Awaited<ReturnType<typeof later>>;
  /** Of those that need nothing but the plugin and what the caller says. */
  const of =
    (which: (all: Later) => (deps: RouterDeps, params: Params, caller: string) => unknown) =>
    async (params: Params, caller: string): Promise<unknown> =>
      which(await later())(deps, params, caller);
  const methods: Methods & Record<Lazy, (params: Params, caller: string) => Promise<unknown>> = {
    ...own,
    ...ssh,
    cordon: of((all) => all.cordon),
    uncordon: of((all) => all.uncordon),
    drain: of((all) => all.drain),
    plan: of(
      (all) => (deps, params) =>
        params.cordon === undefined ? all.planDocument(deps, params) : all.planCordon(deps, params),
    ),
    test: of((all) => all.tryTests),
    calls: of((all) => all.calls),
    ledger: of((all) => all.verify),
    describe: async (params) => (await later()).describeOne(deps, own, params),
    ping: async (params) => (await later()).ping(deps, api.runtime.nodes.invoke, params),
    usage: async (params) => (await later()).usage(deps, stateFolder(), params),
    peers: async () => (await later()).peers(deps, stateFolder()),
    probePeer: async (params) => (await later()).probePeer(deps, stateFolder(), params),
    delegations: of((all) => all.delegations),
    delegation: of((all) => all.showDelegation),
    cancelDelegation: of((all) => all.cancelDelegation),
    endDelegation: of((all) => all.endDelegation),
    retryDelegation: of((all) => all.retryDelegation),
    drained: of((all) => all.drained),
    // Either a host key or a paired node: both say which machine the gateway believes to be the node.
    trust: (params) => (params.paired === undefined ? ssh.trust(params) : trustPaired(deps, params)),
    setup: async (params) => (await later()).setupMethod(deps, setupHost(), params),
    peerSetup: async (params) => (await later()).peerSetup(deps, setupHost(), params),
    export: async () => (await later()).exportConfig(lookAtFile),
    edit: async (params) => (await later()).editConfig(deps, { changeConfig, lookAtFile }, params),
  };
  const register = (name: keyof typeof methods, scope: typeof READ | typeof WRITE | typeof ADMIN): void => {
    api.registerGatewayMethod(
      `noderouter.${name}`,
      async ({ params, respond, client }) => {
        try {
          respond(true, await methods[name](params ?? {}, callerName(client)));
        } catch (error) {
          const code = isCallersMistake(error) ? "INVALID_REQUEST" : "UNAVAILABLE";
          respond(false, undefined, { code, message: messageOf(error), ...refusalDetails(error) });
        }
      },
      { scope },
    );
  };
  register("status", READ);
  register("nodes", READ);
  register("events", READ);
  register("explain", READ);
  register("doctor", READ);
  register(PLAN_ONLY, READ);
  register("plan", READ);
  register("test", READ);
  // Without the texts of commands, which only the ledger's own file has.
  register("calls", READ);
  register("ledger", READ);
  register("describe", READ);
  register("usage", READ);
  // It writes the gateway's config, as config.patch does.
  register("guard", ADMIN);
  // Not a look at what is known: it opens connections with the gateway's keys and runs a command on the node.
  register("probe", WRITE);
  // As probe: it may open a connection with the gateway's keys.
  register("ping", WRITE);
  // It changes which machine the gateway believes to be the node.
  register("trust", ADMIN);
  // It writes the gateway's config, records host keys and installs this plugin on a node.
  register("setup", ADMIN);
  // It lets another gateway in, or takes this one's tasks elsewhere.
  register("peerSetup", ADMIN);
  // It writes the gateway's config, as config.patch does.
  register("edit", ADMIN);
  // Variables of nodes are in it as they are typed, of which config.get hides some.
  register("export", ADMIN);
  // They change where every agent's calls run, as a change of the rules does.
  register("cordon", ADMIN);
  register("uncordon", ADMIN);
  register("drain", ADMIN);
  register("drained", READ);
  register("peers", READ);
  register("delegations", READ);
  register("delegation", READ);
  // A request to another gateway with this one's token.
  register("probePeer", WRITE);
  // They end and start runs of agents, as the host's own methods of that effect.
  register("cancelDelegation", WRITE);
  register("endDelegation", WRITE);
  register("retryDelegation", WRITE);
  // Neither shows sessions, and they ask every few seconds: the host reads every agent's store to count them.
  return createMethods({ ...deps, sessionTotals: () => null }, version, writeGuard);
}

/** Whom the gateway let in: the signed-in user, else what the client calls itself. */
function callerName(client: unknown): string {
  const user = trimmedText(fieldOf(fieldOf(client, "authenticatedUserProfile"), "displayName"));
  const self = fieldOf(fieldOf(client, "connect"), "client");
  return (
    user ??
    trimmedText(fieldOf(client, "authenticatedUserId")) ??
    trimmedText(fieldOf(self, "displayName")) ??
    trimmedText(fieldOf(self, "id")) ??
    "gateway"
  );
}

/** A name that nobody has is the caller's, too. */
function isCallersMistake(error: unknown): boolean {
  return error instanceof UsageError || (error instanceof NodeRouterError && isMistake(error.code));
}
