// A report in words: calls, faults, verdicts. Pure.
import type { ChaosReport } from "./chaos.ts";

/** Table rows: how many calls were told what, and how many marks those left. */
export function verdictRows({
  asked,
  claims,
  marks,
}: ChaosReport): readonly Readonly<Record<string, string | number>>[] {
  const marksOf = Map.groupBy(marks, ({ id }) => id);
  const told = asked.map((call) => {
    const [first] = claims.filter(({ id }) => id === call.id);
    return {
      call,
      outcome: first === undefined ? "not told" : first.outcome,
      marks: marksOf.get(call.id)?.length ?? 0,
    };
  });
  return [...Map.groupBy(told, ({ outcome }) => outcome)].map(([outcome, calls]) => ({
    told: outcome,
    calls: calls.length,
    "no mark": calls.filter((one) => one.marks === 0).length,
    "one mark": calls.filter((one) => one.marks === 1).length,
    more: calls.filter((one) => one.marks > 1).length,
  }));
}

/** Lines on the end of a run. @param howToRepeat the command. */
export function verdictText(report: ChaosReport, howToRepeat: string): string {
  const { violations, asked, plan, lostTurns, seed, texts } = report;
  const kinds = [...Map.groupBy(plan, ({ kind }) => kind)].map(([kind, all]) => `${all.length} ${kind}`);
  const head = [
    `seed ${seed}: ${asked.length} calls, ${plan.length} faults (${kinds.join(", ")}), ${lostTurns} turns without an answer, ${violations.length} violations`,
  ];
  const found = violations.flatMap(({ broken, id, facts }) => [
    `  ${id}: ${broken}`,
    `    ${facts}`,
    ...(texts.has(id) ? [`    read: ${JSON.stringify(texts.get(id)?.slice(0, 500))}`] : []),
  ]);
  const repeat = violations.length === 0 ? [] : [`  the same faults again: ${howToRepeat}`];
  return [...head, ...found, ...repeat].join("\n");
}

/** Why the run proves little; null: it proves what it is for. */
export function emptiness({ asked, claims, plan }: ChaosReport): string | null {
  const ran = claims.filter(({ outcome }) => outcome === "ran").length;
  const never = claims.filter(({ outcome }) => outcome === "refused" || outcome === "not-started").length;
  if (ran < asked.length / 4) return `only ${ran} of ${asked.length} calls ran`;
  if (never === 0) return "no call was refused";
  return plan.length === 0 ? "no fault was put in" : null;
}
