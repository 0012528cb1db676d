// The routes under /plugins/node-router/: the page "Nodes", its files, its data, and metrics. The gateway authenticates.
import type { IncomingMessage, ServerResponse } from "node:http";
import type { EventQuery, Transition } from "../../../presence/presence.ts";
import { messageOf } from "../../../shared/errors.ts";
import { loadLater } from "../../../shared/loadLater.ts";
import { safe } from "../../../shared/safeText.ts";
import type { CallRow } from "../../ledger/readCalls.ts";
import type { NodesReport } from "../reports/nodeReport.ts";
import type { StatusReport } from "../reports/statusReport.ts";
import { fillPage, type PageAssets } from "./assets.ts";
import { createNodesData, type NodesData } from "./data.ts";
import { isPageKey } from "./pageKey.ts";
import { type HttpAnswer, respond } from "./respond.ts";

/** Where the routes begin; one prefix, so that one grant of the Control UI covers page, files and data. */
export const ROOT = "/plugins/node-router";

/** What the tab shows. */
export const PAGE_PATH = `${ROOT}/nodes`;

/** Changes this old are still news to the page, ms. */
const NEWS_MS = 7 * 24 * 60 * 60_000;

/** The reports that the routes are made of; the same as of the CLI. */
export interface WebReports {
  nodes(): Promise<NodesReport>;
  status(): Promise<StatusReport>;
  events(query: EventQuery): readonly Transition[] | Promise<readonly Transition[]>;
  /** The newest of the ledger; absent: there is none. */
  calls?(): Promise<readonly CallRow[]>;
}

export interface Web {
  readonly assets: () => Promise<PageAssets>;
  readonly reports: WebReports;
  /** `PAGE_KEY` of this process. */
  readonly key: string;
  /** Epoch ms. */
  readonly now: () => number;
  /** Told of every answer that failed. */
  readonly onError: (route: string, error: unknown) => void;
}

type Route = (web: Web, query: URLSearchParams, request: IncomingMessage) => Promise<HttpAnswer>;

const ROUTES: Readonly<Record<string, Route>> = {
  "/nodes": async (web, query) => {
    const page = await web.assets();
    // Without a report there is a page all the same: it says why, and asks again.
    const data = await makeData(web, query.get("detail") ?? "").catch((error: unknown) => {
      web.onError("/nodes", error);
      return { error: safe(messageOf(error)) };
    });
    return { status: 200, type: "html", body: fillPage(page, web.key, data), page };
  },
  "/nodes.json": async (web, query, request) => {
    const data = await makeData(web, query.get("detail"));
    return { status: 200, type: "json", body: JSON.stringify(data), headers: readers(web, query, request) };
  },
  "/metrics": async ({ reports }) => {
    const [nodes, status] = await Promise.all([reports.nodes(), reports.status()]);
    const { metricsText } = await loadLater(() => import("./metrics.ts"));
    return { status: 200, type: "metrics", body: await metricsText(nodes, status) };
  },
};

async function makeData({ reports, now }: Web, detail: string | null): Promise<NodesData> {
  const nowMs = now();
  const [nodes, status, events, calls] = await Promise.all([
    reports.nodes(),
    reports.status(),
    reports.events({ sinceMs: nowMs - NEWS_MS, node: null }),
    // A ledger that cannot be read must not hide the nodes; the doctor says what is wrong with it.
    reports.calls?.().catch(() => []) ?? [],
  ]);
  return createNodesData({ nodes, status, events, calls, nowMs, detail });
}

const NAMES = Object.keys(ROUTES)
  .map((route) => ROOT + route)
  .join(", ");

/** @returns the handler of everything under ROOT; it always answers. */
export function createWebHandler(
  web: Web,
): (request: IncomingMessage, response: ServerResponse) => Promise<boolean> {
  return async (request, response) => {
    respond(request, response, await answerTo(web, request));
    return true;
  };
}

async function answerTo(web: Web, request: IncomingMessage): Promise<HttpAnswer> {
  if (request.method !== "GET" && request.method !== "HEAD") {
    const body = "Only GET and HEAD are answered here.\n";
    return { status: 405, type: "text", body, headers: { Allow: "GET, HEAD" } };
  }
  const { pathname, searchParams } = new URL(request.url ?? "/", "http://localhost");
  const path = pathname.slice(ROOT.length);
  if (path === "" || path === "/") {
    return { status: 308, type: "text", body: `See ${PAGE_PATH}\n`, headers: { Location: PAGE_PATH } };
  }
  const route = Object.hasOwn(ROUTES, path) ? ROUTES[path] : undefined;
  if (route === undefined || !pathname.startsWith(ROOT)) {
    return { status: 404, type: "text", body: `Nothing is here. There are ${NAMES}.\n` };
  }
  try {
    return await route(web, searchParams, request);
  } catch (error) {
    web.onError(path, error);
    return path.endsWith(".json")
      ? {
          status: 503,
          type: "json",
          body: JSON.stringify({ error: safe(messageOf(error)) }),
          headers: readers(web, searchParams, request),
        }
      : { status: 503, type: "text", body: `${safe(messageOf(error))}\n` };
  }
}

/**
 * Who may read the answer besides our own origin: the page in its sandboxed frame, if it proves to be ours.
 * SECURITY: never the origin `null` as such, see pageKey.ts.
 */
function readers({ key }: Web, query: URLSearchParams, { headers }: IncomingMessage): Record<string, string> {
  if (headers.origin !== "null" || !isPageKey(query.get("key"), key)) return { Vary: "Origin" };
  return {
    Vary: "Origin",
    "Access-Control-Allow-Origin": "null",
    "Access-Control-Allow-Credentials": "true",
  };
}
