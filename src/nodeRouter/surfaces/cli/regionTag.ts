// The tag by which a region is told, as `add` and `init` write it. Pure.

const PREFIX = "region=";

/** Of a country's code: `region=sg`. */
export function regionTag(country: string): string {
  return `${PREFIX}${country.toLowerCase()}`;
}

/** Whether the tag is of that region. */
export function isRegionOf(tag: string, region: string): boolean {
  return tag.toLowerCase() === `${PREFIX}${region}`;
}
