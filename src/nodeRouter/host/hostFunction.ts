// Takes a function out of what the host hands over, of whose shape nothing is known.

export type HostFunction = (...args: readonly unknown[]) => unknown;

/** The function that the object or module has under this name; null when it has none. */
export function functionOf(holder: unknown, name: string): HostFunction | null {
  if (typeof holder !== "object" || holder === null) return null;
  const value: unknown = Reflect.get(holder, name);
  return isFunction(value) ? value : null;
}

function isFunction(value: unknown): value is HostFunction {
  return typeof value === "function";
}
