// `noderouter.setup`: what it shows and writes of the gateway's config, and what it keeps to itself.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { packageArchive } from "../../../../src/nodeRouter/setup/packageFile.ts";
import { UsageError } from "../../../../src/nodeRouter/surfaces/methods/params.ts";
import type { SetupHost } from "../../../../src/nodeRouter/surfaces/methods/setupElsewhere.ts";
import { setupMethod } from "../../../../src/nodeRouter/surfaces/methods/setupMethod.ts";
import { CONFIG, fakeDeps, hostEntry, SG_ID } from "../../../support/fakeDeps.ts";

const CHANGE = {
  node: "studio-hk",
  entry: { node: false, tags: ["region=hk"], workspace: "/w", ssh: {} },
  rule: { name: "studio-hk", agents: ["worker-hk"], require: "region=hk" },
};

/** @param config the plugin's, as the gateway has it. */
function arrange(config: object = CONFIG) {
  const entries = { "worker-sg": {}, "worker-hk": {} };
  const host = {
    gateway: { port: 19000 },
    agents: { entries },
    plugins: { entries: { "node-router": { config } } },
  };
  const file = structuredClone(host);
  const deps = fakeDeps({ config, hostConfig: host });
  const about: SetupHost = {
    version: "0.1.0",
    openclaw: "2026.9.6",
    packageFolder: null,
    stateFolder: "/nowhere",
    changeConfig: async (change) => change(file),
  };
  return { ask: (params: object) => setupMethod(deps, about, { ...params }), file, deps };
}

describe("look", () => {
  test("says which agents there are and which rule speaks for each, and the paired nodes of the name", async () => {
    const { ask } = arrange();
    expect(
      await ask({ op: "look", node: "mac-sg", agents: ["Worker-SG", "worker-hk", "nobody"] }),
    ).toMatchObject({
      ...{
        version: "0.1.0",
        openclaw: "2026.9.6",
        entry: CONFIG.nodes["mac-sg"],
        rules: ["singapore", "china"],
      },
      agents: [
        { agent: "worker-sg", exists: true, rule: "singapore" },
        { agent: "worker-hk", exists: true, rule: null },
        { agent: "nobody", exists: false, rule: null },
      ],
      paired: [{ id: SG_ID, connected: true, approved: true, exec: true }],
      tunnel: null,
    });
  });

  test("of a node that waits for approval does not call it approved, and of another name shows nothing", async () => {
    const { ask, deps } = arrange();
    deps.nodes = { nodes: [hostEntry("mac-sg", SG_ID, { approvalState: "pending-approval", commands: [] })] };
    expect(await ask({ op: "look", node: "mac-sg" })).toMatchObject({
      paired: [{ approved: false, exec: false }],
    });
    expect(await ask({ op: "look", node: "mac-hk" })).toMatchObject({ entry: null, paired: [] });
    expect(await ask({ op: "look", node: "mac-hk", device: SG_ID })).toMatchObject({
      paired: [{ id: SG_ID }],
    });
  });

  test("never gives a secret of the entry away", async () => {
    const ssh = { user: "claw", identityData: "-----BEGIN secret", passphrase: "secret" };
    const shown = JSON.stringify(
      await arrange({ nodes: { "mac-sg": { ssh, env: { HOOK: "a secret" } } } }).ask({
        op: "look",
        node: "mac-sg",
      }),
    );
    expect(shown).toContain("claw");
    expect(shown).not.toContain("secret");
  });
});

describe("the config", () => {
  test("is planned against what is in force, with the problems that the change would bring and no others", async () => {
    const { ask } = arrange({
      ...CONFIG,
      rules: [...CONFIG.rules, { name: "odd", agents: ["x"], require: "a=b=c" }],
    });
    const plan = await ask({ op: "plan", change: CHANGE });
    expect(plan).toMatchObject({
      values: [{ path: ["nodes", "studio-hk"] }, { path: ["rules", "studio-hk"] }],
      problems: [],
    });
    const wrong = { ...CHANGE, entry: { ...CHANGE.entry, workspace: "work" } };
    expect(await ask({ op: "plan", change: wrong })).toMatchObject({
      problems: [expect.stringContaining("plugins.entries.node-router.config.nodes.studio-hk.workspace: ")],
    });
  });

  test("is merged into the file as written, and taken back to what it was", async () => {
    const { ask, file } = arrange();
    const before = structuredClone(file);
    const { values } = (await ask({ op: "write", change: CHANGE })) as { values: unknown };
    expect(file.plugins.entries["node-router"].config).toMatchObject({
      ...CONFIG,
      rules: [...CONFIG.rules, CHANGE.rule],
    });
    expect(file.agents).toEqual(before.agents);
    expect(await ask({ op: "takeBack", values })).toEqual({ left: [] });
    expect(file).toEqual(before);
  });

  test("is taken back in nodes and rules alone, whatever the caller names", async () => {
    const { ask, file } = arrange({ ...CONFIG, mode: "shadow" });
    const before = structuredClone(file);
    await ask({
      op: "takeBack",
      values: [
        { path: ["mode", "x"], before: "enforce", after: "shadow" },
        { path: ["mode"], after: "shadow" },
        null,
      ],
    });
    expect(file).toEqual(before);
  });
});

test("what it does not know is the caller's mistake: an op, a task, a change without a node", async () => {
  const { ask } = arrange();
  for (const params of [
    {},
    { op: "look" },
    { op: "plan" },
    { op: "write", change: { node: " ", entry: {} } },
    { op: "else", change: CHANGE },
    { op: "task", change: CHANGE, task: "rm -rf /" },
    { op: "task", change: CHANGE, task: "__proto__" },
    { op: "probe", change: { ...CHANGE, entry: {} } },
  ]) {
    await expect(ask(params)).rejects.toThrow(UsageError);
  }
});

describe("the package's archive", () => {
  test("has every file of the installed package below package/, and no packages of others", async () => {
    const folder = mkdtempSync(join(tmpdir(), "node-router-package-"));
    try {
      await expect(packageArchive(folder)).rejects.toThrow("holds no package.json");
      writeFileSync(join(folder, "package.json"), "{}");
      writeFileSync(join(folder, ".npmrc"), "//registry/:_authToken=secret");
      const archive = gunzipSync(await packageArchive(folder)).toString("latin1");
      expect(archive).toContain("package/package.json");
      expect(archive).not.toContain("secret");
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
