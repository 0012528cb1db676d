// Doctor: statements of the config that cannot be meant.

import { formatPath } from "../../../config/problems/path.ts";
import type { ConfigProblem } from "../../../config/problems/problem.ts";
import type { ConfiguredRule } from "../../../config/resolveRules.ts";
import { checkAgentNames } from "../../../config/ruleAgents.ts";
import { quote } from "../../../shared/safeText.ts";
import { agentIds } from "../../host/hostConfig.ts";
import type { NodeSnapshot } from "../../placement/model/snapshot.ts";
import { BUILTIN_KEY } from "../../placement/selector/builtinTags.ts";
import { matches } from "../../placement/selector/selector.ts";
import { type DoctorCheck, type Finding, finding } from "./finding.ts";

export const checkPluginConfig: DoctorCheck = ({ config, hostConfig, snapshot }) => {
  const agents = agentIds(hostConfig);
  return [
    ...config.problems.map((problem) => problemFinding(problem, problem.severity)),
    ...checkAgentNames(config, agents).map((problem) =>
      problemFinding(problem, problem.isForLater ? "info" : "warning"),
    ),
    ...openRules(config.rules, snapshot),
  ];
};

function problemFinding(problem: ConfigProblem, severity: Finding["severity"]): Finding {
  const fixes = {
    error: "mend it; its agents are refused until then",
    warning: "change or remove it",
    info: "nothing to do, if it is meant for agents to come",
  };
  return finding(
    `config-${problem.code.toLowerCase().replaceAll("_", "-")}`,
    severity,
    problem.message,
    problem.suggestion ?? fixes[severity],
    problem.path,
  );
}

/** What any node has without a word in the config: its own claim, or true of all. */
const ANYBODYS: readonly string[] = [
  BUILTIN_KEY.os,
  BUILTIN_KEY.arch,
  BUILTIN_KEY.transport,
  BUILTIN_KEY.timeZone,
];

/** A rule that asks for no tag of the config takes in whatever is paired next. */
function openRules(rules: readonly ConfiguredRule[], snapshot: NodeSnapshot): readonly Finding[] {
  return rules
    .filter(({ require }) =>
      (require?.requirements ?? []).every(
        ({ operator, key }) => ["!=", "notin", "notexists"].includes(operator) || ANYBODYS.includes(key),
      ),
    )
    .map(({ name, index, require }) => {
      const now = snapshot.nodes
        .filter((node) => !node.configured && (require === null || matches(require, node.tags)))
        .map((node) => quote(node.name));
      return finding(
        "rule-open",
        "warning",
        `rule "${name}" asks for no tag that only configured nodes have, so it also takes in any node that is paired later${now.length === 0 ? "" : ` (now: ${now.join(", ")})`}`,
        "require a tag that only the nodes you mean have",
        formatPath(["rules", index, "require"]),
      );
    });
}
