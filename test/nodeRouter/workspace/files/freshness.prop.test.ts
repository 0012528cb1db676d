// Whoever changes a file, and whenever: a call reads content that was there in its time, and no change is lost.
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type LocalNode, localNode } from "./localNode.ts";

/** What somebody else does to the file `a`. */
const outside = fc.constantFrom("append", "save", "remove", "nothing" as const);
type Outside = "append" | "save" | "remove" | "nothing";

/** Calls as the host's tools make them, some in a context that is not known. */
const call = fc.record({
  kind: fc.constantFrom(
    "read" as const,
    "pages" as const,
    "edit" as const,
    "patch" as const,
    "write" as const,
  ),
  isKnown: fc.boolean(),
});
type Call = { readonly kind: "read" | "pages" | "edit" | "patch" | "write"; readonly isKnown: boolean };

interface World {
  readonly node: LocalNode;
  /** The file's content after each event, null while it is missing. */
  readonly history: (string | null)[];
  /** Writes down what is there now. */
  note(): void;
}

const MISSING = null;

/**
 * Scripts run one at a time, so that there is one history; outside changes come between any two of them, also
 * between those of one call.
 */
function world(changes: readonly Outside[]): World & Disposable {
  let last: Promise<unknown> = Promise.resolve();
  let count = 0;
  const path = () => join(node.root, "a");
  const current = (): string | null => (existsSync(path()) ? readFileSync(path(), "utf8") : MISSING);
  const history: (string | null)[] = [];
  const note = (): void => {
    const now = current();
    if (history.length === 0 || history.at(-1) !== now) history.push(now);
  };
  const disturb = (): void => {
    const change = changes[count % Math.max(1, changes.length)] ?? "nothing";
    count += 1;
    const mark = `|o${count}`;
    if (change === "append" && current() !== MISSING) writeFileSync(path(), mark, { flag: "a" });
    if (change === "save") {
      writeFileSync(`${path()}.new`, `${current() ?? ""}${mark}`);
      renameSync(`${path()}.new`, path());
    }
    if (change === "remove") rmSync(path(), { force: true });
    note();
  };
  const node = localNode({
    intercept: (_request, run) => {
      const mine = last.then(async () => {
        disturb();
        const collected = await run();
        note();
        return collected;
      });
      last = mine;
      return mine;
    },
  });
  mkdirSync(node.root);
  writeFileSync(path(), "begin");
  note();
  return { node, history, note, [Symbol.dispose]: () => node[Symbol.dispose]() };
}

/** What the host's tools do, in their order. Returns the texts that were read, and what was written. */
async function steps({ node }: World, { kind }: Call, mark: string) {
  const { bridge } = node;
  const read = async () => (await bridge.readFile({ filePath: "a" })).toString();
  const readIfThere = async () => ((await bridge.stat({ filePath: "a" })) === null ? null : await read());
  if (kind === "read") return { read: [await readIfThere()], wrote: null };
  if (kind === "pages")
    return { read: [await readIfThere(), await readIfThere(), await readIfThere()], wrote: null };
  if (kind === "patch") await read();
  const base = kind === "patch" ? await read() : await readIfThere();
  if (base === null && kind === "edit") return { read: [base], wrote: null };
  // So that nothing of anybody is left out, a write is an edit here, too.
  const wrote = `${base ?? ""}${mark}`;
  if (kind === "write") await bridge.mkdirp({ filePath: "." });
  await bridge.writeFile({ filePath: "a", data: wrote });
  return { read: [base], wrote };
}

async function run(at: World, each: Call, index: number): Promise<void> {
  const { node, history } = at;
  const from = history.length - 1;
  const mark = `|c${index}`;
  const before = node.requests.length;
  let done: Awaited<ReturnType<typeof steps>>;
  try {
    const go = () => steps(at, each, mark);
    done = await (each.isKnown ? node.call(go) : go());
  } catch (error) {
    expect(error).toMatchObject({ code: expect.stringMatching(/^(FILE_CHANGED|ENOENT)$/) });
    // A refused change is nowhere.
    expect(history.some((version) => version?.includes(mark) === true)).toBe(false);
    return;
  }
  const seen = history.slice(from);
  for (const text of done.read) expect(seen).toContain(text);
  if (each.isKnown && each.kind === "pages") expect(new Set(done.read).size).toBe(1);
  if (each.isKnown && each.kind === "read") expect(node.requests.length - before).toBeGreaterThan(0);
  if (done.wrote === null) return;
  // What was there right before the write is what the call had read.
  const written = history.indexOf(done.wrote);
  expect(written).toBeGreaterThan(0);
  const base = history[written - 1];
  expect(base).toBe(done.read.at(-1) ?? MISSING);
}

test("calls one after the other lose no change that anybody makes between their steps", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(call, { minLength: 1, maxLength: 5 }),
      fc.array(outside, { minLength: 1, maxLength: 7 }),
      async (calls, changes) => {
        using at = world(changes);
        for (const [index, each] of calls.entries()) await run(at, each, index);
        losesNothing(at.history);
      },
    ),
    { numRuns: 15 },
  );
});

test("calls at the same time lose no change that anybody makes between their steps", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(call, { minLength: 2, maxLength: 5 }),
      fc.array(outside, { minLength: 1, maxLength: 7 }),
      async (calls, changes) => {
        using at = world(changes);
        // Calls that cannot be told apart are queued by the host when they are about one file.
        const known = calls.map((each) => ({ ...each, isKnown: true }));
        await Promise.all(known.map((each, index) => run(at, each, index)));
        losesNothing(at.history);
      },
    ),
    { numRuns: 15 },
  );
});

/** Every version but one that begins anew holds all that the version before it held. */
function losesNothing(history: readonly (string | null)[]): void {
  for (const [index, version] of history.entries()) {
    const before = history[index - 1] ?? MISSING;
    if (before !== MISSING && version !== MISSING) expect(version.startsWith(before)).toBe(true);
  }
}
