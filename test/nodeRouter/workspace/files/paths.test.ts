// Where a path of the host's tools leads on the node, and what is refused before anything is sent.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  createPathResolver,
  isBelow,
  type PathOptions,
  type Use,
} from "../../../../src/nodeRouter/workspace/files/paths.ts";

const GATEWAY = "/home/gw/.openclaw/workspace";
const ROOT = "/Users/me/ws";

const resolver = (options: Partial<PathOptions> = {}) =>
  createPathResolver({ node: "mac-sg", root: ROOT, workspaceDir: GATEWAY, paths: [], ...options });
const place = (filePath: string, options: Partial<PathOptions> = {}, cwd?: string, use: Use = "read") =>
  resolver(options).resolve(filePath, cwd, use).path;

describe("a path", () => {
  test.each([
    ["a.txt", undefined, `${ROOT}/a.txt`],
    ["a.txt", GATEWAY, `${ROOT}/a.txt`],
    ["a.txt", `${GATEWAY}/sub`, `${ROOT}/sub/a.txt`],
    ["a.txt", `${ROOT}/sub`, `${ROOT}/sub/a.txt`],
    ["../a.txt", `${GATEWAY}/sub`, `${ROOT}/a.txt`],
    ["", GATEWAY, ROOT],
    [".", ROOT, ROOT],
    [ROOT, GATEWAY, ROOT],
    [`${ROOT}/`, GATEWAY, ROOT],
    [`${ROOT}/x//y/./z/..`, GATEWAY, `${ROOT}/x/y`],
    [`${GATEWAY}/x/y`, GATEWAY, `${ROOT}/x/y`],
    [GATEWAY, undefined, ROOT],
    ["back\\slash", GATEWAY, `${ROOT}/back\\slash`],
    [" spaces ", GATEWAY, `${ROOT}/ spaces `],
    ["newline\n", GATEWAY, `${ROOT}/newline\n`],
    ["./~", GATEWAY, `${ROOT}/~`],
    ["~x", GATEWAY, `${ROOT}/~x`],
  ])("%j from %s is %s", (given, cwd, expected) => {
    expect(place(given, {}, cwd)).toBe(expected);
  });

  test.each([
    ["/etc/passwd", GATEWAY],
    ["..", GATEWAY],
    ["../ws2/x", GATEWAY],
    [`${ROOT}2/x`, GATEWAY],
    [`${ROOT}/../x`, GATEWAY],
    [`${GATEWAY}/../secret`, GATEWAY],
    [`${GATEWAY}2/x`, GATEWAY],
    ["a.txt", "/etc"],
    ["C:\\Users\\x", GATEWAY],
    ["~", GATEWAY],
    ["~/.ssh/id_ed25519", GATEWAY],
    ["nul\0byte", GATEWAY],
  ])("%j from %s is refused", (given, cwd) => {
    expect(() => place(given, {}, cwd)).toThrow(/^PATH_NOT_ALLOWED: /);
  });

  test("names the key to change, with the node's name as the host writes it", () => {
    expect(() => place("/etc/passwd")).toThrow(
      'PATH_NOT_ALLOWED: "/etc/passwd" on node "mac-sg" is outside the workspace "/Users/me/ws"; use a path inside it, or add a directory to plugins.entries.node-router.config.nodes.mac-sg.paths',
    );
  });
});

describe("`paths`", () => {
  test("allow a directory and what is in it, not its neighbours", () => {
    const options = { paths: ["/srv/data/"] };
    expect(place("/srv/data", options)).toBe("/srv/data");
    expect(place("/srv/data/x", options)).toBe("/srv/data/x");
    expect(() => place("/srv/data2", options)).toThrow(/PATH_NOT_ALLOWED/);
    expect(() => place("/srv", options)).toThrow(/PATH_NOT_ALLOWED/);
  });

  test("of \"/\" allow all, and the gateway's workspace still means the node's", () => {
    const options = { paths: ["/"] };
    expect(place("/etc/hosts", options)).toBe("/etc/hosts");
    expect(place("..", options)).toBe("/Users/me");
    expect(place(`${GATEWAY}/x`, options)).toBe(`${ROOT}/x`);
    expect(place("/", options)).toBe("/");
  });

  test("that are not absolute are a config error", () => {
    expect(() => resolver({ paths: ["data"] })).toThrow(
      /^CONFIG_INVALID: the directory "data" of node "mac-sg"/,
    );
    expect(() => resolver({ root: "~/ws" })).toThrow(/^CONFIG_INVALID/);
  });
});

describe("a read-only mount", () => {
  const options = {
    readOnlyMounts: [
      { containerRoot: `${ROOT}/skills`, hostRoot: `${GATEWAY}/skills` },
      { containerRoot: "/opt/shared", hostRoot: "/home/gw/shared" },
    ],
  };

  test("is read by both names, also where it lies outside the workspace", () => {
    expect(place(`${GATEWAY}/skills/a`, options)).toBe(`${ROOT}/skills/a`);
    expect(place("/home/gw/shared/b", options)).toBe("/opt/shared/b");
    expect(place("/opt/shared/b", options)).toBe("/opt/shared/b");
    expect(() => place("/opt/other", options)).toThrow(/PATH_NOT_ALLOWED/);
  });

  test("is not written, and neither it nor what holds it is moved or removed", () => {
    for (const given of ["skills", "skills/a", "/opt/shared/b"]) {
      expect(() => place(given, options, undefined, "write")).toThrow(/PATH_NOT_ALLOWED: .*read-only/);
      expect(() => place(given, options, undefined, "tree")).toThrow(/PATH_NOT_ALLOWED/);
    }
    expect(place("skills2/a", options, undefined, "write")).toBe(`${ROOT}/skills2/a`);
    expect(() => place(".", options, undefined, "tree")).toThrow(/PATH_NOT_ALLOWED/);
    const nested = { readOnlyMounts: [{ containerRoot: `${ROOT}/a/b/skills`, hostRoot: "/x" }] };
    expect(() => place("a", nested, undefined, "tree")).toThrow(/read-only/);
    expect(place("a", nested, undefined, "write")).toBe(`${ROOT}/a`);
  });
});

describe("the workspace itself", () => {
  test("is never moved or removed, nor what holds it", () => {
    for (const given of [".", ROOT, "/Users/me", "/"]) {
      expect(() => place(given, { paths: ["/"] }, undefined, "tree")).toThrow(/PATH_NOT_ALLOWED/);
    }
    expect(place("/Users/you", { paths: ["/"] }, undefined, "tree")).toBe("/Users/you");
  });

  test("has the relative path that the host shows", () => {
    const { resolve, describe: shown } = resolver({ paths: ["/srv"] });
    const show = (given: string) => shown(resolve(given, undefined, "read"));
    expect(show("a/b")).toEqual({ relativePath: "a/b", containerPath: `${ROOT}/a/b` });
    expect(show(".")).toEqual({ relativePath: "", containerPath: ROOT });
    expect(show("/srv/x")).toEqual({ relativePath: "/srv/x", containerPath: "/srv/x" });
  });
});

describe("a gateway on Windows", () => {
  const options = { workspaceDir: "C:\\Users\\gw\\ws" };

  test("names its workspace in its own way", () => {
    expect(place("C:\\Users\\gw\\ws\\sub\\a.txt", options)).toBe(`${ROOT}/sub/a.txt`);
    expect(place("c:\\users\\GW\\ws\\a.txt", options)).toBe(`${ROOT}/a.txt`);
    expect(place("a.txt", options, "C:\\Users\\gw\\ws\\sub")).toBe(`${ROOT}/sub/a.txt`);
    expect(place(`${ROOT}/a.txt`, options, "C:\\Users\\gw\\ws")).toBe(`${ROOT}/a.txt`);
    expect(() => place("C:\\Users\\gw\\other", options)).toThrow(/PATH_NOT_ALLOWED/);
    expect(() => place("D:\\x", options)).toThrow(/PATH_NOT_ALLOWED/);
  });
});

const part = fc.constantFrom(
  "a",
  "b",
  "..",
  ".",
  "",
  "ws",
  "Users",
  "me",
  "skills",
  " ",
  "*",
  "\n",
  "e\u0301",
  "-x",
);
const anyPath = fc
  .tuple(
    fc.constantFrom("", "/", `${ROOT}/`, `${GATEWAY}/`, "/srv/data/", "/home/gw/", "/Users/me/ws2/"),
    fc.array(part),
  )
  .map(([start, parts]) => `${start}${parts.join("/")}`);

test("whatever the path, its place is inside an allowed directory and base, dir and name lead there", () => {
  const mounts = [{ containerRoot: `${ROOT}/skills`, hostRoot: `${GATEWAY}/skills` }];
  const { resolve } = resolver({ paths: ["/srv/data"], readOnlyMounts: mounts });
  fc.assert(
    fc.property(
      anyPath,
      fc.option(anyPath, { nil: undefined }),
      fc.constantFrom<Use>("read", "write", "tree"),
      (given, cwd, use) => {
        let target: ReturnType<typeof resolve>;
        try {
          target = resolve(given, cwd, use);
        } catch (error) {
          expect(String(error)).toMatch(/PATH_NOT_ALLOWED/);
          return;
        }
        expect(isBelow(ROOT, target.path) || isBelow("/srv/data", target.path)).toBe(true);
        expect(target.path.split("/").slice(1)).not.toContain("..");
        const led = [target.base, target.dir, target.name]
          .filter((step) => step !== "" && step !== ".")
          .join("/");
        expect(led).toBe(target.path);
        if (use !== "read") expect(isBelow(`${ROOT}/skills`, target.path)).toBe(false);
      },
    ),
    { numRuns: 2000 },
  );
});
