// Which folder may import what, and why. A failure prints the reason, not only the line.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, test } from "vitest";

const ROOT = resolve(import.meta.dirname, "../..");
const PURE = "placement must stay pure so that explain can replay a decision";

interface Source {
  /** From the root of the project, with `/`. */
  readonly path: string;
  readonly code: string;
}

/** What one folder must not do. */
interface Boundary {
  /** Folder or file. */
  readonly where: string;
  readonly why: string;
  /** Whether the folder may import this: a project path for our own files, else the specifier as written. */
  readonly mayImport: (imported: string) => boolean;
  /** Must not occur in code, comments aside. */
  readonly forbidden?: RegExp;
}

const CLOCK =
  /\bDate\.now\b|\bnew Date\b|\bDate\(|\bperformance\b|\bsetTimeout\b|\bsetInterval\b|\bMath\.random\b|\bprocess\b/;
const LEAVES = [
  "src/shared/displayWidth.ts",
  "src/shared/types.ts",
  "src/shared/safeText.ts",
  "src/shared/hostNames.ts",
];
/** Arithmetic that presence and placement share; a boundary of its own keeps it that. */
const DISTANCE = "src/shared/distance.ts";
const inside = (imported: string, ...roots: readonly string[]) =>
  roots.some((root) => imported === root || imported.startsWith(`${root}/`));

const BOUNDARIES: readonly Boundary[] = [
  {
    where: "src/nodeRouter/placement",
    why: PURE,
    mayImport: (imported) => inside(imported, "src/nodeRouter/placement", DISTANCE, ...LEAVES),
    forbidden: CLOCK,
  },
  {
    where: DISTANCE,
    why: "placement imports it, and what it imports placement would import too",
    mayImport: () => false,
    forbidden: CLOCK,
  },
  {
    where: "src/nodeRouter/explain",
    why: "explain must stay pure so that the same decision always reads the same, in the CLI, the log and the refusal",
    mayImport: (imported) =>
      inside(imported, "src/nodeRouter/explain", "src/nodeRouter/placement", ...LEAVES),
    forbidden: CLOCK,
  },
  {
    where: "src/presence",
    why: "presence must not know the router: it says what is, the router decides what to do about it",
    mayImport: (imported) => !inside(imported, "src/nodeRouter"),
  },
  ...["src/shared/types.ts", "src/shared/errors.ts", "src/shared/safeText.ts", "src/shared/hostNames.ts"].map(
    (where) => ({
      where,
      why: "leaves import nothing of ours, so that every folder can import them without a cycle",
      mayImport: (imported: string) => !inside(imported, "src"),
    }),
  ),
];

describe("dependencies point inward", () => {
  test.each(BOUNDARIES)("$where: $why", (boundary) => {
    expect(sourcesIn(boundary.where).flatMap((source) => violations(source, boundary))).toEqual([]);
  });

  test("the two pure folders are there, so that the rules above are about something", () => {
    expect(sourcesIn("src/nodeRouter/placement").length).toBeGreaterThan(10);
    expect(sourcesIn("src/nodeRouter/explain").length).toBeGreaterThan(2);
  });
});

describe("the check itself", () => {
  const [placement] = BOUNDARIES;
  const check = (code: string) =>
    placement === undefined ? [] : violations({ path: "src/nodeRouter/placement/x.ts", code }, placement);

  test.each([
    ['import { readFileSync } from "node:fs";', "node:fs"],
    ['import type { Api } from "openclaw/plugin-sdk/core";', "openclaw/plugin-sdk/core"],
    ['import { Client } from "ssh2";', "ssh2"],
    ['import pino from "pino";', "pino"],
    ['import "pino";', "pino"],
    ['export { a } from "../policy/router.ts";', "src/nodeRouter/policy/decide.ts"],
    ['const late = await import("../../presence/store.ts");', "src/presence/store.ts"],
    ['import {\n  a,\n  b,\n} from "../explain/message.ts";', "src/nodeRouter/explain/message.ts"],
  ])("finds the import in %j", (code, imported) => {
    expect(check(code)).toEqual([`src/nodeRouter/placement/x.ts imports ${imported}: ${PURE}`]);
  });

  test.each(["Date.now", "new Date", "performance", "Math.random"])("finds %s", (used) => {
    expect(check(`const a = ${used}();`)).toEqual([`src/nodeRouter/placement/x.ts uses ${used}: ${PURE}`]);
  });

  test("does not trip over a comment or over its own folder", () => {
    expect(
      check('// performance of new Date\n/* Date.now() */\nimport { a } from "./filters/b.ts";'),
    ).toEqual([]);
    expect(check('import type { Transport } from "../../shared/types.ts";')).toEqual([]);
  });
});

function violations({ path, code }: Source, { why, mayImport, forbidden }: Boundary): readonly string[] {
  const bare = code.replaceAll(/\/\*[\s\S]*?\*\//g, "").replaceAll(/(^|\s)\/\/.*$/gm, "");
  const imports = [...bare.matchAll(/\bfrom\s*"([^"]+)"|\bimport\s*\(?\s*"([^"]+)"/g)]
    .map((found) => found[1] ?? found[2] ?? "")
    .map((specifier) => projectPath(path, specifier))
    .filter((imported) => !mayImport(imported))
    .map((imported) => `${path} imports ${imported}: ${why}`);
  const used = forbidden?.exec(bare)?.[0];
  return used === undefined ? imports : [...imports, `${path} uses ${used}: ${why}`];
}

/** Our own files by their path in the project; packages as written. */
function projectPath(from: string, specifier: string): string {
  return specifier.startsWith(".") ? relative(ROOT, resolve(ROOT, dirname(from), specifier)) : specifier;
}

/** Every TypeScript file under a folder, or the one file; nothing when it does not exist yet. */
function sourcesIn(where: string): readonly Source[] {
  const root = join(ROOT, where);
  if (!existsSync(root)) return [];
  const files = where.endsWith(".ts")
    ? [root]
    : readdirSync(root, { recursive: true, encoding: "utf8" })
        .filter((file) => file.endsWith(".ts"))
        .map((file) => join(root, file));
  return files.map((file) => ({ path: relative(ROOT, file), code: readFileSync(file, "utf8") }));
}
