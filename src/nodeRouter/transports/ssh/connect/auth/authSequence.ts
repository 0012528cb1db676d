// Offers our identities to ssh2 one after the other, and remembers what was tried and what the server said.
import type { AuthHandlerMiddleware } from "ssh2";
import { adviceOf } from "../../../../../shared/refusal.ts";
import { safe } from "../../../../../shared/safeText.ts";
import { type HopRefusal, refuseHop } from "../base/hopRefusal.ts";
import { type HopPlace, machineText, settingOf } from "../base/machineName.ts";
import { isAboutAccount, type ServerWords, saidText } from "../base/serverWords.ts";
import type { AuthAttempt, Identities } from "./identities.ts";

export interface AuthSequence {
  /** For ssh2's `authHandler`. */
  readonly handler: AuthHandlerMiddleware;
  /** The attempt that is under way or was the last. */
  current(): AuthAttempt | null;
  /** An attempt failed on our side, e.g. the agent would not sign. */
  noteFault(text: string): void;
  /** Whether the server has heard everything we have. */
  isExhausted(): boolean;
  /** Whether the server has said no at least once. */
  wasRejected(): boolean;
  /**
   * AUTH_FAILED with all that is known.
   * @param fact what happened, where it is not that everything was tried.
   * @param words what the server had to say.
   */
  refusal(place: HopPlace, fact: string | null, words: ServerWords): HopRefusal;
}

/** A server names a handful, in words like these. */
const METHOD = /^[\w@.-]{1,64}$/;
const MAX_METHODS = 10;

/** @param onExhausted nothing is left to try: ssh2 is not told, the caller ends the connection. */
export function createAuthSequence(
  { attempts, problems }: Identities,
  onExhausted: () => void,
): AuthSequence {
  const tried: AuthAttempt[] = [];
  const faults: string[] = [];
  let offered: readonly string[] | null = null;
  let accepted: string | null = null;
  let isExhausted = false;
  const waiting = [...attempts];

  const handler: AuthHandlerMiddleware = (methodsLeft, partialSuccess, next) => {
    // ssh2 passes null before the first answer, and does not pass on what it heard after an agent's key.
    if (Array.isArray(methodsLeft)) offered = methodsLeft.filter(isMethod).slice(0, MAX_METHODS);
    if (partialSuccess === true) accepted = tried.at(-1)?.label ?? null;
    for (let attempt = waiting.shift(); attempt !== undefined; attempt = waiting.shift()) {
      if (attempt.method.type !== "none" && offered !== null && !offered.includes("publickey")) continue;
      tried.push(attempt);
      next(attempt.method);
      return;
    }
    isExhausted = true;
    onExhausted();
  };

  return {
    handler,
    current: () => tried.at(-1) ?? null,
    noteFault: (text) => void faults.push(text),
    isExhausted: () => isExhausted || waiting.length === 0,
    wasRejected: () => isExhausted || tried.length > 1,
    refusal(place, fact, words) {
      const labels = tried.map(({ label }) => label).join(", ");
      const takes = offered === null || offered.length === 0 ? null : `it takes ${offered.join(", ")}`;
      const said = saidText(words);
      const facts = [
        ...(fact === null ? [] : [fact]),
        ...(said === null ? [] : [said]),
        `tried ${labels === "" ? "nothing" : labels}`,
        ...(accepted === null ? [] : [`${accepted} was accepted, but the server wants more`]),
        ...(takes === null ? [] : [takes]),
        ...faults,
        ...problems,
      ];
      const advice =
        accepted === null && !isAboutAccount(words)
          ? adviceOf("AUTH_FAILED", { setting: settingOf(place, "identityFile") })
          : "see the account and the server's settings on that machine: another key does not mend this";
      return refuseHop(
        "AUTH_FAILED",
        `${machineText(place)} refused the login: ${facts.map(safe).join("; ")}`,
        advice,
      );
    },
  };
}

function isMethod(name: unknown): name is string {
  return typeof name === "string" && METHOD.test(name);
}
