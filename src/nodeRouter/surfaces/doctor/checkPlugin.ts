// Doctor: is the plugin itself in force?
import { quote } from "../../../shared/safeText.ts";
import { type DoctorCheck, finding, found } from "./finding.ts";

export const checkPlugin: DoctorCheck = ({ config, hooks, counters, missedAgents }) => {
  const reload = 'run "openclaw plugins reload node-router", or restart the gateway';
  const isIdle = config.rules.length === 0 && config.problems.length === 0;
  const missed = [...missedAgents].sort().map(quote).join(", ");
  return found(
    hooks === "not-live"
      ? finding(
          "hooks-not-live",
          isIdle ? "info" : "error",
          isIdle
            ? "the gateway runs agents without node-router's hooks, which nobody misses while there is no rule"
            : "the gateway runs agents without node-router's hooks, so their commands are not placed and may run on the gateway",
          isIdle ? "nothing to do: writing the first rule brings them to life" : reload,
          "plugins.entries.node-router",
        )
      : null,
    missedAgents.size > 0
      ? finding(
          "hooks-missed",
          "error",
          `exec of ${missed} ran without node-router's hooks, so no rule chose the machine`,
          `${reload}; then "openclaw node-router guard"`,
        )
      : null,
    counters.mismatches > 0
      ? finding(
          "node-mismatch",
          "error",
          `${counters.mismatches} command(s) ran on another machine than they were placed on`,
          'look for NODE_MISMATCH in "openclaw logs", and for another plugin that rewrites exec',
        )
      : null,
    counters.runsRefused > 0
      ? finding(
          "runs-refused",
          "warning",
          `${counters.runsRefused} command(s) were stopped on their way to a node where no rule had placed them`,
          'look for "run refused" in "openclaw logs", and for another plugin that rewrites exec',
        )
      : null,
    config.mode === "shadow"
      ? finding(
          "shadow-mode",
          "info",
          'mode is "shadow": decisions are logged and nothing is changed',
          'set it to "enforce" when the log shows what you want',
          "plugins.entries.node-router.config.mode",
        )
      : null,
  );
};
