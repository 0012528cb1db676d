// Looks for a command's working directory before anything is begun there.
import { access, constants, mkdir, stat } from "node:fs/promises";
import type { RefusedWhy } from "../wire.ts";

/** Null: a command can begin there. Never rejects. @param path absolute. */
export async function workdirProblem(path: string, make: boolean): Promise<RefusedWhy | null> {
  // What could not be made is seen below.
  if (make) await mkdir(path, { recursive: true }).catch(() => {});
  try {
    if (!(await stat(path)).isDirectory()) return "cwd-not-a-directory";
    await access(path, constants.X_OK);
    return null;
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : null;
    if (code === "ENOENT") return "cwd-missing";
    return code === "ENOTDIR" ? "cwd-not-a-directory" : "cwd-denied";
  }
}
