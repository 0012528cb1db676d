// A place as reports tell it: coordinates that somebody said, and apart from them where to draw one without. Pure.
import type { GeoPoint } from "../../shared/distance.ts";
import type { Place } from "../record.ts";
import { tablePoint } from "./cleanPlace.ts";

export interface ReportedPlace extends Place {
  /** Of its city or country, by our own tables: where to draw it, not where it is. Absent: it has coordinates. */
  readonly middle?: GeoPoint & { readonly of: "city" | "country" };
}

/**
 * The coordinates that `cleanPlace` put in are nobody's word, so they are no coordinates of the place.
 * @param place as `cleanPlace` leaves it.
 */
export function reportedPlace(place: Place): ReportedPlace {
  const { latitude, longitude, ...rest } = place;
  if (place.precision === "exact" || place.country === undefined) return place;
  const table = tablePoint(place.country, place.city ?? null);
  if (table === null || table.point.latitude !== latitude || table.point.longitude !== longitude)
    return place;
  return { ...rest, middle: { of: table.precision === "city" ? "city" : "country", ...table.point } };
}
