// Registers what delegation needs of the host: the route that peers ask, and the service that looks after their tasks.
import type { IncomingMessage, ServerResponse } from "node:http";
import type { OpenClawPluginApi } from "openclaw/plugin-sdk/plugin-entry";
import { PLUGIN_CONFIG } from "../../config/currentConfig.ts";
import { messageOf } from "../../shared/errors.ts";
import { loadLater } from "../../shared/loadLater.ts";
import { PATIENCE_MS, settles } from "../../shared/patience.ts";
import type { SubagentRuntime } from "../host/subagents.ts";
import { type WakeRuntime, wakeSession } from "../host/wakeSession.ts";
import type { RouterDeps } from "../process/deps.ts";
import { PEER_ROUTE } from "./inbox/routeSlot.ts";
import { OUTBOX_KEEPER, type OutboxNeeds } from "./outbox/outboxKeeper.ts";
import { PEER_PATH } from "./protocol/wire.ts";

/** Without a peer nothing is registered, and nothing loads. */
export function registerDelegation(api: OpenClawPluginApi, deps: RouterDeps): void {
  const peers = [...(deps.memory.part(PLUGIN_CONFIG).current?.peers.values() ?? [])];
  if (peers.some(({ accept }) => accept !== null)) registerInbox(api, deps);
  if (peers.some(({ way, token }) => way !== null && token !== null)) registerOutbox(api, deps);
}

function registerInbox(api: OpenClawPluginApi, deps: RouterDeps): void {
  const route = deps.memory.part(PEER_ROUTE);

  api.registerHttpRoute({
    path: PEER_PATH,
    match: "exact",
    auth: "plugin",
    handler(request: IncomingMessage, response: ServerResponse) {
      // Answered behind the host's back: a handler that is not done holds up a reload of the plugin (2026.9.6).
      if (route.current === null) notReady(response);
      else void route.current(request, response);
      return true;
    },
  });

  const runtime: SubagentRuntime = api.runtime;
  let close: () => Promise<void> = () => Promise.resolve();
  api.registerService({
    id: "node-router-delegation",
    async start() {
      await close();
      let isOver = false;
      close = async () => {
        isOver = true;
      };
      const begun = loadLater(() => import("./inbox/openInbox.ts")).then(({ openInbox }) => {
        if (isOver) return;
        const inbox = openInbox({
          deps,
          runtime,
          stateFolder: api.runtime.state.resolveStateDir(),
          pluginVersion: api.version ?? "",
        });
        close = () => inbox.close();
      });
      if (await settles(begun, PATIENCE_MS)) return;
      begun.catch((error: unknown) =>
        deps.log.error({ part: "delegation", reason: messageOf(error) }, "no task of a peer is taken"),
      );
    },
    async stop() {
      await settles(close(), PATIENCE_MS);
    },
  });
}

/** The service that gives tasks to peers. It goes on over a reload, as who waits for one does. */
function registerOutbox(api: OpenClawPluginApi, deps: RouterDeps): void {
  const keeper = deps.memory.part(OUTBOX_KEEPER);
  const runtime: WakeRuntime = api.runtime;
  const needs: OutboxNeeds = {
    deps,
    stateFolder: api.runtime.state.resolveStateDir(),
    wake: (requester, text) => wakeSession(runtime, requester, text),
    onEnd() {
      keeper.current = null;
    },
  };
  let isStarted = false;
  api.registerService({
    id: "node-router-outbox",
    start() {
      isStarted = true;
      if (keeper.current !== null) return keeper.current.use(needs);
      // Not waited for: a start of 5 s makes OpenClaw give up the whole reload.
      loadLater(() => import("./outbox/openOutbox.ts"))
        .then(({ createOutboxKeeper }) => {
          if (!isStarted) return;
          keeper.current ??= createOutboxKeeper(needs);
          keeper.current.use(needs);
        })
        .catch((error: unknown) => {
          deps.log.error({ part: "delegation", reason: messageOf(error) }, "no task is given to a peer");
        });
    },
    stop() {
      isStarted = false;
      keeper.current?.release(needs);
    },
  });
}

/** As the host itself says it while it starts: whoever reads it knows that nothing was taken. */
function notReady(response: ServerResponse): void {
  response.writeHead(503, { "content-type": "application/json", "a2a-version": "1.0", "retry-after": "1" });
  response.end('{"error":"this gateway does not take tasks yet"}');
}
