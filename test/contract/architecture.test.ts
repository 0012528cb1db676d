// Which folder may import what, and why. A failure prints the reason, not only the line.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, test } from "vitest";

const ROOT = resolve(import.meta.dirname, "../..");

/**
 * The areas of the house, the lowest first. An area imports only areas that stand before it, so that what is low can be
 * read, tested and changed without what is built on it. The second column is the question by which a stranger finds a
 * file: of several that fit, the first one counts.
 */
const AREAS: readonly (readonly [area: string, question: string])[] = [
  ["shared", "Does it know nothing of routing?"],
  ["nodeRouter/placement", "Which nodes fit a rule, and which of them is best?"],
  ["nodeRouter/toolCatalog", "What does a tool of the host have to do with machines?"],
  ["config", "What did the operator write, and does it make sense?"],
  ["presence", "What is known of the nodes?"],
  ["nodeRouter/explain", "How does a placement read?"],
  ["nodeRouter/host", "What does OpenClaw say, in its own shapes?"],
  ["nodeRouter/inventory", "Who is who among configured and paired nodes?"],
  ["nodeRouter/transports", "How does a command get to a node?"],
  ["nodeRouter/ledger", "What was decided and run, on record?"],
  ["nodeRouter/jobs", "Which commands go on detached?"],
  ["nodeRouter/state", "What is remembered of calls and sessions?"],
  ["nodeRouter/policy", "Who may go where: what becomes of a call?"],
  ["nodeRouter/current", "What is known right now, for a decision?"],
  ["nodeRouter/approval", "What is a person asked?"],
  ["nodeRouter/hostedSessions", "Which sessions does the host run elsewhere as a whole?"],
  ["nodeRouter/process", "What does the plugin get from the host and the process?"],
  ["nodeRouter/tunnels", "How does a node reach the gateway?"],
  ["nodeRouter/dispatch", "How is a decision told to the host?"],
  ["nodeRouter/workspace", "How does a whole workspace live on a node?"],
  ["nodeRouter/usage", "What did agents spend, and where?"],
  ["nodeRouter/liveness", "Are the hooks alive?"],
  ["nodeRouter/observe", "Who asks the nodes how they are?"],
  ["nodeRouter/alerts", "What is a person told, unasked?"],
  ["nodeRouter/delegation", "How is a task given to another gateway?"],
  ["nodeRouter/setup", "How does a machine become a node?"],
  ["hooks", "Which hook of the host calls us?"],
  ["nodeRouter/surfaces", "Who reads it: operators, agents, scripts, browsers?"],
];

/** Beside the order: what must be values in, values out. */
const CLOCK =
  /\bDate\.now\b|\bDate\(\)|\bperformance\b|\bsetTimeout\b|\bsetInterval\b|\bMath\.random\b|\bprocess\./;
const PURE: readonly (readonly [where: string, why: string])[] = [
  ["src/nodeRouter/placement", "placement must stay pure so that explain can replay a decision"],
  [
    "src/nodeRouter/explain",
    "explain must stay pure so that the same decision always reads the same, in the CLI, the log and the refusal",
  ],
  ["src/nodeRouter/toolCatalog", "what a tool is does not change with the moment"],
  [
    "src/nodeRouter/delegation/model",
    "what becomes of a task is a function of what was seen, or it cannot be proved",
  ],
  ["src/nodeRouter/delegation/protocol", "what a message means does not change with the moment"],
  ["src/nodeRouter/policy", "what is decided of a call is what explain, doctor and status say of it"],
];

interface Source {
  /** From the root of the project, with `/`. */
  readonly path: string;
  readonly code: string;
}

const SOURCES = sourcesIn("src");
const IMPORTS = new Map(SOURCES.map((source) => [source.path, importsOf(source)]));

describe("the order of the areas", () => {
  test("has every folder of src, and no other", () => {
    const strange = SOURCES.map(({ path }) => path).filter(
      (path) => areaOf(path) === null && path !== "src/index.ts",
    );
    expect(strange, "put the file into an area by its question, or add an area with its own").toEqual([]);
    const empty = AREAS.filter(([area]) => !SOURCES.some(({ path }) => areaOf(path) === area));
    expect(empty).toEqual([]);
  });

  test.each(AREAS)("%s imports only what stands before it", (area) => {
    const found = SOURCES.filter(({ path }) => areaOf(path) === area).flatMap(upwards);
    expect(found).toEqual([]);
  });

  test("packages of the host are imported at its edge only", () => {
    const found = SOURCES.filter(({ path }) => PURE.some(([where]) => inside(path, where))).flatMap(
      ({ path }) => (IMPORTS.get(path) ?? []).filter((imported) => !imported.startsWith("src/")),
    );
    expect(found).toEqual([]);
  });
});

describe("no circles", () => {
  test("between files: each can be read after what it imports", () => {
    expect(circles(IMPORTS)).toEqual([]);
  });

  test("between folders: each can be understood without those that use it", () => {
    const folders = new Map<string, string[]>();
    for (const [path, imported] of IMPORTS) {
      const own = folders.get(dirname(path)) ?? [];
      own.push(
        ...imported
          .filter((one) => IMPORTS.has(one) && dirname(one) !== dirname(path))
          .map((one) => dirname(one)),
      );
      folders.set(dirname(path), own);
    }
    expect(circles(folders)).toEqual([]);
  });
});

describe("values in, values out", () => {
  test.each(PURE)("%s: %s", (where, why) => {
    expect(sourcesIn(where).length).toBeGreaterThan(2);
    const found = sourcesIn(where).flatMap(({ path, code }) => {
      const used = CLOCK.exec(bare(code))?.[0];
      return used === undefined ? [] : [`${path} uses ${used}: ${why}`];
    });
    expect(found).toEqual([]);
  });
});

test("a basename means one thing: files of one name are a kind that their folder completes", () => {
  const byName = new Map<string, string[]>();
  for (const { path } of SOURCES) {
    const name = path.slice(path.lastIndexOf("/") + 1);
    byName.set(name, [...(byName.get(name) ?? []), path]);
  }
  const twice = [...byName].filter(([, paths]) => paths.length > 1).map(([name]) => name);
  expect(twice.sort()).toEqual(KINDS);
});

/** `register.ts` registers its room with the host, `checks/near.ts` checks what `near` says, `filters/x.ts` filters by x. */
const KINDS = [
  "alerts.ts",
  "location.ts",
  "near.ts",
  "peers.ts",
  "presence.ts",
  "register.ts",
  "registry.ts",
  "residency.ts",
  "selector.ts",
  "ssh.ts",
  "tags.ts",
  "taints.ts",
  "transport.ts",
  "wire.ts",
];

test("an exported name means one thing: no two files of src export it", () => {
  expect(exportedTwice(SOURCES)).toEqual([]);
});

describe("the check itself", () => {
  const at = (code: string) => upwards({ path: "src/nodeRouter/placement/x.ts", code });

  test.each([
    ['import type { Deps } from "../process/deps.ts";', "src/nodeRouter/process/deps.ts"],
    ['export { a } from "../policy/decide.ts";', "src/nodeRouter/policy/decide.ts"],
    ['const late = await import("../../presence/store.ts");', "src/presence/store.ts"],
    ['import {\n  a,\n  b,\n} from "../explain/message.ts";', "src/nodeRouter/explain/message.ts"],
    ['import { a } from "../../index.ts";', "src/index.ts"],
  ])("finds the import in %j", (code, imported) => {
    expect(at(code)).toEqual([expect.stringContaining(`imports ${imported}`)]);
  });

  test("does not trip over a comment, over its own folder, or over what stands before", () => {
    expect(at('// import { a } from "../policy/decide.ts";\nimport { a } from "./filters/b.ts";')).toEqual(
      [],
    );
    expect(at('import type { Transport } from "../../shared/types.ts";')).toEqual([]);
  });

  test("finds a name that two files export, and says which; overloads and re-exports are one name", () => {
    const one = { path: "a.ts", code: "export interface Answer {}\nexport const own = 1;" };
    const other = { path: "b.ts", code: "export async function Answer(): Promise<void> {}" };
    const same = {
      path: "c.ts",
      code: 'export function f(a: 1): 1;\nexport function f(a: 1) {}\nexport { own } from "./a.ts";',
    };
    expect(exportedTwice([one, other, same])).toEqual([expect.stringContaining("Answer: a.ts and b.ts")]);
    expect(exportedTwice([one, same, { path: "d.ts", code: "// export const own = 1;" }])).toEqual([]);
  });

  test("finds a circle, and none in a tree", () => {
    expect(
      circles(
        new Map([
          ["a", ["b"]],
          ["b", ["c"]],
          ["c", ["a"]],
          ["d", ["a"]],
        ]),
      ),
    ).toEqual([["a", "b", "c"]]);
    expect(
      circles(
        new Map([
          ["a", ["b", "c"]],
          ["b", ["c"]],
          ["c", []],
        ]),
      ),
    ).toEqual([]);
  });

  test.each(["Date.now", "new Date", "performance.now", "Math.random"])("finds %s", (used) => {
    expect(CLOCK.test(`const a = ${used}();`)).toBe(true);
  });
});

function upwards(source: Source): readonly string[] {
  const rank = rankOf(source.path);
  return importsOf(source)
    .filter((imported) => imported.startsWith("src/") && areaOf(imported) !== areaOf(source.path))
    .filter((imported) => rankOf(imported) > rank)
    .map(
      (imported) =>
        `${source.path} imports ${imported}, which is built on it: ask for the value, or move the file`,
    );
}

function rankOf(path: string): number {
  const at = AREAS.findIndex(([area]) => area === areaOf(path));
  return at === -1 ? AREAS.length : at;
}

function areaOf(path: string): string | null {
  return AREAS.find(([area]) => inside(path, `src/${area}`))?.[0] ?? null;
}

function inside(path: string, folder: string): boolean {
  return path.startsWith(`${folder}/`);
}

/** Groups of names that reach each other (Tarjan's strongly connected components), each sorted. */
function circles(graph: ReadonlyMap<string, readonly string[]>): readonly (readonly string[])[] {
  const order = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const found: string[][] = [];
  const visit = (name: string): void => {
    order.set(name, order.size);
    low.set(name, order.get(name) ?? 0);
    stack.push(name);
    for (const next of graph.get(name) ?? []) {
      if (!graph.has(next)) continue;
      if (!order.has(next)) visit(next);
      if (stack.includes(next)) low.set(name, Math.min(low.get(name) ?? 0, low.get(next) ?? 0));
    }
    if (low.get(name) !== order.get(name)) return;
    const group = stack.splice(stack.indexOf(name));
    if (group.length > 1) found.push(group.sort());
  };
  for (const name of graph.keys()) if (!order.has(name)) visit(name);
  return found;
}

/** Each name that several files declare and export, with those files and what to do. */
function exportedTwice(sources: readonly Source[]): readonly string[] {
  const files = new Map<string, Set<string>>();
  for (const { path, code } of sources) {
    for (const [, name = ""] of bare(code).matchAll(EXPORTED)) {
      files.set(name, (files.get(name) ?? new Set()).add(path));
    }
  }
  return [...files]
    .filter(([, paths]) => paths.size > 1)
    .map(
      ([name, paths]) =>
        `${name}: ${[...paths].join(" and ")}: a reader finds two meanings; name each, or keep one and import it`,
    );
}

const EXPORTED =
  /^export (?:async |abstract |declare )*(?:const|let|function\*?|class|interface|type|enum) (\w+)/gm;

/** Without comments. */
function bare(code: string): string {
  return code.replaceAll(/\/\*[\s\S]*?\*\//g, "").replaceAll(/(^|\s)\/\/.*$/gm, "");
}

/** Our own files by their path in the project; packages as written. */
function importsOf({ path, code }: Source): readonly string[] {
  return [...bare(code).matchAll(/\bfrom\s*"([^"]+)"|\bimport\s*\(?\s*"([^"]+)"/g)]
    .map((found) => found[1] ?? found[2] ?? "")
    .map((specifier) =>
      specifier.startsWith(".") ? relative(ROOT, resolve(ROOT, dirname(path), specifier)) : specifier,
    );
}

/** Every TypeScript file under a folder; nothing when it does not exist. */
function sourcesIn(where: string): readonly Source[] {
  const root = join(ROOT, where);
  if (!existsSync(root)) return [];
  return readdirSync(root, { recursive: true, encoding: "utf8" })
    .filter((file) => /\.tsx?$/.test(file))
    .map((file) => join(root, file))
    .map((file) => ({ path: relative(ROOT, file), code: readFileSync(file, "utf8") }));
}
