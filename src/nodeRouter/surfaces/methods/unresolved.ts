// What a document leaves to OpenClaw's own loader, which no plugin can ask about a file that does not hold: `${VAR}`. Pure.
import { quote } from "../../../shared/safeText.ts";

/** As OpenClaw 2026.9.6 matches it; one that is escaped (`$${VAR}`) would become another text, too. */
const VARIABLE = /\$\{[A-Z_][A-Z0-9_]*\}/;

/** Where a whole config can decide where calls run. */
const READ =
  /^(agents|tools|session|approvals|plugins\.enabled|plugins\.entries\.node-router|models\..*agentRuntime)(\.|$)/;

/** Secrets decide nothing of it, and are seldom written out. */
const SECRET = /(apiKey|token|secret|password)$/i;
const OWN_SECRET = /(^|\.)ssh\.(identityData|passphrase)$/;

/**
 * The first such text that a plan would depend on, as a sentence without its end; null: there is none.
 *
 * SECURITY: never looked up in the gateway's environment: who may plan may not read that.
 * @param isOwn the document is the plugin's config, or a patch of it.
 */
export function unresolvedIn(document: unknown, isOwn: boolean): string | null {
  const waiting: (readonly [value: unknown, path: string])[] = [[document, ""]];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const [value, path] = next;
    if (typeof value === "string" && VARIABLE.test(value) && decides(path, isOwn)) {
      const why = "which only OpenClaw resolves; put what it stands for into the file that you plan";
      return `${quote(path)} is ${quote(value)}, ${why}`;
    }
    if (typeof value !== "object" || value === null) continue;
    for (const [key, inner] of Object.entries(value))
      waiting.push([inner, path === "" ? key : `${path}.${key}`]);
  }
  return null;
}

function decides(path: string, isOwn: boolean): boolean {
  if (isOwn || path.startsWith("plugins.entries.node-router.")) return !OWN_SECRET.test(path);
  return READ.test(path) && !SECRET.test(path);
}
