// Problems of meaning in taints and tolerations: each by itself, and whether they ever meet.
import {
  EVERY_TAINT,
  keepsOff,
  printTaint,
  type Taint,
  tolerates,
} from "../../nodeRouter/placement/model/taint.ts";
import { quote } from "../../shared/safeText.ts";
import { didYouMean } from "../../shared/suggest.ts";
import { formatPath } from "../problems/path.ts";
import { type ConcernedAgents, type ConfigProblem, configError, configWarning } from "../problems/problem.ts";
import type { CheckedConfig } from "./concern.ts";
import type { WrittenNode, WrittenRule } from "./written.ts";

/** Taints that cannot be read or are there twice, tolerations that cannot be read or tolerate nothing or everything. */
export function* checkTaints({
  config,
  nodes,
  rules,
  routedAgents,
  concern,
}: CheckedConfig): Generator<ConfigProblem> {
  const taints = nodes.flatMap((node) => readable(node));
  for (const node of nodes) {
    // A taint that cannot be read may be the one that keeps an agent without a rule off.
    yield* checkWritten(node, config.untoleratedAgents === "refuse" ? "*" : concern.node(node));
    yield* checkTolerated(node, rules, routedAgents);
  }
  for (const rule of rules) yield* checkTolerations(rule, taints);
  if (config.untoleratedAgents === "refuse" && !taints.some(keepsOff)) {
    const path = formatPath(["untoleratedAgents"]);
    const message = '"refuse" refuses nothing: no node has a taint with NoSchedule or NoExecute';
    yield configWarning({ code: "TAINTS_MISSING", path, message, agents: routedAgents });
  }
}

function readable({ taints }: WrittenNode): readonly Taint[] {
  return taints.flatMap(({ parsed }) => (parsed.ok ? [parsed.value] : []));
}

/** Kubernetes: key and effect are there once. Twice the same is a slip; with two values nobody knows which is meant. */
function* checkWritten({ taints }: WrittenNode, agents: ConcernedAgents): Generator<ConfigProblem> {
  const first = new Map<string, Taint>();
  for (const { path, text, parsed } of taints) {
    if (!parsed.ok) {
      const { message, suggestion } = parsed;
      yield configError({ code: "TAINT_INVALID", path, message, suggestion, agents });
      continue;
    }
    const { key, effect, value } = parsed.value;
    const before = first.get(`${key}:${effect}`);
    first.set(`${key}:${effect}`, before ?? parsed.value);
    if (before === undefined) continue;
    if (before.value === value) {
      const message = `taint ${quote(text)} is there twice`;
      yield configWarning({ code: "TAINT_DUPLICATE", path, message, agents });
    } else {
      const message = `taint ${quote(text)} contradicts taint ${quote(printTaint(before))} of the same node: a key has one value for each effect`;
      yield configError({ code: "TAINT_CONFLICT", path, message, agents });
    }
  }
}

/** One that no rule tolerates keeps everybody under a rule off: then cordon it, or say who may. */
function* checkTolerated(
  { name, taints }: WrittenNode,
  rules: readonly WrittenRule[],
  agents: ConcernedAgents,
): Generator<ConfigProblem> {
  if (rules.length === 0) return;
  for (const { path, text, parsed } of taints) {
    if (!parsed.ok || !keepsOff(parsed.value)) continue;
    const isTolerated = rules.some(({ tolerate }) =>
      tolerate.some(({ parsed: one }) => one.ok && tolerates([one.value], parsed.value)),
    );
    if (isTolerated) continue;
    const message = `no rule tolerates taint ${quote(text)}, so node ${quote(name)} takes no call of any rule`;
    const suggestion = `write tolerate: [${quote(text)}] in the rule whose calls it is for.`;
    yield configWarning({ code: "TAINT_UNTOLERATED", path, message, suggestion, agents });
  }
}

function* checkTolerations(
  { entry, tolerate }: WrittenRule,
  taints: readonly Taint[],
): Generator<ConfigProblem> {
  const { agents, name } = entry;
  for (const { path, text, parsed } of tolerate) {
    if (!parsed.ok) {
      const { message, suggestion } = parsed;
      yield configError({ code: "TOLERATION_INVALID", path, message, suggestion, agents });
    } else if (parsed.value.key === null) {
      const message = `rule ${quote(name)} tolerates ${quote(text)}, so no taint keeps its calls off, also none that is added later`;
      const suggestion = `name the taints that it may ignore instead of ${quote(EVERY_TAINT)}.`;
      yield configWarning({ code: "TOLERATION_EVERY", path, message, suggestion, agents });
    } else if (!taints.some((taint) => tolerates([parsed.value], taint))) {
      const message = `rule ${quote(name)} tolerates ${quote(text)}, and no node has such a taint`;
      const words = taints.flatMap((taint) => [printTaint(taint), taint.key]);
      const suggestion = didYouMean(text, words);
      yield configWarning({ code: "TOLERATION_UNUSED", path, message, suggestion, agents });
    }
  }
}
