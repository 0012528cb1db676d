// What `ssh -G` printed, by keyword. Pure.
import { quote } from "../../../../../shared/safeText.ts";
import { invalid } from "./invalid.ts";

/** What ssh is asked. */
export interface SshQuery {
  /** The destination that `ssh` would be given. */
  readonly host: string;
  /** Settled by the config or by a ProxyJump; null = ssh decides. */
  readonly user: string | null;
  readonly port: number | null;
  /** Hosts to go through, as `ssh -J` takes them; null = ssh decides. */
  readonly jumps: string | null;
  /** Where ssh knows no other. */
  readonly defaultPort: number;
}

export interface SshConfigAnswer {
  /** By keyword in lower case: each value as printed, without expansion of ours. */
  readonly values: ReadonlyMap<string, readonly string[]>;
  /** Paths that ssh has expanded by itself, from what to what. */
  readonly expansions: readonly Expansion[];
}

export interface Expansion {
  /** As written, e.g. `~/.ssh/known_hosts`. */
  readonly raw: string;
  readonly path: string;
}

/** Keywords that ssh prints once a line and value; a second line would be somebody else's. */
const REPEATED: readonly string[] = [
  "identityfile",
  "certificatefile",
  "sendenv",
  "setenv",
  "localforward",
  "remoteforward",
  "dynamicforward",
];

/**
 * @param stdout what it printed; @param log its debug lines, as latin1.
 * @throws NodeRouterError SSH_SETTINGS_INVALID when that is no answer of ssh.
 */
export function parseAnswer(stdout: string, log: string, host: string): SshConfigAnswer {
  const values = new Map<string, string[]>();
  for (const line of stdout.split(/\r?\n/)) {
    const end = line.indexOf(" ");
    const keyword = (end < 0 ? line : line.slice(0, end)).toLowerCase();
    if (keyword === "") continue;
    const known = values.get(keyword);
    if (known !== undefined && !REPEATED.includes(keyword)) {
      throw invalid(`ssh -G says ${quote(keyword)} of ${quote(host)} twice`, 'see "ssh -G" there');
    }
    const value = end < 0 ? "" : line.slice(end + 1);
    if (known === undefined) values.set(keyword, [value]);
    else known.push(value);
  }
  for (const keyword of ["hostname", "user", "port"]) {
    if (!values.has(keyword)) {
      throw invalid(`ssh -G says no ${keyword} of ${quote(host)}`, `see whether "ssh" on PATH is OpenSSH's`);
    }
  }
  return { values, expansions: readExpansions(log) };
}

/** The only value of a keyword; null when ssh does not say it, or says `none`. */
export function oneOf({ values }: SshConfigAnswer, keyword: string): string | null {
  const value = values.get(keyword)?.[0] ?? null;
  return value === null || value === "" || value.toLowerCase() === "none" ? null : value;
}

/** Whether ssh says `yes` or `true`; a keyword that it does not know is off. */
export function isOn(answer: SshConfigAnswer, keyword: string): boolean {
  return /^(?:yes|true)$/i.test(oneOf(answer, keyword) ?? "");
}

/** Names of a list with commas, e.g. `Ciphers`; null when ssh does not say it. */
export function listOf(answer: SshConfigAnswer, keyword: string): readonly string[] | null {
  return oneOf(answer, keyword)?.split(",") ?? null;
}

function readExpansions(log: string): readonly Expansion[] {
  return log.split(/\r?\n/).flatMap((line) => {
    const [, raw, path] = /^debug3: expanded UserKnownHostsFile '(.+)' -> '(.+)'$/.exec(line) ?? [];
    return raw === undefined || path === undefined ? [] : [{ raw: unvis(raw), path: unvis(path) }];
  });
}

/** ssh's log writes other bytes than ASCII as `\ooo` (vis(3)). */
function unvis(text: string): string {
  const bytes = text.replace(/\\(?:([0-3][0-7]{2})|\\)/g, (_, octal?: string) =>
    octal === undefined ? "\\" : String.fromCharCode(Number.parseInt(octal, 8)),
  );
  return Buffer.from(bytes, "latin1").toString("utf8");
}
