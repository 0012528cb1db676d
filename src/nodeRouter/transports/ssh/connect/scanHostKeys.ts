// Which host keys a machine offers, one handshake a type, without logging in.
import { orderTypes } from "./base/algorithms.ts";
import type { Failure } from "./failure.ts";
import { handshakeFailure } from "./failure.ts";
import { shakeHands } from "./handshake.ts";
import { openStream, withLastWords } from "./hopStream.ts";
import { type HopRequest, limitsFor } from "./options.ts";
import type { PublicKey } from "./trust/fingerprint.ts";

export type ScanResult =
  | {
      readonly ok: true;
      /** In the order of preference, at least one. */
      readonly keys: readonly PublicKey[];
    }
  | Failure;

/**
 * Offered is not proven, let alone believed: this is what a person compares.
 * Asks for all types at once, each over its own stream.
 */
export async function scanHostKeys(request: HopRequest): Promise<ScanResult> {
  const types = orderTypes([], request.hop.offer);
  const scanned = await Promise.all(types.map((type) => scanType({ ...request, steps: [] }, type)));
  const keys = scanned.flatMap((result) => (result.ok ? [result.key] : []));
  if (keys.length > 0) return { ok: true, keys };
  // A failure of the transport says more than that a type was not offered.
  const failures = scanned.filter((result) => !result.ok);
  const failure = failures.find(({ transportFailure }) => transportFailure) ?? failures[0];
  if (failure === undefined) throw new Error("a scan without a key has a failure");
  return failure;
}

async function scanType(
  request: HopRequest,
  type: string,
): Promise<{ readonly ok: true; readonly key: PublicKey } | Failure> {
  const { hop, place, env } = request;
  const opened = await openStream(request);
  if (!opened.ok) return opened;
  const { handshakeTimeoutMs: timeoutMs, ...rest } = limitsFor(request.limits, hop);
  const result = await shakeHands({
    stream: opened.stream,
    user: hop.user,
    types: [type],
    offer: hop.offer,
    // Ends the handshake before anything of ours is told.
    believes: () => false,
    identities: { attempts: [], problems: [] },
    timeoutMs,
    ...rest,
    now: env.now,
  });
  if (result.hostKey !== null) return { ok: true, key: result.hostKey };
  if (result.ok) throw new Error("nothing logs in without an identity");
  const failure = handshakeFailure(place, result.why, result.error, result, timeoutMs);
  return withLastWords(failure, opened);
}
