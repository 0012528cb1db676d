// What the ways of failing are called, and whether the circuit breaker counts them. Pure.
import { errorCode } from "../../../../shared/errorCode.ts";
import { quote } from "../../../../shared/safeText.ts";
import { type HopRefusal, refuseHop } from "./base/hopRefusal.ts";
import { type HopPlace, machineText, settingOf } from "./base/machineName.ts";
import { adviceFor, isAboutAccount, quoteSaid, type ServerWords, saidText } from "./base/serverWords.ts";
import type { HandshakeEnd, HandshakeFacts } from "./handshake.ts";

export interface Failure extends HopRefusal {
  /** Unreachable, refused, timed out or closed before the login: waiting may mend it. */
  readonly transportFailure: boolean;
  /** False: no TCP connection came about, so that no server noticed. Absent: one did, or that is not known. */
  readonly tcpReached?: false;
}

const NETWORK = "see whether the machine is up and on the network";

/** What is the case, and what to do about it. */
type Known = readonly [fact: string, advice: (place: HopPlace) => string];

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

/**
 * Why no TCP connection came about, in words, with what to do.
 * @param error of the socket; null: there was none.
 */
export function connectFailure(
  place: HopPlace,
  why: "error" | "timeout" | "aborted",
  error: Error | null,
  timeoutMs: number,
): Failure {
  if (why === "aborted") return aborted(place);
  if (why === "timeout") {
    return unreachable(place, `did not answer within ${timeoutMs} ms`, NETWORK, true);
  }
  const code = errorCode(error) ?? "";
  const known = FACTS.get(code);
  if (known !== undefined) return unreachable(place, `${known[0]} (${code})`, known[1](place), true);
  const fact = quoteSaid(error?.message || code || "unknown error");
  return unreachable(place, `could not be connected to: ${fact}`, NETWORK, true);
}

/**
 * Why no login came about, in words, with what to do.
 * @param facts how far it came, and what the server said.
 * @param timeoutMs that the handshake had.
 */
export function handshakeFailure(
  place: HopPlace,
  why: HandshakeEnd,
  error: Error | null,
  facts: HandshakeFacts,
  timeoutMs: number,
): Failure {
  const stage = stageOf(facts);
  const { auth, words } = facts;
  const said = aside(words);
  const advice = adviceFor(words, settingOf(place, "port"));
  const isRefusal = auth.wasRejected() || isAboutAccount(words);
  switch (why) {
    case "disbelieved":
      throw new Error("a host key that is not believed has its own words");
    case "exhausted":
      return { ...auth.refusal(place, null, words), transportFailure: false };
    case "aborted":
      return aborted(place);
    case "misbehaved":
      return unreachable(
        place,
        `was given up ${stage}: ${error?.message ?? "it sent what it may not"}`,
        "see whether it is the machine that it should be",
        true,
      );
    case "timeout":
      return timedOut(place, stage, facts, timeoutMs);
    case "closed":
      if (facts.exchangeMs !== null && isRefusal) {
        return { ...auth.refusal(place, "it closed the connection", words), transportFailure: false };
      }
      return ended(error);
    case "error":
      // Too many connections, say: that may pass.
      if (words.goodbye !== null && !isRefusal) return ended(null);
      // In the login an error is the server's own last word, such as "Too many authentication failures".
      if (facts.exchangeMs !== null) {
        const isOwn = error !== null && words.goodbye === null && !auth.isExhausted();
        const fact = isOwn ? `the connection failed: ${quoteSaid(error.message)}` : null;
        return { ...auth.refusal(place, fact, words), transportFailure: false };
      }
      return unreachable(
        place,
        `could not agree on a connection: ${quoteSaid(error?.message ?? "unknown error")}${said}`,
        advice ?? "see whether it is an SSH server with current algorithms",
        false,
      );
  }

  function ended(cause: Error | null): Failure {
    const why = cause === null ? "" : ` (${quoteSaid(cause.message)})`;
    const fact = `closed the connection ${stage}${why}${said}`;
    return unreachable(place, fact, advice ?? "see its SSH server's log", true);
  }
}

/** The jump host would not, or could not, connect further. */
export function forwardFailure(place: HopPlace, via: string, error: Error): Failure {
  return unreachable(
    place,
    `cannot be reached from ${quote(via)}: ${quoteSaid(error.message)}`,
    "see whether it is up and whether that host allows forwarding",
    true,
  );
}

function timedOut(
  place: HopPlace,
  stage: string,
  { exchangeMs, words, auth }: HandshakeFacts,
  timeoutMs: number,
): Failure {
  if (exchangeMs !== null && words.banner !== null) {
    // Such as Tailscale SSH in check mode, which waits for a person: no use in trying less often.
    const refusal = auth.refusal(place, `it did not finish the login within ${timeoutMs} ms`, words);
    return { ...refusal, transportFailure: false };
  }
  return unreachable(
    place,
    `did not finish within ${timeoutMs} ms, ${stage}${aside(words)}`,
    adviceFor(words, settingOf(place, "port")) ?? "see its SSH server and the network",
    true,
  );
}

function aside(words: ServerWords): string {
  const said = saidText(words);
  return said === null ? "" : `; ${said}`;
}

function stageOf({ server, exchangeMs }: HandshakeFacts): string {
  if (server === null) return "before its SSH greeting";
  return exchangeMs === null ? "in the key exchange" : "before the login was done";
}

function aborted(place: HopPlace): Failure {
  const fact = `the connection to ${machineText(place)} was given up while it was made`;
  return { ...refuseHop("NOT_STARTED", fact, "try again"), transportFailure: false };
}

function unreachable(place: HopPlace, fact: string, advice: string, transportFailure: boolean): Failure {
  return { ...refuseHop("NODE_UNREACHABLE", `${machineText(place)} ${fact}`, advice), transportFailure };
}
