// What the marks and lines of the map mean: those that are on it.
import type { NodesData } from "../data.ts";
import { Icon } from "./icons.tsx";
import type { MapLayout, MapLink } from "./mapShapes.ts";
import { WORST_FIRST } from "./rows.ts";

const LINES: readonly (readonly [MapLink["kind"], string])[] = [
  ["direct", "direct"],
  ["relayed", "relayed"],
  ["unknown", "path not known"],
  ["cut", "cut off"],
];

interface LegendProps {
  readonly data: NodesData;
  readonly layout: MapLayout;
}

/** In the order of the states everywhere. */
export function MapLegend({ data, layout: { markers, links, rings } }: LegendProps) {
  const states = new Set(
    markers.flatMap(({ kind, counts }) => (kind === "peer" ? [] : counts.map(([of]) => of))),
  );
  const kinds = new Set(links.map(({ kind }) => kind));
  return (
    <ul id="legend" class="legend" aria-label="Legend">
      {markers.some(({ kind }) => kind === "gateway") && (
        <li>
          <Icon state="gateway" />
          gateway
        </li>
      )}
      {[...WORST_FIRST]
        .reverse()
        .filter((state) => states.has(state))
        .map((state) => (
          <li key={state}>
            <Icon state={state} />
            {state}
          </li>
        ))}
      {data.peers !== null && markers.some(({ kind }) => kind === "peer") && (
        <li id="legend-peer">
          <Icon state="ready" isPeer />
          peer
        </li>
      )}
      {LINES.filter(([kind]) => kinds.has(kind)).map(([kind, text]) => (
        <li key={kind} class={`line-${kind}`}>
          <svg viewBox="0 0 26 8" width={26} height={8} aria-hidden="true">
            <path class={`link ${kind}`} d="M1 4H25" />
          </svg>
          {text}
        </li>
      ))}
      {rings.length > 0 && (
        <li id="legend-country">
          <svg viewBox="-9 -9 18 18" width={16} height={16} aria-hidden="true">
            <circle class="country" r={7.5} />
          </svg>
          only the country is known
        </li>
      )}
    </ul>
  );
}
