// The routes under /plugins/node-router/: the page "Nodes", its files, its data, and metrics. The gateway authenticates.
// And one beside them for the page in a frame, which shows a ticket instead.
import type { IncomingMessage, ServerResponse } from "node:http";
import type { EventQuery, Transition } from "../../../presence/presence.ts";
import { messageOf } from "../../../shared/errors.ts";
import { loadLater } from "../../../shared/loadLater.ts";
import { safe } from "../../../shared/safeText.ts";
import type { ExplainReport } from "../../explain/report.ts";
import type { CallRow } from "../../ledger/readCalls.ts";
import type { Finding } from "../doctor/finding.ts";
import type { UsageOverview } from "../methods/usageMethod.ts";
import type { NodesReport } from "../reports/nodeReport.ts";
import type { PeersOverview } from "../reports/peersOverview.ts";
import type { StatusReport } from "../reports/statusReport.ts";
import { fillPage, type PageAssets } from "./assets.ts";
import { createNodesData, type NodesData } from "./data.ts";
import { isPageKey } from "./pageKey.ts";
import { type HttpAnswer, respond } from "./respond.ts";
import { TICKET_HEADER, type Tickets } from "./ticket.ts";
import { PAGE_PATH, ROOT } from "./webPaths.ts";

/** Changes this old are still news to the page, ms. */
const NEWS_MS = 7 * 24 * 60 * 60_000;

/** The doctor is asked no more often, ms: he looks at everything, and the page asks every few seconds. */
const DOCTOR_MS = 30_000;

/** The reports that the routes are made of; the same as of the CLI. */
export interface WebReports {
  nodes(): Promise<NodesReport>;
  status(): Promise<StatusReport>;
  events(query: EventQuery): readonly Transition[] | Promise<readonly Transition[]>;
  /** The newest of the ledger; absent: there is none. */
  calls?(): Promise<readonly CallRow[]>;
  /** Null: no peer is configured; absent: not asked. */
  peers?(): Promise<PeersOverview | null>;
  /** As the gateway method; absent: nobody is explained. */
  explain?(params: { readonly agent: string; readonly down?: string[] }): Promise<ExplainReport>;
  /** Absent: not asked. */
  doctor?(): Promise<{ readonly findings: readonly Finding[] }>;
  /** Null: nobody could count it; absent: not asked. */
  usage?(): Promise<UsageOverview | null>;
}

/** What the doctor said last, with when he was asked. */
interface Examined {
  atMs: number;
  findings: Promise<readonly Finding[] | null> | null;
}

export interface Web {
  readonly assets: () => Promise<PageAssets>;
  readonly reports: WebReports;
  /** `PAGE_KEY` of this process. */
  readonly key: string;
  readonly tickets: Tickets;
  /** Epoch ms. */
  readonly now: () => number;
  /** Told of every answer that failed. */
  readonly onError: (route: string, error: unknown) => void;
}

type Route = (web: Web & { readonly examined: Examined }, query: URLSearchParams) => Promise<HttpAnswer>;

const DATA_ROUTE: Route = async (web, query) => {
  const usage = query.has("usage") ? await usageOf(web.reports) : null;
  const data = { ...(await makeData(web, query.get("detail"), query)), usage };
  return { status: 200, type: "json", body: JSON.stringify(data) };
};

const ROUTES: Readonly<Record<string, Route>> = {
  "/nodes": async (web, query) => {
    const page = await web.assets();
    // Without a report there is a page all the same: it says why, and asks again.
    const data = await makeData(web, query.get("detail") ?? "", query).catch((error: unknown) => {
      web.onError("/nodes", error);
      return { error: safe(messageOf(error)) };
    });
    const proofs = { key: web.key, ticket: web.tickets.issue() };
    return { status: 200, type: "html", body: fillPage(page, proofs, data, query.get("theme")), page };
  },
  "/nodes.json": DATA_ROUTE,
  "/metrics": async ({ reports }) => {
    const [nodes, status, peers, usage] = await Promise.all([
      reports.nodes(),
      reports.status(),
      peersOf(reports),
      usageOf(reports),
    ]);
    const { metricsText } = await loadLater(() => import("./metrics.ts"));
    return { status: 200, type: "metrics", body: await metricsText(nodes, status, peers, usage) };
  },
};

async function makeData(
  { reports, now, examined }: Web & { readonly examined: Examined },
  detail: string | null,
  query: URLSearchParams,
): Promise<NodesData> {
  const nowMs = now();
  const [agent, down] = [query.get("agent") ?? "", query.get("down") ?? ""];
  const asked = { agent, ...(down === "" ? {} : { down: [down] }) };
  const [nodes, status, events, calls, peers, explained, findings] = await Promise.all([
    reports.nodes(),
    reports.status(),
    reports.events({ sinceMs: nowMs - NEWS_MS, node: null }),
    // A ledger that cannot be read must not hide the nodes; the doctor says what is wrong with it.
    reports.calls?.().catch(() => []) ?? [],
    peersOf(reports),
    // An agent or a node of that name may just be gone.
    agent === "" ? null : ((await reports.explain?.(asked).catch(() => null)) ?? null),
    findingsOf(reports, examined, nowMs),
  ]);
  return createNodesData({ nodes, status, events, calls, peers, explained, findings, nowMs, detail });
}

/** What he said lately is said again. */
function findingsOf(
  reports: WebReports,
  examined: Examined,
  nowMs: number,
): Promise<readonly Finding[] | null> {
  const age = nowMs - examined.atMs;
  if (examined.findings === null || age < 0 || age >= DOCTOR_MS) {
    examined.atMs = nowMs;
    examined.findings = (async () => (await reports.doctor?.())?.findings ?? null)().catch(() => null);
  }
  return examined.findings;
}

/** What fails there must not hide the nodes either. */
async function peersOf(reports: WebReports): Promise<PeersOverview | null> {
  return (await reports.peers?.().catch(() => null)) ?? null;
}

async function usageOf(reports: WebReports): Promise<UsageOverview | null> {
  return (await reports.usage?.().catch(() => null)) ?? null;
}

const NAMES = Object.keys(ROUTES)
  .map((route) => ROOT + route)
  .join(", ");

type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<boolean>;

export interface WebHandlers {
  /** Of everything under ROOT, for whom the gateway let in. */
  readonly signedIn: Handler;
  /** Of TICKET_PATH, for everybody. SECURITY: it does not look at the path, so no way of writing one leads elsewhere. */
  readonly withTicket: Handler;
}

/** @returns handlers that always answer. */
export function createWebHandlers(web: Web): WebHandlers {
  const all = { ...web, examined: { atMs: 0, findings: null } };
  const handler =
    (
      answer: (web: Web & { readonly examined: Examined }, request: IncomingMessage) => Promise<HttpAnswer>,
    ): Handler =>
    async (request, response) => {
      respond(request, response, await answer(all, request));
      return true;
    };
  return { signedIn: handler(answerTo), withTicket: handler(answerToTicket) };
}

/** What a page without an origin may ask of us, and read: nothing but the data, and nothing without its ticket. */
const FRAME_HEADERS = { Vary: "Origin", "Access-Control-Allow-Origin": "null" };

/**
 * SECURITY: this is asked by the whole world. Without a ticket nothing is read, made or logged; no cookie counts.
 */
async function answerToTicket(
  web: Web & { readonly examined: Examined },
  request: IncomingMessage,
): Promise<HttpAnswer> {
  const { method, headers } = request;
  const isFrame = headers.origin === "null";
  if (method === "OPTIONS" && isFrame) {
    const asking = {
      "Access-Control-Allow-Methods": "GET",
      "Access-Control-Allow-Headers": TICKET_HEADER,
      "Access-Control-Max-Age": "600",
    };
    return { status: 204, type: "text", body: "", headers: { ...FRAME_HEADERS, ...asking } };
  }
  if (method !== "GET") {
    return { status: 405, type: "text", body: "Only GET is answered here.\n", headers: { Allow: "GET" } };
  }
  if (!isFrame || !web.tickets.isValid(headers[TICKET_HEADER])) {
    const body = "This is for the page in the Control UI. Sign in and ask /plugins/node-router/nodes.json.\n";
    // Nobody can read it, but as of most servers one learns that there was an answer: the page waits for that.
    const refused = { Vary: "Origin", "Cross-Origin-Resource-Policy": "cross-origin" };
    return { status: 401, type: "text", body, headers: refused };
  }
  const { searchParams } = new URL(request.url ?? "/", "http://localhost");
  return answerOf(DATA_ROUTE, "/nodes.json", web, searchParams, () => FRAME_HEADERS);
}

async function answerTo(
  web: Web & { readonly examined: Examined },
  request: IncomingMessage,
): Promise<HttpAnswer> {
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
  return answerOf(route, path, web, searchParams, () => readers(web, searchParams, request));
}

async function answerOf(
  route: Route,
  path: string,
  web: Parameters<Route>[0],
  query: URLSearchParams,
  readersOfData: () => Record<string, string>,
): Promise<HttpAnswer> {
  try {
    const answer = await route(web, query);
    return answer.type === "json" ? { ...answer, headers: readersOfData() } : answer;
  } catch (error) {
    web.onError(path, error);
    const reason = safe(messageOf(error));
    return path.endsWith(".json")
      ? { status: 503, type: "json", body: JSON.stringify({ error: reason }), headers: readersOfData() }
      : { status: 503, type: "text", body: `${reason}\n` };
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
