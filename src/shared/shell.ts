// POSIX shell text: quoting, and environment variables in front of a command. Pure.
import { safe } from "./safeText.ts";

/** POSIX 2.8.1 "name"; anything else cannot be exported by a shell. */
export const ENV_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

export type EnvPrefix =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly message: string };

/** One shell word that means exactly `text`. Single quotes keep everything but themselves. */
export function shellQuote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** The word as it is where every shell reads it so, else quoted; safe to print. */
export function shellWord(text: string): string {
  return /^[\w.:@/-]+$/.test(text) ? text : shellQuote(safe(text));
}

/**
 * `export` lines for the variables, to stand in front of a command: a node drops the variables of a
 * request, because it runs the command in a login shell (host docs: nodes/node-host).
 */
export function envPrefix(env: unknown): EnvPrefix {
  if (env === undefined || env === null) return { ok: true, text: "" };
  if (typeof env !== "object" || Array.isArray(env)) return bad("env must be an object of names and values");
  const lines: string[] = [];
  for (const [name, value] of Object.entries(env)) {
    if (!ENV_NAME.test(name)) {
      return bad(
        `env name ${JSON.stringify(shownName(name))} is not a shell name; use letters, digits and _ only`,
      );
    }
    if (typeof value !== "string" && typeof value !== "number" && typeof value !== "boolean") {
      return bad(`env.${name} must be text`);
    }
    const text = String(value);
    if (text.includes("\0")) return bad(`env.${name} holds a NUL character, which no environment can carry`);
    lines.push(`export ${name}=${shellQuote(text)}\n`);
  }
  return { ok: true, text: lines.join("") };
}

/** SECURITY: the message is logged, and a careless model writes `TOKEN=secret` where the name belongs. */
function shownName(name: string): string {
  const start = /^[A-Za-z0-9_]{0,64}/.exec(name)?.[0] ?? "";
  return start === name ? name : `${start}…`;
}

function bad(message: string): EnvPrefix {
  return { ok: false, message };
}
