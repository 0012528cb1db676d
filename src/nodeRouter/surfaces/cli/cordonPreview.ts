// `cordon --dry-run` and `drain --dry-run`: whose calls would go elsewhere, or be refused, were nodes cordoned.
import { nameText, quote } from "../../../shared/safeText.ts";
import type { DrainReport } from "../methods/cordonMethods.ts";
import type { CordonPlan } from "../methods/planCordon.ts";
import { COLUMNS, EXIT_FINDING, table, textLines } from "./output.ts";
import { placedText } from "./planText.ts";
import { type CommandUse, tell } from "./verb.ts";

/** @returns the exit code: 1 where something would change, as of every dry run */
export async function previewCordon(use: CommandUse, nodes: readonly string[]): Promise<number> {
  const { ask, out } = use;
  // Who it is the gateway says, also where no agent has a rule to explain; a selector means nodes alone.
  const [node] = nodes;
  if (node !== undefined && use.options.selector === undefined) {
    const { peer } = await ask<DrainReport>("noderouter.drained", { node });
    if (peer) {
      out.fail(
        `${quote(node)} is another gateway, and --dry-run is about nodes; who would get an agent's task says explain <agent> --delegate`,
      );
      return EXIT_FINDING;
    }
  }
  const plan = await ask<CordonPlan>("noderouter.plan", { cordon: nodes });
  return tell(use, plan, previewText, ({ agents }) => agents.length === 0);
}

/** @param columns width of the terminal. */
export function previewText({ nodes, agents }: CordonPlan, columns: number = COLUMNS): string {
  const lines = (text: string): readonly string[] => textLines(text, columns);
  if (agents.length === 0)
    return lines(
      `Nothing changes for exec of any agent as the nodes are now: ${nodes.map(nameText).join(", ")} can be spared.`,
    ).join("\n");
  const rows = agents.map(({ agent, rule, before, after }) => [
    nameText(agent),
    nameText(rule ?? ""),
    placedText(before),
    placedText(after),
  ]);
  const refused = agents.filter(({ after }) => after.outcome === "refused");
  return [
    table(["AGENT", "RULE", "NOW", "THEN"], rows, { columns }),
    ...refused.flatMap(({ message }) => lines(message)),
    ...lines("Nothing was cordoned."),
  ].join("\n");
}
