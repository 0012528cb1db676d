// Our log lines: pino records, redacted by path, written into the gateway's own log.
import { type DestinationStream, type Logger, pino } from "pino";
import { safe } from "./safeText.ts";

export type { Logger } from "pino";

/** The host's logger: `api.logger`. */
export interface HostLogger {
  debug?: ((message: string) => void) | undefined;
  info: (message: string) => void;
  warn: (message: string) => void;
  error: (message: string) => void;
}

/** What must never reach a log: secrets, and the text of commands (they carry secrets too). */
const REDACTED_KEYS = [
  "command",
  "rawCommand",
  "argv",
  "script",
  "env",
  "token",
  "gatewayToken",
  "password",
  "identityData",
  "passphrase",
];

/** At the top and two levels down: deeper than anything we log. */
export const REDACTED_PATHS: readonly string[] = REDACTED_KEYS.flatMap((key) => [
  key,
  `*.${key}`,
  `*.*.${key}`,
]);

/** One logger an instance; modules take a child of it: `logger.child({ part: "policy" })`. */
export function createLogger(host: HostLogger): Logger {
  return pino(
    {
      level: "debug",
      base: null,
      // The gateway stamps its own time.
      timestamp: false,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: [...REDACTED_PATHS], censor: "[redacted]" },
    },
    hostStream(host),
  );
}

/** Splits a record into the host's level, our message, and the facts as JSON. */
function hostStream(host: HostLogger): DestinationStream {
  return {
    write(line) {
      const { level, msg, ...facts }: { level?: string; msg?: string } = JSON.parse(line);
      // SECURITY: names of nodes and agents come from outside, and a log is read on terminals.
      const text = safe(`${msg ?? "node-router"} ${JSON.stringify(facts)}`);
      if (level === "error" || level === "fatal") host.error(text);
      else if (level === "warn") host.warn(text);
      else if (level === "info") host.info(text);
      else host.debug?.(text);
    },
  };
}
