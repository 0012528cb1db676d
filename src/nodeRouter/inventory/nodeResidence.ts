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

interface Grant extends PlaceStatement {
  readonly country: string;
  readonly place: Place;
  readonly stale: boolean;
}

/**
 * SECURITY: only the operator's own words grant a country: `location.country` in the config, or a tag `country-…` of the
 * tailnet's policy while it holds. Everybody else may only object, and an objection does not grow old.
 */
export function residenceOf({ declared, tailnetTags, witnesses }: ResidenceInput): Residence {
  const grants = [...(declared === null ? [] : declaredGrants(declared)), ...tagGrants(tailnetTags)];
  const grant = grants.find(({ stale }) => !stale);
  if (witnesses === null) return { ...NO_RESIDENCE, lapsed: UNREAD };
  if (grant === undefined) return { ...NO_RESIDENCE, lapsed: lapsedOf(grants[0]) };
  const disputes: PlaceStatement[] = grants.flatMap((other) =>
    other.country === grant.country
      ? []
      : [{ words: `${other.words} says ${other.country}`, atMs: other.atMs }],
  );
  let agrees: PlaceStatement | null = null;
  let egress: PlaceStatement | null = null;
  for (const { by, place, atMs, stale } of witnesses) {
    // A clock that is set as the operator says is set right, wherever its zone is.
    if (by === "timezone" && declared?.timeZone !== undefined && declared.timeZone === place.timeZone)
      continue;
    const words = `${by === "egress" ? place.detail.replace("endpoint", "egress") : place.detail} looks like ${wordsOf(place)}`;
    if (isDisputed(grant.place, place)) disputes.push({ words: safe(words), atMs });
    else if (place.country === grant.country && place.source !== "derp") {
      if (agrees === null || (agrees.atMs ?? 0) < atMs) agrees = { words: `${by} agrees`, atMs };
      if (by === "egress" && !stale) egress = { words: `egress ${wordsOf(place)}`, atMs };
    }
  }
  const objections = disputes.length === 0 ? NO_RESIDENCE.disputes : disputes;
  return { country: grant.country, by: plain(grant), disputes: objections, agrees, egress, lapsed: null };
}

/** A config's places never change once read. */
const declaredGrants = onceFor((declared: NodeLocation): readonly Grant[] => {
  const place = declaredPlace(declared);
  if (place?.country === undefined) return [];
  return [{ country: place.country, place, words: "declared", atMs: null, stale: false }];
});

/** A tag is as old as it was last heard; one that holds no longer goes behind the others. */
function tagGrants(tags: Fact<readonly string[]> | undefined): readonly Grant[] {
  return (tags?.value ?? []).flatMap((text) => {
    const [, name = "", code = ""] = COUNTRY_TAG.exec(text) ?? [];
    const country = code.toUpperCase();
    const place = validCountry(country) ? declaredPlace({ country, source: "declared" }) : null;
    if (tags === undefined || place === null) return [];
    return [{ country, place, words: `tailnet tag ${name}`, atMs: tags.atMs, stale: tags.stale }];
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
  return grant === undefined ? null : { words: `${grant.words}, last heard`, atMs: grant.atMs };
}

/** `JP Tokyo`; of a place without a name its coordinates. */
function wordsOf({ country, city, latitude, longitude }: Place): string {
  const names = [country, city].filter((name) => name !== undefined);
  return names.length > 0 ? names.join(" ") : `${latitude},${longitude}`;
}

function plain({ words, atMs }: Grant): PlaceStatement {
  return { words, atMs };
}
