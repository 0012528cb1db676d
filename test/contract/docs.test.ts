// The docs say what the code does: every config key, error code and finding is in them, and every link leads somewhere.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { Command } from "commander";
import { beforeAll, describe, expect, test } from "vitest";
import { ConfigSchema } from "../../src/config/schema/schema.ts";
import { FACT_TRUST } from "../../src/nodeRouter/inventory/factTrust.ts";
import { BUILTIN_KEYS, PLACE_KEYS } from "../../src/nodeRouter/placement/selector/builtinTags.ts";
import { buildCommands } from "../../src/nodeRouter/surfaces/cli/program.ts";
import { metricsText } from "../../src/nodeRouter/surfaces/web/metrics.ts";
import { ROUTABLE_TOOLS } from "../../src/nodeRouter/toolCatalog/catalog.ts";
import { FACTS } from "../../src/presence/facts.ts";
import { PRESENCE_STATES } from "../../src/presence/freshness.ts";
import { ERROR_CODES } from "../../src/shared/errorCatalogue.ts";
import { smallFleet, smallPeers, statusFor } from "../nodeRouter/surfaces/web/fleet.ts";
import { smallUsage } from "../nodeRouter/surfaces/web/usageSample.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const read = (path: string) => readFileSync(join(ROOT, path), "utf8");

const GUIDES = readdirSync(join(ROOT, "docs"))
  .filter((file) => file.endsWith(".md"))
  .map((file) => `docs/${file}`);
const DECISIONS = readdirSync(join(ROOT, "docs/decisions")).map((file) => `docs/decisions/${file}`);
const CHINESE = readdirSync(join(ROOT, "docs/zh-CN")).map((file) => `docs/zh-CN/${file}`);
/** Pages for those who change the plugin: they name files of ours. */
const FOR_DEVELOPERS = ["CONTRIBUTING.md", "docs/architecture.md", ...DECISIONS];
const PAGES = [
  ...["README.md", "README.zh-CN.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"],
  ...GUIDES,
  ...CHINESE,
  ...DECISIONS,
];

const OPENCLAW_DOCS = "https://docs.openclaw.ai/";
/** Before a path in README.md, which stands at the top as the address does. */
const OWN =
  /^https:\/\/(github\.com\/openclaw-node-router\/openclaw-node-router\/blob|raw\.githubusercontent\.com\/openclaw-node-router\/openclaw-node-router)\/main\//;

describe("docs/configuration.md", () => {
  const documented = rowsOf(read("docs/configuration.md")).filter(
    ([key = "", type = ""]) =>
      /^(mode|audit[A-Za-z]*|gateway|presence|nodes|rules|tests|untoleratedAgents|gatewayName|peers|delegation|location|near|prefer|residency|SecretRef|alerts)\b/.test(
        key,
      ) && type !== "",
  );
  const expected = [...keysOf(JSON.parse(JSON.stringify(ConfigSchema)))];

  test("has every key of the schema once, a part that several objects share under its own name, and no other", () => {
    const rows = new Set(expected.map(({ row }) => row));
    expect(documented.map(([key]) => key).sort()).toEqual([...rows].sort());
  });

  test.each(expected)("says type and default of $key", ({ row, type, fallback }) => {
    const [, shownType, shownFallback, meaning] = documented.find(([shown]) => shown === row) ?? [];
    expect(shownType).toBe(type);
    if (fallback === null) expect(shownFallback).not.toMatch(/^(required)?$/);
    else expect(shownFallback).toBe(fallback);
    expect(meaning).toMatch(/\w/);
  });
});

describe("docs/errors.md", () => {
  test("has a section for every code, in order, and no other", () => {
    const sections = [...read("docs/errors.md").matchAll(/^## ([A-Z_]+)$/gm)].map(([, code]) => code);
    expect(sections).toEqual([...ERROR_CODES].sort());
  });

  test.each(ERROR_CODES)("says message, cause and fix of %s", (code) => {
    const [, after = ""] = read("docs/errors.md").split(`\n## ${code}\n`);
    const [section = ""] = after.split("\n## ");
    expect(section).toContain(`\n${code}: `);
    expect(section).toContain("**Cause.** ");
    expect(section).toContain("**Fix.** ");
  });
});

describe("docs/doctor.md", () => {
  const documented = new Map(
    rowsOf(read("docs/doctor.md"))
      .filter(([id = ""]) => id.startsWith("node-router/"))
      .map(([id = "", severity = ""]) => [id.slice("node-router/".length), severity]),
  );
  const findings = sourcesIn("src/nodeRouter/surfaces/doctor").flatMap((code) =>
    [...code.matchAll(/\bfinding\(\s*"([a-z-]+)",\s*(?:"(\w+)")?/g)].map(([, id = "", severity]) => ({
      id,
      severity,
    })),
  );
  const problems = [
    ...(read("src/config/problems/problem.ts").match(/type ConfigProblemCode =([^;]+);/)?.[1] ?? "").matchAll(
      /"(\w+)"/g,
    ),
  ].map(([, code = ""]) => `config-${code.toLowerCase().replaceAll("_", "-")}`);

  test("has every finding, and no other", () => {
    expect(findings.length).toBeGreaterThan(15);
    expect(problems.length).toBeGreaterThan(20);
    const ids = new Set([...findings.map(({ id }) => id), ...problems]);
    expect([...documented.keys()].sort()).toEqual([...ids].sort());
  });

  test("names the severity of every finding", () => {
    const wrong = findings.filter(({ id, severity }) => severity && !documented.get(id)?.includes(severity));
    expect(wrong).toEqual([]);
  });

  test("names the severity of every config problem", () => {
    const told = sourcesBelow("src/config").flatMap((code) =>
      [...code.matchAll(/\bconfig(Error|Warning)\(\{\s*code: "(\w+)"/g)].map(
        ([, kind = "", name = ""]) =>
          [`config-${name.toLowerCase().replaceAll("_", "-")}`, kind.toLowerCase()] as const,
      ),
    );
    expect(told.length).toBeGreaterThan(15);
    expect(told.filter(([id, severity]) => !documented.get(id)?.includes(severity))).toEqual([]);
  });
});

test("docs/rules-and-selectors.md has every built-in tag", () => {
  const tags = rowsOf(read("docs/rules-and-selectors.md")).map(([first]) => first);
  expect(tags).toEqual(expect.arrayContaining([...BUILTIN_KEYS]));
});

describe("docs/presence.md", () => {
  const page = read("docs/presence.md");

  test("names the states of the code, and no other", () => {
    expect(column(sectionOf(page, "States"))).toEqual(PRESENCE_STATES);
  });

  test("names the sources of the code by the ids that status shows, and no other", () => {
    const ids = sourcesBelow("src/presence/sources").flatMap((code) =>
      [...code.matchAll(/^ {4}id: "([a-z:]+)",$/gm)].map(([, id = ""]) => id),
    );
    expect(ids.length).toBeGreaterThan(3);
    expect(column(marked(page, "sources")).sort()).toEqual(ids.sort());
  });

  test("has every fact with meaning, unit, hold time and sources, in the order of the code, and no other", () => {
    const documented = rowsOf(marked(page, "facts")).filter(isEntry);
    const expected = Object.entries(FACTS).map(([name, { meaning, unit, holdsMs, sources }]) => [
      name,
      unit === "" ? meaning : `${meaning} (${unit})`,
      holdText(holdsMs),
      sources.map((source) => `\`${source}\``).join(", "),
    ]);
    expect(documented).toEqual(expected);
  });

  test("has every fact with who says it and whether a node can choose it, and no other", () => {
    // Facts of which the same is true share a row.
    const [, , ...rows] = rowsOf(marked(page, "trust"));
    const documented = rows.flatMap(([facts = "", ...rest]) =>
      facts.split("`, `").map((fact) => [fact, ...rest].join(" | ")),
    );
    const expected = FACT_TRUST.map(({ fact, saidBy, nodeChooses, tags }) => {
      const shown = tags.length === 0 ? "–" : tags.map((tag) => `\`${tag}\``).join(", ");
      return [fact, saidBy, nodeChooses, shown].join(" | ");
    });
    expect(documented.sort()).toEqual(expected.sort());
  });

  test("has every metric with type, labels and help, in the order of the exposition, and no other", async () => {
    expect(page).toContain("Names that end with `_total` are counters, all others gauges.");
    const typeOf = (name = "") => (name.endsWith("_total") ? "counter" : "gauge");
    const fleet = smallFleet();
    const text = await metricsText(fleet, statusFor(fleet), smallPeers(), smallUsage());
    const documented = rowsOf(marked(page, "metrics"))
      .filter(isEntry)
      .map(([name, labels = "", help]) => [name, typeOf(name), labels.split(", ").sort(), help]);
    const expected = [...text.matchAll(/^# HELP openclaw_node_router_(\S+) (.+)\n# TYPE \S+ (\S+)$/gm)].map(
      ([, name = "", help, type]) => [name, type, labelsOf(text, name), help],
    );
    expect(expected.length).toBeGreaterThan(20);
    expect(documented).toEqual(expected);
  });

  test("says where every tag of a place comes from", () => {
    expect(PLACE_KEYS.filter((key) => !sectionOf(page, "Tags", "###").includes(`\`${key}\``))).toEqual([]);
  });

  test("says when answers and numbers grow old as the code has it", () => {
    const [, seconds] = read("src/presence/freshness.ts").match(/ANSWER_HOLDS_MS = (\d+)_000;/) ?? [];
    expect(sectionOf(page, "States")).toContain(`for ${seconds} s`);
    expect(page).toContain(`older than ${FACTS.load1.holdsMs / 1_000} s`);
  });
});

test("docs/enforcement.md says what happens to every tool that a rule may name", () => {
  const page = read("docs/enforcement.md");
  expect(ROUTABLE_TOOLS.filter((tool) => !page.includes(`\`${tool}\``))).toEqual([]);
});

describe("docs/cli.md", () => {
  const page = read("docs/cli.md");
  let commands: readonly Command[] = [];
  // It loads a part of OpenClaw.
  beforeAll(async () => {
    const program = new Command("openclaw");
    await buildCommands(program as never, "node-router", "");
    commands = program.commands[0]?.commands ?? [];
  }, 60_000);

  test("has a section for every command, where its help leads", () => {
    const names = commands.map((command) => command.name());
    expect(names.length).toBeGreaterThan(20);
    expect(names.filter((name) => !page.includes(`\n## ${name}\n`))).toEqual([]);
  });

  test("names every option of a command in its section, in one that this leads to, or among those of all", () => {
    const shared = page.slice(0, page.indexOf("\n## For scripts"));
    const lacking = commands.flatMap((command) => {
      const own = sectionOf(page, command.name());
      const others = page.split("\n## ").filter((part) => {
        const [anchor = ""] = anchorsOf(`# ${part.split("\n")[0]}`);
        return linksOf(own).includes(`#${anchor}`);
      });
      const told = [shared, own, ...others].join("\n");
      return command.options.flatMap(({ long }) =>
        long && !new RegExp(`[\` ]${long}\\b`).test(told) ? [`${command.name()} ${long}`] : [],
      );
    });
    expect(lacking).toEqual([]);
  });

  test("has every gateway method under its scope, and no other", () => {
    const methods = [
      ...read("src/nodeRouter/surfaces/methods/register.ts").matchAll(
        /register\((?:"(\w+)"|PLAN_ONLY), (READ|WRITE|ADMIN)\)/g,
      ),
    ].map(([, name = "guardPlan", scope = ""]) => `operator.${scope.toLowerCase()} noderouter.${name}`);
    expect(methods.length).toBeGreaterThan(20);
    const documented = sectionOf(page, "Gateway methods")
      .split(/\n(?=`operator\.\w+`:\n)/)
      .slice(1)
      .flatMap((part) => {
        const [, scope = ""] = part.match(/^`(operator\.\w+)`/) ?? [];
        const heads = [...part.matchAll(/^- (`noderouter\.\w+`(?:, `noderouter\.\w+`)*)/gm)];
        return heads.flatMap(([, names = ""]) =>
          names.split(", ").map((name) => `${scope} ${name.replaceAll("`", "")}`),
        );
      });
    expect(documented.sort()).toEqual(methods.sort());
  });
});

/** English page and its Chinese one. */
const PAIRS: readonly (readonly [string, string])[] = [
  ["README.md", "README.zh-CN.md"],
  ...CHINESE.map((page) => [page.replace("zh-CN/", ""), page] as const),
];

test.each(PAIRS)("%s and %s have the same commands, configs and transcripts", (english, chinese) => {
  expect(codeBlocks(read(chinese))).toEqual(codeBlocks(read(english)));
});

test.each(PAIRS)(
  "%s and %s have the same sections, lists and tables, and lead to the same pages",
  (...pair) => {
    const [english, chinese] = pair.map((page) => {
      const text = withoutCode(read(page));
      const links = linksOf(text).filter((link) => !/README|^https:/.test(link));
      return {
        shape: [...text.matchAll(/^(?:#+|-|\d+\.|\|) /gm)].map(([start]) => start),
        leadsTo: links.map((link) =>
          link.startsWith("#") ? "#" : join(dirname(page), link).replace("docs/zh-CN/", "docs/"),
        ),
      };
    });
    expect(chinese).toEqual(english);
  },
);

test.each(["README.zh-CN.md", ...CHINESE])("%s leads to no English page that is there in Chinese", (page) => {
  const targets = linksOf(read(page)).map((link) => join(dirname(page), link.split("#")[0] ?? ""));
  const inChinese = CHINESE.map((one) => one.replace("zh-CN/", ""));
  expect(targets.filter((target) => inChinese.includes(target))).toEqual([]);
});

test("the READMEs lead to each other, and the Chinese one to each page that is there in Chinese", () => {
  expect(linksOf(read("README.md"))).toContain("README.zh-CN.md");
  expect(linksOf(read("README.zh-CN.md"))).toContain("README.md");
  expect(CHINESE.length).toBeGreaterThan(0);
  for (const page of CHINESE) expect(linksOf(read("README.zh-CN.md"))).toContain(page);
});

test("README.md needs no file beside it: OpenClaw's page of the plugin, and a registry's, show it alone", () => {
  const links = [...withoutCode(read("README.md")).matchAll(/(!?)\[[^\]]*\]\(([^)\s]+)\)/g)];
  expect(links.length).toBeGreaterThan(20);
  expect(links.filter(([, , link = ""]) => !link.startsWith("https://")).map(([all]) => all)).toEqual([]);
  // A picture is no page around it.
  const pictures = links.filter(([, isPicture]) => isPicture === "!").map(([, , link = ""]) => link);
  expect(pictures.length).toBeGreaterThan(1);
  expect(pictures.filter((link) => !link.startsWith("https://raw.githubusercontent.com/"))).toEqual([]);
});

test.each([...GUIDES, ...CHINESE])("%s says what it is about and when to read it", (page) => {
  expect(read(page)).toMatch(/^---\nsummary: ".+"\nread_when:\n( {2}- .+\n)+---\n\n# .+\n/);
});

test.each(PAGES)(
  "the tables of %s are not padded, so that a changed cell changes one line of a diff",
  (page) => {
    const padded = withoutCode(read(page))
      .split("\n")
      .filter((line) => /^\|.*([^ |] {2,}\||\| {2,}[^ |]|-{4,})/.test(line));
    expect(padded).toEqual([]);
  },
);

/** Pages that are read from the top; all others are looked things up in, and count as reference. */
const READ_THROUGH = [
  "compatibility",
  "concepts",
  "faq",
  "quick-start",
  "recipes",
  "reference-deployment",
  "upgrade-and-uninstall",
].map((page) => `docs/${page}.md`);
/** Of all reference pages together. Whoever adds a fact takes one away, or moves it where it is said already. */
const MOST_WORDS = 35_000;
const MOST_ROW = 250;

test(`the reference pages have fewer than ${MOST_WORDS} words together`, () => {
  const pages = GUIDES.filter((page) => !READ_THROUGH.includes(page));
  expect(pages.length).toBe(GUIDES.length - READ_THROUGH.length);
  // Lines and dashes of tables and lists are no words, and nobody reads where it goes on from here to learn a fact.
  const facts = (page: string) => read(page).split("\n## Related\n")[0] ?? "";
  const words = pages.map((page) => [page, facts(page).match(/\S*[\p{L}\p{N}]\S*/gu)?.length ?? 0] as const);
  const most = [...words].sort(([, a], [, b]) => b - a).map(([page, count]) => `${page}: ${count}`);
  const all = words.reduce((sum, [, count]) => sum + count, 0);
  expect(all, `${all} words: ${most.join(", ")}`).toBeLessThan(MOST_WORDS);
});

test.each([...GUIDES, ...CHINESE])(
  "%s ends with where to go on: our pages, and OpenClaw's own that there are",
  (page) => {
    const end = read(page).split(/\n## (?:Related|Next|相关|接下来)\n/)[1] ?? "";
    const links = linksOf(end);
    const theirs = links.filter((link) => link.startsWith(OPENCLAW_DOCS));
    expect([links.length > theirs.length, theirs.length > 0, /\n## /.test(end)], page).toEqual([
      true,
      true,
      false,
    ]);
    const all = linksOf(read(page)).filter((link) => link.startsWith(OPENCLAW_DOCS));
    expect(all.filter((link) => !isPageOfOpenClaw(link))).toEqual([]);
  },
);

test.each([...GUIDES, ...CHINESE])(
  `no row of a table in %s is longer than ${MOST_ROW} characters`,
  (page) => {
    const rows = withoutCode(read(page)).match(/^\|.*$/gm) ?? [];
    const long = rows
      .filter((row) => row.length > MOST_ROW)
      .map((row) => `${row.length}: ${row.slice(0, 60)}…`);
    expect(long, page).toEqual([]);
  },
);

test.each(FOR_DEVELOPERS)("every file and folder of ours that %s names is there", (page) => {
  const named = [...withoutCode(read(page)).matchAll(/`((?:src|test|docs|scripts|bench|chaos)\/[\w./-]+)`/g)];
  expect(named.map(([, path = ""]) => path).filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
});

test("docs/architecture.md has the areas of the architecture test, in their order, with their questions", () => {
  const areas =
    read("test/contract/architecture.test.ts").match(/const AREAS[^=]*= \[([\s\S]*?)\n\];/)?.[1] ?? "";
  const expected = [...areas.matchAll(/\["([^"]+)", "([^"]+)"\]/g)].map(([, area, question]) => [
    `src/${area}`,
    question,
  ]);
  expect(expected.length).toBeGreaterThan(10);
  const documented = rowsOf(marked(read("docs/architecture.md"), "areas")).filter(([area = ""]) =>
    area.startsWith("src/"),
  );
  expect(documented.map(([area, question]) => [area, question])).toEqual(expected);
});

test("every decision is in the list of decisions under its own number, and says what was not taken", () => {
  const pages = DECISIONS.filter((page) => !page.endsWith("README.md"));
  expect(pages.length).toBeGreaterThan(5);
  const listed = linksOf(read("docs/decisions/README.md")).map((link) => `docs/decisions/${link}`);
  expect(listed).toEqual([...pages].sort());
  for (const [at, page] of pages.sort().entries()) {
    expect(read(page)).toMatch(
      new RegExp(
        `^# ${at + 1}\\. .+\n\n## Context\n[^]+\n## Decision\n[^]+\n## Consequences\n[^]+\n## Not taken\n`,
      ),
    );
  }
});

test.each(PAGES)("every relative link of %s leads somewhere", (page) => {
  const links = linksOf(read(page)).filter((link) => !/^[a-z]+:/.test(link));
  expect(links.filter((link) => !leadsSomewhere(page, link))).toEqual([]);
});

function leadsSomewhere(page: string, link: string): boolean {
  const [file = "", anchor] = link.split("#");
  const target = file === "" ? page : join(dirname(page), file);
  if (!existsSync(join(ROOT, target))) return false;
  return anchor === undefined || anchorsOf(read(target)).includes(anchor);
}

/** Whether the docs in the package of OpenClaw that is tested have it. */
function isPageOfOpenClaw(link: string): boolean {
  const page = join(ROOT, "node_modules/openclaw/docs", link.slice(OPENCLAW_DOCS.length).split("#")[0] ?? "");
  return existsSync(`${page}.md`) || existsSync(join(page, "index.md"));
}

/** Anchors as GitHub makes them of headings. */
function anchorsOf(page: string): readonly string[] {
  return [...withoutCode(page).matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}_ -]/gu, "")
      .replaceAll(" ", "-"),
  );
}

/** Links of a page; one to a file of this repository by its address is a link to the file. */
function linksOf(page: string): readonly string[] {
  return [...withoutCode(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = ""]) => link.replace(OWN, ""));
}

function codeBlocks(page: string): readonly string[] {
  return [...page.matchAll(/^```[^\n]*\n[\s\S]*?^```$/gm)].map(([block]) => block);
}

function withoutCode(page: string): string {
  return page.replace(/^```[^\n]*\n[\s\S]*?^```$/gm, "");
}

/** Cells of every table row, without the quotes of a first cell that is code. */
function rowsOf(page: string): readonly (readonly string[])[] {
  return [...withoutCode(page).matchAll(/^\| (.+) \|$/gm)].map(([, row = ""]) => {
    const [first = "", ...rest] = row.split(" | ").map((cell) => cell.trim());
    return [first.replace(/^`(.*)`$/, "$1"), ...rest];
  });
}

/** First cells of a table's rows, without its head. */
function column(part: string): string[] {
  return rowsOf(part)
    .filter(isEntry)
    .map(([first = ""]) => first);
}

/** No head, and no line below one. */
function isEntry([first = ""]: readonly string[]): boolean {
  return /^[a-z]/.test(first);
}

function marked(page: string, name: string): string {
  return page.match(new RegExp(`<!-- ${name}: begin -->([^]*)<!-- ${name}: end -->`))?.[1] ?? "";
}

/** From its heading to the next one of the same level. */
function sectionOf(page: string, heading: string, level = "##"): string {
  const [, after = ""] = page.split(`\n${level} ${heading}\n`);
  return after.split(`\n${level} `)[0] ?? "";
}

/** `135 s`, `1 min`, `24 h`. */
function holdText(ms: number): string {
  if (ms % 3_600_000 === 0) return `${ms / 3_600_000} h`;
  return ms % 60_000 === 0 ? `${ms / 60_000} min` : `${ms / 1_000} s`;
}

/** Of a metric in the exposition, as the page shows them; their order means nothing. */
function labelsOf(exposition: string, name: string): readonly string[] {
  const series = exposition.match(new RegExp(`^openclaw_node_router_${name}(?:\\{(.*)\\})? \\S+$`, "m"));
  if (series === null) throw new Error(`the sample has no series of ${name}`);
  const labels = [...(series[1] ?? "").matchAll(/(\w+)="/g)].map(([, label]) => `\`${label}\``);
  return labels.length === 0 ? ["–"] : labels.sort();
}

function sourcesBelow(folder: string): readonly string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .map((file) => read(`${folder}/${file}`));
}

function sourcesIn(folder: string): readonly string[] {
  return readdirSync(join(ROOT, folder))
    .filter((file) => file.endsWith(".ts"))
    .map((file) => read(`${folder}/${file}`));
}

/** What JSON keeps of a schema, as far as the page shows it. */
interface Schema {
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: false | Schema;
  readonly items?: Schema;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly maxProperties?: number;
}

interface Key {
  /** `nodes.<name>.ssh.host`, `rules[].name`. */
  readonly key: string;
  /** Where the page has it: `location.city` for that of every location, `SecretRef.id`; else the key. */
  readonly row: string;
  readonly type: string;
  /** As the page shows it; null where the schema has none and the page explains it in words. */
  readonly fallback: string | null;
}

function* keysOf(schema: Schema, prefix = ""): Generator<Key> {
  for (const [name, child] of Object.entries(schema.properties ?? {})) {
    const key = `${prefix}${name}`;
    const required = schema.required?.includes(name) ? "required" : null;
    const fallback = child.default === undefined ? required : `\`${JSON.stringify(child.default)}\``;
    yield { key, row: sharedPart(prefix, name) ?? key, type: typeText(child), fallback };
    if (child.items) yield* keysOf(child.items, `${key}[].`);
    if (child.additionalProperties) yield* keysOf(child.additionalProperties, `${key}.<name>.`);
    for (const branch of [child, ...(child.anyOf ?? [])]) yield* keysOf(branch, `${key}.`);
  }
}

/** Objects that are the same wherever they stand are documented once; every place is held to that row. */
function sharedPart(prefix: string, name: string): string | null {
  if (/\.(identityData|passphrase|token)\.$/.test(prefix)) return `SecretRef.${name}`;
  const [, part] = /\b(location\.|near\.|residency\.|prefer\[\]\.)$/.exec(prefix) ?? [];
  return part === undefined ? null : `${part}${name}`;
}

/** The objects that stand beside text have a name. */
function branchText(schema: Schema): string {
  const has = (key: string): boolean => schema.properties !== undefined && key in schema.properties;
  const name = has("latitude") ? "point" : ["port", "wait", "next"].find(has);
  return typeText(schema).replace("object", name ?? "SecretRef");
}

function typeText(schema: Schema): string {
  const { minimum, maximum } = schema;
  if (schema.anyOf) return schema.anyOf.map(branchText).join(" or ");
  if (schema.const !== undefined) return `\`${schema.const}\``;
  if (schema.enum) return schema.enum.map((value) => `\`"${value}"\``).join(" or ");
  switch (schema.type) {
    case "string":
      // A secret has its limit in words.
      return schema.maxLength === undefined ? "text" : `text (${schema.minLength} to ${schema.maxLength})`;
    case "integer":
      return `whole number (${minimum} to ${maximum})`;
    case "boolean":
      return "`true` or `false`";
    case "number":
      return `number (${minimum} to ${maximum})`;
    case "array": {
      const list = `list (${schema.minItems ?? 0} to ${schema.maxItems})`;
      const item = schema.items === undefined ? "object" : typeText(schema.items);
      return item === "object" ? list : `${list} of ${item}`;
    }
    default:
      return schema.additionalProperties ? `map (0 to ${schema.maxProperties})` : "object";
  }
}
