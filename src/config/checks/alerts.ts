// Problems of meaning in `alerts`. None of them refuses a call: whoever is not told is not in danger by it.
import { parseSelector } from "../../nodeRouter/placement/selector/parser.ts";
import { isPrintable, quote } from "../../shared/safeText.ts";
import { parseSpan, SPAN_HELP } from "../../shared/timeSpan.ts";
import { formatPath } from "../problems/path.ts";
import { type ConfigProblem, configWarning } from "../problems/problem.ts";
import { OFF } from "../schema/alerts.ts";
import type { CheckedConfig } from "./concern.ts";

/** What cannot be read has its default. */
export function* checkAlerts({ config: { alerts } }: CheckedConfig): Generator<ConfigProblem> {
  if (alerts === undefined) return;
  const invalid = (key: string, message: string) =>
    configWarning({ code: "ALERTS_INVALID", path: formatPath(["alerts", key]), message, agents: [] });
  for (const key of ["refusedFor", "offlineFor"] as const) {
    const written = alerts[key];
    if (written !== undefined && written !== OFF && parseSpan(written) === null)
      yield invalid(key, `${quote(written)} is not ${SPAN_HELP}, and not "${OFF}": the default holds`);
  }
  for (const key of ["channel", "to", "accountId"] as const) {
    const written = alerts[key];
    if (written !== undefined && !(isPrintable(written) && written.trim() === written))
      yield invalid(key, `${quote(written)} has blanks around it, or characters that nobody can see`);
  }
  const selector = alerts.nodes === undefined ? null : parseSelector(alerts.nodes);
  if (selector?.ok === false) yield invalid("nodes", `${selector.message}: alerts are of all nodes`);
}
