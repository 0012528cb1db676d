// Which calls start or drive an external harness (ACP), whose programs run on the gateway. Pure; as in OpenClaw 2026.9.

type Params = Readonly<Record<string, unknown>>;

/** What such a call would drive, in words; null when everything that it starts are agents of OpenClaw. */
export function harnessIn(params: Params): string | null {
  const { runtime, sessionKey } = params;
  // Anything but OpenClaw's own runtime: a value that the host reads in a way of its own must not be the way out.
  if (runtime !== undefined && runtime !== null && runtime !== "" && fold(runtime) !== "subagent") {
    return `runtime ${JSON.stringify(runtime)}`;
  }
  return isHarnessSession(sessionKey) ? `session ${JSON.stringify(sessionKey)}` : null;
}

/** As the host's `isAcpSessionKey`: `acp:…` or `agent:<id>:acp:…`. */
function isHarnessSession(key: unknown): boolean {
  return typeof key === "string" && /^(?:agent:[^:]*:)?acp:/i.test(key.trim());
}

function fold(value: unknown): string {
  return typeof value === "string" ? value.trim().toLowerCase() : "";
}
