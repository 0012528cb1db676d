// Reads the maps of world-atlas: shapes with their names.
import { createRequire } from "node:module";
import type { Geometry } from "geojson";
import { feature } from "topojson-client";
import type { Topology } from "topojson-specification";

export interface Shape {
  /** ISO 3166-1 numeric; null: it has none. */
  readonly id: string | null;
  readonly name: string;
  readonly geometry: Geometry;
}

/**
 * @param file such as `land-110m.json`
 * @param layer such as `land`
 */
export function readWorld(file: string, layer: string): readonly Shape[] {
  const world: Topology = createRequire(import.meta.url)(`world-atlas/${file}`);
  const object = world.objects[layer];
  if (object === undefined) throw new Error(`${file} has no layer ${layer}`);
  const made = feature(world, object);
  const features = made.type === "FeatureCollection" ? made.features : [made];
  return features.map(({ id, properties, geometry }) => ({
    id: id === undefined ? null : String(id),
    name: String(properties?.name ?? ""),
    geometry,
  }));
}
