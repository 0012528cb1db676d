// Our log lines: pino records, redacted by path, written into the gateway's own log.
import { type DestinationStream, type Logger, pino } from "pino";

export type { Logger } from "pino";

/** The host's logger: `api.logger`. */
export interface HostLogger {
  debug?: ((message: string) => void) | undefined;
  info: (message: string) => void;
  warn: (message: string) => void;
  error: (message: string) => void;
}

/** What must never reach a log: secrets, and the text of commands (they carry secrets too). */
export const REDACTED_PATHS: readonly string[] = [
  "command",
  "env",
  "token",
  "identityData",
  "passphrase",
  "params.command",
  "params.env",
  "*.command",
  "*.env",
  "*.token",
  "*.identityData",
  "*.passphrase",
];

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
      const text = `${msg ?? "node-router"} ${JSON.stringify(facts)}`;
      if (level === "error" || level === "fatal") host.error(text);
      else if (level === "warn") host.warn(text);
      else if (level === "info") host.info(text);
      else host.debug?.(text);
    },
  };
}
