// What a command says when the gateway did not do what it was asked for: the fact, and what to do about that very fact.
import { messageOf } from "../../../shared/errors.ts";
import { refusal, refusalLine } from "../../../shared/refusal.ts";
import { SENTENCE_END, withoutEnd } from "../../../shared/withoutEnd.ts";
import { codeOf } from "../methods/errorDetails.ts";

/** The host says in many ways that nobody answered; to the operator they are one. */
export function callFailure(name: string, error: unknown): string {
  const fact = withoutEnd(messageOf(error), SENTENCE_END);
  if (/unknown method/i.test(fact)) {
    return unreachable(
      `the gateway runs without node-router: ${fact}`,
      'see "openclaw plugins inspect node-router --runtime", then restart the gateway or run "openclaw plugins reload node-router"',
    );
  }
  // It answered, so it runs; our own faults say their code.
  if (isAnswer(error)) {
    if (codeOf(error) !== null) return fact;
    return `the gateway refused ${name}: ${fact}${isLogin(fact) ? `; ${LOGIN}` : ""}`;
  }
  // Ours: an answer of a shape that is not read here.
  if (error instanceof TypeError)
    return unreachable(
      `the gateway's answer to ${name} cannot be read: ${fact}`,
      "see whether the plugin has the same version here and there",
    );
  return unreachable(
    `node-router could not be asked: ${fact}`,
    fixOf(error) ??
      (isLogin(fact)
        ? LOGIN
        : 'start the gateway with "openclaw gateway run", or name it with --url and --token'),
  );
}

/**
 * What becomes of a failure when one asks again: it passes by itself, it does unless it lasts, or it stays until somebody
 * mends it. The host answers UNAVAILABLE while it starts, and so do our methods with what is no mistake of the caller.
 */
export function howItEnds(error: unknown): "passes" | "settles" | "stays" {
  if (error instanceof TypeError) return "stays";
  // Our own texts may hold such words of anybody.
  const isNoEntry = /\b(unauthorized|pairing required|missing scope)\b/i.test(messageOf(error));
  if (codeOf(error) === null && (isNoEntry || fixOf(error) !== null)) return "stays";
  if (!isAnswer(error)) return "passes";
  const { gatewayCode, retryable } = error;
  return gatewayCode === "UNAVAILABLE" || retryable === true ? "passes" : "settles";
}

/**
 * What the host says is to be done, where it does not come to a connection: without credentials, or with settings that
 * lead nowhere (OpenClaw 2026.9.6, dist/call-*.mjs). Null: it says nothing of the kind.
 */
function fixOf(error: unknown): string | null {
  const lines = error instanceof Error ? error.message.split("\n") : [];
  const said = (label: string) =>
    lines
      .find((line) => line.startsWith(label))
      ?.slice(label.length)
      .trim();
  const [fix, config] = [said("Fix:"), said("Config:")];
  if (fix === undefined) return null;
  return `${withoutEnd(fix, SENTENCE_END)}${config === undefined ? "" : ` (${config})`}`;
}

function unreachable(fact: string, advice: string): string {
  return refusalLine(refusal("GATEWAY_UNREACHABLE", fact, { advice }));
}

/** Whether the gateway itself said no: the host's client gives such an error the gateway's code. */
function isAnswer(error: unknown): error is Error & { gatewayCode: string; retryable?: unknown } {
  return error instanceof Error && "gatewayCode" in error && typeof error.gatewayCode === "string";
}

const LOGIN = "name the right one with --token or --password";

/** It let nobody in: the token or password is wrong. It says so as an answer, or as the reason for which it closed. */
function isLogin(fact: string): boolean {
  return /\bunauthorized\b/i.test(fact);
}
