// One machine: a stream to it, its host key believed, the login done.
import type { Client } from "ssh2";
import { refusalLine } from "../../../../shared/refusal.ts";
import { type Identities, loadIdentities } from "./auth/identities.ts";
import { orderTypes } from "./base/algorithms.ts";
import { hopRefusalOf } from "./base/hopRefusal.ts";
import { type Step, step } from "./base/steps.ts";
import { type Failure, handshakeFailure } from "./failure.ts";
import { type HandshakeResult, shakeHands } from "./handshake.ts";
import { openStream, withLastWords } from "./hopStream.ts";
import { type HopRequest, limitsFor } from "./options.ts";
import { fingerprintOf, type PublicKey } from "./trust/fingerprint.ts";
import { hostKeyRefusal, keyText } from "./trust/hostKeyMessage.ts";
import {
  type HostKeyVerdict,
  type HostTrust,
  judgeHostKey,
  knownTypes,
  loadHostTrust,
} from "./trust/hostTrust.ts";

export interface TrustedHostKey {
  readonly type: string;
  /** `SHA256:…` */
  readonly fingerprint: string;
  /** Who vouches for it, e.g. `file:line`. */
  readonly source: string;
}

export type HopResult =
  | { readonly ok: true; readonly client: Client; readonly hostKey: TrustedHostKey }
  | Failure;

/** What was learned in one handshake; `verdict` is null when no host key was shown. */
interface Attempt {
  readonly result: HandshakeResult;
  readonly verdict: HostKeyVerdict | null;
}

/** Notes its steps. Never rejects for anything that can be expected. */
export async function reachHop(request: HopRequest): Promise<HopResult> {
  const { hop, env } = request;
  let trust: HostTrust;
  let identities: Identities;
  try {
    [trust, identities] = await Promise.all([loadHostTrust(hop, env), loadIdentities(hop, env)]);
  } catch (error) {
    return { ...hopRefusalOf(error), transportFailure: false };
  }
  const seen: PublicKey[] = [];
  for (;;) {
    const types = orderTypes(knownTypes(trust), hop.offer).filter((type) =>
      seen.every((key) => key.type !== type),
    );
    // A second connection is only for another key: its steps would be the same again.
    const opened = await openStream(seen.length === 0 ? request : { ...request, steps: [] });
    if (!opened.ok) return opened;
    const attempt = await tryHandshake(request, opened.stream, types, trust, identities);
    const { hostKey } = attempt.result;
    if (hostKey !== null) seen.push(hostKey);
    // A pin names no type, so the server may hold the pinned key and have shown another.
    const maySeeMore = trust.pin !== null && attempt.verdict?.kind === "changed" && types.length > 1;
    if (maySeeMore) continue;
    const result = conclude(request, trust, attempt, seen);
    // Without a host key the machine itself has not spoken, so the command has the word.
    return result.ok || hostKey !== null ? result : withLastWords(result, opened);
  }
}

async function tryHandshake(
  { hop, env, limits: all }: HopRequest,
  stream: Parameters<typeof shakeHands>[0]["stream"],
  types: readonly string[],
  trust: HostTrust,
  identities: Identities,
): Promise<Attempt> {
  const verdicts: HostKeyVerdict[] = [];
  const believes = (key: PublicKey): boolean => {
    const verdict = judgeHostKey(trust, key);
    verdicts.push(verdict);
    return verdict.kind === "trusted";
  };
  const { handshakeTimeoutMs: timeoutMs, ...rest } = limitsFor(all, hop);
  const result = await shakeHands({
    stream,
    user: hop.user,
    types,
    offer: hop.offer,
    believes,
    identities,
    timeoutMs,
    ...rest,
    now: env.now,
  });
  return { result, verdict: verdicts.at(-1) ?? null };
}

function conclude(
  { hop, place, limits, steps }: HopRequest,
  trust: HostTrust,
  { result, verdict }: Attempt,
  seen: readonly PublicKey[],
): HopResult {
  const { handshakeTimeoutMs: timeoutMs } = limitsFor(limits, hop);
  const note = (name: Step["name"], ok: boolean, ms: number, detail: string) =>
    void steps.push(step(hop.name, name, ok, ms, detail));
  const failed = (name: Step["name"], ms: number, failure: Failure): Failure => {
    note(name, false, ms, refusalLine(failure));
    return failure;
  };
  const disbelieved = (reason: Exclude<HostKeyVerdict, { kind: "trusted" }>): Failure => {
    note("handshake", true, result.totalMs, result.server ?? "");
    const refused = hostKeyRefusal(place, hop.hostKey, trust, reason, seen);
    return failed("host key", 0, { ...refused, transportFailure: false });
  };
  if (verdict !== null && verdict.kind !== "trusted") return disbelieved(verdict);
  if (result.hostKey === null || verdict === null || result.exchangeMs === null) {
    // With a pin the server has no key left to show: then it is about those that were seen.
    if (seen.length > 0 && result.hostKey === null) return disbelieved({ kind: "changed", expected: [] });
    return failed("handshake", result.totalMs, failureOf(result));
  }
  const { type, blob } = result.hostKey;
  const { source } = verdict;
  note("handshake", true, result.exchangeMs, [result.server, result.algorithms].filter(Boolean).join(", "));
  note("host key", true, 0, `${keyText(result.hostKey)}, vouched for by ${source}`);
  const authMs = result.totalMs - result.exchangeMs;
  if (!result.ok) return failed("auth", authMs, failureOf(result));
  note("auth", true, authMs, result.auth.current()?.label ?? "");
  return { ok: true, client: result.client, hostKey: { type, fingerprint: fingerprintOf(blob), source } };

  function failureOf(failure: HandshakeResult): Failure {
    if (failure.ok) throw new Error("a handshake that succeeded is no failure");
    return handshakeFailure(place, failure.why, failure.error, failure, timeoutMs);
  }
}
