// Our real route handlers on a loopback port, with reports that the test makes up.
import { once } from "node:events";
import { createServer } from "node:http";
import { buildPage } from "../../../../scripts/support/pageAssets.ts";
import type { ExplainReport } from "../../../../src/nodeRouter/explain/report.ts";
import type { CallRow } from "../../../../src/nodeRouter/ledger/readCalls.ts";
import type { Finding } from "../../../../src/nodeRouter/surfaces/doctor/finding.ts";
import type { UsageOverview } from "../../../../src/nodeRouter/surfaces/methods/usageMethod.ts";
import type { NodesReport } from "../../../../src/nodeRouter/surfaces/reports/nodeReport.ts";
import type { PeersOverview } from "../../../../src/nodeRouter/surfaces/reports/peersOverview.ts";
import type { StatusReport } from "../../../../src/nodeRouter/surfaces/reports/statusReport.ts";
import { createWebHandlers } from "../../../../src/nodeRouter/surfaces/web/routes.ts";
import { createTickets } from "../../../../src/nodeRouter/surfaces/web/ticket.ts";
import { ROOT, TICKET_PATH } from "../../../../src/nodeRouter/surfaces/web/webPaths.ts";
import type { Transition } from "../../../../src/presence/presence.ts";
import { NOW_MS, smallEvents, smallFleet, statusFor } from "./fleet.ts";

export const KEY = "k".repeat(32);
const SECRET = Buffer.alloc(32, "s");

export interface WebServer {
  /** `http://127.0.0.1:<port>`. */
  readonly origin: string;
  /** What the next request is answered with; an Error is thrown by the report. */
  nodes: NodesReport | Error;
  status: StatusReport | null;
  events: readonly Transition[];
  /** Of the ledger; an Error is thrown. */
  calls: readonly CallRow[] | Error;
  /** What the doctor says; an Error is thrown. */
  findings: readonly Finding[] | Error;
  /** How often he was asked. */
  examined: number;
  /** Of any agent; null: nobody has that name. */
  explained: ExplainReport | null;
  /** An Error is thrown. */
  peers: PeersOverview | Error | null;
  /** An Error is thrown. */
  usage: UsageOverview | Error | null;
  /** Epoch ms. */
  nowMs: number;
  /** Routes that failed, as the log is told. */
  readonly errors: string[];
  /** How one signs in to the gateway. */
  signIn: string;
  /** No ticket is worth anything, as where a proxy lets nothing through without its own cookie. */
  withoutTicket: boolean;
  /** `nodes.json` is refused as the gateway refuses what comes without its cookie: 401, and no CORS headers. */
  withoutCookie: boolean;
  /** Every request outside our routes gets this HTML; for pages that embed ours. */
  other: string;
  /** All as it was at the start, also what the handler keeps between requests. */
  reset(): void;
  stop(): Promise<void>;
}

const asAtStart = (): Omit<WebServer, "origin" | "errors" | "reset" | "stop"> => ({
  nodes: smallFleet(),
  status: null,
  events: smallEvents(),
  calls: [],
  peers: null,
  findings: [],
  examined: 0,
  explained: null,
  usage: null,
  nowMs: NOW_MS,
  signIn: "token",
  withoutTicket: false,
  withoutCookie: false,
  other: "<!doctype html><title>empty</title>",
});

/** Serves under ROOT; everything else is `other`. */
export async function startWebServer(port = 0): Promise<WebServer> {
  const assets = await buildPage();
  const nodes = (): NodesReport => {
    if (server.nodes instanceof Error) throw server.nodes;
    return server.nodes;
  };
  const create = () =>
    createWebHandlers({
      assets: async () => assets,
      key: KEY,
      tickets: createTickets(
        SECRET,
        () => server.nowMs,
        () => server.signIn,
      ),
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
        explain: async ({ agent, down = [] }) => {
          if (server.explained === null) throw new Error(`AGENT_UNKNOWN: no agent ${agent}`);
          const supposed = down.map((name) => `node ${name} is down`);
          return { ...server.explained, agent, ...(supposed.length === 0 ? {} : { supposed }) };
        },
        doctor: async () => {
          server.examined += 1;
          if (server.findings instanceof Error) throw server.findings;
          return { findings: server.findings };
        },
        peers: async () => {
          if (server.peers instanceof Error) throw server.peers;
          return server.peers;
        },
        usage: async () => {
          if (server.usage instanceof Error) throw server.usage;
          return server.usage;
        },
      },
    });
  let handlers = create();
  const http = createServer((request, response) => {
    if (server.withoutCookie && request.url?.includes("nodes.json") === true) {
      response.statusCode = 401;
      return void response.end("Unauthorized");
    }
    if (server.withoutTicket && request.url?.startsWith(TICKET_PATH) === true) {
      response.statusCode = 502;
      return void response.end("Bad gateway");
    }
    if (request.url?.startsWith(ROOT) === true) return void handlers.signedIn(request, response);
    if (request.url?.startsWith(TICKET_PATH) === true) return void handlers.withTicket(request, response);
    response.setHeader("Content-Type", "text/html; charset=utf-8");
    response.end(server.other);
  });
  http.listen(port, "127.0.0.1");
  await once(http, "listening");
  const address = http.address();
  const server: WebServer = {
    origin: `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`,
    ...asAtStart(),
    errors: [],
    reset() {
      Object.assign(server, asAtStart());
      server.errors.length = 0;
      handlers = create();
    },
    async stop() {
      http.closeAllConnections();
      http.close();
      await once(http, "close");
    },
  };
  return server;
}
