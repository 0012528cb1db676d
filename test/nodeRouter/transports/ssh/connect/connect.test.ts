// Connections to a real SSH server in this process: whom they believe, how they log in, how they fail.
import { chmodSync, linkSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { ConnectEnv } from "../../../../../src/nodeRouter/transports/ssh/connect/base/env.ts";
import { type ConnectResult, connect } from "../../../../../src/nodeRouter/transports/ssh/connect/connect.ts";
import type { ConnectOptions } from "../../../../../src/nodeRouter/transports/ssh/connect/options.ts";
import { refusalLine } from "../../../../../src/shared/refusal.ts";
import { freePort } from "../../../../support/ports.ts";
import { startAgent } from "../../../../support/ssh/agent.ts";
import { makeKey } from "../../../../support/ssh/keys.ts";
import { type SshServer, type SshServerOptions, startSshServer } from "../../../../support/ssh/server.ts";
import { makeTestHome, sshNode, type TestHome, targetOf } from "./arrange.ts";

const SSH_AT = "plugins.entries.node-router.config.nodes.mac-sg.ssh";
/** For a login that gets as far as it does: the key exchange before it is work. */
const LOGIN_MS = 3_000;
const KEY = makeKey();
const OTHER = makeKey();
const RSA = makeKey("rsa");
const LOCKED = makeKey("ed25519", "open sesame");

let home: TestHome;
const undo: (() => Promise<void> | void)[] = [];

beforeEach(() => {
  home = makeTestHome();
  undo.push(() => home.remove());
});

afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

async function serve(options: SshServerOptions = {}): Promise<SshServer> {
  const server = await startSshServer({ authorizedKeys: [KEY.publicKey, RSA.publicKey], ...options });
  undo.push(() => server.stop());
  return server;
}

/** Connects as node "mac-sg"; the client, if any, is ended after the test. */
async function reach(
  server: Pick<SshServer, "port">,
  {
    ssh = {},
    env = {},
    options = {},
    tailscale = null,
  }: {
    ssh?: object;
    env?: Partial<ConnectEnv>;
    options?: ConnectOptions;
    tailscale?: string | null;
  } = {},
): Promise<ConnectResult> {
  const whole = home.env(env);
  const node = sshNode({ host: "127.0.0.1", port: server.port, ...ssh }, { tailscale });
  const result = await connect(await targetOf(node, whole), whole, options);
  if (result.ok) {
    const { client } = result;
    const closed = new Promise<void>((resolve) => client.once("close", () => resolve()));
    undo.push(() => {
      client.destroy();
      return closed;
    });
  }
  return result;
}

/** A server that is trusted, and the one key in the gateway's home that it takes. */
async function arrange(options: SshServerOptions = {}): Promise<SshServer> {
  const server = await serve(options);
  home.write(".ssh/known_hosts", server.knownHosts());
  home.write(".ssh/id_ed25519", KEY.privateKey);
  return server;
}

function messageOf(result: ConnectResult): string {
  if (result.ok) throw new Error("it is connected");
  expect(refusalLine(result).startsWith(`${result.code}: `)).toBe(true);
  for (const secret of [KEY, OTHER, RSA, LOCKED]) {
    expect(refusalLine(result)).not.toContain(secret.privateKey.split("\n")[2]);
  }
  return refusalLine(result);
}

describe("a connection", () => {
  test("runs commands, and every step of the way is told with its time", async () => {
    const server = await arrange();
    const result = await reach(server);
    expect(result).toMatchObject({
      ok: true,
      hostKey: { type: "ssh-ed25519", fingerprint: server.hostKeys[0]?.fingerprint },
    });
    expect(result.steps.map(({ name, ok }) => [name, ok])).toEqual(
      ["resolve", "tcp", "handshake", "host key", "auth"].map((name) => [name, true]),
    );
    if (!result.ok) return;
    const { promise, resolve } = Promise.withResolvers<string>();
    result.client.exec("echo $((6 * 7))", (error, channel) => {
      if (error) resolve(error.message);
      else channel.on("data", (chunk: Buffer) => resolve(chunk.toString()));
    });
    expect(await promise).toBe("42\n");
  });

  test("an error after it is made is nobody's unhandled error", async () => {
    const server = await arrange();
    const result = await reach(server);
    if (!result.ok) throw new Error(refusalLine(result));
    const closed = new Promise<void>((resolve) => result.client.once("close", () => resolve()));
    server.cut();
    await closed;
  });

  test("a dead peer is noticed by keepalives", async () => {
    const server = await arrange();
    const result = await reach(server, { options: { keepaliveIntervalMs: 20, keepaliveCountMax: 2 } });
    if (!result.ok) throw new Error(refusalLine(result));
    const closed = new Promise<void>((resolve) => result.client.once("close", () => resolve()));
    server.freeze();
    await closed;
  });
});

describe("host keys", () => {
  test("one that nobody vouches for is refused, with its fingerprint and the command that trusts it", async () => {
    const server = await serve();
    home.write(".ssh/id_ed25519", KEY.privateKey);
    const result = await reach(server);
    expect(messageOf(result)).toBe(
      `HOST_KEY_UNKNOWN: node "mac-sg" (gateway@127.0.0.1:${server.port}) offered ssh-ed25519 ${server.hostKeys[0]?.fingerprint}, which nobody vouches for as "[127.0.0.1]:${server.port}"; nothing was sent; compare it with the machine's own (ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub there), then run "openclaw node-router trust mac-sg"`,
    );
    expect(result).toMatchObject({ transportFailure: false });
    // Never trust on first use: nothing was offered to it, and nothing was written down.
    expect(server.attempts).toEqual([]);
    await expect(home.env().readFile(join(home.home, ".ssh/known_hosts"))).rejects.toThrow("ENOENT");
  });

  test.each(["/dev/null", "none"])(
    "where UserKnownHostsFile is %s, the advice keeps the key",
    async (value) => {
      const server = await serve();
      home.write(".ssh/config", `UserKnownHostsFile ${value}\n`);
      expect(messageOf(await reach(server))).toContain(
        `then name a file that is kept in ${SSH_AT}.knownHostsFile (UserKnownHostsFile keeps nothing), and run "openclaw node-router trust mac-sg"`,
      );
    },
  );

  test("a changed key is refused loudly: file and line, and both fingerprints", async () => {
    const server = await serve();
    const old = makeKey();
    const name = `[127.0.0.1]:${server.port}`;
    home.write(".ssh/known_hosts", `# one\n${name} ${old.publicKey}\n`);
    const result = await reach(server);
    const message = messageOf(result);
    expect(message).toMatch(
      /^HOST_KEY_CHANGED: THE HOST KEY HAS CHANGED, another machine may be answering: /,
    );
    expect(message).toContain(`offered ssh-ed25519 ${server.hostKeys[0]?.fingerprint}`);
    expect(message).toContain(`${old.fingerprint} (${home.home}/.ssh/known_hosts:2) is known`);
    expect(result).toMatchObject({ transportFailure: false });
    expect(server.attempts).toEqual([]);
  });

  test("a revoked key is refused, although another line and a pin trust it", async () => {
    const server = await serve();
    const [key] = server.hostKeys;
    home.write(".ssh/known_hosts", `${server.knownHosts()}@revoked * ${key?.publicKey}\n`);
    for (const ssh of [{}, { hostKey: key?.fingerprint }]) {
      expect(messageOf(await reach(server, { ssh }))).toMatch(/^HOST_KEY_REVOKED: .*known_hosts:2 revokes/);
    }
  });

  test.each(["ecdsa", "rsa", "ed25519", "ecdsa384"] as const)(
    "a server with four keys shows the %s key when that is the one that is known",
    async (kind) => {
      const key = makeKey(kind);
      const others = (["rsa", "ecdsa384", "ecdsa", "ed25519"] as const).filter((other) => other !== kind);
      const server = await arrange({ hostKeys: [...others, key] });
      home.write(".ssh/known_hosts", `[127.0.0.1]:${server.port} ${key.publicKey}\n`);
      expect(await reach(server)).toMatchObject({
        ok: true,
        hostKey: { fingerprint: key.fingerprint, source: `${home.home}/.ssh/known_hosts:1` },
      });
    },
  );

  test("of a server that has no key of a known type, the message names the types that are known", async () => {
    const server = await serve({ hostKeys: ["ecdsa"] });
    home.write(".ssh/known_hosts", `[127.0.0.1]:${server.port} ${OTHER.publicKey}\n`);
    const message = messageOf(await reach(server));
    expect(message).toMatch(/^HOST_KEY_UNKNOWN: .* offered ecdsa-sha2-nistp256 /);
    expect(message).toContain(`(known of other types: ssh-ed25519 ${OTHER.fingerprint} (`);
  });

  test("a key of the host without its port is believed, but another one there is not a changed key", async () => {
    const server = await arrange();
    home.write(".ssh/known_hosts", server.knownHosts("127.0.0.1"));
    expect(await reach(server)).toMatchObject({ ok: true });
    home.write(".ssh/known_hosts", `127.0.0.1 ${OTHER.publicKey}\n`);
    expect(messageOf(await reach(server))).toMatch(/^HOST_KEY_UNKNOWN: /);
  });

  test("the system's known_hosts counts too, and HostKeyAlias is the name that is looked up", async () => {
    const server = await arrange();
    home.write(".ssh/known_hosts", "");
    const system = home.write("etc/known_hosts", server.knownHosts("alias"));
    home.write(".ssh/config", "Host *\n HostKeyAlias alias\n");
    expect(await reach(server, { env: { systemKnownHosts: [system] } })).toMatchObject({ ok: true });
    home.write(".ssh/config", "");
    expect(await reach(server, { env: { systemKnownHosts: [system] } })).toMatchObject({
      code: "HOST_KEY_UNKNOWN",
    });
  });

  test("a certificate authority vouches for nothing, and that is said", async () => {
    const server = await serve();
    home.write(".ssh/known_hosts", `@cert-authority * ${server.hostKeys[0]?.publicKey}\n`);
    expect(messageOf(await reach(server))).toMatch(
      /^HOST_KEY_UNKNOWN: .*\(@cert-authority in .*known_hosts:1 does not count, certificates are not supported\)/,
    );
  });

  test("a known_hosts that cannot be read refuses: it may hold a revocation", async () => {
    const server = await arrange();
    const readFile = (path: string) =>
      path.endsWith("known_hosts")
        ? Promise.reject(Object.assign(new Error("EACCES: permission denied"), { code: "EACCES" }))
        : home.env().readFile(path);
    expect(messageOf(await reach(server, { env: { readFile } }))).toMatch(
      /^SSH_SETTINGS_INVALID: .*known_hosts" cannot be read, and may revoke a key: .*EACCES/,
    );
  });

  describe("pinned by hostKey", () => {
    test("the pin alone is believed, whichever of the server's keys it is", async () => {
      const server = await arrange({ hostKeys: ["ed25519", "ecdsa", "rsa"] });
      home.write(".ssh/known_hosts", `[127.0.0.1]:${server.port} ${OTHER.publicKey}\n`);
      for (const { fingerprint } of server.hostKeys) {
        expect(await reach(server, { ssh: { hostKey: fingerprint } })).toMatchObject({
          ok: true,
          hostKey: { fingerprint, source: `${SSH_AT}.hostKey` },
        });
      }
    });

    test("every key is looked at before it is refused, and known_hosts does not help", async () => {
      const server = await arrange({ hostKeys: ["ed25519", "rsa"] });
      const result = await reach(server, { ssh: { hostKey: OTHER.fingerprint } });
      const message = messageOf(result);
      expect(message).toMatch(/^HOST_KEY_CHANGED: /);
      for (const { fingerprint } of server.hostKeys) expect(message).toContain(fingerprint);
      expect(message).toContain(`but ${SSH_AT}.hostKey is ${OTHER.fingerprint}; nothing was sent`);
      expect(result.steps.map(({ name, ok }) => [name, ok])).toEqual([
        ["resolve", true],
        ["tcp", true],
        ["handshake", true],
        ["host key", false],
      ]);
      expect(server.attempts).toEqual([]);
    });
  });

  describe("from Tailscale", () => {
    const knows = (line: string | undefined) => ({
      tailscaleKeys: async (peer: string, host: string) => {
        expect([peer, host]).toEqual(["mac-sg", "127.0.0.1"]);
        return { kind: "known" as const, peer: "mac-sg.tail.ts.net", keys: [line ?? ""] };
      },
    });

    test("a key that the control plane distributes is believed", async () => {
      const server = await arrange();
      home.write(".ssh/known_hosts", "");
      expect(
        await reach(server, { tailscale: "mac-sg", env: knows(server.hostKeys[0]?.publicKey) }),
      ).toMatchObject({ ok: true, hostKey: { source: 'Tailscale (peer "mac-sg.tail.ts.net")' } });
    });

    test("another key than that is a changed key", async () => {
      const server = await serve();
      const message = messageOf(await reach(server, { tailscale: "mac-sg", env: knows(OTHER.publicKey) }));
      expect(message).toMatch(
        /^HOST_KEY_CHANGED: .* \(Tailscale \(peer "mac-sg\.tail\.ts\.net"\)\) is known/,
      );
    });

    test("it is not asked where known_hosts knows a key, where a key is pinned, or where it is not configured", async () => {
      const server = await arrange();
      const env = { tailscaleKeys: () => Promise.reject(new Error("asked")) };
      expect(await reach(server, { tailscale: "mac-sg", env })).toMatchObject({ ok: true });
      home.write(".ssh/known_hosts", "");
      const hostKey = server.hostKeys[0]?.fingerprint;
      expect(await reach(server, { tailscale: "mac-sg", env, ssh: { hostKey } })).toMatchObject({ ok: true });
      expect(await reach(server, { env })).toMatchObject({ code: "HOST_KEY_UNKNOWN" });
    });

    test("that it knows nothing is no reason to believe, and is said", async () => {
      const server = await serve();
      expect(messageOf(await reach(server, { tailscale: "mac-sg" }))).toContain(
        "(Tailscale: Tailscale is not installed)",
      );
    });
  });
});

describe("the login", () => {
  const agentIn = async (keys: Parameters<typeof startAgent>[1], options = {}) => {
    const dir = mkdtempSync(join(tmpdir(), "nr-agent-"));
    const agent = await startAgent(dir, keys, options);
    undo.push(async () => {
      await agent.stop();
      rmSync(dir, { recursive: true });
    });
    return { agent, env: { variables: { SSH_AUTH_SOCK: agent.path } } };
  };
  const authOf = (result: ConnectResult) => result.steps.find(({ name }) => name === "auth")?.detail;

  test("goes agent, key files, none", async () => {
    const server = await serve({ authorizedKeys: [], allowNone: true });
    home.write(".ssh/known_hosts", server.knownHosts());
    home.write(".ssh/id_ed25519", KEY.privateKey);
    home.write(".ssh/id_rsa", RSA.privateKey);
    const { env } = await agentIn([makeKey("ecdsa")]);
    const result = await reach(server, { env });
    expect(authOf(result)).toBe('"none"');
    expect(server.attempts).toEqual([
      "publickey ecdsa-sha2-nistp256",
      "publickey ssh-ed25519",
      "publickey ssh-rsa sha256",
      "none",
    ]);
  });

  test("a key of the agent", async () => {
    const server = await serve();
    home.write(".ssh/known_hosts", server.knownHosts());
    const { agent, env } = await agentIn([OTHER, RSA]);
    expect(authOf(await reach(server, { env }))).toBe(`agent key ssh-rsa ${RSA.fingerprint}`);
    expect(agent.signed()).toBe(1);
  });

  test("RSA keys sign with SHA-2, from a file too", async () => {
    const server = await serve();
    home.write(".ssh/known_hosts", server.knownHosts());
    home.write(".ssh/id_rsa", RSA.privateKey);
    expect(await reach(server)).toMatchObject({ ok: true });
    expect(new Set(server.attempts)).toEqual(new Set(["publickey ssh-rsa sha256"]));
  });

  test("an encrypted key with its passphrase, and an inline key", async () => {
    const server = await arrange({ authorizedKeys: [LOCKED.publicKey] });
    const identityFile = home.write("locked", LOCKED.privateKey);
    const passphrase = "open sesame";
    expect(authOf(await reach(server, { ssh: { identityFile, passphrase } }))).toBe(`key "${identityFile}"`);
    const inline = { identityData: LOCKED.privateKey, passphrase };
    expect(authOf(await reach(server, { ssh: inline }))).toBe("inline key");
  });

  test("what was tried, what the server takes and what could not be tried is in one message", async () => {
    const server = await arrange({ authorizedKeys: [] });
    const files = {
      locked: LOCKED.privateKey,
      public: OTHER.publicKey,
      damaged: KEY.privateKey.replace(/.{40}\n-----END/, "\n-----END"),
      nonsense: "not a key",
    };
    for (const [name, text] of Object.entries(files)) home.write(name, text);
    const names = [...Object.keys(files), "absent", ".ssh/id_ed25519"];
    home.write(".ssh/config", names.map((name) => `IdentityFile ~/${name}\n`).join(""));
    const result = await reach(server);
    const message = messageOf(result);
    const at = (name: string) => `key "${home.home}/${name}"`;
    expect(message).toBe(
      `AUTH_FAILED: node "mac-sg" (gateway@127.0.0.1:${server.port}) refused the login: tried ${at(".ssh/id_ed25519")}, "none"; it takes publickey; ${at("locked")} is encrypted and no passphrase is configured; ${at("public")} is a public key, and the agent does not hold its private key; name the private key; ${at("damaged")} is damaged; ${at("nonsense")} is no private key; ${at("absent")} does not exist; put a key that it accepts into ssh-agent, or name it in ${SSH_AT}.identityFile`,
    );
    expect(result).toMatchObject({ code: "AUTH_FAILED", transportFailure: false });
  });

  test("a wrong passphrase, a file that cannot be read, an agent that does not answer", async () => {
    const server = await arrange({ authorizedKeys: [] });
    const identityFile = home.write("locked", LOCKED.privateKey);
    const wrong = messageOf(await reach(server, { ssh: { identityFile, passphrase: "wrong" } }));
    expect(wrong).toContain("cannot be decrypted with the configured passphrase");
    expect(wrong).not.toContain("wrong;");
    const readFile = (path: string) =>
      path.endsWith("/id_ed25519")
        ? Promise.reject(Object.assign(new Error("EACCES: permission denied"), { code: "EACCES" }))
        : home.env().readFile(path);
    expect(messageOf(await reach(server, { env: { readFile } }))).toContain(
      `.ssh/id_ed25519" may not be read by the gateway's user (EACCES)`,
    );
    const variables = { SSH_AUTH_SOCK: join(home.home, "no-agent") };
    expect(messageOf(await reach(server, { env: { variables } }))).toContain(
      `the agent at "${variables.SSH_AUTH_SOCK}" is not there: it has ended, or SSH_AUTH_SOCK `,
    );
  });

  test.each([
    ["none at all", {}, "there is no key to try: none of the usual files is in ~/.ssh"],
    ["a directory", { ".ssh/id_rsa/file": "" }, '.ssh/id_rsa" is a directory, not a file'],
    [
      "one beside a certificate",
      { ".ssh/id_rsa": RSA.privateKey, ".ssh/id_rsa-cert.pub": "x" },
      "has a certificate beside it",
    ],
    ["a public key in its place", { ".ssh/id_rsa": RSA.publicKey }, '.ssh/id_rsa" is a public key'],
  ])("of %s the message says so", async (_, files, fact) => {
    const server = await serve({ authorizedKeys: [] });
    home.write(".ssh/known_hosts", server.knownHosts());
    for (const [name, content] of Object.entries(files)) home.write(name, content);
    expect(messageOf(await reach(server))).toContain(fact);
  });

  test("a key that others may read is left out, as ssh does; one that is nobody else's is not", async () => {
    const server = await serve();
    home.write(".ssh/known_hosts", server.knownHosts());
    const file = home.write(".ssh/id_ed25519", KEY.privateKey);
    for (const mode of [0o644, 0o640, 0o604]) {
      chmodSync(file, mode);
      expect(messageOf(await reach(server))).toContain(
        `key "${file}" may be read by others (mode 0${mode.toString(8)}), and so is not used, as by ssh; chmod 600 it`,
      );
    }
    expect(server.attempts.filter((attempt) => attempt.startsWith("publickey"))).toEqual([]);
    for (const mode of [0o600, 0o400]) {
      chmodSync(file, mode);
      expect(await reach(server)).toMatchObject({ ok: true });
    }
  });

  test("a public file that everybody may read still chooses the agent's key", async () => {
    const server = await serve();
    home.write(".ssh/known_hosts", server.knownHosts());
    const identityFile = home.write("key.pub", KEY.publicKey, 0o644);
    const { env } = await agentIn([KEY]);
    expect(authOf(await reach(server, { ssh: { identityFile }, env }))).toMatch(/^agent key /);
  });

  test("an agent without keys, a socket that nobody listens at, and a file in its place are told apart", async () => {
    const server = await arrange({ authorizedKeys: [] });
    const { agent, env } = await agentIn([]);
    expect(messageOf(await reach(server, { env }))).toMatch(
      /the agent at ".*" offers no key that can be used \(ssh-add -l/,
    );
    const stale = join(dirname(agent.path), "stale");
    const listener = createServer();
    await new Promise<void>((resolve) => listener.listen(stale, resolve));
    linkSync(stale, `${stale}2`);
    await new Promise((resolve) => listener.close(resolve));
    const at = (path: string) => ({ env: { variables: { SSH_AUTH_SOCK: path } } });
    expect(messageOf(await reach(server, at(`${stale}2`)))).toContain('stale2" does not run any more');
    expect(messageOf(await reach(server, at(home.write("file", ""))))).toMatch(
      /file" (is no socket of an agent|does not run any more)/,
    );
  });

  test("an agent that will not sign does not end the login: the next key is tried, and it is said", async () => {
    const server = await arrange({ authorizedKeys: [KEY.publicKey, RSA.publicKey] });
    const { env } = await agentIn([RSA], { refusesToSign: true });
    expect(authOf(await reach(server, { env }))).toMatch(/^key ".*id_ed25519"$/);
    home.write(".ssh/id_ed25519", OTHER.privateKey);
    expect(messageOf(await reach(server, { env }))).toContain(
      `agent key ssh-rsa ${RSA.fingerprint} could not sign: Agent responded with failure`,
    );
  });

  test("an agent full of keys does not keep the configured key from its turn", async () => {
    const server = await arrange();
    const { env } = await agentIn(Array.from({ length: 8 }, () => makeKey()));
    expect(authOf(await reach(server, { env }))).toMatch(/^key ".*id_ed25519"$/);
    home.write(".ssh/id_ed25519", OTHER.privateKey);
    const before = server.attempts.length;
    expect(messageOf(await reach(server, { env }))).toContain(
      "4 more keys were not tried, since servers end a connection after 6",
    );
    expect(server.attempts.length - before).toBe(6);
  });

  test("IdentitiesOnly keeps the agent to the keys that are named, by private, encrypted or public file", async () => {
    const server = await serve({ authorizedKeys: [KEY.publicKey] });
    home.write(".ssh/known_hosts", server.knownHosts());
    const { env } = await agentIn([OTHER, RSA, KEY]);
    home.write("key.pub", KEY.publicKey);
    home.write(".ssh/config", "IdentitiesOnly yes\nIdentityFile ~/key.pub\n");
    expect(authOf(await reach(server, { env }))).toBe(`agent key ssh-ed25519 ${KEY.fingerprint}`);
    expect(server.attempts.length).toBe(2);
    home.write(".ssh/config", "IdentitiesOnly yes\nIdentityFile ~/absent\n");
    expect(messageOf(await reach(server, { env }))).not.toContain("agent key");
  });

  test("a server that wants more after the key says what", async () => {
    const server = await arrange({ secondFactor: "keyboard-interactive" });
    const message = messageOf(await reach(server));
    expect(message).toContain(`key "${home.home}/.ssh/id_ed25519" was accepted, but the server wants more`);
    expect(message).toContain("it takes keyboard-interactive");
  });

  test("a server that ends the connection after too many failures has refused, and is not counted as gone", async () => {
    const server = await arrange({ authorizedKeys: [], maxAuthTries: 2 });
    home.write(".ssh/id_ecdsa", makeKey("ecdsa").privateKey);
    home.write(".ssh/id_rsa", RSA.privateKey);
    expect(await reach(server)).toMatchObject({ code: "AUTH_FAILED", transportFailure: false });
  });

  test("a server that waits for a person says why it waited", async () => {
    const server = await arrange({ hangAuth: true, banner: "visit https://login.example/a" });
    const result = await reach(server, { options: { handshakeTimeoutMs: LOGIN_MS } });
    expect(messageOf(result)).toMatch(
      /^AUTH_FAILED: .* it did not finish the login within 3000 ms; it said "visit https:\/\/login\.example\/a"/,
    );
    expect(result).toMatchObject({ transportFailure: false });
  });
});

describe("failures of the way", () => {
  const short: ConnectOptions = { tcpTimeoutMs: 20_000, handshakeTimeoutMs: 200 };

  test.each([
    ["close", /closed the connection before its SSH greeting/, {}],
    ["silent", /did not finish within 200 ms, before its SSH greeting/, short],
    ["greeting", /closed the connection in the key exchange/, {}],
  ] as const)("a server that does %s", async (misbehaviour, expected, options) => {
    const server = await serve({ misbehaviour });
    const result = await reach(server, { options });
    expect(messageOf(result)).toMatch(/^NODE_UNREACHABLE: node "mac-sg" \(gateway@127\.0\.0\.1:\d+\) /);
    expect(messageOf(result)).toMatch(expected);
    expect(result).toMatchObject({ transportFailure: true });
    // A server noticed: it is not to be asked every few seconds.
    expect(result).not.toHaveProperty("tcpReached");
    expect(result.steps.at(-1)).toMatchObject({ name: "handshake", ok: false });
  });

  test("something that talks, but not SSH", async () => {
    const server = await serve({ misbehaviour: "garbage" });
    const result = await reach(server);
    expect(messageOf(result)).toMatch(/closed the connection before its SSH greeting/);
  });

  test("a hanging login without a word is a timeout", async () => {
    const server = await arrange({ hangAuth: true });
    const result = await reach(server, { options: { handshakeTimeoutMs: LOGIN_MS } });
    expect(messageOf(result)).toContain("did not finish within 3000 ms, before the login was done");
    expect(result).toMatchObject({ code: "NODE_UNREACHABLE", transportFailure: true });
  });

  test("a link that freezes in the key exchange is a timeout", async () => {
    const server = await arrange();
    server.freeze();
    expect(await reach(server, { options: short })).toMatchObject({
      code: "NODE_UNREACHABLE",
      transportFailure: true,
    });
  });

  test("a refused port", async () => {
    const result = await reach({ port: await freePort() });
    expect(messageOf(result)).toMatch(
      / refused the connection \(ECONNREFUSED\); start its SSH server, or mend plugins\.entries\.node-router\.config\.nodes\.mac-sg\.ssh\.port$/,
    );
    expect(result).toMatchObject({ transportFailure: true, tcpReached: false });
    expect(result.steps.at(-1)).toMatchObject({ name: "tcp", ok: false });
  });

  test("a name that does not resolve", async () => {
    const result = await reach({ port: 22 }, { ssh: { host: "does-not-exist.invalid" } });
    expect(result).toMatchObject({ code: "NODE_UNREACHABLE", transportFailure: true });
    expect(result.steps).toEqual([expect.objectContaining({ name: "resolve", ok: false })]);
  });

  test("one that nobody waits for any more is given up, before it begins or in the middle", async () => {
    const server = await serve({ misbehaviour: "silent" });
    const over = new AbortController();
    over.abort();
    expect(await reach(server, { options: { signal: over.signal } })).toMatchObject({
      code: "NOT_STARTED",
      transportFailure: false,
    });
    const later = new AbortController();
    const result = reach(server, { options: { signal: later.signal } });
    while (server.connections() === 0) await new Promise(setImmediate);
    later.abort();
    expect(await result).toMatchObject({ code: "NOT_STARTED" });
    while (server.connections() > 0) await new Promise(setImmediate);
  });
});

describe("over a jump host", () => {
  async function withJump(server: SshServer, jumpOptions: SshServerOptions = {}): Promise<SshServer> {
    const jump = await serve(jumpOptions);
    home.write(".ssh/known_hosts", server.knownHosts() + jump.knownHosts());
    home.write(".ssh/id_ed25519", KEY.privateKey);
    home.write(
      ".ssh/config",
      `Host 127.0.0.1\n ProxyJump me@bastion:${jump.port}\nHost bastion\n HostName 127.0.0.1\n`,
    );
    return jump;
  }

  test("the node is reached through it, and its connection ends with the node's", async () => {
    const server = await serve();
    const jump = await withJump(server);
    const result = await reach(server);
    if (!result.ok) throw new Error(refusalLine(result));
    expect(result.steps.map(({ host, name }) => `${host} ${name}`)).toEqual([
      ...["resolve", "tcp", "handshake", "host key", "auth"].map((name) => `bastion ${name}`),
      ...["tcp", "handshake", "host key", "auth"].map((name) => `127.0.0.1 ${name}`),
    ]);
    expect([jump.connections(), server.connections()]).toEqual([1, 1]);
    result.client.end();
    while (jump.connections() + server.connections() > 0) await new Promise(setImmediate);
  });

  test("when it dies, the node's connection dies with it", async () => {
    const server = await serve();
    const jump = await withJump(server);
    const result = await reach(server);
    if (!result.ok) throw new Error(refusalLine(result));
    const closed = new Promise<void>((resolve) => result.client.once("close", () => resolve()));
    jump.cut();
    await closed;
  });

  test("its own host key is checked, and it is named", async () => {
    const server = await serve();
    const jump = await withJump(server);
    home.write(".ssh/known_hosts", server.knownHosts());
    expect(messageOf(await reach(server))).toMatch(
      /^HOST_KEY_UNKNOWN: jump host "bastion" of node "mac-sg" \(me@127\.0\.0\.1:\d+\) offered /,
    );
    expect([jump.attempts, server.connections()]).toEqual([[], 0]);
  });

  test("the node's host key is checked through it as well", async () => {
    const server = await serve();
    const jump = await withJump(server);
    home.write(".ssh/known_hosts", jump.knownHosts());
    expect(messageOf(await reach(server))).toMatch(/^HOST_KEY_UNKNOWN: node "mac-sg" /);
    while (jump.connections() > 0) await new Promise(setImmediate);
  });

  test("a login that it refuses is its own, not the node's", async () => {
    const server = await serve();
    await withJump(server, { authorizedKeys: [] });
    const message = messageOf(await reach(server));
    expect(message).toMatch(/^AUTH_FAILED: jump host "bastion" of node "mac-sg" /);
    expect(message).toMatch(/ name it in IdentityFile of it in ssh_config \(ProxyJump of "127\.0\.0\.1"\)$/);
  });

  test("a jump host that may not forward, and a node that it cannot reach", async () => {
    const server = await serve();
    await withJump(server, { forwarding: false });
    const forbidden = await reach(server);
    expect(messageOf(forbidden)).toMatch(
      /^NODE_UNREACHABLE: node "mac-sg" .* cannot be reached from "bastion": /,
    );
    const gone = await serve();
    await withJump(gone);
    await gone.stop();
    undo.push(() => undefined);
    const unreached = await reach(gone);
    expect(unreached).toMatchObject({ code: "NODE_UNREACHABLE", transportFailure: true });
    // The jump host was logged in to.
    expect(unreached).not.toHaveProperty("tcpReached");
  });
});
