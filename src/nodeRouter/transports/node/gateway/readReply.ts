// Reads what a node answered: the exact shapes of the wire, everything bounded, and nothing taken on trust. Pure.
import { constants } from "node:os";
import { publicAddress } from "../../../../presence/location/publicAddress.ts";
import { isRecord } from "../../../../shared/isRecord.ts";
import { shortened } from "../../../../shared/safeText.ts";
import type { HelloAnswer, RefusedAnswer, RefusedWhy, Reply, StateAnswer } from "../wire.ts";
import { WIRE_PROTOCOL } from "../wire.ts";

/** A plugin of another protocol; more of what it says cannot be read. */
export interface OtherProtocol {
  readonly kind: "other";
  readonly protocol: number;
  readonly version: string;
}

/** What an answer is read as. */
export type ReadReply = Reply | OtherProtocol;

/** Characters of each text that a node says of itself. */
const MAX_TEXT = 256;

const WHYS: readonly RefusedWhy[] = [
  "denied",
  "boot",
  "forgotten",
  "cwd-missing",
  "cwd-not-a-directory",
  "cwd-denied",
  "spawn",
  "pty",
  "platform",
  "request",
  "full",
];

/** Null: no answer of this protocol. @param max bytes of output that were asked for. */
export function readReply(value: unknown, max: number): ReadReply | null {
  if (!isRecord(value)) return null;
  const { boot, kind } = value;
  if (typeof boot !== "string" || boot === "" || boot.length > MAX_TEXT) return null;
  if (kind === "gone" || kind === "done") return { kind, boot };
  if (kind === "state") return readState(value, boot, max);
  if (kind === "address") return { kind, boot, address: publicAddress(textOf(value.address)) };
  if (kind === "refused") return readRefused(value, boot);
  return kind === "hello" ? readHello(value, boot) : null;
}

function readState(value: Readonly<Record<string, unknown>>, boot: string, max: number): StateAnswer | null {
  const { fresh, processGroup, out, err, end } = value;
  if (typeof out !== "string" || typeof err !== "string" || !isCount(processGroup)) return null;
  if (Buffer.byteLength(out, "base64") + Buffer.byteLength(err, "base64") > max) return null;
  const state = { kind: "state", boot, fresh: fresh === true, processGroup, out, err } as const;
  if (end === null) return { ...state, end };
  if (!isRecord(end)) return null;
  const { exitCode, signal } = end;
  if (exitCode !== null && !isCount(exitCode)) return null;
  if (signal !== null && typeof signal !== "string") return null;
  return { ...state, end: { exitCode, signal: signal === null ? null : signalName(signal) } };
}

/** SECURITY: the node sends any text as the name of a signal. */
function signalName(signal: string): string {
  const name = signal.startsWith("SIG") ? signal : `SIG${signal}`;
  return Object.hasOwn(constants.signals, name) ? name : "SIGUNKNOWN";
}

function readRefused({ why, fact }: Readonly<Record<string, unknown>>, boot: string): RefusedAnswer | null {
  const known = WHYS.find((one) => one === why);
  if (known === undefined || typeof fact !== "string") return null;
  return { kind: "refused", boot, why: known, fact: textOf(fact) };
}

function readHello(
  value: Readonly<Record<string, unknown>>,
  boot: string,
): HelloAnswer | OtherProtocol | null {
  const { protocol } = value;
  if (!isCount(protocol)) return null;
  const version = textOf(value.version);
  if (protocol !== WIRE_PROTOCOL) return { kind: "other", protocol, version };
  return {
    kind: "hello",
    boot,
    protocol,
    version,
    platform: textOf(value.platform),
    arch: textOf(value.arch),
    hostname: textOf(value.hostname),
    home: textOf(value.home),
    user: textOf(value.user),
    shell: textOf(value.shell),
    cores: numberOf(value.cores) ?? 0,
    load1: numberOf(value.load1),
    memoryTotalBytes: numberOf(value.memoryTotalBytes) ?? 0,
    memoryFreeBytes: numberOf(value.memoryFreeBytes) ?? 0,
    timeZone: textOf(value.timeZone),
    nowMs: numberOf(value.nowMs) ?? 0,
  };
}

/** One line; empty for what is no text. */
function textOf(value: unknown): string {
  return typeof value === "string" ? shortened(value.split("\n", 1)[0] ?? "", MAX_TEXT) : "";
}

function numberOf(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : null;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}
