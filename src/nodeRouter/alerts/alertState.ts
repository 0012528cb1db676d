// Which alerts stand, and which of them somebody must be told of now: from what was known and what is seen. Pure.

export type AlertKind = "refused" | "offline" | "unlisted" | "residency" | "mismatch";

/** What is seen of one subject: that something is wrong, that nothing is, or neither. */
export type Sighting = { readonly detail: string } | "well" | "unknown";

export interface AlertSubject {
  readonly kind: AlertKind;
  /** An agent's id or a node's name; of `unlisted`, which is about all nodes, empty. */
  readonly name: string;
}

/** What the gateway's list of nodes is as a subject. */
export const LIST: AlertSubject = { kind: "unlisted", name: "" };

/** By `subjectKey`. Of what is absent nobody asks any more: it is forgotten, and nobody is told that it is over. */
export type Look = ReadonlyMap<string, AlertSubject & { readonly seen: Sighting }>;

export interface Alert extends AlertSubject {
  /** As it was told, or the newest words before that; may hold text from nodes. */
  readonly detail: string;
  /** Epoch ms: it was wrong in every look since. */
  readonly sinceMs: number;
  readonly isTold: boolean;
  /** Epoch ms: it was well in every look since; null: it was not in the last one. */
  readonly wellSinceMs: number | null;
}

export interface AlertState {
  readonly alerts: ReadonlyMap<string, Alert>;
  /** Epoch ms; null: not in this life of the process. */
  readonly lookedAtMs: number | null;
  /** Epoch ms of the messages of the last hour. */
  readonly sentAtMs: readonly number[];
  /** Sends in a row that failed. */
  readonly failures: number;
  /** Epoch ms: none is tried before. */
  readonly retryAtMs: number;
  /** Who was told, as text; null: nobody knows. */
  readonly target: string | null;
}

/** How long something is wrong, or well again, before somebody is told. Milliseconds; null: nobody is. */
export type Holds = Readonly<Record<AlertKind, { readonly wrongMs: number; readonly wellMs: number } | null>>;

/** What one message tells. */
export interface Digest {
  readonly begun: readonly Alert[];
  readonly over: readonly Alert[];
}

const HOUR_MS = 3_600_000;
/** Messages in any hour; what has no room is in the next one. */
export const MAX_AN_HOUR = 6;
const FIRST_RETRY_MS = 60_000;

export const NO_ALERTS: AlertState = {
  alerts: new Map(),
  lookedAtMs: null,
  sentAtMs: [],
  failures: 0,
  retryAtMs: 0,
  target: null,
};

/** What somebody else was told, nobody has told this one. */
export function forTarget(state: AlertState, target: string): AlertState {
  if (state.target === target) return state;
  const untold = ([key, alert]: readonly [string, Alert]) =>
    [key, { ...alert, isTold: false, wellSinceMs: null }] as const;
  return {
    ...state,
    target,
    alerts: state.target === null ? state.alerts : new Map([...state.alerts].map(untold)),
  };
}

/** One key a subject. */
export function subjectKey({ kind, name }: AlertSubject): string {
  return `${kind}:${name}`;
}

/** While the gateway does not list its nodes nobody knows anything of all that was told of. */
export function blindLook({ alerts }: AlertState, detail: string): Look {
  const look = new Map<string, AlertSubject & { readonly seen: Sighting }>();
  for (const [key, { kind, name }] of alerts) look.set(key, { kind, name, seen: "unknown" });
  return look.set(subjectKey(LIST), { ...LIST, seen: { detail } });
}

/**
 * One look more. Between two looks further apart than `maxGapMs` nobody knows what was: whatever must hold begins anew.
 * What is unknown is neither wrong nor well, so it neither fires nor ends anything.
 * @param look null: nothing could be seen.
 * @returns the digest that is to be sent now, null: none; `sent` or `notSent` says what became of it.
 */
export function nextAlerts(
  state: AlertState,
  look: Look | null,
  holds: Holds,
  nowMs: number,
  maxGapMs: number,
): { readonly state: AlertState; readonly digest: Digest | null } {
  const { lookedAtMs } = state;
  const isGap = lookedAtMs === null || nowMs < lookedAtMs || nowMs - lookedAtMs > maxGapMs;
  const alerts = new Map<string, Alert>();
  const put = (key: string, alert: Alert | null): void => {
    if (alert !== null && holds[alert.kind] !== null) alerts.set(key, alert);
  };
  if (look === null) for (const [key, alert] of state.alerts) put(key, unseen(alert));
  for (const [key, { kind, name, seen }] of look ?? []) {
    const before = state.alerts.get(key);
    if (seen === "well") put(key, before === undefined ? null : well(before, isGap, nowMs));
    else if (seen === "unknown") put(key, before === undefined ? null : unseen(before));
    else {
      const holdsOn = before !== undefined && (before.isTold || !isGap);
      const sinceMs = holdsOn ? Math.min(before.sinceMs, nowMs) : nowMs;
      const isTold = before?.isTold ?? false;
      const detail = isTold ? (before?.detail ?? "") : seen.detail;
      put(key, { kind, name, detail, sinceMs, isTold, wellSinceMs: null });
    }
  }
  // A clock that was set back must not keep everybody silent.
  const sentAtMs = state.sentAtMs.filter((at) => at > nowMs - HOUR_MS && at <= nowMs);
  const retryAtMs = Math.min(state.retryAtMs, nowMs + HOUR_MS);
  const next = { ...state, alerts, lookedAtMs: nowMs, sentAtMs, retryAtMs };
  if (sentAtMs.length >= MAX_AN_HOUR || nowMs < retryAtMs) return { state: next, digest: null };
  const of = (isDue: (alert: Alert, hold: NonNullable<Holds[AlertKind]>) => boolean): readonly Alert[] =>
    [...alerts.values()].filter((alert) => {
      const hold = holds[alert.kind];
      return hold !== null && isDue(alert, hold);
    });
  const begun = of(({ isTold, sinceMs }, { wrongMs }) => !isTold && nowMs - sinceMs >= wrongMs);
  const over = of(
    ({ isTold, wellSinceMs }, { wellMs }) => isTold && wellSinceMs !== null && nowMs - wellSinceMs >= wellMs,
  );
  return { state: next, digest: begun.length + over.length === 0 ? null : { begun, over } };
}

/** What was sent is told once, and what is over is forgotten. */
export function sent(state: AlertState, { begun, over }: Digest, nowMs: number): AlertState {
  const alerts = new Map(state.alerts);
  for (const alert of begun) alerts.set(subjectKey(alert), { ...alert, isTold: true });
  for (const alert of over) alerts.delete(subjectKey(alert));
  return { ...state, alerts, sentAtMs: [...state.sentAtMs, nowMs], failures: 0, retryAtMs: 0 };
}

/** It is tried again later, each time twice as late, and an hour at most. What is over by then is not told at all. */
export function notSent(state: AlertState, nowMs: number): AlertState {
  const failures = state.failures + 1;
  const waitMs = Math.min(HOUR_MS, FIRST_RETRY_MS * 2 ** Math.min(failures - 1, 10));
  return { ...state, failures, retryAtMs: nowMs + waitMs };
}

function well(alert: Alert, isGap: boolean, nowMs: number): Alert | null {
  if (!alert.isTold) return null;
  return { ...alert, wellSinceMs: isGap ? nowMs : (alert.wellSinceMs ?? nowMs) };
}

function unseen(alert: Alert): Alert | null {
  return alert.isTold ? { ...alert, wellSinceMs: null } : null;
}
