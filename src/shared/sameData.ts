// Whether two pieces of plain data say the same. Pure.

/** Of what JSON can hold; of objects the keys that are `undefined` count as absent. */
export function sameData(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
    for (let at = 0; at < a.length; at++) if (!sameData(a[at], b[at])) return false;
    return true;
  }
  for (const key in a) if (!sameData(Reflect.get(a, key), Reflect.get(b, key))) return false;
  for (const key in b) if (Reflect.get(b, key) !== undefined && !(key in a)) return false;
  return true;
}
