// How the installed OpenClaw reads persona files through a binding: what our adapter believes, held against the real code.
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { createWorkspaceBootstrapFilePolicy } from "openclaw/plugin-sdk/agent-workspace-runtime";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  PERSONA_FILES,
  type PersonaBridge,
  type PersonaFile,
  probeWorkspaceAccessApi,
} from "../../src/nodeRouter/host/workspaceAccessApi.ts";
import { ROOT } from "../support/environment.ts";

const DIST = join(ROOT, "node_modules", "openclaw", "dist");
const folder = mkdtempSync(join(tmpdir(), "nr-persona-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const asked: PersonaFile[] = [];
const none = async (): Promise<never> => {
  throw new Error("not in this test");
};
const bridge: PersonaBridge = {
  async readFileWithSource(params) {
    asked.push(params);
    if (params.filePath === "SOUL.md") throw new Error(`NODE_UNREACHABLE: ${"long ".repeat(100)}`);
    if (params.filePath === "AGENTS.md") {
      return {
        data: Buffer.from("of the node"),
        canonicalPath: "/ws/AGENTS.md",
        workspaceRelativePath: "AGENTS.md",
      };
    }
    throw Object.assign(new Error("not there"), { code: "ENOENT" });
  },
  readFile: none,
  writeFile: none,
  stat: none,
  readDirectory: none,
};

type Host = (...args: readonly unknown[]) => Promise<unknown>;
let host: (name: string) => Host;

beforeAll(async () => {
  const candidates = readdirSync(DIST).filter((name) => /^workspace-[\w-]{8}\.mjs$/.test(name));
  const modules: object[] = await Promise.all(
    candidates.map((name) => import(pathToFileURL(join(DIST, name)).href)),
  );
  host = (name) => {
    const found: unknown = modules
      .flatMap((module) => Object.values(module))
      .find((value: unknown) => typeof value === "function" && value.name === name);
    if (typeof found !== "function") throw new Error(`the host has no ${name}`);
    return async (...args) => (await Reflect.apply(found, undefined, args)) as unknown;
  };
  const api = await probeWorkspaceAccessApi();
  if (!api.ok) throw new Error(api.reason);
  writeFileSync(join(folder, "AGENTS.md"), "of the gateway");
  writeFileSync(join(folder, "SOUL.md"), "of the gateway");
  api.bind(folder, bridge);
  expect(() => api.bind(folder, bridge)).toThrow(/already registered/);
}, 60_000);

test("the host asks for the six names in our order, without a word about agent and session, and for two MiB at most", async () => {
  await host("loadWorkspaceBootstrapFiles")(folder);
  expect(asked.map(({ filePath }) => filePath)).toEqual(PERSONA_FILES);
  for (const params of asked)
    expect(params).toEqual({ filePath: params.filePath, maxBytes: 2 * 1024 * 1024 });
});

test("an error stands in the prompt in place of the file, and nothing of the gateway's copy does", async () => {
  const files = await host("loadWorkspaceBootstrapFiles")(folder);
  expect(files).toMatchObject([
    { name: "AGENTS.md", content: "of the node", missing: false },
    { name: "SOUL.md", content: expect.stringMatching(/^\[UNREADABLE: NODE_UNREACHABLE: .{100,300}\]$/) },
    { name: "IDENTITY.md", missing: true },
    // The host says nothing of USER.md and MEMORY.md that are missing.
    { name: "BOOTSTRAP.md", missing: true },
  ]);
});

test("the host puts no files of its own into a bound folder", async () => {
  await host("ensureAgentWorkspace")({ dir: folder, ensureBootstrapFiles: true });
  expect(existsSync(join(folder, "IDENTITY.md"))).toBe(false);
});

test("the names are those that the host may read, and no other of the root", () => {
  const policy = createWorkspaceBootstrapFilePolicy({ workspaceDir: folder });
  for (const name of PERSONA_FILES) expect(policy.canRead(name)).toBe(true);
  expect(policy.canRead("TOOLS.md")).toBe(false);
});

test("a host without the function is told apart from one whose module is gone", async () => {
  expect(await probeWorkspaceAccessApi(async () => ({}))).toEqual({
    ok: false,
    reason: "registerAgentWorkspaceAccess is missing",
  });
  const gone = await probeWorkspaceAccessApi(async () => {
    throw new Error("not exported");
  });
  expect(gone).toMatchObject({
    ok: false,
    reason: expect.stringContaining("cannot be loaded (not exported)"),
  });
});
