// `trust` and `probe` as gateway methods: which node they take, and what they say when they take none.
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { resolveConfig } from "../../../../src/config/resolve.ts";
import { UsageError } from "../../../../src/nodeRouter/surfaces/methods/params.ts";
import { createSshMethods, lookAtSsh } from "../../../../src/nodeRouter/surfaces/methods/sshMethods.ts";
import { fakeDeps } from "../../../support/fakeDeps.ts";
import { makeKey } from "../../../support/ssh/keys.ts";
import { type SshServer, startSshServer } from "../../../support/ssh/server.ts";
import { fakeSsh, makeTestHome, type TestHome } from "../../transports/ssh/connect/arrange.ts";

const KEY = makeKey();
let home: TestHome;
let server: SshServer;

beforeEach(async () => {
  home = makeTestHome();
  home.write(".ssh/id_ed25519", KEY.privateKey);
  server = await startSshServer({ authorizedKeys: [KEY.publicKey] });
});

afterEach(async () => {
  await server.stop();
  home.remove();
});

function arrange(ssh: unknown = { host: "127.0.0.1", port: server.port }) {
  const config = { nodes: { "mac-sg": { tailscale: false, ssh }, "mac-cn": {} } };
  return createSshMethods(fakeDeps({ config }), async () => home.env());
}

describe.each(["trust", "probe"] as const)("%s", (method) => {
  test("without a node, or with one that is not configured, is the caller's mistake; the known ones are named", async () => {
    for (const params of [{}, { node: "" }, { node: " " }, { node: 7 }]) {
      await expect(arrange()[method](params)).rejects.toThrow(UsageError);
    }
    await expect(arrange()[method]({ node: "mac-xx" })).rejects.toThrow(
      new UsageError(
        'no node "mac-xx" is configured; did you mean "mac-sg"? configured are "mac-sg", "mac-cn"',
      ),
    );
    const none = createSshMethods(fakeDeps({ config: null }), async () => home.env());
    await expect(none[method]({ node: "mac-sg" })).rejects.toThrow("configured are none");
  });

  test("of a node without SSH settings says which key to add", async () => {
    await expect(arrange()[method]({ node: "mac-cn" })).rejects.toThrow(
      'node "mac-cn" has no SSH settings; add plugins.entries.node-router.config.nodes.mac-cn.ssh: {} for the defaults',
    );
  });

  test("of a node whose SSH settings are broken says so, not that there are none", async () => {
    await expect(arrange({ host: "-x" })[method]({ node: "mac-sg" })).rejects.toThrow(
      /^CONFIG_INVALID: plugins\.entries\.node-router\.config\.nodes\.mac-sg\.ssh\.host: /,
    );
  });
});

test("trust records by fingerprint, and probe then gets through; a refusal keeps its code", async () => {
  const { trust, probe } = arrange();
  const before = await probe({ node: "mac-sg" });
  expect(before).toMatchObject({ ok: false, problem: expect.stringMatching(/^HOST_KEY_UNKNOWN: /) });
  const offered = await trust({ node: " mac-sg " });
  expect(offered.keys.map(({ state }) => state)).toEqual(["unknown"]);
  const { fingerprint } = server.hostKeys[0] ?? { fingerprint: "" };
  expect(await trust({ node: "mac-sg", fingerprint })).toMatchObject({
    recorded: fingerprint,
    problem: null,
  });
  expect(await probe({ node: "mac-sg" })).toMatchObject({ ok: true, problem: null });
  await server.stop();
  await expect(trust({ node: "mac-sg" })).rejects.toThrow(/^NODE_UNREACHABLE: node "mac-sg" /);
});

test("no report holds a secret", async () => {
  const { trust, probe } = arrange({
    host: "127.0.0.1",
    port: server.port,
    identityData: KEY.privateKey,
    passphrase: "open sesame",
  });
  const reports = [
    await trust({ node: "mac-sg", fingerprint: server.hostKeys[0]?.fingerprint }),
    await probe({ node: "mac-sg" }),
  ];
  expect(JSON.stringify(reports)).not.toMatch(/open sesame|PRIVATE KEY/);
});

describe("a look at the SSH settings of all nodes", () => {
  const config = () => resolveConfig({ nodes: { a: { ssh: {} }, b: { ssh: { host: "box" } }, c: {} } });

  test("asks ssh about each node that has some, and connects to none", async () => {
    home.write(".ssh/config", "Host box\n HostName 127.0.0.1\n");
    const script =
      'case "$*" in *box) echo bad box >&2; exit 1;; esac; echo user u; echo hostname h; echo port 22';
    const looks = await lookAtSsh(config(), async () => home.env(fakeSsh(home, script)));
    expect(looks).toMatchObject([
      { node: "a", problem: null, notes: [], notAsked: null, configFile: `${home.home}/.ssh/config` },
      { node: "b", problem: expect.stringContaining('"bad box"') },
    ]);
    expect(server.connections()).toBe(0);
  });

  test("says that there is no ssh, and whether there is a config that it would have read", async () => {
    const looks = await lookAtSsh(config(), async () => home.env({ variables: { PATH: "/nonexistent" } }));
    expect(looks).toMatchObject([
      { node: "a", problem: null, notAsked: expect.stringContaining("no ssh client"), configFile: null },
      { node: "b", problem: null, notAsked: expect.stringContaining("no ssh client"), configFile: null },
    ]);
  });

  test("nothing is run for nodes without SSH settings", async () => {
    const { nodes } = resolveConfig({ nodes: { c: {} } });
    const never = () => Promise.reject(new Error("the machine was looked at"));
    expect(await lookAtSsh({ nodes }, never)).toEqual([]);
  });
});
