// The steps of a connection with their times, as `probe` shows them. Pure.

export interface Step {
  /** The machine it is about, as written in the settings. */
  readonly host: string;
  readonly name: "settings" | "resolve" | "tcp" | "handshake" | "host key" | "auth" | "session" | "workspace";
  readonly ok: boolean;
  /** Milliseconds, to a tenth. */
  readonly ms: number;
  readonly detail: string;
}

/**
 * @param ms rounded to a tenth.
 * @param detail for people; escaped by whoever shows it.
 */
export function step(host: string, name: Step["name"], ok: boolean, ms: number, detail: string): Step {
  return { host, name, ok, ms: Math.round(ms * 10) / 10, detail };
}
