// Our real route handlers on a loopback port, with reports that the test makes up.
import { once } from "node:events";
import { createServer } from "node:http";
import { buildPage } from "../../../../scripts/support/pageAssets.ts";
import type { CallRow } from "../../../../src/nodeRouter/ledger/readCalls.ts";
import type { NodesReport } from "../../../../src/nodeRouter/surfaces/reports/nodeReport.ts";
import type { StatusReport } from "../../../../src/nodeRouter/surfaces/reports/statusReport.ts";
import { createWebHandler, ROOT } from "../../../../src/nodeRouter/surfaces/web/routes.ts";
import type { Transition } from "../../../../src/presence/presence.ts";
import { NOW_MS, smallEvents, smallFleet, statusFor } from "./fleet.ts";

export const KEY = "k".repeat(32);

export interface WebServer {
  /** `http://127.0.0.1:<port>`. */
  readonly origin: string;
  /** What the next request is answered with; an Error is thrown by the report. */
  nodes: NodesReport | Error;
  status: StatusReport | null;
  events: readonly Transition[];
  /** Of the ledger; an Error is thrown. */
  calls: readonly CallRow[] | Error;
  /** Epoch ms. */
  nowMs: number;
  /** Routes that failed, as the log is told. */
  readonly errors: string[];
  /** `nodes.json` is refused as the gateway refuses what comes without its cookie: 401, and no CORS headers. */
  withoutCookie: boolean;
  /** Every request outside our routes gets this HTML; for pages that embed ours. */
  other: string;
  stop(): Promise<void>;
}

/** Serves under ROOT; everything else is `other`. */
export async function startWebServer(port = 0): Promise<WebServer> {
  const assets = await buildPage();
  const nodes = (): NodesReport => {
    if (server.nodes instanceof Error) throw server.nodes;
    return server.nodes;
  };
  const handler = createWebHandler({
    assets: async () => assets,
    key: KEY,
    now: () => server.nowMs,
    onError: (route, error) => void server.errors.push(`${route}: ${String(error)}`),
    reports: {
      nodes: async () => nodes(),
      status: async () => server.status ?? statusFor(nodes()),
      events: () => server.events,
      calls: async () => {
        if (server.calls instanceof Error) throw server.calls;
        return server.calls;
      },
    },
  });
  const http = createServer((request, response) => {
    if (server.withoutCookie && request.url?.includes("nodes.json") === true) {
      response.statusCode = 401;
      return void response.end("Unauthorized");
    }
    if (request.url?.startsWith(ROOT) === true) return void handler(request, response);
    response.setHeader("Content-Type", "text/html; charset=utf-8");
    response.end(server.other);
  });
  http.listen(port, "127.0.0.1");
  await once(http, "listening");
  const address = http.address();
  const server: WebServer = {
    origin: `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`,
    nodes: smallFleet(),
    status: null,
    events: smallEvents(),
    calls: [],
    nowMs: NOW_MS,
    errors: [],
    withoutCookie: false,
    other: "<!doctype html><title>empty</title>",
    async stop() {
      http.closeAllConnections();
      http.close();
      await once(http, "close");
    },
  };
  return server;
}
