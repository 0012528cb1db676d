// The page's files, and the one answer that is made of them.
import { createHash } from "node:crypto";

export interface PageAssets {
  /** With a comment in each place where something is to be filled in, `content="KEY"` and `content="TICKET"`. */
  readonly html: string;
  readonly css: string;
  readonly js: string;
}

/**
 * The whole page in one answer. In the Control UI it lives in a frame without an origin, to which browsers that block
 * third-party cookies give the gateway's cookie for the page itself and for nothing that the page asks for: files of
 * their own would not load there.
 * @param proofs that the page came from here, for its questions: pageKey.ts, ticket.ts.
 * @param data anything that JSON can hold.
 * @param theme what a page that loads itself anew looked like, so that it does not flash in the other one; else null.
 */
export function fillPage(
  { html, css, js }: PageAssets,
  { key, ticket }: { readonly key: string; readonly ticket: string },
  data: unknown,
  theme: string | null = null,
): string {
  const parts: Readonly<Record<string, string>> = {
    'lang="en"': theme === "dark" || theme === "light" ? `lang="en" data-theme="${theme}"` : 'lang="en"',
    'content="KEY"': `content="${key}"`,
    'content="TICKET"': `content="${ticket}"`,
    "<!--CSS-->": `<style>${css}</style>`,
    "<!--JS-->": `<script>${js}</script>`,
    // SECURITY: no text of the data can end the element that it is in.
    "<!--DATA-->": `<script id="data" type="application/json">${JSON.stringify(data).replaceAll("<", "\\u003c")}</script>`,
  };
  return html.replace(/lang="en"|content="(?:KEY|TICKET)"|<!--[A-Z]+-->/g, (mark) => parts[mark] ?? mark);
}

/** As a Content-Security-Policy names a text that may stand in the page. */
export function hashOf(text: string): string {
  return `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
}
