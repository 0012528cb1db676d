// Parts of the package that load when they are first used, and what is said where they are not there any more.

import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { errorCode } from "./errorCode.ts";
import { NodeRouterError } from "./errors.ts";
import { refusal } from "./refusal.ts";

/**
 * Imports a module of this package. OpenClaw runs a plugin from a copy of its files, which it deletes when another
 * copy has taken over; code of the earlier one may still be at work. A file's name holds its hash, so no code ever
 * loads a part of another build: it is the right one, or it is missing.
 * @param load `() => import("./part.ts")`.
 * @throws NodeRouterError PACKAGE_REPLACED where this package's files are gone; else what the import throws.
 */
export async function loadLater<Module>(load: () => Promise<Module>): Promise<Module> {
  try {
    return await load();
  } catch (error) {
    if (errorCode(error) !== "ERR_MODULE_NOT_FOUND" && existsSync(fileURLToPath(import.meta.url)))
      throw error;
    const fact =
      "the files of node-router were replaced or removed under the running gateway, before this part of it was loaded";
    throw new NodeRouterError(refusal("PACKAGE_REPLACED", fact), { cause: error });
  }
}
