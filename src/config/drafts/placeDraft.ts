// Reads what can be read of places: a location, a rule's `near`, and the gateway's own entry.
import * as Value from "@sinclair/typebox/value";
import type { Near } from "../../nodeRouter/placement/model/rule.ts";
import { isRecord, readNumber, readText } from "../../shared/isRecord.ts";
import { formatPath } from "../problems/path.ts";
import { MAX_NAME_LENGTH } from "../schema/limits.ts";
import { GatewaySchema } from "../schema/location.ts";

/** Each null when absent. */
export interface LocationDraft {
  readonly country: string | null;
  readonly region: string | null;
  readonly city: string | null;
  readonly latitude: number | null;
  readonly longitude: number | null;
  readonly timeZone: string | null;
}

/** Something that may say where it is: a node, or the gateway. */
export interface LocatedDraft {
  readonly path: string;
  /** Whether the entry has the schema's shape. */
  readonly wellFormed: boolean;
  readonly location: LocationDraft | null;
}

/** Reads any value; never throws. */
export function readGateway(value: unknown): LocatedDraft {
  return {
    path: formatPath(["gateway"]),
    wellFormed: value === undefined || Value.Check(GatewaySchema, value),
    location: isRecord(value) ? readLocation(value.location) : null,
  };
}

/** Null for what is no object. */
export function readLocation(value: unknown): LocationDraft | null {
  if (!isRecord(value)) return null;
  return {
    country: readText(value.country, MAX_NAME_LENGTH),
    region: readText(value.region, MAX_NAME_LENGTH),
    city: readText(value.city, MAX_NAME_LENGTH),
    latitude: readNumber(value.latitude, -90, 90),
    longitude: readNumber(value.longitude, -180, 180),
    timeZone: readText(value.timeZone, MAX_NAME_LENGTH),
  };
}

/** `"gateway"` is the gateway, whatever nodes are called; null for what cannot be read. */
export function readNear(value: unknown): Near | null {
  if (isRecord(value)) {
    const latitude = readNumber(value.latitude, -90, 90);
    const longitude = readNumber(value.longitude, -180, 180);
    return latitude === null || longitude === null ? null : { kind: "point", latitude, longitude };
  }
  const name = readText(value, MAX_NAME_LENGTH);
  if (name === null) return null;
  return name === "gateway" ? { kind: "gateway" } : { kind: "node", name };
}
