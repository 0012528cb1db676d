// How far apart two points of the earth are, and how long light needs for that in fibre. Pure.

/** Degrees north and east. */
export interface GeoPoint {
  readonly latitude: number;
  readonly longitude: number;
}

/** Mean radius of the earth in km (IUGG). */
const RADIUS_KM = 6371.0088;

/** Fibre: 5 µs a km one way (ITU-T G.114, table A.1), so a round trip of 1 ms for 100 km of cable. */
const CABLE_KM_PER_RTT_MS = 100;

/**
 * Great-circle distance in km on a sphere, at most 0.5 % off the real earth.
 * Haversine: R. W. Sinnott, "Virtues of the Haversine", Sky and Telescope 68 (1984); exact for near points too.
 */
export function distanceKm(a: GeoPoint, b: GeoPoint): number {
  const north = radians(b.latitude - a.latitude);
  const east = radians(b.longitude - a.longitude);
  const h =
    Math.sin(north / 2) ** 2 +
    Math.cos(radians(a.latitude)) * Math.cos(radians(b.latitude)) * Math.sin(east / 2) ** 2;
  // Rounding can carry the value of opposite points past 1.
  return 2 * RADIUS_KM * Math.asin(Math.min(1, Math.sqrt(h)));
}

/**
 * The round trip in ms that a cable over that great-circle distance has, without equipment: a lower bound in
 * practice, comparable with measured round trips. Cables are longer than the air route by the route factor of
 * ITU-T Y.1541 (from G.826): 1.5 up to 1000 km, then 1500 km, from 1200 km on 1.25.
 */
export function estimatedRttMs(km: number): number {
  return cableKm(km) / CABLE_KM_PER_RTT_MS;
}

function cableKm(km: number): number {
  if (km < 1000) return km * 1.5;
  return km <= 1200 ? 1500 : km * 1.25;
}

function radians(degrees: number): number {
  return (degrees * Math.PI) / 180;
}

/** The point of something that may have one; null when a coordinate is missing or out of range. */
export function pointOf(place: {
  readonly latitude?: number | undefined;
  readonly longitude?: number | undefined;
}): GeoPoint | null {
  const { latitude, longitude } = place;
  if (latitude === undefined || longitude === undefined) return null;
  // Written so that NaN is out of range too.
  return Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180 ? { latitude, longitude } : null;
}
