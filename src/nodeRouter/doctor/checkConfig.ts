// Doctor: what the config says that cannot be meant.
import { checkAgentNames } from "../../config/checkAgents.ts";
import { agentIds } from "../hostConfig.ts";
import { type Check, finding } from "./finding.ts";

export const checkConfig: Check = ({ config, hostConfig, snapshot }) => [
  ...[...config.problems, ...checkAgentNames(config, agentIds(hostConfig))].map((problem) =>
    finding(
      `config-${problem.code.toLowerCase().replaceAll("_", "-")}`,
      problem.severity,
      problem.message,
      problem.suggestion ??
        (problem.severity === "error" ? "mend it; its agents are refused until then" : "change or remove it"),
      problem.path,
    ),
  ),
  ...openRules(
    config.rules,
    snapshot.nodes.filter((node) => !node.configured).map((node) => node.name),
  ),
];

/** A rule that only excludes takes in whatever is paired next. */
function openRules(
  rules: Parameters<typeof checkAgentNames>[0]["rules"],
  unconfigured: readonly string[],
): ReturnType<Check> {
  const negative = new Set(["!=", "notin", "notexists"]);
  return rules
    .filter((rule) => rule.require?.requirements.every(({ operator }) => negative.has(operator)) ?? true)
    .map((rule) =>
      finding(
        "rule-open",
        "warning",
        `rule "${rule.name}" takes in every node that it does not exclude, also one that is paired later${unconfigured.length === 0 ? "" : ` (now: ${unconfigured.map((name) => `"${name}"`).join(", ")})`}`,
        "require a tag that only the nodes you mean have",
        `plugins.entries.node-router.config.rules[${rule.index}].require`,
      ),
    );
}
