// Reads what the build made: which file holds what, how large it is, and what it loads at once or later.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, posix, relative } from "node:path";

/** One file of `dist`. */
export interface BundleFile {
  /** From `dist`, with `/`. */
  readonly name: string;
  readonly bytes: number;
  /** Files of the bundle that are loaded with it. */
  readonly imports: readonly string[];
  /** Files of the bundle that it loads when it needs them. */
  readonly later: readonly string[];
  /** Paths of the modules that are in it, as `src/…` and `node_modules/…`, with their bytes. */
  readonly modules: ReadonlyMap<string, number>;
}

/** Every file below `dist`, sorted by name. Of what is no JavaScript the size alone is known. */
export function readBundle(dist: string): readonly BundleFile[] {
  return readdirSync(dist, { recursive: true, encoding: "utf8" })
    .filter((name) => statSync(join(dist, name)).isFile())
    .sort()
    .map((name) => readFile(dist, name));
}

/** The file and everything that is loaded with it, at once. */
export function loadedWith(files: readonly BundleFile[], name: string): readonly BundleFile[] {
  const found = new Map<string, BundleFile>();
  const load = (wanted: string): void => {
    const file = files.find((candidate) => candidate.name === wanted);
    if (file === undefined || found.has(wanted)) return;
    found.set(wanted, file);
    file.imports.forEach(load);
  };
  load(name);
  return [...found.values()];
}

/** `ssh2` of `node_modules/ssh2/lib/client.js`; of our own files the first folders: `src/nodeRouter/workspace`. */
export function ownerOf(module: string): string {
  const [first = "", second = "", third = ""] = module.split("node_modules/").at(-1)?.split("/") ?? [];
  if (!module.includes("node_modules/"))
    return [first, second, third].filter((part) => !/\.ts$/.test(part)).join("/");
  return first.startsWith("@") ? `${first}/${second}` : first;
}

function readFile(dist: string, name: string): BundleFile {
  const path = join(dist, name);
  const text = readFileSync(path, "utf8");
  const isCode = name.endsWith(".js");
  const named = (pattern: RegExp): readonly string[] =>
    isCode
      ? [...text.matchAll(pattern)].map(([, file = ""]) =>
          posix.normalize(posix.join(relative(dist, dirname(path)).replaceAll("\\", "/"), file)),
        )
      : [];
  return {
    name: name.replaceAll("\\", "/"),
    bytes: statSync(path).size,
    imports: named(/^(?:import|\} from) ?.*?"(\.\.?\/[^"]+)";?$/gm),
    later: named(/\bimport\("(\.\.?\/[^"]+)"\)/g),
    modules: isCode ? modulesOf(text) : new Map(),
  };
}

/** esbuild writes each module's path on a line before it. */
function modulesOf(text: string): ReadonlyMap<string, number> {
  const [, ...parts] = text.split(/^\/\/ (?=(?:src|node_modules)\/\S+$)/m);
  const modules = new Map<string, number>();
  for (const part of parts) {
    const path = part.slice(0, part.indexOf("\n"));
    modules.set(path, (modules.get(path) ?? 0) + Buffer.byteLength(part));
  }
  return modules;
}
