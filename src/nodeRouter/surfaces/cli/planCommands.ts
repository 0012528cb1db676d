// `plan` and `check`: what another config would change, and what is wrong in one.
import { knownFields } from "../../../shared/knownFields.ts";
import { loadLater } from "../../../shared/loadLater.ts";
import { safe } from "../../../shared/safeText.ts";
import type { PlanReport } from "../methods/planMethods.ts";
import { readConfigFile } from "./configFile.ts";
import { splitNames } from "./explainCommand.ts";
import { AS, asProblem } from "./flags.ts";
import { EXIT_USAGE } from "./output.ts";
import { planText } from "./planText.ts";
import { tell, type Verb } from "./verb.ts";

const FILE = "openclaw.json, the config of node-router, or a JSON merge patch of either; - for stdin";

export const planVerb: Verb = {
  description: "Show what another config would change for every agent and tool, before it holds",
  argument: ["<file>", FILE],
  options: [
    ["--down <nodes>", "look also at these nodes being down together (names joined by commas)"],
    ["--all-down-one-by-one", "look also at each node being down"],
    AS,
  ],
  examples: ["plan new.json", "plan patch.json --as patch --all-down-one-by-one"],
  // Whoever asks what changes must not take "nobody knows" for it.
  exitUnanswered: EXIT_USAGE,
  problem: (options) =>
    options.node?.trim() ? asProblem(options) : "plan needs a file: openclaw node-router plan <file | ->",
  async run(call) {
    const { options, ask, out } = call;
    const read = await readConfigFile(options.node?.trim() ?? "");
    if (!read.ok) {
      out.fail(safe(read.message));
      return EXIT_USAGE;
    }
    const { document, repeated } = read;
    const how = { as: options.as, down: splitNames(options.down), oneByOne: options.allDownOneByOne };
    const report = await ask<PlanReport>("noderouter.plan", { document, ...knownFields(how) });
    for (const text of repeated) out.fail(safe(text));
    const { valid, changes, sessions, guards } = report;
    const code = tell(call, report, planText, () => changes.length + sessions.length + guards.length === 0);
    return valid ? code : EXIT_USAGE;
  },
};

export const checkVerb: Verb = {
  description: "Find what is wrong in the config, or in a file before it is written; asks no gateway",
  options: [["--file <file>", FILE], AS],
  examples: ["check", "check --file new.json", "check --file - --as patch"],
  isLocal: true,
  problem(options) {
    if (options.file?.trim() === "")
      return "--file needs a path, or - for stdin: openclaw node-router check --file <file>";
    return options.as !== undefined && options.file === undefined
      ? "--as goes with --file"
      : asProblem(options);
  },
  async run({ options, out, machine }) {
    const { runCheck } = await loadLater(() => import("./checkCommand.ts"));
    return runCheck(options, machine.config?.(), out);
  },
};
