// Connections to real OpenSSH servers: their keys, their known_hosts, their agents and jump hosts.
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Client } from "ssh2";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { ConnectEnv } from "../../src/nodeRouter/transports/ssh/connect/base/env.ts";
import { type ConnectResult, connect } from "../../src/nodeRouter/transports/ssh/connect/connect.ts";
import { resolveTarget } from "../../src/nodeRouter/transports/ssh/connect/hops.ts";
import { trustNode } from "../../src/nodeRouter/transports/ssh/connect/trust.ts";
import { probeNode } from "../../src/nodeRouter/transports/ssh/probe.ts";
import { refusalLine } from "../../src/shared/refusal.ts";
import {
  makeTestHome,
  sshNode,
  type TestHome,
  targetOf,
} from "../nodeRouter/transports/ssh/connect/arrange.ts";
import { endAllProcesses } from "../support/process.ts";
import { makeKey } from "../support/ssh/keys.ts";
import { type Sshd, skipWithoutSshd, startSshd } from "../support/ssh/sshd.ts";

describe.skipIf(skipWithoutSshd("test/e2e/sshConnect"))("real sshd", () => {
  const key = makeKey();
  const rsa = makeKey("rsa");
  let sshd: Sshd;
  let jump: Sshd;
  let home: TestHome;
  const kinds = ["ed25519", "ecdsa", "rsa"] as const;

  beforeAll(async () => {
    const authorizedKeys = [key.publicKey, rsa.publicKey];
    sshd = await startSshd({ authorizedKeys, hostKeys: kinds });
    jump = await startSshd({ authorizedKeys: [key.publicKey], config: ["MaxAuthTries 3"] });
  });

  afterAll(async () => {
    await sshd?.stop();
    await jump?.stop();
    await endAllProcesses();
  });

  beforeEach(() => {
    home = makeTestHome();
    home.write(".ssh/id_ed25519", key.privateKey);
    return () => home.remove();
  });

  const settings = (server: Sshd = sshd) => ({ host: "127.0.0.1", port: server.port, user: server.user });

  async function reach(ssh: object = settings(), env: Partial<ConnectEnv> = {}): Promise<ConnectResult> {
    const whole = home.env(env);
    const result = await connect(await targetOf(sshNode(ssh), whole), whole);
    if (result.ok) {
      const { client } = result;
      const closed = new Promise<void>((resolve) => client.once("close", () => resolve()));
      client.end();
      await closed;
    }
    return result;
  }

  const authOf = ({ steps }: ConnectResult) => steps.find(({ name }) => name === "auth")?.detail;

  test.each(kinds)("believes its %s host key from a known_hosts that has only that", async (kind) => {
    const hostKey = sshd.hostKeys[kinds.indexOf(kind)];
    home.write(".ssh/known_hosts", `[127.0.0.1]:${sshd.port} ${hostKey?.publicKey}\n`);
    expect(await reach()).toMatchObject({ ok: true, hostKey: { fingerprint: hostKey?.fingerprint } });
  });

  test("trusts nothing on first use, then what was trusted, as ssh itself does", async () => {
    expect(await reach()).toMatchObject({ code: "HOST_KEY_UNKNOWN" });
    const node = sshNode(settings());
    const looked = await trustNode(node, null, home.env());
    if (!looked.ok) throw new Error(refusalLine(looked));
    expect(looked.report.keys.map(({ fingerprint }) => fingerprint)).toEqual(
      sshd.hostKeys.map(({ fingerprint }) => fingerprint),
    );
    const fingerprint = sshd.hostKeys[1]?.fingerprint ?? "";
    expect(await trustNode(node, fingerprint, home.env())).toMatchObject({ ok: true });
    expect(await reach()).toMatchObject({ ok: true, hostKey: { fingerprint } });
    // What we wrote is what OpenSSH reads.
    const file = join(home.home, ".ssh/known_hosts");
    const found = execFileSync("ssh-keygen", ["-F", `[127.0.0.1]:${sshd.port}`, "-l", "-f", file], {
      encoding: "utf8",
    });
    expect(found).toContain(fingerprint);
  });

  test("reads a known_hosts that ssh-keygen has hashed, and adds to it hashed", async () => {
    const file = home.write(".ssh/known_hosts", sshd.knownHosts());
    execFileSync("ssh-keygen", ["-H", "-f", file], { stdio: "ignore" });
    expect(readFileSync(file, "utf8")).toMatch(/^\|1\|/);
    expect(await reach()).toMatchObject({ ok: true, hostKey: { source: `${file}:1` } });
    expect(await reach(settings(jump))).toMatchObject({ code: "HOST_KEY_UNKNOWN" });
    const fingerprint = jump.hostKeys[0]?.fingerprint ?? "";
    await trustNode(sshNode(settings(jump)), fingerprint, home.env());
    expect(await reach(settings(jump))).toMatchObject({ ok: true });
    const found = execFileSync("ssh-keygen", ["-F", `[127.0.0.1]:${jump.port}`, "-l", "-f", file], {
      encoding: "utf8",
    });
    expect(found).toContain(fingerprint);
  });

  test("refuses a changed and a revoked key before anything is sent", async () => {
    const other = makeKey();
    home.write(".ssh/known_hosts", `[127.0.0.1]:${sshd.port} ${other.publicKey}\n`);
    expect(await reach()).toMatchObject({ code: "HOST_KEY_CHANGED" });
    home.write(".ssh/known_hosts", `${sshd.knownHosts()}@revoked * ${sshd.hostKeys[0]?.publicKey}\n`);
    expect(await reach()).toMatchObject({ code: "HOST_KEY_REVOKED" });
    expect(sshd.log()).not.toContain("Failed publickey");
  });

  test("logs in with an RSA key, and with keys that ssh-keygen has encrypted", async () => {
    home.write(".ssh/known_hosts", sshd.knownHosts());
    const identityFile = home.write("rsa", rsa.privateKey);
    expect(authOf(await reach({ ...settings(), identityFile }))).toBe(`key "${identityFile}"`);
    for (const format of [[], ["-m", "PEM"]]) {
      const text = format.length === 0 ? key.privateKey : rsa.privateKey;
      const locked = home.write("locked", text);
      execFileSync("ssh-keygen", ["-p", "-q", "-N", "open sesame", "-P", "", ...format, "-f", locked]);
      const ssh = { ...settings(), identityFile: locked };
      expect(await reach({ ...ssh, passphrase: "open sesame" })).toMatchObject({ ok: true });
      expect(await reach({ ...ssh, passphrase: "wrong" })).toMatchObject({
        code: "AUTH_FAILED",
        fact: expect.stringContaining("cannot be decrypted with the configured passphrase"),
      });
    }
  });

  test("logs in with a key of a real ssh-agent", async () => {
    home.write(".ssh/known_hosts", sshd.knownHosts());
    const dir = mkdtempSync(join(tmpdir(), "nr-agent-"));
    const socket = join(dir, "s");
    const agent = spawn("ssh-agent", ["-D", "-a", socket], { stdio: ["ignore", "pipe", "ignore"] });
    try {
      await new Promise((resolve) => agent.stdout.once("data", resolve));
      const identity = home.write(".ssh/id_ed25519", rsa.privateKey);
      execFileSync("ssh-add", ["-q", identity], { env: { ...process.env, SSH_AUTH_SOCK: socket } });
      rmSync(identity);
      const result = await reach(settings(), { variables: { SSH_AUTH_SOCK: socket } });
      expect(authOf(result)).toBe(`agent key ssh-rsa ${rsa.fingerprint}`);
    } finally {
      const ended = new Promise((resolve) => agent.once("exit", resolve));
      agent.kill();
      await ended;
      rmSync(dir, { recursive: true, force: true });
    }
  });

  test("goes through a second sshd, and ends both connections", async () => {
    home.write(".ssh/known_hosts", sshd.knownHosts() + jump.knownHosts());
    home.write(
      ".ssh/config",
      `Host 127.0.0.1\n ProxyJump ${jump.user}@bastion:${jump.port}\nHost bastion\n HostName 127.0.0.1\n`,
    );
    const result = await reach();
    expect(result).toMatchObject({ ok: true });
    expect(result.steps.map(({ host, name }) => `${host} ${name}`)).toContain("127.0.0.1 auth");
    const report = await probeNode(sshNode(settings(), { workspace: home.home }), home.env());
    expect(report.problem).toBeNull();
    expect(report.steps.at(-1)).toMatchObject({ name: "workspace", ok: true });
  });

  test("is told when the server has had enough failures", async () => {
    home.write(".ssh/known_hosts", jump.knownHosts());
    const names = ["a", "b", "c", "d"].map((name) => {
      home.write(name, makeKey().privateKey);
      return `IdentityFile ~/${name}\n`;
    });
    home.write(".ssh/config", names.join(""));
    expect(await reach(settings(jump))).toMatchObject({
      code: "AUTH_FAILED",
      fact: expect.stringMatching(/it said "Too many authentication failures"/),
      transportFailure: false,
    });
  });

  /**
   * Each file in the words of ssh_config; SSHD and JUMP are the two servers' ports, DIR the folder of the files.
   * Never a jump that leads back to where it came from: a real ssh then starts another ssh without end.
   */
  test.each<[string, string]>([
    ["quotes", "Host 'box' 'other'\n HostName '127.0.0.1'\n Port \"SSHD\"\n"],
    ["case of Host", "Host Box\n Port JUMP\nHost box\n Port SSHD\n"],
    [
      "Match exec that holds",
      'Match originalhost box exec "test %n = box"\n Port SSHD\nHost *\n Port JUMP\n',
    ],
    ["Match exec that does not", "Match exec false\n Port JUMP\nHost *\n Port SSHD\n"],
    ["Include of a glob", "Include DIR/more.*\nPort JUMP\n"],
    ["ProxyJump", "Host box\n Port SSHD\n ProxyJump bastion\nHost bastion\n Port JUMP\n"],
    [
      "ProxyCommand",
      "Host box\n Port SSHD\n ProxyCommand ssh -F DIR/config -W %h:%p bastion\nHost bastion\n Port JUMP\n",
    ],
    ["ProxyCommand that fails", "Host box\n Port SSHD\n ProxyCommand sh -c 'exit 3'\n"],
    [
      "one algorithm of each kind",
      "Port SSHD\nCiphers aes256-ctr\nMACs hmac-sha2-512\nKexAlgorithms ecdh-sha2-nistp384\nHostKeyAlgorithms rsa-sha2-256\n",
    ],
    ["a key type that is not accepted", "Port SSHD\nPubkeyAcceptedAlgorithms ecdsa-sha2-nistp256\n"],
    ["no keys", "Port SSHD\nPubkeyAuthentication no\n"],
    ["HostKeyAlias that is known", "Port SSHD\nHostKeyAlias rack#3\n"],
    ["HostKeyAlias that is not", "Port SSHD\nHostKeyAlias other\n"],
    ["a revocation in the second file", "Port SSHD\nUserKnownHostsFile DIR/known_hosts DIR/revoked\n"],
    ["no known_hosts", "Port SSHD\nUserKnownHostsFile none\n"],
    ["a line that is none", "Port SSHD\nPrt 22\n"],
  ])("leads to the same server as ssh, or to none as ssh: %s", async (_, config) => {
    const dir = join(home.home, ".ssh");
    const identity = home.write(".ssh/id", key.privateKey);
    const known = sshd.knownHosts() + jump.knownHosts() + sshd.knownHosts("rack#3");
    home.write(".ssh/known_hosts", known);
    home.write(".ssh/revoked", sshd.hostKeys.map(({ publicKey }) => `@revoked * ${publicKey}\n`).join(""));
    const fill = (text: string) =>
      text.replaceAll("SSHD", `${sshd.port}`).replaceAll("JUMP", `${jump.port}`).replaceAll("DIR", dir);
    home.write(".ssh/more.conf", fill("Port SSHD\n"));
    const own = fill(
      `${config}Match all\n HostName 127.0.0.1\n User ${sshd.user}\n IdentityFile ${identity}\n IdentitiesOnly yes\n UserKnownHostsFile DIR/known_hosts\n`,
    );
    const file = home.write(".ssh/config", own);
    const ask = "echo $SSH_CONNECTION";
    const variables = { PATH: process.env.PATH };
    const { status, stdout } = spawnSync(
      "ssh",
      ["-F", file, "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=yes", "--", "box", ask],
      { encoding: "utf8", timeout: 60_000, env: { ...variables, HOME: home.home } },
    );
    const theirs = status === 0 ? Number(stdout.trim().split(" ").at(-1)) : null;
    const env = home.env({ variables, user: sshd.user });
    const resolved = await resolveTarget(sshNode({ host: "box" }), env);
    const result = resolved.ok ? await connect(resolved.target, env) : resolved;
    expect(result.ok ? await portOf(result.client, ask) : null, result.ok ? "" : refusalLine(result)).toBe(
      theirs,
    );
  });
});

async function portOf(client: Client, command: string): Promise<number> {
  const text = await new Promise<string>((resolve, reject) => {
    client.exec(command, (error, channel) => {
      if (error) return reject(error);
      let said = "";
      channel.on("data", (part: Buffer) => {
        said += part.toString();
      });
      channel.once("close", () => resolve(said));
    });
  });
  const closed = new Promise<void>((resolve) => client.once("close", () => resolve()));
  client.end();
  await closed;
  return Number(text.trim().split(" ").at(-1));
}
