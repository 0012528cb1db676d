// What the ways of failing are called, and whether the circuit breaker counts them. Pure.
import { quote, safe } from "../../../../safeText.ts";
import { errorCode } from "./env.ts";
import type { HandshakeEnd, HandshakeFacts } from "./handshake.ts";
import { type Place, placeText, settingOf } from "./place.ts";
import { type Refusal, refuse } from "./refusal.ts";

export interface Failure extends Refusal {
  /** Unreachable, refused, timed out or closed before the login: waiting may mend it. */
  readonly transportFailure: boolean;
  /** False: no TCP connection came about, so that no server noticed. Absent: one did, or that is not known. */
  readonly tcpReached?: false;
}

/** Characters of what the other side said. */
const MAX_WORDS = 300;
const NETWORK = "see whether the machine is up and on the network";

/** What is the case, and what to do about it. */
type Known = readonly [fact: string, advice: (place: Place) => string];

/** By Node's code. */
const FACTS = new Map<string, Known>([
  [
    "ECONNREFUSED",
    ["refused the connection", (place) => `start its SSH server, or mend ${settingOf(place, "port")}`],
  ],
  ["ECONNRESET", ["reset the connection", () => "see its SSH server's log"]],
  ["ETIMEDOUT", ["did not answer", () => NETWORK]],
  ["EHOSTUNREACH", ["cannot be reached", () => NETWORK]],
  ["EHOSTDOWN", ["is down", () => NETWORK]],
  ["ENETUNREACH", ["is on a network that cannot be reached", () => "see whether the gateway is on it"]],
  ["ENETDOWN", ["is on a network that is down", () => "see whether the gateway is on it"]],
  [
    "ENOTFOUND",
    [
      "has a name that does not resolve",
      (place) => `mend ${settingOf(place, "host")}, or see whether the tailnet's names are in use`,
    ],
  ],
  ["EAI_AGAIN", ["has a name that could not be looked up just now", () => "see the gateway's name service"]],
]);

export function connectFailure(
  place: Place,
  why: "error" | "timeout" | "aborted",
  error: Error | null,
  timeoutMs: number,
): Failure {
  if (why === "aborted") return aborted(place);
  if (why === "timeout") {
    return unreachable(place, `did not answer within ${timeoutMs} ms; ${NETWORK}`, true);
  }
  const code = errorCode(error) ?? "";
  const known = FACTS.get(code);
  if (known !== undefined) return unreachable(place, `${known[0]} (${code}); ${known[1](place)}`, true);
  const fact = words(error?.message || code || "unknown error");
  return unreachable(place, `could not be connected to: ${fact}; ${NETWORK}`, true);
}

export function handshakeFailure(
  place: Place,
  why: HandshakeEnd,
  error: Error | null,
  facts: HandshakeFacts,
  timeoutMs: number,
): Failure {
  const stage = stageOf(facts);
  switch (why) {
    case "disbelieved":
      throw new Error("a host key that is not believed has its own words");
    case "exhausted":
      return { ...facts.auth.refusal(place, null), transportFailure: false };
    case "aborted":
      return aborted(place);
    case "misbehaved":
      return unreachable(
        place,
        `was given up ${stage}: ${error?.message ?? "it sent what it may not"}; see whether it is the machine that it should be`,
        true,
      );
    case "timeout":
      return timedOut(place, stage, facts, timeoutMs);
    case "closed":
      if (facts.exchangeMs !== null && facts.auth.wasRejected()) {
        const refusal = facts.auth.refusal(place, "it closed the connection");
        return { ...refusal, transportFailure: false };
      }
      return unreachable(
        place,
        `closed the connection ${stage}${error === null ? "" : ` (${words(error.message)})`}; see its SSH server's log`,
        true,
      );
    case "error":
      // In the login an error is the server's own last word, such as "Too many authentication failures".
      if (facts.exchangeMs !== null) {
        const said =
          error === null || facts.auth.isExhausted()
            ? null
            : `it said ${quote(error.message.slice(0, MAX_WORDS))}`;
        return { ...facts.auth.refusal(place, said), transportFailure: false };
      }
      return unreachable(
        place,
        `could not agree on a connection: ${words(error?.message ?? "unknown error")}; see whether it is an SSH server with current algorithms`,
        false,
      );
  }
}

/** The jump host would not, or could not, connect further. */
export function forwardFailure(place: Place, via: string, error: Error): Failure {
  return unreachable(
    place,
    `cannot be reached from ${quote(via)}: ${words(error.message)}; see whether it is up and whether that host allows forwarding`,
    true,
  );
}

function timedOut(
  place: Place,
  stage: string,
  { exchangeMs, banner, auth }: HandshakeFacts,
  timeoutMs: number,
): Failure {
  const said = banner === null ? "" : `; it said ${quote(banner.trim().slice(0, MAX_WORDS))}`;
  if (exchangeMs !== null && banner !== null) {
    // Such as Tailscale SSH in check mode, which waits for a person: no use in trying less often.
    const refusal = auth.refusal(place, `it did not finish the login within ${timeoutMs} ms${said}`);
    return { ...refusal, transportFailure: false };
  }
  return unreachable(
    place,
    `did not finish within ${timeoutMs} ms, ${stage}; see its SSH server and the network`,
    true,
  );
}

/** SECURITY: the other side may have chosen them. */
function words(text: string): string {
  return safe(text.slice(0, MAX_WORDS));
}

function stageOf({ server, exchangeMs }: HandshakeFacts): string {
  if (server === null) return "before its SSH greeting";
  return exchangeMs === null ? "in the key exchange" : "before the login was done";
}

function aborted(place: Place): Failure {
  return {
    ...refuse(
      "NOT_STARTED",
      `the connection to ${placeText(place)} was given up while it was made; try again`,
    ),
    transportFailure: false,
  };
}

function unreachable(place: Place, fact: string, transportFailure: boolean): Failure {
  return { ...refuse("NODE_UNREACHABLE", `${placeText(place)} ${fact}`), transportFailure };
}
