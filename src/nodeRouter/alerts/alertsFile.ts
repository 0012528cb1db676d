// What is kept of alerts between two lives of the gateway: what was told and is not over, and when messages went. Pure.
import { isRecord } from "../../shared/isRecord.ts";
import { itemsOf, readJson } from "../../shared/jsonParts.ts";
import { type Alert, type AlertKind, type AlertState, NO_ALERTS, subjectKey } from "./alertState.ts";

const VERSION = 1;
const KINDS: readonly AlertKind[] = ["refused", "offline", "unlisted", "residency", "mismatch"];
/** The oldest: of more than that, some are told again after a restart. */
const MAX_KEPT = 10_000;

/** One line of JSON; the same for the same facts. */
export function writeAlerts({ alerts, sentAtMs, target }: AlertState): string {
  const told = [...alerts.values()].filter(({ isTold }) => isTold).slice(0, MAX_KEPT);
  const kept = told.map(({ kind, name, sinceMs }) => ({ kind, name, sinceMs }));
  return `${JSON.stringify({ version: VERSION, target, told: kept, sentAtMs })}\n`;
}

/** Whatever cannot be read was never told. @param text null: there is none. */
export function readAlerts(text: string | null): AlertState {
  const kept = text === null ? null : readJson(text);
  if (!isRecord(kept) || kept.version !== VERSION) return NO_ALERTS;
  const told = itemsOf(kept.told).flatMap((one) => alertOf(one) ?? []);
  return {
    ...NO_ALERTS,
    alerts: new Map(told.slice(0, MAX_KEPT).map((alert) => [subjectKey(alert), alert])),
    sentAtMs: itemsOf(kept.sentAtMs).filter((at) => typeof at === "number"),
    target: typeof kept.target === "string" ? kept.target : null,
  };
}

function alertOf(one: unknown): Alert | null {
  if (!isRecord(one)) return null;
  const { name, sinceMs } = one;
  const kind = KINDS.find((known) => known === one.kind);
  if (kind === undefined || typeof name !== "string" || typeof sinceMs !== "number") return null;
  return { kind, name, detail: "", sinceMs, isTold: true, wellSinceMs: null };
}
