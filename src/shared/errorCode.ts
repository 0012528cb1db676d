// The code of a system error.

/** Node's code of an error, e.g. `ECONNREFUSED`; null when it has none. */
export function errorCode(error: unknown): string | null {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : null;
}

/** What the work gives; `missing` where its file is not there (`ENOENT`). */
export function orIfMissing<Value, Missing>(
  work: Promise<Value>,
  missing: Missing,
): Promise<Value | Missing> {
  return work.catch((error: unknown) => {
    if (errorCode(error) === "ENOENT") return missing;
    throw error;
  });
}

/** Whether the error says that there is nothing at the path: `ENOENT`, or `ENOTDIR` above it. */
export function isAbsent(error: unknown): boolean {
  return ["ENOENT", "ENOTDIR"].includes(errorCode(error) ?? "");
}
