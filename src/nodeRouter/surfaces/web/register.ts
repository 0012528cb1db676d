// The tab "Nodes" of the Control UI, and the routes that it and Prometheus ask.
import type { OpenClawPluginApi } from "openclaw/plugin-sdk/plugin-entry";
import { loadLater } from "../../../shared/loadLater.ts";
import type { RouterDeps } from "../../process/deps.ts";
import type { PageAssets } from "./assets.ts";
import { PAGE_KEY } from "./pageKey.ts";
import { createWebHandler, PAGE_PATH, ROOT, type WebReports } from "./routes.ts";

/** @param reports the same functions as behind the gateway methods `noderouter.nodes` and `.status`. */
export function registerWeb(
  api: OpenClawPluginApi,
  deps: Pick<RouterDeps, "memory" | "log" | "now">,
  reports: WebReports,
): void {
  const log = deps.log.child({ part: "web" });
  const handler = createWebHandler({
    assets: builtAssets,
    reports,
    key: deps.memory.part(PAGE_KEY),
    now: deps.now,
    onError: (route, error) => log.warn({ route, error: String(error) }, "a page of ours could not be made"),
  });
  api.registerHttpRoute({ path: ROOT, match: "prefix", auth: "gateway", handler });
  api.session.controls.registerControlUiDescriptor({
    surface: "tab",
    id: "nodes",
    label: "Nodes",
    description: "Where every node is, how it is reached, and which agents run there.",
    icon: "monitor",
    group: "control",
    path: PAGE_PATH,
    requiredScopes: ["operator.read"],
  });
}

/** Rejects with an Error outside of a build. */
export async function builtAssets(): Promise<PageAssets> {
  const { page } = await loadLater(() => import("./builtPage.ts"));
  if (page === null) throw new Error("the page is put in by the build: run `npm run build`");
  return page;
}
