// `cordon`, `uncordon` and `drain`: keep new calls away from a node, and let them come again.
import { hostname, userInfo } from "node:os";
import { knownFields } from "../../../shared/knownFields.ts";
import { quote } from "../../../shared/safeText.ts";
import { parseSpan } from "../../../shared/timeSpan.ts";
import type { CordonAnswer, UncordonAnswer } from "../methods/cordonMethods.ts";
import type { NodesReport } from "../reports/nodesReport.ts";
import type { CommandOptions } from "./commandOptions.ts";
import { previewCordon } from "./cordonPreview.ts";
import { cordonAnswerText, DEFAULT_DRAIN_MS, runDrain, uncordonText } from "./drainCommand.ts";
import { NODE_TOO, nodeProblem, spanProblem } from "./flags.ts";
import { selectedNodes } from "./listing.ts";
import { EXIT_FINDING } from "./output.ts";
import { type CommandUse, type Flag, tell, type Verb } from "./verb.ts";

const WHY_AND_HOW_LONG: readonly Flag[] = [
  ["--reason <text>", "why, for those who find their calls refused"],
  ["--for <time>", "until when: 45m, 2h, 3d (default: until it is lifted)"],
  ["--dry-run", "only show whose calls would go elsewhere or be refused"],
];

const SELECTOR: Flag = ["-l, --selector <selector>", "instead of one: all nodes that match"];

/** The nodes that are meant; null: a selector means none, and that was said. */
async function meantNodes({ options, ask, out }: CommandUse): Promise<readonly string[] | null> {
  const { node, selector } = options;
  if (selector === undefined) return [node?.trim() ?? ""];
  const names = [...selectedNodes(await ask<NodesReport>("noderouter.nodes", {}), selector)];
  if (names.length > 0) return names;
  out.fail(`no node matches ${quote(selector)}: nothing was changed`);
  return null;
}

/** Asks for one after the other. @throws what the gateway answers of one; of which it was done before is said. */
async function each<T>(
  { out }: CommandUse,
  names: readonly string[],
  ask: (node: string) => Promise<T>,
): Promise<readonly T[]> {
  const answers: T[] = [];
  try {
    for (const node of names) answers.push(await ask(node));
    return answers;
  } catch (error) {
    const done = names.slice(0, answers.length).map(quote).join(", ");
    if (done !== "") out.fail(`done for ${done}, then it failed`);
    throw error;
  }
}

/** One node, or a selector. */
function whichProblem(name: string, options: CommandOptions): string | null {
  if (options.selector === undefined) return nodeProblem(name)(options);
  return options.node === undefined ? null : `${name} takes a node or -l, not both`;
}

export const cordonVerb: Verb = {
  description: "Keep new calls away from a node; what runs there goes on",
  argument: ["[node]", "name of a node"],
  options: [NODE_TOO, SELECTOR, ...WHY_AND_HOW_LONG],
  examples: [
    "cordon mac-sg --dry-run",
    'cordon mac-sg --for 2h --reason "new disk"',
    'cordon -l rack=7 --reason "new switch"',
  ],
  selects: true,
  problem: (options) => whichProblem("cordon", options) ?? spanProblem(options),
  async run(use) {
    const { options, ask } = use;
    const names = await meantNodes(use);
    if (names === null) return EXIT_FINDING;
    if (options.dryRun === true) return previewCordon(use, names);
    const answers = await each(use, names, (node) =>
      ask<CordonAnswer>("noderouter.cordon", cordonParams({ ...options, node })),
    );
    const [one] = answers;
    if (options.selector === undefined && one !== undefined) return tell(use, one, cordonAnswerText);
    return tell(use, { nodes: answers }, ({ nodes }, columns) =>
      nodes.map((answer) => cordonAnswerText(answer, columns)).join("\n"),
    );
  },
};

export const uncordonVerb: Verb = {
  description: "Let calls come to a node again",
  argument: ["[node]", "name of a node"],
  options: [
    NODE_TOO,
    SELECTOR,
    ["--all", "every node; also begins anew when the record of cordons cannot be read"],
  ],
  examples: ["uncordon mac-sg", "uncordon -l rack=7", "uncordon --all"],
  selects: true,
  problem({ all, node, selector }) {
    const said = [all === true, Boolean(node?.trim()), selector !== undefined].filter(Boolean).length;
    return said === 1 ? null : "uncordon needs a node, or -l, or --all: openclaw node-router uncordon <node>";
  },
  async run(use) {
    const { options, ask } = use;
    if (options.all === true)
      return tell(use, await ask<UncordonAnswer>("noderouter.uncordon", { all: true }), uncordonText);
    const names = await meantNodes(use);
    if (names === null) return EXIT_FINDING;
    const answers = await each(use, names, (node) => ask<UncordonAnswer>("noderouter.uncordon", { node }));
    return tell(use, { lifted: answers.flatMap(({ lifted }) => lifted) }, uncordonText);
  },
};

export const drainVerb: Verb = {
  description: "Keep new calls away from a node, wait for those that run there, and say what still holds it",
  argument: ["[node]", "name of a node"],
  options: [
    NODE_TOO,
    ...WHY_AND_HOW_LONG,
    ["--move", "sessions whose files are there go elsewhere with their next call"],
  ],
  examples: ["drain mac-sg --timeout 30m", "drain mac-sg --move"],
  timeout:
    "how long to wait for what runs: 10m (the default), 2h; a plain number is ms for each answer of the gateway",
  isLong: true,
  problem: (options) => nodeProblem("drain")(options) ?? spanProblem(options),
  run(use) {
    const { options, ask, out, machine } = use;
    if (options.dryRun === true) return previewCordon(use, [options.node?.trim() ?? ""]);
    const { move, json = false, timeout = "" } = options;
    const timeoutMs = parseSpan(timeout.trim()) ?? DEFAULT_DRAIN_MS;
    const params = { ...cordonParams(options), ...(move === true ? { move } : {}) };
    return runDrain({ params, timeoutMs, json }, ask, out, machine);
  },
};

/** Who sits at this terminal is its word; by which client it came the gateway adds. */
function cordonParams({ node, reason, for: span }: CommandOptions): Readonly<Record<string, unknown>> {
  const by = `${userInfo().username}@${hostname()}`;
  return { node: node?.trim(), by, ...knownFields({ reason: reason?.trim(), for: span?.trim() }) };
}
