// The gateway methods under `noderouter.`, one a command: read scope to look, write scope to write.
import type { OpenClawPluginApi } from "openclaw/plugin-sdk/plugin-entry";
import { messageOf } from "../../errors.ts";
import type { RouterDeps } from "../deps.ts";
import { applyGuard } from "../guard/apply.ts";
import { createMethods, type Methods, UsageError } from "./methods.ts";

const READ = "operator.read";
const WRITE = "operator.write";

export function registerGatewayMethods(api: OpenClawPluginApi, deps: RouterDeps): void {
  const methods = createMethods(deps, api.version ?? "unknown", async (plans) => {
    await api.runtime.config.mutateConfigFile({
      // The file as written: the running config has defaults and resolved secrets in it.
      base: "source",
      afterWrite: { mode: "auto" },
      mutate: (draft) => applyGuard(draft, plans),
    });
  });
  const register = (name: keyof Methods, scope: typeof READ | typeof WRITE): void => {
    api.registerGatewayMethod(
      `noderouter.${name}`,
      async ({ params, respond }) => {
        try {
          respond(true, await methods[name](params ?? {}));
        } catch (error) {
          const code = error instanceof UsageError ? "INVALID_REQUEST" : "UNAVAILABLE";
          respond(false, undefined, { code, message: messageOf(error) });
        }
      },
      { scope },
    );
  };
  register("status", READ);
  register("nodes", READ);
  register("explain", READ);
  register("doctor", READ);
  register("guard", WRITE);
}
