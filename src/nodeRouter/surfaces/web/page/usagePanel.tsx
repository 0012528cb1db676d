// What agents spent in the last days, by the region where they ran.
import { countOf } from "../../../../shared/tokenCount.ts";
import type { NodesData } from "../data.ts";
import { Card, CardCell, CardTable, Outside, RowHead } from "./parts.tsx";

const COLUMNS = ["Region", "Tokens", "Cost", "Sessions"];

interface UsageProps {
  /** Null: it was not counted yet, or cannot be. */
  readonly usage: NodesData["usage"] | null;
}

/** Hidden while nobody has counted, or nothing was spent. */
export function UsagePanel({ usage }: UsageProps) {
  const { regions, days, complete } = usage ?? { regions: [], days: 0, complete: true };
  return (
    <Card id="usage" title={`Usage of the last ${days} days`} isHidden={regions.length === 0 && complete}>
      {regions.length > 0 && (
        <CardTable id="usage" columns={COLUMNS}>
          {regions.map((row) => (
            <tr key={row.key} role="row">
              <RowHead title="Region">
                <Outside text={row.key} />
              </RowHead>
              <CardCell title="Tokens">{COUNT.format(countOf(row))}</CardCell>
              <CardCell title="Cost">{costText(row.cost, row.unpriced)}</CardCell>
              <CardCell title="Sessions">{COUNT.format(row.sessions)}</CardCell>
            </tr>
          ))}
        </CardTable>
      )}
      <p class="quiet">
        {complete
          ? "By agent, node or model: "
          : `OpenClaw is still counting${regions.length > 0 ? ", so these are too low" : ""}. Later: `}
        openclaw node-router usage
      </p>
    </Card>
  );
}

const COUNT = new Intl.NumberFormat("en");

/** In the currency of OpenClaw's prices. Models without a price are not free. */
function costText(cost: number, unpriced: number): string {
  if (unpriced === 0) return `$${cost.toFixed(2)}`;
  return cost === 0 ? "no price known" : `$${cost.toFixed(2)} and more without a price`;
}
