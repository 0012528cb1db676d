// The code of a system error.

/** Node's code of an error, e.g. `ECONNREFUSED`; null when it has none. */
export function errorCode(error: unknown): string | null {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : null;
}

/** Whether the error says that there is nothing at the path: `ENOENT`, or `ENOTDIR` above it. */
export function isAbsent(error: unknown): boolean {
  return ["ENOENT", "ENOTDIR"].includes(errorCode(error) ?? "");
}
