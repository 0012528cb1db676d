// `guard`: the native settings that make OpenClaw itself refuse: planned, written or taken back.
import type { GuardReport } from "../methods/methods.ts";
import { commaList, editUsageProblem, runEdit } from "./editCommand.ts";
import { guardText } from "./reportText.ts";
import { tell, type Verb } from "./verb.ts";

export const guardVerb: Verb = {
  description: "Write the native settings that make OpenClaw itself refuse when the plugin is missing",
  options: [
    ["--dry-run", "only show what would be written"],
    ["--undo", "unset what it has written instead"],
    ["--agent <list>", "only for these agents, with commas"],
    ["--yes", "with --undo: without asking"],
  ],
  examples: ["guard --dry-run", "guard", "guard --undo --agent worker-sg"],
  problem(options, canAsk) {
    if (options.undo === true) return editUsageProblem("guard", options, canAsk);
    return options.agent !== undefined && commaList(options.agent).length === 0
      ? "--agent needs a name; leave it out for all"
      : null;
  },
  async run(call) {
    const { options, ask, out } = call;
    if (options.undo === true) return runEdit("guard", options, ask, out);
    const agents = commaList(options.agent);
    const only = agents.length === 0 ? {} : { agents };
    // Whoever may only look may ask for the plan.
    const report =
      options.dryRun === true
        ? await ask<GuardReport>("noderouter.guardPlan", { dryRun: true, ...only })
        : await ask<GuardReport>("noderouter.guard", only);
    return tell(
      call,
      report,
      guardText,
      () => report.applied || report.agents.every(({ changes }) => changes.length === 0),
    );
  },
};
