// Where a node is, from all that is said of it. Pure.
import type { NodeLocation } from "../../shared/types.ts";
import type { Contradiction, Place } from "../record.ts";
import { cleanPlace, declaredPlace } from "./cleanPlace.ts";
import { contradictionsOf } from "./disagreement.ts";
import { byTrust, keyOf } from "./order.ts";

export interface LocateInput {
  /** What the operator wrote; null: nothing. */
  readonly declared: NodeLocation | null;
  /** What sources know or infer, in any order. */
  readonly places: readonly Place[];
}

export interface Located {
  /** The most trustworthy one, whole and unmixed; null: nobody knows. */
  readonly location: Place | null;
  /** The rest, in order of trust. */
  readonly others: readonly Place[];
  readonly contradictions: readonly Contradiction[];
}

/**
 * Declared goes before Tailscale's, before GeoIP, before the home relay, before the time zone. `location` is one of
 * the places, never a mixture: an inferred one adds nothing to a declared one, not even a part that is missing there.
 */
export function locate({ declared, places }: LocateInput): Located {
  const first = declared === null ? null : declaredPlace(declared);
  const rest = places
    .map(cleanPlace)
    .filter((place) => place !== null)
    .sort(byTrust);
  const all = withoutTwins(first === null ? rest : [first, ...rest]);
  const [location = null, ...others] = all;
  return { location, others, contradictions: contradictionsOf(all) };
}

/** Two sources of ours may report the same place. */
function withoutTwins(places: readonly Place[]): readonly Place[] {
  return [...new Map(places.map((place) => [keyOf(place), place])).values()];
}
