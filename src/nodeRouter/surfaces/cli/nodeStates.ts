// `nodes --state`: which nodes are shown, and what of a watched list is told. Pure but for what each list was cut from.
import { PRESENCE_STATES } from "../../../presence/freshness.ts";
import type { NodesReport } from "../reports/nodesReport.ts";
import type { CommandOptions } from "./commandOptions.ts";
import { commaList } from "./editCommand.ts";
import { wordsProblem } from "./optionProblem.ts";
import type { Flag } from "./verb.ts";
import { nodeChanges } from "./watch.ts";

export const STATE: Flag = ["--state <words>", `only these, with commas: ${PRESENCE_STATES.join(", ")}`];

export function statesProblem({ state }: CommandOptions): string | null {
  if (state === undefined) return null;
  const words = commaList(state);
  // As of a variable of a script that is not set: it must not mean all of them.
  const wrong = words.length === 0 ? "" : words.find((word) => wordsProblem("state", word, PRESENCE_STATES));
  return wordsProblem("state", wrong, PRESENCE_STATES);
}

interface NodeFilter {
  /** @param known how many nodes there are, before any was left out. */
  readonly shown: (report: NodesReport, known: number) => NodesReport;
  /** A node that comes into one of the states, or leaves it, has changed, and is not gone. */
  readonly changes: (before: NodesReport, after: NodesReport) => readonly string[];
  /** Whether there are nodes, and none of them is among those that are shown. */
  readonly hasNone: (shown: NodesReport) => boolean;
}

/** @param text of the option, which `statesProblem` has found right; undefined: every state. */
export function createNodeFilter(text: string | undefined): NodeFilter {
  const states = text === undefined ? null : new Set(commaList(text));
  const from = new WeakMap<NodesReport, { readonly whole: NodesReport; readonly known: number }>();
  return {
    shown(whole, known) {
      const nodes = whole.nodes.filter(({ state }) => states === null || states.has(state));
      const shown = { ...whole, nodes };
      from.set(shown, { whole, known });
      return shown;
    },
    changes(before, after) {
      const names = new Set([...before.nodes, ...after.nodes].map(({ name }) => name));
      const about = (shown: NodesReport): NodesReport => {
        const { whole } = from.get(shown) ?? { whole: shown };
        return { ...whole, nodes: whole.nodes.filter(({ name }) => names.has(name)) };
      };
      return nodeChanges(about(before), about(after));
    },
    hasNone: (shown) => shown.nodes.length === 0 && (from.get(shown)?.known ?? 0) > 0,
  };
}
