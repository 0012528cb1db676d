// The facts of one node with their sources and ages.
import { FACT_NAMES, FACTS } from "../../../../presence/facts.ts";
import type { NodeReport } from "../../reports/nodeReport.ts";
import { ago, factText } from "./format.ts";
import { Outside } from "./parts.tsx";

export function FactsTable({ node, nowMs }: { readonly node: NodeReport; readonly nowMs: number }) {
  const rows = FACT_NAMES.flatMap((name) => {
    const fact = node.facts[name];
    return fact === undefined ? [] : [{ name, fact }];
  });
  if (rows.length === 0) return <p class="quiet">No source has said anything of it yet.</p>;
  return (
    <table class="facts">
      <thead>
        <tr>
          {["Fact", "Value", "Source", "Said"].map((title) => (
            <th key={title} scope="col">
              {title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map(({ name, fact }) => (
          <tr key={name} class={fact.stale ? "old" : ""}>
            <th scope="row" title={FACTS[name].meaning}>
              {factTitle(name)}
            </th>
            <td>
              <Outside text={factText(name, fact.value, nowMs)} />
            </td>
            <td class="quiet">{fact.source}</td>
            <td class="quiet">{`${ago(fact.atMs, nowMs)}${fact.stale ? ", old" : ""}`}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** `memoryTotalBytes` -> `memory total`; the unit is with the value. */
function factTitle(name: string): string {
  return name
    .replace(/(Bytes|Seconds|Ms)$/, "")
    .replace(/([a-z])([A-Z0-9])/g, "$1 $2")
    .toLowerCase();
}
