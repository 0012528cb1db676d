// What the map shows of a node: only those whose place has a point.
import type { NodeReport } from "../../reports/nodeReport.ts";
import { placeName, roundTrip } from "./format.ts";
import type { MapNode } from "./layout.ts";

/** The point of a place, in degrees; null: it has none. */
export function mapPoint(place: { readonly latitude?: number; readonly longitude?: number } | null) {
  return place?.latitude === undefined || place.longitude === undefined
    ? null
    : { latitude: place.latitude, longitude: place.longitude };
}

/** Whether the map can show it. */
export function hasPoint({ place }: NodeReport): boolean {
  return mapPoint(place) !== null;
}

/** None or one: as the layout wants it. */
export function mapNode({ name, state, place, path, rttMs, agents }: NodeReport): readonly MapNode[] {
  const at = mapPoint(place);
  return at === null
    ? []
    : [
        {
          name,
          state,
          place: at,
          where: placeName(place),
          path,
          roundTrip: rttMs === null ? null : roundTrip(rttMs),
          agents,
        },
      ];
}
