// What the bundle's shorter names leave as it is: what the code does, and what a stack trace says.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { sameButForLocals, shortLocals } from "../../scripts/support/shortLocals.ts";

const OURS = `// src/outer.ts
export function outer(request) {
  const remaining = [request.count];
  const arrow = (wanted) => {
    if (wanted > remaining[0]) throw new Error(\`\${wanted} of \${remaining[0]}\`);
    return wanted;
  };
  function nested(wanted) { return arrow(wanted) + 1; }
  return nested;
}
`;

/** The file as it is afterwards. */
function shortened(code: string): { readonly file: string; readonly code: string } {
  const folder = mkdtempSync(join(tmpdir(), "node-router-short-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "bundle.js");
  writeFileSync(join(folder, "package.json"), '{"type":"module"}');
  writeFileSync(file, code);
  shortLocals(folder);
  return { file, code: readFileSync(file, "utf8") };
}

test("parameters and local values of our code get short names, and it does what it did", async () => {
  const { file, code } = shortened(OURS);
  expect(code).toMatch(/^\/\/ src\/outer\.ts\n/);
  expect(code).not.toMatch(/remaining|wanted|request/);
  const { outer } = await import(pathToFileURL(file).href);
  expect(outer({ count: 2 })(2)).toBe(3);
});

test("a stack trace names the functions that stand within others, arrows among them", async () => {
  const { outer } = await import(pathToFileURL(shortened(OURS).file).href);
  const failed = (() => {
    try {
      return outer({ count: 1 })(2);
    } catch (error) {
      return error as Error;
    }
  })();
  expect(failed.message).toBe("2 of 1");
  expect(failed.stack).toMatch(/ at arrow .*\n.* at nested /);
});

test("what a package brought is left as it is", () => {
  const theirs = `// node_modules/other/index.js\nfunction theirs(request) { return request; }\n`;
  expect(shortened(theirs + OURS).code).toContain(theirs);
});

test.each([
  ["other names of locals", "(a) => (b) => a + b.c", "(one)=>two=>one+two.c", true],
  ["a local in place of another", "(a) => (b) => a", "(a) => (b) => b", false],
  ["one that hides another", "(a) => (b) => a", "(a) => (a) => a", false],
  ["a name that is not declared here", "(a) => outside(a)", "(a) => elsewhere(a)", false],
  ["a function of another name", "top); function top() {} (1", "other); function other() {} (1", false],
  ["another property", "(a) => a.one", "(a) => a.two", false],
])("two codes with %s: the same or not", (_, one, other, same) => {
  expect(sameButForLocals(`use(${one})`, `use(${other})`)).toBe(same);
});
