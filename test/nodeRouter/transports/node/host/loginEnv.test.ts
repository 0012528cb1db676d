// Commands have the environment of a login, and nothing that the node host alone should know.
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readLoginEnv } from "../../../../../src/nodeRouter/transports/node/host/loginEnv.ts";

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "nr-login-"));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const own = (more: Record<string, string> = {}) => ({
  HOME: home,
  USER: "claw",
  SHELL: "/bin/sh",
  PATH: "/usr/local/bin:/usr/bin:/bin",
  TZ: "Asia/Singapore",
  OPENCLAW_GATEWAY_TOKEN: "secret-token",
  AWS_SECRET_ACCESS_KEY: "secret-key",
  ...more,
});
/** A shell of the user's own. */
const shell = (text: string): string => {
  const file = join(home, "shell");
  writeFileSync(file, `#!/bin/sh\n${text}\n`);
  chmodSync(file, 0o755);
  return file;
};

test("the profile is read, and what the node host alone has stays with it", async () => {
  writeFileSync(
    join(home, ".profile"),
    'echo "Welcome\n=x"\nexport TOOLS=/opt/a LINES2="1\n2"\nPATH=/opt/bin:$PATH\n',
  );
  const { env, isWhole } = await readLoginEnv(own(), 20_000);
  expect(isWhole).toBe(true);
  expect(env).toMatchObject({ TOOLS: "/opt/a", LINES2: "1\n2", HOME: home, TZ: "Asia/Singapore" });
  expect(env.PATH).toMatch(/^\/opt\/bin:/);
  expect(JSON.stringify(env)).not.toContain("secret");
});

test("a token that the profile exports is no command's: every OPENCLAW_ name is dropped, and only those", async () => {
  writeFileSync(
    join(home, ".profile"),
    "export OPENCLAW_GATEWAY_TOKEN=secret OPENCLAW_X=1 MY_OPENCLAW_X=kept\n",
  );
  const { env } = await readLoginEnv(own(), 20_000);
  expect(Object.keys(env).filter((name) => name.includes("OPENCLAW"))).toEqual(["MY_OPENCLAW_X"]);
  expect(JSON.stringify(env)).not.toContain("secret");
});

test.each([
  ["fails", "exit 3"],
  ["says nothing that is an environment", "echo hello"],
  ["says too much", "while :; do echo 0123456789012345678901234567890123456789; done"],
  ["does not end", "sleep 60"],
  ["ends, and what it left holds its output open", "sleep 5 & exit 1"],
])("a login shell that %s leaves the short list, without a wait that does not end", async (_, text) => {
  const { env } = await readLoginEnv(own({ SHELL: shell(text) }), 1_000);
  expect(env).toMatchObject({ HOME: home, USER: "claw", PATH: "/usr/local/bin:/usr/bin:/bin" });
  expect(JSON.stringify(env)).not.toContain("secret");
});

test.each([["/nowhere/shell"], ["zsh"], ["/bin/tcsh"]])(
  "where %j cannot be asked, the short list is all",
  async (SHELL) => {
    const told = await readLoginEnv(own({ SHELL }), 1_000);
    expect(told).toMatchObject({ isWhole: false, env: { HOME: home, USER: "claw" } });
  },
);
