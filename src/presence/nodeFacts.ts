// The one place where words that a node chose become facts: what a pattern does not allow is not known. Pure.
import { isIP } from "node:net";
import { validCountry } from "../shared/countries.ts";
import { knownFields } from "../shared/knownFields.ts";
import { safe } from "../shared/safeText.ts";
import type { FactName, FactValues, Observation, Place } from "./record.ts";

/** What kind of word it is; each has one pattern below. */
export type FactKind = keyof typeof PATTERNS;

/**
 * SECURITY: facts reach system prompts, messages, tags, logs and metrics, and a node that was taken over says what it
 * likes. So no pattern allows a control character, an invisible one, a line end, a bracket or a colon, and each is
 * anchored and linear. Lengths are characters.
 */
const PATTERNS = {
  /** `uname -s`, a host's platform: `Linux`, `Darwin`, `CYGWIN_NT-10.0-19045`. */
  system: { most: 41, pattern: /^[A-Za-z][\w.-]*$/ },
  /** `uname -m`: `x86_64`, `armv7l`. */
  processor: { most: 20, pattern: /^[A-Za-z0-9][\w.-]*$/ },
  /** Path of a login shell. */
  shell: { most: 101, pattern: /^\/[\w./+-]+$/ },
  /** Absolute path of a home. */
  path: { most: 1_024, pattern: /^\/[\p{L}\p{M}\p{N} ._/+@~,'()-]*$/u },
  /** A host's name as the system or DNS has it. */
  host: { most: 253, pattern: /^[A-Za-z0-9_][\w.-]*$/ },
  /** A version, as programs write it: `2026.9.6`, `v1.2.3-rc.1+build`. */
  version: { most: 41, pattern: /^[A-Za-z0-9][\w.+-]*$/ },
  /** PRETTY_NAME of os-release: `Debian GNU/Linux 12 (bookworm)`. */
  release: { most: 80, pattern: /^[A-Za-z0-9][\w ./()!,+~#-]*$/ },
  /** What people call their machines: `Anna's MacBook Pro (2)`. */
  displayName: {
    most: 100,
    pattern:
      /^[\p{L}\p{N}\p{Extended_Pictographic}_(][\p{L}\p{M}\p{N}\p{Extended_Pictographic} ._'’(),·&+!/-]*$/u,
  },
  /** Id of a paired device. */
  id: { most: 128, pattern: /^[A-Za-z0-9][\w.:-]*$/ },
  /** Name of a command of the node protocol: `system.run`. */
  command: { most: 128, pattern: /^[A-Za-z][\w.:-]*$/ },
  /** Login on a tailnet: an address, or `name@github`. */
  user: { most: 254, pattern: /^[\p{L}\p{N}][\p{L}\p{M}\p{N}._+@'-]*$/u },
  /** A tag as the tailnet's policy writes it. */
  tailnetTag: { most: 100, pattern: /^tag:[A-Za-z0-9][\w.-]*$/ },
  /** Code of a relay region: `sin`. */
  relay: { most: 32, pattern: /^[A-Za-z0-9][\w-]*$/ },
  /** IANA name of a time zone. */
  timeZone: { most: 64, pattern: /^[A-Za-z][\w+/-]*$/ },
  /** Name of a city or region: `Frankfurt (Oder)`, `Washington, D.C.`. */
  place: { most: 100, pattern: /^[\p{L}\p{N}][\p{L}\p{M}\p{N} .'’(),/&-]*$/u },
  /** One of the host's own words: `approved`, `pending-approval`. */
  word: { most: 40, pattern: /^[a-z][a-z-]*$/ },
} as const;

/** The text, when it is of this kind; null: it is none, and then nothing of it is kept. */
export function cleanFact(kind: FactKind, text: unknown): string | null {
  const { most, pattern } = PATTERNS[kind];
  if (typeof text !== "string" || text.length > most) return null;
  // Some letters of Unicode are blank.
  return pattern.test(text) && safe(text) === text ? text : null;
}

/** An address in its own spelling, without the zone of a link-local one; null: it is none. */
export function cleanAddress(text: unknown): string | null {
  if (typeof text !== "string" || text.length > 64) return null;
  const [address = ""] = text.split("%", 1);
  return isIP(address) === 0 ? null : address;
}

/** The number, when it is one and not below zero; else null. */
export function cleanAmount(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : null;
}

type Cleaners = { readonly [K in FactName]: (value: unknown) => FactValues[K] | null };

const word = (kind: FactKind) => (value: unknown) => cleanFact(kind, value);
const truth = (value: unknown) => (typeof value === "boolean" ? value : null);
const list = (clean: (value: unknown) => string | null, most: number) => (value: unknown) =>
  Array.isArray(value) ? value.slice(0, most).flatMap((item: unknown) => clean(item) ?? []) : null;

/** More addresses or tags than these has no machine. */
const MAX_LIST = 64;

const CLEANERS: Cleaners = {
  connected: truth,
  approval: word("word"),
  version: word("version"),
  ips: list(cleanAddress, MAX_LIST),
  dnsName: word("host"),
  hostname: word("host"),
  os: word("system"),
  osVersion: word("release"),
  arch: word("processor"),
  shell: word("shell"),
  timeZone: word("timeZone"),
  uptimeSeconds: cleanAmount,
  cpuCount: cleanAmount,
  load1: cleanAmount,
  memoryTotalBytes: cleanAmount,
  memoryAvailableBytes: cleanAmount,
  diskTotalBytes: cleanAmount,
  diskAvailableBytes: cleanAmount,
  tailnetOnline: truth,
  tailnetPath: (value) =>
    value === "direct" || value === "relayed" || value === "peer-relay" || value === "idle" ? value : null,
  tailnetRelay: word("relay"),
  tailnetTags: list(word("tailnetTag"), MAX_LIST),
  tailnetUser: word("user"),
  tailnetLastSeenMs: cleanAmount,
  tailnetKeyExpiresMs: cleanAmount,
  tailnetKeyExpired: truth,
  tailnetSsh: truth,
  publicAddress: cleanAddress,
};

/** Facts as they may be kept; what is none is absent, and so is what no source can state. */
export function cleanFacts(facts: Readonly<Partial<Record<FactName, unknown>>>): Partial<FactValues> {
  const clean = Object.entries(CLEANERS).flatMap(([name, cleaner]) => {
    const value = Object.hasOwn(facts, name) ? cleaner(facts[name as FactName]) : null;
    return value === null ? [] : [[name, value] as const];
  });
  return Object.fromEntries(clean);
}

/** Everything that a source says goes through here, so that no source can forget to. */
export function cleanObservation(observation: Observation): Observation {
  const { facts, places } = observation;
  return {
    ...observation,
    facts: cleanFacts(facts),
    ...(places === undefined ? {} : { places: places.map(cleanWords) }),
  };
}

/** Characters of why a node does not answer: an SSH server or a library may have had a say in it. */
const MAX_REASON = 300;

/** The reason on one line that is harmless to print. */
export function cleanReason(reason: string | null): string | null {
  if (reason === null || reason.length <= MAX_REASON) return reason === null ? null : safe(reason);
  return `${safe(reason.slice(0, MAX_REASON - 1))}…`;
}

/** The place without a country, city, region or zone that is none. */
function cleanWords(place: Place): Place {
  const { country, city, region, timeZone, ...rest } = place;
  const clean = knownFields({
    country: country !== undefined && validCountry(country) ? country : null,
    city: cleanFact("place", city),
    region: cleanFact("place", region),
    timeZone: cleanFact("timeZone", timeZone),
  });
  return { ...rest, ...clean };
}
