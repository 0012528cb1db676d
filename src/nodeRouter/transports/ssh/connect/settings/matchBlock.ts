// Whether a `Match` line holds for a host, as far as that can be known without running anything. Pure.
import { matchesHostList, matchesList } from "./hostPattern.ts";
import { invalid } from "./invalid.ts";

export interface MatchSubject {
  /** After HostName. */
  readonly host: string;
  /** As written. */
  readonly originalHost: string;
  /** Remote user as far as it is settled. */
  readonly user: string;
  readonly localUser: string;
  /** Whether the files are read for the second time. */
  readonly isFinalPass: boolean;
}

export interface MatchAnswer {
  readonly holds: "yes" | "no" | "unknown";
  /** The criterion that cannot be evaluated, e.g. `exec`; null when there is none. */
  readonly unknown: string | null;
  /** `final` was asked for: the files are to be read again. */
  readonly wantsFinalPass: boolean;
}

/**
 * SECURITY: `exec` never runs anything; a line that hangs on it is "unknown" unless another criterion already
 * says no.
 * @throws NodeRouterError SSH_SETTINGS_INVALID for a criterion without its argument.
 */
export function evaluateMatch(args: readonly string[], subject: MatchSubject, at: string): MatchAnswer {
  let [isExcluded, unknown, wantsFinalPass]: [boolean, string | null, boolean] = [false, null, false];
  for (let index = 0; index < args.length; index++) {
    const word = (args[index] ?? "").toLowerCase();
    const isNegated = word.startsWith("!");
    const criterion = isNegated ? word.slice(1) : word;
    const takesArgument = !["all", "canonical", "final"].includes(criterion);
    const argument = takesArgument ? args[++index] : "";
    if (argument === undefined) {
      throw invalid(`${at}: Match ${criterion} has no argument; mend the file`);
    }
    if (criterion === "final") wantsFinalPass = true;
    const holds = evaluateOne(criterion, argument.split(","), subject);
    if (holds === null) unknown ??= criterion;
    else if (holds === isNegated) isExcluded = true;
  }
  return { holds: isExcluded ? "no" : unknown === null ? "yes" : "unknown", unknown, wantsFinalPass };
}

/** Null: cannot be known here. */
function evaluateOne(criterion: string, list: readonly string[], subject: MatchSubject): boolean | null {
  switch (criterion) {
    case "all":
      return true;
    case "canonical":
      // CanonicalizeHostname is refused where it would act, so no pass is a canonical one.
      return false;
    case "final":
      return subject.isFinalPass;
    case "host":
      return matchesHostList(subject.host, list);
    case "originalhost":
      return matchesHostList(subject.originalHost, list);
    case "user":
      return matchesList(subject.user, list);
    case "localuser":
      return matchesList(subject.localUser, list);
    default:
      return null;
  }
}
