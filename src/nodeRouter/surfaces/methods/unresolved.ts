// What a document leaves to OpenClaw's own loader, which no plugin can ask about a file that does not hold: `${VAR}`. Pure.
import { MIN_TOKEN_LENGTH } from "../../../config/schema/limits.ts";
import { isRecord } from "../../../shared/isRecord.ts";
import { quote } from "../../../shared/safeText.ts";

/** As OpenClaw 2026.9.6 matches it; one that is escaped (`$${VAR}`) would become another text, too. */
const VARIABLE = /\$\{[A-Z_][A-Z0-9_]*\}/;

/** Where a whole config can decide where calls run. */
const READ =
  /^(agents|tools|session|approvals|plugins\.enabled|plugins\.entries\.node-router|models\..*agentRuntime)(\.|$)/;

/** Secrets decide nothing of it, and are seldom written out. */
const SECRET = /(apiKey|token|secret|password)$/i;
/** Of the plugin's config what decides nothing: secrets, variables of commands, where people are told. */
const UNDECIDING =
  /^(nodes\..+\.(ssh\.(identityData|passphrase)|env\.[^.]+)|peers\..+\.token|alerts\.(channel|to|accountId))$/s;
const OWN = "plugins.entries.node-router.config.";

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
  if (isOwn) return !UNDECIDING.test(path);
  if (path.startsWith(OWN)) return !UNDECIDING.test(path.slice(OWN.length));
  return READ.test(path) && !SECRET.test(path);
}

/** The plugin's config with tokens of peers that are variables made long enough to be one: the same variable stays the same. */
export function withLongTokens(config: unknown): unknown {
  if (!isRecord(config) || !isRecord(config.peers)) return config;
  const peers = Object.entries(config.peers).map(([name, peer]) => {
    if (!isRecord(peer)) return [name, peer];
    const { accept } = peer;
    return [name, { ...longToken(peer), ...(isRecord(accept) ? { accept: longToken(accept) } : {}) }];
  });
  return { ...config, peers: Object.fromEntries(peers) };
}

function longToken(holder: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { token } = holder;
  if (typeof token !== "string" || !VARIABLE.test(token)) return holder;
  return { ...holder, token: token.padEnd(MIN_TOKEN_LENGTH, "0") };
}
