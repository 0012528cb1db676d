// What `trust` shows and writes: nothing without a fingerprint, one line with one, and never over another key.
import { existsSync, mkdirSync, readFileSync, statSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { ConnectEnv } from "../../../../../src/nodeRouter/transports/ssh/connect/base/env.ts";
import {
  type PublicKey,
  readPublicKey,
} from "../../../../../src/nodeRouter/transports/ssh/connect/trust/fingerprint.ts";
import { recordHostKey } from "../../../../../src/nodeRouter/transports/ssh/connect/trust/recordHostKey.ts";
import {
  type TrustReport,
  type TrustResult,
  trustNode,
} from "../../../../../src/nodeRouter/transports/ssh/connect/trust.ts";
import { refusalLine } from "../../../../../src/shared/refusal.ts";
import { makeKey, type TestKey } from "../../../../support/ssh/keys.ts";
import { type SshServer, type SshServerOptions, startSshServer } from "../../../../support/ssh/server.ts";
import { makeTestHome, sshNode, type TestHome, targetOf } from "./arrange.ts";

const KEY = makeKey();
const OTHER = makeKey();

let home: TestHome;
const undo: (() => Promise<void>)[] = [];

beforeEach(() => {
  home = makeTestHome();
});

afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
  home.remove();
});

async function serve(options: SshServerOptions = {}): Promise<SshServer> {
  const server = await startSshServer({ authorizedKeys: [KEY.publicKey], ...options });
  undo.push(() => server.stop());
  return server;
}

function trust(
  server: SshServer,
  fingerprint: string | null,
  {
    ssh = {},
    env = {},
    tailscale = null,
  }: { ssh?: object; env?: Partial<ConnectEnv>; tailscale?: string | null } = {},
): Promise<TrustResult> {
  const node = sshNode({ host: "127.0.0.1", port: server.port, ...ssh }, { tailscale });
  return trustNode(node, fingerprint, home.env(env), { handshakeTimeoutMs: 5_000 });
}

async function reportOf(result: Promise<TrustResult>): Promise<TrustReport> {
  const settled = await result;
  if (!settled.ok) throw new Error(refusalLine(settled));
  return settled.report;
}

function keyOf(key: TestKey | undefined): PublicKey {
  const [type, base64] = key?.publicKey.split(" ") ?? [];
  const read = readPublicKey(type, base64);
  if (read === null) throw new Error("no key");
  return read;
}

const file = () => join(home.home, ".ssh/known_hosts");
const written = () => readFileSync(file(), "utf8");
const lineOf = (server: SshServer, key: TestKey) =>
  `[127.0.0.1]:${server.port} ${key.publicKey.split(" ").slice(0, 2).join(" ")}\n`;

describe("looking", () => {
  test("shows every key that is offered, logs in nowhere and writes nothing", async () => {
    const server = await serve({ hostKeys: ["rsa", "ecdsa", "ed25519"] });
    const report = await reportOf(trust(server, null));
    expect(report).toMatchObject({
      node: "mac-sg",
      jumpHost: null,
      name: `[127.0.0.1]:${server.port}`,
      file: file(),
      recorded: null,
      problem: null,
    });
    const [rsa, ecdsa, ed25519] = server.hostKeys;
    expect(report.keys.map(({ type, bits, fingerprint, state }) => [type, bits, fingerprint, state])).toEqual(
      [
        ["ssh-ed25519", null, ed25519?.fingerprint, "unknown"],
        ["ecdsa-sha2-nistp256", null, ecdsa?.fingerprint, "unknown"],
        ["ssh-rsa", 2048, rsa?.fingerprint, "unknown"],
      ],
    );
    expect(server.attempts).toEqual([]);
    expect(() => written()).toThrow("ENOENT");
  });

  test("says of each key who vouches for it, who contradicts it, and who revokes it", async () => {
    const server = await serve({ hostKeys: ["rsa", "ecdsa", "ed25519"] });
    const [rsa, ecdsa] = server.hostKeys;
    if (!rsa || !ecdsa) throw new Error("no keys");
    home.write(
      ".ssh/known_hosts",
      `${lineOf(server, OTHER)}${lineOf(server, ecdsa)}@revoked * ${rsa.publicKey}\n`,
    );
    const { keys } = await reportOf(trust(server, null));
    expect(keys.map(({ type, state, source }) => [type, state, source])).toEqual([
      ["ssh-ed25519", "changed", `${file()}:1`],
      ["ecdsa-sha2-nistp256", "trusted", `${file()}:2`],
      ["ssh-rsa", "revoked", `${file()}:3`],
    ]);
  });

  test("shows what Tailscale says", async () => {
    const server = await serve();
    const tailscaleKeys: ConnectEnv["tailscaleKeys"] = async () => ({
      kind: "known",
      peer: "mac-sg.tail.ts.net",
      keys: [server.hostKeys[0]?.publicKey ?? ""],
    });
    const report = await reportOf(trust(server, null, { env: { tailscaleKeys }, tailscale: "mac-sg" }));
    expect(report.tailscale).toBe('peer "mac-sg.tail.ts.net"');
    expect(report.keys[0]).toMatchObject({ state: "trusted", source: expect.stringContaining("Tailscale") });
  });

  test("a server that does not answer is a refusal, not an empty list", async () => {
    const server = await serve({ misbehaviour: "close" });
    expect(await trust(server, null)).toMatchObject({ ok: false, code: "NODE_UNREACHABLE" });
    const silent = await serve({ misbehaviour: "silent" });
    const node = sshNode({ host: "127.0.0.1", port: silent.port }, { tailscale: null });
    expect(await trustNode(node, null, home.env(), { handshakeTimeoutMs: 100 })).toMatchObject({
      ok: false,
      code: "NODE_UNREACHABLE",
    });
  });
});

describe("recording", () => {
  test("writes one line, in a folder and a file that are the user's alone; then the key is trusted", async () => {
    const server = await serve({ hostKeys: ["ed25519", "rsa"] });
    const [key] = server.hostKeys;
    if (!key) throw new Error("no key");
    const ssh = { knownHostsFile: "~/new/folder/known_hosts" };
    const report = await reportOf(trust(server, key.fingerprint, { ssh }));
    const place = join(home.home, "new/folder/known_hosts");
    expect(report).toMatchObject({ recorded: key.fingerprint, file: place, problem: null });
    expect(report.keys.map(({ state }) => state)).toEqual(["trusted", "unknown"]);
    expect(readFileSync(place, "utf8")).toBe(lineOf(server, key));
    expect(statSync(place).mode & 0o777).toBe(0o600);
    expect(statSync(join(place, "..")).mode & 0o777).toBe(0o700);
    expect((await reportOf(trust(server, null, { ssh }))).keys[0]).toMatchObject({
      state: "trusted",
      source: `${place}:1`,
    });
  });

  test("changes nothing else: no other line, no mode, no link, and ends a last line that has no end", async () => {
    const server = await serve();
    const [key] = server.hostKeys;
    if (!key) throw new Error("no key");
    const before = `# mine\nbroken line\nother ${OTHER.publicKey}`;
    const real = home.write("dotfiles/known_hosts", before, 0o644);
    symlinkSync(real, file());
    const report = await reportOf(trust(server, key.fingerprint));
    expect(written()).toBe(`${before}\n${lineOf(server, key)}`);
    expect(report.keys[0]?.source).toBe(`${file()}:4`);
    expect(statSync(real).mode & 0o777).toBe(0o644);
  });

  test("hides the name where the file hides the others", async () => {
    const server = await serve();
    const [key] = server.hostKeys;
    const hashed = "|1|vKlrwKzTI1H3L8Yg5sBwQZm8D78=|vM+Sb4fMXuAr63rAE7r7eTPGeww=";
    home.write(".ssh/known_hosts", `${hashed} ${OTHER.publicKey}\n`);
    await reportOf(trust(server, key?.fingerprint ?? ""));
    expect(written().split("\n")[1]).toMatch(/^\|1\|[^|]+\|[^ ]+ ssh-ed25519 /);
    expect(written()).not.toContain("127.0.0.1");
    expect((await reportOf(trust(server, null))).keys[0]?.state).toBe("trusted");
  });

  test("a fingerprint that is not offered records nothing; padding and spaces do not count", async () => {
    const server = await serve();
    const report = await reportOf(trust(server, OTHER.fingerprint));
    expect(report).toMatchObject({ recorded: null });
    expect(report.problem).toMatch(/^HOST_KEY_UNKNOWN: .* does not offer SHA256:.*; nothing was recorded/);
    expect(() => written()).toThrow("ENOENT");
    const fingerprint = ` ${server.hostKeys[0]?.fingerprint}= `;
    expect((await reportOf(trust(server, fingerprint))).problem).toBeNull();
  });

  test("a key that is already trusted is not written twice", async () => {
    const server = await serve();
    const fingerprint = server.hostKeys[0]?.fingerprint ?? "";
    await trust(server, fingerprint);
    const report = await reportOf(trust(server, fingerprint));
    expect(report).toMatchObject({ recorded: null, problem: null });
    expect(written().split("\n")).toHaveLength(2);
  });

  test("another key of the same type is never replaced: the line to remove is named", async () => {
    const server = await serve();
    home.write(".ssh/known_hosts", lineOf(server, OTHER));
    const report = await reportOf(trust(server, server.hostKeys[0]?.fingerprint ?? ""));
    expect(report.recorded).toBeNull();
    expect(report.problem).toMatch(/^HOST_KEY_CHANGED: .*known_hosts:1\).*remove that line and trust again$/);
    expect(written()).toBe(lineOf(server, OTHER));
  });

  test("a revoked key and a pinned host are not recorded", async () => {
    const server = await serve();
    const [key] = server.hostKeys;
    home.write(".ssh/known_hosts", `@revoked * ${key?.publicKey}\n`);
    const fingerprint = key?.fingerprint ?? "";
    expect((await reportOf(trust(server, fingerprint))).problem).toMatch(/^HOST_KEY_REVOKED: /);
    const pinned = await reportOf(trust(server, fingerprint, { ssh: { hostKey: OTHER.fingerprint } }));
    expect(pinned.problem).toMatch(
      /^SSH_SETTINGS_INVALID: plugins\.entries\.node-router\.config\.nodes\.mac-sg\.ssh\.hostKey pins /,
    );
    expect(written().split("\n")).toHaveLength(2);
  });

  const KNOWN_HOSTS_KEY = "plugins.entries.node-router.config.nodes.mac-sg.ssh.knownHostsFile";

  test.each([
    ["/dev/null", /"\/dev\/null" is a device or a pipe, which keeps nothing; name a file/],
    ["none", /UserKnownHostsFile is none; name a file/],
    ["~/folder", /folder" is a directory, not a file; name a file/],
    ["~/circle", /circle" is a symbolic link that leads in a circle/],
    ["~/file/below", /below" is below something that is no directory/],
    ["/dev/null /dev/zero", /null" is a device .*, "\/dev\/zero" is a device/],
  ])("UserKnownHostsFile %s records nothing, and another file can be named", async (value, reason) => {
    const server = await serve();
    home.write("file", "");
    mkdirSync(join(home.home, "folder"));
    symlinkSync(join(home.home, "circle"), join(home.home, "circle"));
    home.write(".ssh/config", `UserKnownHostsFile ${value}\n`);
    const hop = (await targetOf(sshNode({ host: "127.0.0.1", port: server.port }), home.env())).last;
    const key = keyOf(server.hostKeys[0]);
    const result = await recordHostKey(hop, key, home.env());
    if (result.ok) throw new Error("it was recorded");
    expect(refusalLine(result)).toMatch(/^SSH_SETTINGS_INVALID: /);
    expect(refusalLine(result)).toMatch(reason);
    expect(refusalLine(result)).toContain(KNOWN_HOSTS_KEY);
    // As the message advises.
    const knownHostsFile = join(home.home, "mended/known_hosts");
    const mended = (
      await targetOf(sshNode({ host: "127.0.0.1", port: server.port, knownHostsFile }), home.env())
    ).last;
    expect(await recordHostKey(mended, key, home.env())).toMatchObject({
      ok: true,
      source: `${knownHostsFile}:1`,
    });
  });

  test("of several files the first that keeps anything is written, and named", async () => {
    const server = await serve();
    home.write(".ssh/config", "UserKnownHostsFile /dev/null ~/one ~/two\n");
    const report = await reportOf(trust(server, server.hostKeys[0]?.fingerprint ?? ""));
    expect(report).toMatchObject({ problem: null, file: join(home.home, "one") });
    expect(readFileSync(join(home.home, "one"), "utf8")).toBe(lineOf(server, server.hostKeys[0] as TestKey));
    expect(await reportOf(trust(server, null))).toMatchObject({ keys: [{ state: "trusted" }] });
  });

  test("a link is followed to where it leads; one that leads nowhere yet makes its file", async () => {
    const server = await serve();
    home.write("there/note", "");
    symlinkSync(join(home.home, "there/known_hosts"), file());
    await reportOf(trust(server, server.hostKeys[0]?.fingerprint ?? ""));
    expect(readFileSync(join(home.home, "there/known_hosts"), "utf8")).toContain("ssh-ed25519");
  });

  test("a file that may not be written says so, and where another can be named", async (context) => {
    if (process.getuid?.() === 0) context.skip("root may write to any file");
    const server = await serve();
    const knownHostsFile = home.write("readonly", "", 0o400);
    const report = await reportOf(
      trust(server, server.hostKeys[0]?.fingerprint ?? "", { ssh: { knownHostsFile } }),
    );
    expect(report.problem).toMatch(
      /readonly" cannot be written: .* may not be written by the gateway's user \(EACCES\)/,
    );
    expect(report.problem).toContain(KNOWN_HOSTS_KEY);
  });

  test("ten at once write one line", async () => {
    const hop = (await targetOf(sshNode(), home.env())).last;
    const key = keyOf(OTHER);
    const [type, base64] = OTHER.publicKey.split(" ");
    const all = await Promise.all(Array.from({ length: 10 }, () => recordHostKey(hop, key, home.env())));
    expect(all.filter((result) => result.ok && result.isNew)).toHaveLength(1);
    expect(all.every(({ ok }) => ok)).toBe(true);
    expect(written()).toBe(`mac-sg ${type} ${base64}\n`);
  });
});

describe("a HostKeyAlias", () => {
  test.each(["*", "a,b", "!a", "web-?"])(
    "%j is never written: it would vouch for other machines",
    async (alias) => {
      const server = await serve();
      home.write(".ssh/config", `Host *\n HostKeyAlias ${alias}\n`);
      const report = await reportOf(trust(server, server.hostKeys[0]?.fingerprint ?? ""));
      expect(report.recorded).toBe(null);
      expect(report.problem).toMatch(/^SSH_SETTINGS_INVALID: .* is no name of one machine for known_hosts/);
      expect(existsSync(join(home.home, ".ssh/known_hosts"))).toBe(false);
    },
  );

  test("with a # is written as a hash, and believed", async () => {
    const server = await serve();
    home.write(".ssh/config", "Host *\n HostKeyAlias rack#3\n");
    const fingerprint = server.hostKeys[0]?.fingerprint ?? "";
    expect(await reportOf(trust(server, fingerprint))).toMatchObject({
      recorded: fingerprint,
      problem: null,
    });
    expect(written()).toMatch(/^\|1\|\S+\|\S+ ssh-ed25519 \S+\n$/);
    expect(await reportOf(trust(server, null))).toMatchObject({ keys: [{ state: "trusted" }] });
  });
});

describe("over a jump host", () => {
  test("the jump host comes first, then the node behind it", async () => {
    const server = await serve();
    const jump = await serve();
    home.write(".ssh/id_ed25519", KEY.privateKey);
    home.write(
      ".ssh/config",
      `Host 127.0.0.1\n ProxyJump bastion:${jump.port}\nHost bastion\n HostName 127.0.0.1\n`,
    );
    const first = await reportOf(trust(server, jump.hostKeys[0]?.fingerprint ?? ""));
    expect(first).toMatchObject({ jumpHost: "bastion", problem: null });
    expect(first.recorded).toBe(jump.hostKeys[0]?.fingerprint);
    expect(server.connections()).toBe(0);
    const second = await reportOf(trust(server, server.hostKeys[0]?.fingerprint ?? ""));
    expect(second).toMatchObject({ jumpHost: null, recorded: server.hostKeys[0]?.fingerprint });
    while (jump.connections() + server.connections() > 0) await new Promise(setImmediate);
  });

  test("a jump host whose key has changed stops there", async () => {
    const server = await serve();
    const jump = await serve();
    home.write(".ssh/known_hosts", lineOf(jump, OTHER));
    home.write(
      ".ssh/config",
      `Host 127.0.0.1\n ProxyJump bastion:${jump.port}\nHost bastion\n HostName 127.0.0.1\n`,
    );
    const report = await reportOf(trust(server, null));
    expect(report).toMatchObject({ jumpHost: "bastion", keys: [{ state: "changed" }] });
    expect([jump.attempts, server.connections()]).toEqual([[], 0]);
  });
});
