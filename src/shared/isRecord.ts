// Reads JSON values whose type nobody has checked yet.

/** Whether the value is an object with keys: no list, no null. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The text when it is one of 1 to `maxLength` characters, else null. */
export function readText(value: unknown, maxLength: number): string | null {
  return typeof value === "string" && value !== "" && value.length <= maxLength ? value : null;
}

/** The number when it is one from `minimum` to `maximum`, else null. */
export function readNumber(value: unknown, minimum: number, maximum: number): number | null {
  return typeof value === "number" && value >= minimum && value <= maximum ? value : null;
}
