// What OpenClaw puts a variable of the gateway's environment in the place of when it reads its config. Pure.

/**
 * SECURITY: text of another machine that goes into the config must hold none, or it reads the gateway's environment.
 * As in OpenClaw's own substitution: `${NAME}` in capitals; what it takes for escaped counts too.
 */
export function hasEnvReference(text: string): boolean {
  return /\$\{[A-Z_][A-Z0-9_]*\}/.test(text);
}
