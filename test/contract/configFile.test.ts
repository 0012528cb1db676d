// What `export`, `init`, `rule` and `tag` rely on: how OpenClaw's own function reads and writes the config file.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: what OpenClaw puts variables into, not templates
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";

const folder = mkdtempSync(join(tmpdir(), "node-router-config-file-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const REF = { source: "env", provider: "default", id: "KEY" };
const CONFIG = {
  nodes: { a: { tags: ["x"], ssh: { identityData: REF, passphrase: "quite secret", user: "${SSH_USER}" } } },
  peers: { b: { token: "${PEER_TOKEN}" } },
};
const file = join(folder, "openclaw.json");
const typed = `// by hand\n${JSON.stringify({ gateway: { mode: "local" }, plugins: { entries: { "node-router": { config: CONFIG } } } })}\n`;

/** One process for both: loading the host takes seconds. */
let said: { exported: unknown; isUntouched: boolean; hasTold: boolean };

beforeAll(async () => {
  writeFileSync(file, typed);
  const env = {
    PATH: process.env.PATH,
    HOME: folder,
    OPENCLAW_STATE_DIR: folder,
    OPENCLAW_CONFIG_PATH: file,
    SSH_USER: "claw",
    PEER_TOKEN: "t".repeat(40),
  };
  const script = resolve(import.meta.dirname, "configFileChild.ts");
  const { stdout } = await promisify(execFile)(process.execPath, [script], { env });
  said = JSON.parse(stdout);
}, 120_000);

test("a look at the file writes nothing, and sees references and variables as they are typed", () => {
  expect(said.exported).toEqual({
    config: {
      nodes: { a: { tags: ["x"], ssh: { identityData: REF, user: "${SSH_USER}" } } },
      peers: { b: { token: "${PEER_TOKEN}" } },
    },
    left: ["nodes.a.ssh.passphrase"],
  });
  expect(said.isUntouched).toBe(true);
});

test("an edit of it leaves references, variables and secrets as they are typed", () => {
  const { plugins } = JSON.parse(readFileSync(file, "utf8"));
  expect(plugins.entries["node-router"].config).toEqual({
    ...CONFIG,
    nodes: { a: { ...CONFIG.nodes.a, tags: ["x", "gpu"] } },
  });
});

test("an edit of it loses the comments, which is seen before, and the file with them is kept beside it", () => {
  expect(said.hasTold).toBe(true);
  expect(readFileSync(file, "utf8")).not.toContain("// by hand");
  expect(readFileSync(`${file}.bak`, "utf8")).toBe(typed);
});
