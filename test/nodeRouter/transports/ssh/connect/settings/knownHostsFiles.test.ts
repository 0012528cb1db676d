// ssh prints file names without quotes: where each ends, and whose home they are in.
import { resolve } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { splitFiles } from "../../../../../../src/nodeRouter/transports/ssh/connect/settings/knownHostsFiles.ts";

const HOME = "/home/gw";
const OTHER = "/root";
const at = "UserKnownHostsFile";
const expansion = (raw: string) => ({ raw, path: raw.replace(/^(?:~|%d)/, OTHER) });
const split = (line: string, ...raws: readonly string[]) =>
  splitFiles(line, { home: HOME, otherHome: OTHER, expansions: raws.map(expansion), at });

test.each<[string, readonly string[], readonly string[]]>([
  ["none", [], []],
  ["", [], []],
  ["/a /b", [], ["/a", "/b"]],
  ["/a b /c", [], ["/a b", "/c"]],
  ["/root/k /root/k2", ["~/k", "%d/k2"], ["/home/gw/k", "/home/gw/k2"]],
  // Written in full in between: not ours to move.
  ["/root/x /root/k", ["~/k"], ["/root/x", "/home/gw/k"]],
  ["/root/hosts of prod", ["~/hosts of prod"], ["/home/gw/hosts of prod"]],
  // Without quotes these are three files, of which two are relative.
  ["/root/hosts of prod", ["~/hosts"], ["/home/gw/hosts", resolve("of"), resolve("prod")]],
  ["rel /b c", [], [resolve("rel"), "/b c"]],
  // Of a version that expands later.
  ["~/.ssh/known_hosts ~/.ssh/known_hosts2", [], ["/home/gw/.ssh/known_hosts", "/home/gw/.ssh/known_hosts2"]],
])("%j, expanded from %j", (line, raws, expected) => {
  expect(split(line, ...raws)).toEqual(expected);
});

test("where ssh's home is the gateway's, its paths are right as they are", () => {
  const context = { home: OTHER, otherHome: null, expansions: [expansion("~/k")], at };
  expect(splitFiles("/root/k /root/x", context)).toEqual(["/root/k", "/root/x"]);
});

test("an account whose home is / is such a home too", () => {
  const context = { home: HOME, otherHome: "/", expansions: [{ raw: "~/.ssh/k", path: "/.ssh/k" }], at };
  expect(splitFiles("/.ssh/k /etc/k", context)).toEqual(["/home/gw/.ssh/k", "/etc/k"]);
  expect(splitFiles("/etc/k", { ...context, expansions: [] })).toEqual(["/etc/k"]);
  expect(() => splitFiles("/.ssh/k", { ...context, expansions: [] })).toThrow(/does not say which was meant/);
});

test("a home that ssh does not explain is refused", () => {
  expect(() => split("/root/k")).toThrow(
    /^SSH_SETTINGS_INVALID: UserKnownHostsFile: "\/root\/k" is below "\/root"/,
  );
});

test("whatever the names, files of ~ come back as those of the gateway's home", () => {
  const name = fc.stringMatching(/^[a-z]( ?[a-z#'"]){0,6}$/).map((text) => `~/${text}`);
  fc.assert(
    fc.property(fc.array(name, { minLength: 1, maxLength: 4 }), (raws) => {
      const line = raws.map((raw) => expansion(raw).path).join(" ");
      expect(split(line, ...raws)).toEqual(raws.map((raw) => HOME + raw.slice(1)));
    }),
  );
});
