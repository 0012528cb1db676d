// `noderouter.export`: what of the file is told, that nothing is written, and that no secret leaves.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: what OpenClaw puts variables into, not templates
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { withoutSecrets } from "../../../../src/nodeRouter/setup/edit/withoutSecrets.ts";
import { exportConfig } from "../../../../src/nodeRouter/surfaces/methods/exportMethod.ts";

const file = (config: unknown) => ({ plugins: { entries: { "node-router": { config } } } });
const ROOT = "plugins.entries.node-router";
const REF = { source: "env", provider: "default", id: "PASS" };

/** A host that calls with its draft, and writes what comes back. */
function host(parsed: unknown, draft: unknown) {
  let written = false;
  return {
    look: async (look: (draft: unknown, context: unknown) => never) => {
      look(structuredClone(draft), { snapshot: { parsed } });
      written = true;
    },
    written: () => written,
  };
}

describe("the file", () => {
  test("is told as it is typed: references and variables stay, texts that are secrets do not", async () => {
    const typed = {
      nodes: { a: { ssh: { identityData: REF, passphrase: "quite secret" } } },
      peers: { b: { token: "${TOKEN}" } },
    };
    const { look, written } = host(file(typed), file({ peers: { b: { token: "resolved secret" } } }));
    expect(await exportConfig(look)).toEqual({
      config: { nodes: { a: { ssh: { identityData: REF } } }, peers: { b: { token: "${TOKEN}" } } },
      left: ["nodes.a.ssh.passphrase"],
    });
    expect(written()).toBe(false);
  });

  test("is told without addresses that hold a secret, and with all others", async () => {
    const env = {
      DATABASE_URL: "postgres://me:1@db/x",
      SSHPASS: "2",
      BYPASS: "x",
      PROXY: "http://proxy:3128/?keyboard=us",
      MIRROR: "https://me:${PASS}@mirror/",
      TIME: "12:30",
    };
    const presence = { publicAddressUrl: "https://ip.example/json?token=3" };
    const { config, left } = await exportConfig(host(file({ nodes: { a: { env } }, presence }), {}).look);
    const { DATABASE_URL: _, SSHPASS: __, ...kept } = env;
    expect(config).toEqual({ nodes: { a: { env: kept } }, presence: {} });
    expect(left).toEqual(["nodes.a.env.DATABASE_URL", "nodes.a.env.SSHPASS", "presence.publicAddressUrl"]);
  });

  test("is told without variables of nodes that are called as secrets are, and with all others", async () => {
    const env = {
      LANG: "C",
      KEYBOARD: "us",
      MONKEY: "x",
      SSH_KEY_PATH: "/k",
      API_KEY: "1",
      GITHUB_TOKEN: "2",
    };
    const more = { DB_PASSWORD: "3", aws_secret_access_key: "4", KEY: "5", NPM_TOKEN: "${NPM_TOKEN}" };
    const { config, left } = await exportConfig(
      host(file({ nodes: { "a.b": { env: { ...env, ...more } } } }), {}).look,
    );
    expect(config).toEqual({
      nodes: {
        "a.b": {
          env: { LANG: "C", KEYBOARD: "us", MONKEY: "x", SSH_KEY_PATH: "/k", NPM_TOKEN: "${NPM_TOKEN}" },
        },
      },
    });
    expect(left).toEqual(
      ["API_KEY", "GITHUB_TOKEN", "DB_PASSWORD", "aws_secret_access_key", "KEY"].map(
        (name) => `nodes.a.b.env.${name}`,
      ),
    );
  });

  test.each([
    ["in a part of the config", file({ nodes: { $include: "x" } }), `${ROOT}.config.nodes`],
    ["above it", { plugins: { $include: "x" } }, "plugins"],
    [
      "beside what is typed of it",
      { $include: "x", ...file({ mode: "enforce" }) },
      "the top of openclaw.json",
    ],
  ])(
    "that includes another %s is refused with the place: nothing is lost, and no variable told",
    async (_, parsed, at) => {
      const nodes = { a: { env: { FOO: "resolved secret" }, ssh: { user: "resolved user" } } };
      const exported = exportConfig(host(parsed, file({ mode: "enforce", nodes })).look);
      const message = await exported.then(JSON.stringify, String);
      expect(message).toMatch(/^\w+: SETUP_FAILED: /);
      expect(message).toContain(at);
      expect(message).not.toContain("resolved");
    },
  );

  test("that includes another for other settings alone is told as it is typed", async () => {
    const typed = { mode: "enforce", nodes: { a: { env: { FOO: "${TOKEN}" }, tags: ["x"] } } };
    const made = { mode: "enforce", nodes: { a: { env: { FOO: "resolved secret" }, tags: ["x"] } } };
    for (const parsed of [
      { $include: "x", ...file(typed) },
      { ...file(typed), agents: { $include: "x" } },
    ])
      expect(await exportConfig(host(parsed, file(made)).look)).toEqual({ config: typed, left: [] });
  });

  test("that OpenClaw does not show as it is typed is an error, for in what it made of it secrets are put in", async () => {
    await expect(exportConfig(host(null, file({ mode: "shadow" })).look)).rejects.toThrow("as it is typed");
  });

  test("without a config of the plugin has an empty one", async () => {
    expect(await exportConfig(host({}, {}).look)).toEqual({ config: {}, left: [] });
  });

  test("that OpenClaw cannot read is an error, and never an empty config", async () => {
    await expect(exportConfig(() => Promise.reject(new Error("invalid config")))).rejects.toThrow(
      "invalid config",
    );
  });
});

test("every setting that the manifest calls sensitive is a secret, and no other text of the schema is", () => {
  const manifest = JSON.parse(readFileSync("openclaw.plugin.json", "utf8"));
  const hints = Object.entries<{ sensitive?: boolean }>(manifest.uiHints);
  expect(hints.filter(([, { sensitive }]) => sensitive === true).length).toBeGreaterThan(3);
  for (const [path, { sensitive = false }] of hints) {
    const key = path.split(".").at(-1) ?? "";
    const kept = withoutSecrets({ [key]: "text" });
    expect([path, Object.hasOwn(kept as object, key)]).toEqual([path, !sensitive]);
  }
});
