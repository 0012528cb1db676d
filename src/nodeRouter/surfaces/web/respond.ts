// Answers of our routes, each with the headers that keep a browser from doing more than it must.
import type { IncomingMessage, ServerResponse } from "node:http";
import { hashOf, type PageAssets } from "./assets.ts";

/**
 * SECURITY: this script and this style and no other, nothing from elsewhere, no markup made from text, and no frame
 * but the Control UI's. `data:` images: the empty icon that keeps browsers from asking for one.
 */
function pagePolicy({ css, js }: PageAssets): string {
  return [
    "default-src 'none'",
    `script-src ${hashOf(js)}`,
    `style-src ${hashOf(css)}`,
    "connect-src 'self'",
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'self'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join("; ");
}

const NO_PAGE_POLICY = "default-src 'none'; frame-ancestors 'none'";

const COMMON = {
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
};

export interface HttpAnswer {
  readonly status: number;
  readonly type: "html" | "json" | "text" | "metrics";
  readonly body: string;
  /** What may run in it; only of the page. */
  readonly page?: PageAssets;
  readonly headers?: Readonly<Record<string, string>>;
}

const TYPES: Readonly<Record<HttpAnswer["type"], string>> = {
  html: "text/html; charset=utf-8",
  json: "application/json; charset=utf-8",
  text: "text/plain; charset=utf-8",
  metrics: "text/plain; version=0.0.4; charset=utf-8",
};

/**
 * Sends the answer with what keeps a browser from doing more with it: no copy is kept, no other site frames it, nothing
 * of it asks another machine. HEAD gets the same without its body.
 */
export function respond(request: IncomingMessage, response: ServerResponse, answer: HttpAnswer): void {
  const { status, type, body, page, headers = {} } = answer;
  response.statusCode = status;
  for (const [name, value] of Object.entries({
    ...COMMON,
    "Content-Type": TYPES[type],
    "Content-Length": String(Buffer.byteLength(body)),
    "Content-Security-Policy": page === undefined ? NO_PAGE_POLICY : pagePolicy(page),
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    ...headers,
  })) {
    response.setHeader(name, value);
  }
  response.end(request.method === "HEAD" ? undefined : body);
}
