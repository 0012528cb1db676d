// The gateway methods under `noderouter.`, one a command, each with the scope of the host's own method of that effect.
import type { OpenClawPluginApi } from "openclaw/plugin-sdk/plugin-entry";
import { isMistake } from "../../../shared/errorCatalogue.ts";
import { messageOf, NodeRouterError } from "../../../shared/errors.ts";
import { fieldOf, trimmedText } from "../../../shared/jsonParts.ts";
import { loadLater } from "../../../shared/loadLater.ts";
import type { RouterDeps } from "../../process/deps.ts";
import { applyGuard } from "../guard/apply.ts";
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
  | "cordon"
  | "uncordon"
  | "drain"
  | "drained"
  | "plan"
  | "test"
  | "calls"
  | "ledger";

/** What methods need that no call waits for. */
export const loadLaterMethods = () => loadLater(() => import("./laterMethods.ts"));

/** @returns what the page and metrics are made of too. */
export function registerGatewayMethods(api: OpenClawPluginApi, deps: RouterDeps): Methods {
  const changeConfig = async (mutate: (draft: unknown) => void): Promise<void> => {
    // The file as written: the running config has defaults and resolved secrets in it.
    await api.runtime.config.mutateConfigFile({ base: "source", afterWrite: { mode: "auto" }, mutate });
  };
  const writeGuard: WriteGuard = (plans) => changeConfig((draft) => applyGuard(draft, plans));
  const version = api.version ?? "unknown";
  const own = createMethods(deps, version, writeGuard, lookAtSsh);
  const ssh = createSshMethods(deps);
  const later = loadLaterMethods;
  const methods: Methods & Record<Lazy, (params: Params, caller: string) => Promise<unknown>> = {
    ...own,
    ...ssh,
    cordon: async (params, caller) => (await later()).cordon(deps, params, caller),
    uncordon: async (params) => (await later()).uncordon(deps, params),
    drain: async (params, caller) => (await later()).drain(deps, params, caller),
    plan: async (params) => (await later()).planDocument(deps, params),
    test: async () => (await later()).tryTests(deps),
    calls: async (params) => (await later()).calls(deps, params),
    ledger: async (params) => (await later()).verify(deps, params),
    drained: async (params) => (await later()).drained(deps, params),
    // Either a host key or a paired node: both say which machine the gateway believes to be the node.
    trust: (params) => (params.paired === undefined ? ssh.trust(params) : trustPaired(deps, params)),
    setup: async (params) => {
      const about = {
        version,
        openclaw: api.runtime.version,
        packageFolder: api.rootDir ?? null,
        stateFolder: api.runtime.state.resolveStateDir(),
        changeConfig,
      };
      return (await later()).setupMethod(deps, about, params);
    },
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
  // It writes the gateway's config, as config.patch does.
  register("guard", ADMIN);
  // Not a look at what is known: it opens connections with the gateway's keys and runs a command on the node.
  register("probe", WRITE);
  // It changes which machine the gateway believes to be the node.
  register("trust", ADMIN);
  // It writes the gateway's config, records host keys and installs this plugin on a node.
  register("setup", ADMIN);
  // They change where every agent's calls run, as a change of the rules does.
  register("cordon", ADMIN);
  register("uncordon", ADMIN);
  register("drain", ADMIN);
  register("drained", READ);
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
