// What the map shows of a node: only those whose place has a point.
import { type GeoPoint, pointOf } from "../../../../shared/distance.ts";
import type { NodeReport } from "../../reports/nodeReport.ts";
import { placeName, roundTrip } from "./format.ts";
import type { MapNode } from "./layout.ts";

/** The point of a place, in degrees; null: it has none. */
export function mapPoint(place: Partial<GeoPoint> | null): GeoPoint | null {
  return place === null ? null : pointOf(place);
}

/** Whether the map can show it. */
export function hasPoint({ place }: NodeReport): boolean {
  return mapPoint(place) !== null;
}

/** None or one: as the layout wants it. */
export function mapNode({ name, state, place, path, rttMs, agents }: NodeReport): readonly MapNode[] {
  const at = mapPoint(place);
  if (at === null) return [];
  const trip = rttMs === null ? null : roundTrip(rttMs);
  return [{ name, state, place: at, where: placeName(place), path, roundTrip: trip, agents }];
}
