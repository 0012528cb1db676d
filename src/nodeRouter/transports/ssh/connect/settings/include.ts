// Which files an `Include` names: `~`, paths relative to the including file's folder, and globs.
import { isAbsolute, join } from "node:path";
import { type ConnectEnv, isAbsent } from "../env.ts";
import { absolute } from "./expand.ts";
import { matchesPattern } from "./hostPattern.ts";

const MAGIC = /[*?[]/;

/**
 * Absolute paths in the order of their names, as glob(3) gives them; files that do not exist are left out, as
 * OpenSSH does.
 * @param base folder of relative patterns: ~/.ssh for the user's file, /etc/ssh for the system's.
 */
export async function includedFiles(
  pattern: string,
  base: string,
  env: Pick<ConnectEnv, "home" | "listDirectory">,
  at: string,
): Promise<readonly string[]> {
  const isPlaced = pattern.startsWith("~") || isAbsolute(pattern);
  const full = absolute(isPlaced ? pattern : join(base, pattern), env.home, at);
  if (!MAGIC.test(full)) return [full];
  let found: readonly string[] = ["/"];
  for (const segment of full.split("/").filter((part) => part !== "")) {
    found = MAGIC.test(segment)
      ? (await Promise.all(found.map((folder) => matching(folder, segment, env)))).flat()
      : found.map((folder) => join(folder, segment));
  }
  return found;
}

async function matching(
  folder: string,
  pattern: string,
  env: Pick<ConnectEnv, "listDirectory">,
): Promise<readonly string[]> {
  let names: readonly string[];
  try {
    names = await env.listDirectory(folder);
  } catch (error) {
    if (isAbsent(error)) return [];
    throw error;
  }
  return names
    .filter((name) => !name.startsWith(".") || pattern.startsWith("."))
    .filter((name) => matchesGlob(name, pattern))
    .toSorted()
    .map((name) => join(folder, name));
}

/** One segment of glob(3): `*`, `?`, `[a-z]`, `[!a-z]`. */
function matchesGlob(name: string, pattern: string): boolean {
  if (!pattern.includes("[")) return matchesPattern(name, pattern);
  const source = pattern.replace(/\[(!?)([^\]]+)\]|[\s\S]/g, (part, negated?: string, set?: string) => {
    if (set !== undefined) return `[${negated ? "^" : ""}${set.replace(/[\\\]^]/g, "\\$&")}]`;
    return part === "*" ? ".*" : part === "?" ? "." : part.replace(/[$()*+.?[\\\]^{|}/]/g, "\\$&");
  });
  try {
    return new RegExp(`^${source}$`, "su").test(name);
  } catch {
    return false;
  }
}
