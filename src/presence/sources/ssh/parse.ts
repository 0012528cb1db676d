// Makes facts of what a node printed. Whatever is odd makes its own fact absent, and never the rest. Pure.

import { safe } from "../../../shared/safeText.ts";
import { ianaTimeZone } from "../../../shared/timeZone.ts";
import { knownFacts } from "../../facts.ts";
import { publicAddress } from "../../location/publicAddress.ts";
import type { FactValues } from "../../record.ts";
import { STATS_VERSION } from "./script.ts";

export type StatsFacts = Readonly<Partial<FactValues>>;

const MAX_LINE = 4_096;
const MAX_TEXT = 255;
const KIB = 1_024;
/** Beyond what any machine has: such a number is a mistake or a lie. */
const MOST = { cpus: 65_536, load: 1_000_000, bytes: 2 ** 60, seconds: 100 * 365 * 86_400, page: 2 ** 24 };

/**
 * @param stdout what `STATS_SCRIPT` printed, perhaps cut off: a last line without its end is not read.
 * @returns null when it is no answer of that script.
 */
export function parseStats(stdout: string): StatsFacts | null {
  const values = valuesIn(stdout);
  if (values === null) return null;
  const read = (key: string) => values.get(key) ?? null;
  const number = (key: string, most: number) => decimal(read(key), most);
  const os = osOf(read("os"));
  const limits = { cpus: cpuLimit(read("cpu_limit")), memory: memoryLimits(read("mem_limit")) };
  const cpus = number("cpus", MOST.cpus);
  const isThrottled = limits.cpus !== null && cpus !== null && limits.cpus < cpus;
  const memory = limitedMemory(memoryOf(number), limits.memory);
  const disk = diskOf(read("df"));
  return knownFacts({
    os,
    osVersion: unquoted(read("name")) ?? text(read("release")),
    arch: archOf(read("machine")),
    hostname: text(read("host")),
    shell: absolute(read("shell")),
    cpuCount: cpus === null || cpus === 0 ? null : isThrottled ? limits.cpus : cpus,
    // The load is the whole machine's; of a share of its processors it says nothing.
    load1: isThrottled ? null : decimal(firstOf(read("load")), MOST.load),
    memoryTotalBytes: memory.total,
    memoryAvailableBytes: memory.available,
    diskTotalBytes: disk.total,
    diskAvailableBytes: disk.available,
    uptimeSeconds: uptimeOf(
      number("uptime", MOST.seconds),
      read("boot"),
      number("now", Number.MAX_SAFE_INTEGER),
    ),
    timeZone: timeZoneOf(read("tz_link"), read("tz_file"), read("tz_env")),
  });
}

/** The address in its one spelling, when the answer is exactly one public address; else null. */
export function parseAddress(stdout: string): string | null {
  return publicAddress(stdout.replace(/\r?\n$/, ""));
}

/** By key; a key that comes twice has no value. Null: the version line is not there. */
function valuesIn(stdout: string): ReadonlyMap<string, string> | null {
  const lines = stdout.split("\n");
  // What has no line end may be half of a number.
  lines.pop();
  const start = lines.indexOf(STATS_VERSION);
  if (start === -1) return null;
  const values = new Map<string, string>();
  const seen = new Set<string>();
  for (const line of lines.slice(start + 1)) {
    const [, key, value] = /^([a-z_]+) (.*)$/.exec(line) ?? [];
    if (key === undefined || value === undefined) continue;
    if (seen.has(key) || line.length > MAX_LINE) values.delete(key);
    else values.set(key, value.trim());
    seen.add(key);
  }
  return values;
}

/** A number without a sign, at most `most`. */
function decimal(value: string | null, most: number): number | null {
  if (value === null || !/^\d{1,19}(\.\d{1,9})?$/.test(value)) return null;
  const number = Number(value);
  return number <= most ? number : null;
}

/** SECURITY: what a terminal or a reader could be deceived with is no name. */
function text(value: string | null): string | null {
  return value === null || value === "" || value.length > MAX_TEXT || safe(value) !== value ? null : value;
}

function absolute(value: string | null): string | null {
  return value?.startsWith("/") ? text(value) : null;
}

/** A value of os-release, without the quotes and backslashes of a shell. */
function unquoted(value: string | null): string | null {
  const inner = withoutQuotes(value);
  return text(inner?.replace(/\\(.)/g, "$1") ?? null);
}

function withoutQuotes(value: string | null): string | null {
  const [first = ""] = value ?? "";
  const isQuoted = value !== null && value.length > 1 && "\"'".includes(first) && value.endsWith(first);
  return isQuoted ? value.slice(1, -1) : value;
}

/** `sysctl -n vm.loadavg` of macOS and FreeBSD stands in braces. */
function firstOf(value: string | null): string | null {
  return /^(?:\{ )?(\S+)/.exec(value ?? "")?.[1] ?? null;
}

const OS_NAMES = new Map([
  ["Darwin", "macos"],
  ["DragonFly", "dragonfly"],
]);

function osOf(value: string | null): string | null {
  if (value === null || !/^[A-Za-z][A-Za-z0-9._-]{0,40}$/.test(value)) return null;
  if (/^(CYGWIN|MINGW|MSYS)/.test(value)) return "windows";
  return OS_NAMES.get(value) ?? value.toLowerCase();
}

/** `uname -m` to `process.arch`. */
const ARCHITECTURES: readonly (readonly [RegExp, string])[] = [
  [/^(x86_64|amd64)$/, "x64"],
  [/^(aarch64|arm64|aarch64_be|evbarm64)$/, "arm64"],
  [/^(arm|armv\d.*|earm.*|evbarm)$/, "arm"],
  [/^(i[3-6]86|x86|i86pc)$/, "ia32"],
  [/^ppc64(le)?$|^powerpc64(le)?$/, "ppc64"],
  [/^loongarch64$/, "loong64"],
];

function archOf(value: string | null): string | null {
  if (value === null || !/^[A-Za-z0-9_]{1,20}$/.test(value)) return null;
  const name = value.toLowerCase();
  return ARCHITECTURES.find(([pattern]) => pattern.test(name))?.[1] ?? name;
}

interface Amount {
  readonly total: number | null;
  readonly available: number | null;
}

function memoryOf(number: (key: string, most: number) => number | null): Amount {
  const scaled = (key: string, unit: number | null) => {
    const value = number(key, MOST.bytes);
    return value === null || unit === null ? null : value * unit;
  };
  const page = number("page_bytes", MOST.page);
  const free = scaled("pages_free", page);
  const inactive = scaled("pages_inactive", page);
  // Linux says it itself; elsewhere it is what is free and what is only kept in case it is used again.
  const freeable = free === null || inactive === null ? null : free + inactive;
  return sound({
    total: scaled("mem_total_kib", KIB) ?? number("mem_total_bytes", MOST.bytes),
    available:
      scaled("mem_available_kib", KIB) ??
      (freeable === null ? null : freeable + (scaled("pages_speculative", page) ?? 0)),
  });
}

/** No more can be free than there is: then what is said to be free is wrong. */
function sound({ total, available }: Amount): Amount {
  const all = total === null || total === 0 || total > MOST.bytes ? null : total;
  return { total: all, available: all !== null && available !== null && available > all ? null : available };
}

/** Processors' time a second, the least of `quota/period` pairs; null: not limited. */
function cpuLimit(value: string | null): number | null {
  const shares = (value ?? "").split(" ").flatMap((pair) => {
    const [, quota, period] = /^(\d{1,15})\/(\d{1,15})$/.exec(pair) ?? [];
    return Number(quota) > 0 && Number(period) > 0 ? [Number(quota) / Number(period)] : [];
  });
  return shares.length === 0 ? null : Math.max(0.01, Math.round(Math.min(...shares) * 100) / 100);
}

/** `limit/used/reclaimable` of a group and of those above it; `available` null where its use is not known. */
function memoryLimits(
  value: string | null,
): readonly { readonly limit: number; readonly available: number | null }[] {
  return (value ?? "").split(" ").flatMap((triple) => {
    const [, limit, used, cached] = /^(\d{1,20})\/(\d{0,20})\/(\d{0,20})$/.exec(triple) ?? [];
    if (limit === undefined || Number(limit) === 0) return [];
    const taken = used === undefined || used === "" ? null : Number(used) - Number(cached ?? 0);
    const available = taken === null ? null : Number(limit) - Math.max(0, taken);
    return [{ limit: Number(limit), available: available === null ? null : Math.max(0, available) }];
  });
}

function limitedMemory({ total, available }: Amount, limits: ReturnType<typeof memoryLimits>): Amount {
  const binding = limits
    .filter(({ limit }) => total === null || limit < total)
    .filter(({ limit }) => limit < MOST.bytes);
  if (binding.length === 0) return { total, available };
  const left = [...binding.map((limit) => limit.available), available];
  return {
    total: Math.min(...binding.map(({ limit }) => limit)),
    available: left.some((value) => value === null) ? null : Math.min(...left.map((value) => value ?? 0)),
  };
}

/** Blocks, used, free, share used, and where it is. */
const DISK = [/^\d{1,19}$/, /^-?\d{1,19}$/, /^-?\d{1,19}$/, /^(?:\d{1,3}%|-)$/, /^\//];

/** The numbers of a line of `df -Pk`; names with blanks may stand before and behind them. */
function diskOf(line: string | null): Amount {
  const words = (line ?? "").split(/[ \t]/).filter((word) => word !== "");
  const at = words.findIndex(
    (_, index) => index > 0 && DISK.every((part, of) => part.test(words[index + of] ?? "")),
  );
  const [blocks = null, , free = null] = at === -1 ? [] : words.slice(at);
  const bytes = (value: string | null) => {
    const kib = decimal(value, MOST.bytes / KIB);
    return kib === null ? null : kib * KIB;
  };
  // The BSDs count below nothing into what is kept for root: for everybody else that is full.
  return sound({ total: bytes(blocks), available: free?.startsWith("-") ? 0 : bytes(free) });
}

/** Seconds; the BSDs tell when they started instead. */
function uptimeOf(uptime: number | null, boot: string | null, now: number | null): number | null {
  if (uptime !== null) return uptime;
  const [, inBraces, alone] = /^(?:\{ sec = (\d{1,12}),.*|(\d{1,12}))$/.exec(boot ?? "") ?? [];
  const began = inBraces ?? alone;
  if (began === undefined || now === null) return null;
  const seconds = now - Number(began);
  return seconds >= 0 && seconds <= MOST.seconds ? seconds : null;
}

/** What stands behind the folder of time zones in a path; null: it leads elsewhere. */
function linkedZone(link: string): string | null {
  const parts = link.split("/");
  const at = parts.findIndex((part, index) => index > 0 && ZONES.test(part));
  if (at === -1) return null;
  const rest = parts.slice(at + 1);
  return (rest[0] === "posix" || rest[0] === "right" ? rest.slice(1) : rest).join("/");
}

/** macOS adds a word. */
const ZONES = /^zoneinfo(?:\.\w{1,40})?$/;

/** What the system runs by, then what Debian writes down, then what the login sets. */
function timeZoneOf(link: string | null, file: string | null, env: string | null): string | null {
  const linked = linkedZone(link ?? "");
  for (const name of [linked, file, env?.replace(/^:/, "") ?? null]) {
    const zone = name === null || name.length > MAX_TEXT ? null : ianaTimeZone(name);
    if (zone !== null && zone === name) return zone;
  }
  return null;
}
