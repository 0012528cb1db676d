// The tab "Nodes" of the Control UI, and the routes that it and Prometheus ask.
import { AsyncLocalStorage } from "node:async_hooks";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { OpenClawPluginApi } from "openclaw/plugin-sdk/plugin-entry";
import { messageOf } from "../../../shared/errors.ts";
import { fieldOf } from "../../../shared/jsonParts.ts";
import { loadLater } from "../../../shared/loadLater.ts";
import { once } from "../../../shared/once.ts";
import { safe } from "../../../shared/safeText.ts";
import { outsideCaller } from "../../host/callerScope.ts";
import type { RouterDeps } from "../../process/deps.ts";
import type { PageAssets } from "./assets.ts";
import { PAGE_KEY } from "./pageKey.ts";
import type { WebHandlers, WebReports } from "./routes.ts";
import { createTickets, TICKET_SECRET } from "./ticket.ts";
import { PAGE_PATH, ROOT, TICKET_PATH } from "./webPaths.ts";

/** @param reports the same functions as behind the gateway methods `noderouter.nodes` and `.status`. */
export function registerWeb(
  api: OpenClawPluginApi,
  deps: Pick<RouterDeps, "memory" | "log" | "now" | "hostConfig">,
  reports: WebReports,
): void {
  const log = deps.log.child({ part: "web" });
  const key = deps.memory.part(PAGE_KEY);
  const onError = (route: string, error: unknown) =>
    log.warn({ route, error: String(error) }, "a page of ours could not be made");
  const signIn = () => JSON.stringify(fieldOf(fieldOf(deps.hostConfig(), "gateway"), "auth") ?? null);
  const tickets = createTickets(deps.memory.part(TICKET_SECRET), deps.now, signIn);
  const handlers = once(async () => {
    const { createWebHandlers } = await loadLater(() => import("./routes.ts"));
    return createWebHandlers({ assets: builtAssets, reports, key, tickets, now: deps.now, onError });
  });
  const handlerOf =
    (which: keyof WebHandlers, path: string) =>
    async (request: IncomingMessage, response: ServerResponse): Promise<boolean> => {
      try {
        return await (await handlers())[which](request, response);
      } catch (error) {
        onError(path, error);
        response.statusCode = 503;
        response.end(which === "signedIn" ? `${safe(messageOf(error))}\n` : undefined);
        return true;
      }
    };
  api.registerHttpRoute({
    path: ROOT,
    match: "prefix",
    auth: "gateway",
    handler: handlerOf("signedIn", ROOT),
  });
  // In such a route the host grants the plugin itself no right (2026.9.6): the reports are made as by a timer of ours, and
  // not with the authority of whoever had the plugin reloaded.
  const outside = AsyncLocalStorage.snapshot();
  const answerWithTicket = handlerOf("withTicket", TICKET_PATH);
  api.registerHttpRoute({
    path: TICKET_PATH,
    match: "exact",
    auth: "plugin",
    handler: (request, response) => outside(() => outsideCaller(() => answerWithTicket(request, response))),
  });
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
