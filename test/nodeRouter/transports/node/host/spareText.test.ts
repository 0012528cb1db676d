// Which commands a spare shell may become, and that no value is read as anything but itself.
import { execFileSync } from "node:child_process";
import { tmpdir } from "node:os";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { spareText } from "../../../../../src/nodeRouter/transports/node/host/spareText.ts";

const LOGIN = { PATH: "/usr/bin:/bin", HOME: "/home/a", "BASH_FUNC_x%%": "() { :; }", IFS: ":", A: "1\n2" };
const start = (env: Readonly<Record<string, string>>, cwd = "/srv") => ({
  script: "true",
  args: [],
  env: { ...LOGIN, ...env },
  cwd,
  announce: () => {},
  withdraw: () => {},
});
const textOf = (env: Readonly<Record<string, string>>, cwd?: string) => spareText(start(env, cwd), LOGIN);

describe("a command goes into a spare shell", () => {
  test("with the login's variables alone, whatever they are: the shell was started with them", () => {
    const text = textOf({});
    expect(text).toContain("command cd '/srv'");
    expect(text).not.toMatch(/BASH_FUNC|IFS|HOME|A=/);
  });

  test.each([["LANG"], ["TERM"], ["TZ"], ["PATH"], ["HOME"], ["MY_ENV"], ["IFS2"], ["USER"], ["path"]])(
    "with a variable %s of its own",
    (name) => expect(textOf({ [name]: "it's" })).toContain(`export ${name}='it'\\''s'`),
  );
});

test("a shell that counts the seconds since it started begins to count with the command", () => {
  const of = (version: string): string => {
    const text = spareText({ ...start({}, tmpdir()), script: 'echo "$SECONDS"' }, LOGIN) ?? "";
    const stdio = ["ignore", "pipe", "inherit", "pipe"] as const;
    return execFileSync("/bin/sh", ["-c", `SECONDS=77; ${version}\n${text}`], {
      stdio: [...stdio],
    }).toString();
  };
  // The version says which shells do: dash takes it for a variable like any other.
  expect([of("KSH_VERSION=x"), of("unset BASH_VERSION KSH_VERSION ZSH_VERSION")]).toEqual(["0\n", "77\n"]);
});

describe("a command gets a shell of its own", () => {
  test.each([
    ["IFS"],
    ["OPTIND"],
    ["PWD"],
    ["OLDPWD"],
    ["CDPATH"],
    ["PPID"],
    ["UID"],
    ["EUID"],
    ["ENV"],
    ["PS4"],
    ["BASH_ENV"],
    ["SHELLOPTS"],
    ["POSIXLY_CORRECT"],
    ["LC_ALL"],
    ["LD_PRELOAD"],
    ["DYLD_INSERT_LIBRARIES"],
    ["MALLOC_ARENA_MAX"],
    ["_"],
    ["A-B"],
    ["A B=1; x"],
    [""],
  ])("with a variable %j of its own, which a shell reads as it starts or cannot set", (name) => {
    expect(textOf({ [name]: "x" })).toBeNull();
  });

  test("where a value or the directory would take more lines, or be more than a process can begin with", () => {
    expect(textOf({ B: "1\n2" })).toBeNull();
    expect(textOf({}, "/srv/a\nb")).toBeNull();
    expect(textOf({ B: "x".repeat(200_000) })).toBeNull();
  });

  test.each([["/srv/../etc"], ["/srv/./a"], ["//srv"], ["/srv/"], ["srv"], [""]])(
    "where its directory has a name that a shell tidies: %j",
    (cwd) => expect(textOf({}, cwd)).toBeNull(),
  );
});

test("whatever a value holds, the command gets it as it is", () => {
  const value = fc.string({
    unit: fc.constantFrom("'", '"', "\\", "$", "`", " ", "\t", "\r", "!", "-", "é", "x"),
  });
  fc.assert(
    fc.property(fc.array(value, { minLength: 1, maxLength: 20 }), (values) => {
      const env = Object.fromEntries(values.map((text, at) => [`V${at}`, text]));
      const script = `printf '%s\\n' ${values.map((_, at) => `"$V${at}"`).join(" ")}`;
      const text = spareText({ ...start(env, tmpdir()), script }, LOGIN) ?? "exit 1";
      const out = execFileSync("/bin/sh", ["-c", text], { stdio: ["ignore", "pipe", "inherit", "pipe"] });
      expect(out.toString()).toBe(values.map((line) => `${line}\n`).join(""));
    }),
    { numRuns: 20 },
  );
});
