// Records of what is known. Pure.

/** Without the fields that are null or undefined: what is not known is absent. */
export function knownFields<T extends object>(fields: T): { [K in keyof T]?: NonNullable<T[K]> } {
  const known = Object.entries(fields).filter(([, value]) => value != null);
  // Nothing was added, and what is left has its own type.
  return Object.fromEntries(known) as { [K in keyof T]?: NonNullable<T[K]> };
}
