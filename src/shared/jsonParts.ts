// Takes apart JSON values whose type nobody has checked yet. Pure.

/**
 * The value under a key of the object's own, for what comes from outside may bring a `__proto__`; undefined where there
 * is none, and of what is no object.
 */
export function fieldOf(value: unknown, key: string): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  return Object.hasOwn(value, key) ? Reflect.get(value, key) : undefined;
}

/** The items of a list; none of what is no list. */
export function itemsOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The text without spaces around it; null for a blank one, and for what is no text. */
export function trimmedText(value: unknown): string | null {
  return typeof value === "string" && value.trim() !== "" ? value.trim() : null;
}

/** The number under a key; null for what is no finite number. */
export function numberIn(holder: unknown, key: string): number | null {
  const value = fieldOf(holder, key);
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

/** The JSON value; null for text that is none. */
export function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
