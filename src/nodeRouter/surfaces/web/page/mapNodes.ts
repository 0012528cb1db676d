// What the map shows of a node, or a peer: only those of which at least the country is known.
import type { ReportedPlace } from "../../../../presence/location/reportedPlace.ts";
import type { PresenceState } from "../../../../presence/record.ts";
import { type GeoPoint, pointOf } from "../../../../shared/distance.ts";
import type { NodeReport } from "../../reports/nodeReport.ts";
import type { PeerOverview } from "../../reports/peersOverview.ts";
import { placeName, roundTrip } from "./format.ts";
import { type MapNode, PEER } from "./mapShapes.ts";

export interface MapSpot {
  /** Degrees. */
  readonly at: GeoPoint;
  /** It is the middle of a country, of which no more is known. */
  readonly isVague: boolean;
}

/** Where on the map a place is; null: nowhere. A country's own coordinates, as GeoIP has them, are its middle, too. */
export function mapSpot(
  place: (Partial<GeoPoint> & Pick<Partial<ReportedPlace>, "middle" | "precision">) | null,
): MapSpot | null {
  if (place === null) return null;
  const own = pointOf(place);
  const at = own ?? place.middle ?? null;
  if (at === null) return null;
  return { at, isVague: own === null ? place.middle?.of === "country" : place.precision === "country" };
}

/** None or one: as the layout wants it. */
export function mapNode({ name, state, place, path, rttMs, agents }: NodeReport): readonly MapNode[] {
  const spot = mapSpot(place);
  if (spot === null) return [];
  const trip = rttMs === null ? null : roundTrip(rttMs);
  const { at, isVague } = spot;
  return [{ name, state, place: at, isVague, where: placeName(place), path, roundTrip: trip, agents }];
}

/** A peer's state in the words of nodes, for its shape. */
const STATES: Readonly<Record<PeerOverview["state"], PresenceState>> = {
  online: "ready",
  unusable: "degraded",
  offline: "offline",
  unknown: "unknown",
  inbound: "unknown",
};

/** As `mapNode`. */
export function mapPeer({ name, state, place, rttMs }: PeerOverview): readonly MapNode[] {
  const spot = mapSpot(place);
  if (spot === null) return [];
  const trip = rttMs === null ? null : roundTrip(rttMs);
  const { at, isVague } = spot;
  const where = placeName(place);
  return [
    {
      name: PEER + name,
      state: STATES[state],
      place: at,
      isVague,
      where,
      path: null,
      roundTrip: trip,
      agents: [],
    },
  ];
}
