// What speaks against an edit of the config, with the names that would have been right.
import { NodeRouterError } from "../../../shared/errors.ts";
import { refusal } from "../../../shared/refusal.ts";
import { quote } from "../../../shared/safeText.ts";
import { didYouMean } from "../../../shared/suggest.ts";

const MAX_NAMED = 10;

/** An end before anything was written. */
export function editRefused(fact: string, advice: string | null = null): NodeRouterError {
  return new NodeRouterError(refusal("SETUP_FAILED", fact, { nothingRan: "nothing was changed", advice }));
}

/** `no rule "x" is configured; …`: the name may be misspelt. @param noun with which the names are called. */
export function noSuch(noun: "rule" | "node", name: string, known: readonly string[]): NodeRouterError {
  return editRefused(
    `no ${noun} ${quote(name)} is ${noun === "rule" ? "configured" : "known"}`,
    namesText(name, known),
  );
}

/** @param known of the gateway. */
export function noSuchAgent(name: string, known: readonly string[]): NodeRouterError {
  const fact = `no agent ${quote(name)} is configured`;
  return new NodeRouterError(
    refusal("AGENT_UNKNOWN", fact, { nothingRan: "nothing was changed", advice: namesText(name, known) }),
  );
}

function namesText(name: string, known: readonly string[]): string {
  const listed = known.slice(0, MAX_NAMED).map(quote).join(", ") || "none";
  const meant = didYouMean(name, known);
  return meant === null ? `there are ${listed}` : `${meant} There are ${listed}`;
}
