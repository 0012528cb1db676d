// Whose word of where a machine is counts for residency, and what speaks against it. Pure.
import { declaredPlace } from "../../presence/location/cleanPlace.ts";
import type { Fact, Place, PlaceWitness } from "../../presence/record.ts";
import { validCountry } from "../../shared/countries.ts";
import { distanceKm, pointOf } from "../../shared/distance.ts";
import { onceFor } from "../../shared/once.ts";
import { safe } from "../../shared/safeText.ts";
import type { NodeLocation } from "../../shared/types.ts";
import { NO_RESIDENCE, type PlaceStatement, type Residence } from "../placement/model/residence.ts";

/** A tag of the tailnet's policy that says a country: `tag:country-sg`. */
const COUNTRY_TAG = /^tag:(country-([a-z]{2}))$/;

/** A relay says nothing by its country, for it is the nearest one: only by being too far to be that. */
const RELAY_APART_KM = 4_000;
/** The same where only the country is known, whose middle may be far from its edge. */
const RELAY_APART_COUNTRY_KM = 6_000;

export interface ResidenceInput {
  readonly declared: NodeLocation | null;
  /** Tags that the tailnet's policy gives it, of whoever is surely that peer; undefined: none. */
  readonly tailnetTags: Fact<readonly string[]> | undefined;
  /** Null: what the sources say could not be worked out. */
  readonly witnesses: readonly PlaceWitness[] | null;
}

interface Grant {
  readonly country: string;
  readonly by: PlaceStatement;
  readonly place: Place;
  readonly stale: boolean;
}

/**
 * SECURITY: only the operator's own words grant a country: `location.country` in the config, or a tag `country-…` of the
 * tailnet's policy while it holds. Everybody else may only object, and an objection does not grow old.
 */
export function residenceOf({ declared, tailnetTags, witnesses }: ResidenceInput): Residence {
  const own = declared === null ? NO_GRANTS : declaredGrants(declared);
  // Most nodes have one grant and no dispute, and for each of them this is worked out again whenever it is heard of.
  const grants = tailnetTags === undefined ? own : [...own, ...tagGrants(tailnetTags)];
  const grant = grants.find(({ stale }) => !stale);
  if (witnesses === null) return { ...NO_RESIDENCE, lapsed: UNREAD };
  if (grant === undefined) return { ...NO_RESIDENCE, lapsed: lapsedOf(grants[0]) };
  const disputes: PlaceStatement[] = [];
  for (const { country, by } of grants)
    if (country !== grant.country) disputes.push({ words: `${by.words} says ${country}`, atMs: by.atMs });
  let agrees: PlaceWitness | null = null;
  let egress: PlaceStatement | null = null;
  for (const witness of witnesses) {
    const { by, place, atMs, stale } = witness;
    // A clock that is set as the operator says is set right, wherever its zone is.
    if (by === "timezone" && declared?.timeZone !== undefined && declared.timeZone === place.timeZone)
      continue;
    if (isDisputed(grant.place, place)) {
      const detail = by === "egress" ? place.detail.replace("endpoint", "egress") : place.detail;
      disputes.push({ words: safe(`${detail} looks like ${wordsOf(place)}`), atMs });
    } else if (place.country === grant.country && place.source !== "derp") {
      if (agrees === null || agrees.atMs < atMs) agrees = witness;
      if (by === "egress" && !stale) egress = { words: `egress ${wordsOf(place)}`, atMs };
    }
  }
  const objections = disputes.length === 0 ? NO_RESIDENCE.disputes : disputes;
  return {
    country: grant.country,
    by: grant.by,
    disputes: objections,
    agrees: agrees === null ? null : { words: `${agrees.by} agrees`, atMs: agrees.atMs },
    egress,
    lapsed: null,
  };
}

const NO_GRANTS: readonly Grant[] = [];

/** A config's places never change once read. */
const declaredGrants = onceFor((declared: NodeLocation): readonly Grant[] => {
  const place = declaredPlace(declared);
  if (place?.country === undefined) return NO_GRANTS;
  return [{ country: place.country, place, by: { words: "declared", atMs: null }, stale: false }];
});

/** A tag is as old as it was last heard; one that holds no longer goes behind the others. */
function tagGrants(tags: Fact<readonly string[]> | undefined): readonly Grant[] {
  return (tags?.value ?? []).flatMap((text) => {
    const [, name = "", code = ""] = COUNTRY_TAG.exec(text) ?? [];
    const country = code.toUpperCase();
    const place = validCountry(country) ? declaredPlace({ country, source: "declared" }) : null;
    if (tags === undefined || place === null) return [];
    return [{ country, place, by: { words: `tailnet tag ${name}`, atMs: tags.atMs }, stale: tags.stale }];
  });
}

function isDisputed(granted: Place, place: Place): boolean {
  if (place.country !== undefined && place.source !== "derp") return place.country !== granted.country;
  const [from, to] = [pointOf(granted), pointOf(place)];
  if (from === null || to === null) return false;
  const isExact = granted.precision === "exact" || granted.precision === "city";
  return distanceKm(from, to) > (isExact ? RELAY_APART_KM : RELAY_APART_COUNTRY_KM);
}

const UNREAD: PlaceStatement = { words: "what is said of its place could not be worked out", atMs: null };

function lapsedOf(grant: Grant | undefined): PlaceStatement | null {
  return grant === undefined ? null : { words: `${grant.by.words}, last heard`, atMs: grant.by.atMs };
}

/** `JP Tokyo`; of a place without a name its coordinates. */
function wordsOf({ country, city, latitude, longitude }: Place): string {
  const names = [country, city].filter((name) => name !== undefined);
  return names.length > 0 ? names.join(" ") : `${latitude},${longitude}`;
}
