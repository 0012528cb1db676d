// What a server says apart from the protocol: lines before its SSH greeting, banners, and why it disconnects. Pure.
import { quote } from "../../../../../shared/safeText.ts";

/** Characters of such a text that are kept; RFC 4253 lets a server say as much as it likes. */
const MAX_KEPT = 8_192;
/** Characters of the banners, and of a goodbye, that are kept. */
const MAX_WORDS = 1_000;
/** Characters of it that a message shows. */
const MAX_SHOWN = 300;

export interface ServerWords {
  /** Lines before the SSH greeting (RFC 4253, 4.2), or what came instead of one. Null: none. */
  readonly greeting: string | null;
  /** Banners of the login (RFC 4252, 5.4), the last of them last. Null: none. */
  readonly banner: string | null;
  /** Why it ended the connection (RFC 4253, 11.1). Null: it did not say. */
  readonly goodbye: string | null;
}

/** Lines before the SSH greeting, gathered from what comes in. */
export class GreetingLines {
  /** Everything that came so far; after `isComplete` no more is kept. */
  bytes: Buffer = Buffer.alloc(0);
  isComplete = false;
  #end = -1;

  add(chunk: Buffer): void {
    if (this.isComplete) return;
    this.bytes = Buffer.concat([this.bytes, chunk.subarray(0, MAX_KEPT - this.bytes.length)]);
    this.#end = this.bytes.indexOf("SSH-") === 0 ? 0 : this.bytes.indexOf("\nSSH-");
    this.isComplete = this.#end >= 0 || this.isTooLong;
  }

  /** So much and no SSH greeting: none is to be expected any more. */
  get isTooLong(): boolean {
    return this.#end < 0 && this.bytes.length >= MAX_KEPT;
  }

  get text(): string | null {
    const text = this.bytes.toString("utf8", 0, this.#end < 0 ? this.bytes.length : this.#end);
    return text.trim() === "" ? null : text;
  }
}

/** The end of what was said, and what is said now. */
export function andThen(before: string | null, text: string): string | null {
  const all = `${before === null ? "" : `${before}\n`}${text.slice(-MAX_WORDS)}`.slice(-MAX_WORDS);
  return all.trim() === "" ? null : all;
}

/**
 * Text of a server or of a login's shell for a message: on one line, bounded, quoted.
 * @param shows which end matters where not all of it is shown.
 */
export function quoteSaid(text: string, shows: "begin" | "end" = "end"): string {
  // Bounded first: the patterns see no more than a few lines.
  const kept = shows === "begin" ? text.slice(0, MAX_KEPT) : text.slice(-MAX_KEPT);
  const lines = kept.split(/[\r\n]/).map((line) => line.trim());
  const line = lines.filter((part) => part !== "").join(" / ");
  if (line.length <= MAX_SHOWN) return quote(line);
  return quote(shows === "begin" ? `${line.slice(0, MAX_SHOWN)}…` : `…${line.slice(-MAX_SHOWN)}`);
}

/** `it said "…"`, with every thing that it said; null when it said nothing. */
export function saidText({ greeting, banner, goodbye }: ServerWords): string | null {
  const said = [
    ...(greeting === null ? [] : [quoteSaid(greeting, "begin")]),
    ...(banner === null ? [] : [quoteSaid(banner)]),
    ...(goodbye === null ? [] : [quoteSaid(goodbye, "begin")]),
  ];
  return said.length === 0 ? null : `it said ${said.join(" and ")}`;
}

/** Whether what was said in the login is about the account, which no other key mends. */
export function isAboutAccount({ banner, goodbye }: ServerWords): boolean {
  const text = `${banner?.slice(-MAX_SHOWN) ?? ""}\n${goodbye?.slice(0, MAX_SHOWN) ?? ""}`;
  return /\b(expired|nologin|locked out|account (is )?(locked|disabled|suspended|not available)|maintenance|going down|shutting down|not permitted to log ?in|permission denied by|denied by PAM)\b/i.test(
    text,
  );
}

/** What to do about a connection that was ended with these words; null: they are not known. */
export function adviceFor({ greeting, goodbye }: ServerWords, portSetting: string): string | null {
  const text = `${greeting?.slice(0, MAX_SHOWN) ?? ""}\n${goodbye?.slice(0, MAX_SHOWN) ?? ""}`;
  if (/not allowed at this time/i.test(text)) {
    return "its sshd shuts this address out for a while after failed logins (PerSourcePenalties): mend what failed, wait, and exempt the gateway's address there with PerSourcePenaltyExemptList";
  }
  if (/exceeded maxstartups/i.test(text)) {
    return "too many connections to it are not logged in yet: wait, or raise MaxStartups in its sshd_config";
  }
  if (/^(HTTP\/|220[ -]|\* OK|\+OK|<!DOCTYPE|<html)/i.test(text)) {
    return `that is another service than SSH: mend ${portSetting}`;
  }
  if (greeting !== null)
    return "see what turns the gateway's address away there, such as hosts.deny, a bastion or a firewall";
  return null;
}
