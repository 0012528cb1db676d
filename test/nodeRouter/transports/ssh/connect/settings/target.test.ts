// Which settings count: the config over ~/.ssh/config over /etc/ssh/ssh_config over defaults, and what is refused.
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { ConnectEnv } from "../../../../../../src/nodeRouter/transports/ssh/connect/env.ts";
import {
  addressOf,
  type Hop,
  resolveTarget,
  type Target,
} from "../../../../../../src/nodeRouter/transports/ssh/connect/target.ts";
import { makeTestHome, sshNode, type TestHome, targetOf } from "../arrange.ts";

let home: TestHome;
let env: ConnectEnv;

beforeEach(() => {
  home = makeTestHome();
  env = home.env();
});

afterEach(() => home.remove());

/** The node's own hop with this ~/.ssh/config. */
async function hopWith(config: string, ssh: object = {}, changes: Partial<ConnectEnv> = {}): Promise<Hop> {
  return (await targetWith(config, ssh, changes)).last;
}

function targetWith(config: string, ssh: object = {}, changes: Partial<ConnectEnv> = {}): Promise<Target> {
  home.write(".ssh/config", config);
  return targetOf(sshNode(ssh), { ...env, ...changes });
}

async function refusalWith(config: string, ssh: object = {}): Promise<string> {
  home.write(".ssh/config", config);
  const resolved = await resolveTarget(sshNode(ssh), env);
  if (resolved.ok) throw new Error(`not refused: ${addressOf(resolved.target.last)}`);
  expect(resolved.message.startsWith(`${resolved.code}: `)).toBe(true);
  return resolved.message;
}

describe("what counts", () => {
  test("without any file: the inventory name, port 22, the gateway's user, the usual key files and known_hosts", async () => {
    const { last, jumps } = await targetOf(sshNode(), env);
    expect(jumps).toEqual([]);
    expect(addressOf(last)).toBe("gateway@mac-sg");
    expect(last.identity).toEqual({
      files: ["id_ed25519", "id_ecdsa", "id_rsa"].map((name) => `${home.home}/.ssh/${name}`),
      areNamed: false,
      only: false,
      agent: null,
      data: null,
      passphrase: null,
    });
    expect(last.hostKey).toMatchObject({ name: "mac-sg", plainName: null, pin: null });
    expect(last.hostKey.files).toEqual([`${home.home}/.ssh/known_hosts`]);
  });

  test("OPENCLAW_SSH_PORT is only a default: ssh_config wins over it, and the config over both", async () => {
    const variables = { OPENCLAW_SSH_PORT: "2200" };
    expect((await hopWith("", {}, { variables })).port).toBe(2200);
    expect((await hopWith("Host *\n Port 2300\n", {}, { variables })).port).toBe(2300);
    expect((await hopWith("Host *\n Port 2300\n", { port: 2400 }, { variables })).port).toBe(2400);
  });

  test("the config's user and port win over ssh_config, HostName is still honoured", async () => {
    const hop = await hopWith("Host mac-sg\n HostName 100.64.0.2\n User a\n Port 1\n", {
      user: "claw",
      port: 22,
    });
    expect(addressOf(hop)).toBe("claw@100.64.0.2");
    expect(hop.hostKey.name).toBe("100.64.0.2");
  });

  test("the first value of a keyword counts, in the user's file before the system's", async () => {
    const system = home.write("etc/ssh_config", "Host *\n User system\n Port 2222\n");
    const hop = await hopWith(
      "Host mac-*\n User first\nHost *\n User second\n",
      {},
      { systemConfig: system },
    );
    expect(addressOf(hop)).toBe("first@mac-sg:2222");
  });

  test("a Host block that excludes the node does not count, nor does one of another name", async () => {
    const hop = await hopWith("Host mac-* !mac-sg\n User no\nHost other\n User no\nHost MAC-SG\n User yes\n");
    expect(hop.user).toBe("yes");
  });

  test("keywords have no case, `=` may stand for the space, and a comment may follow", async () => {
    const hop = await hopWith("host=mac-sg # here\n\tHOSTNAME = mac.example # there\n port=2222\r\n");
    expect(addressOf(hop)).toBe("gateway@mac.example:2222");
  });

  test("IdentityFile adds up, with tokens, ~ and variables; the config's own replaces them", async () => {
    const config = `Host *\n HostName h.example\n User u\n IdentityFile ~/.ssh/%r-%n\n IdentityFile \${KEYS}/%h\n IdentityFile %d/%%x\n IdentityFile rel\n IdentitiesOnly yes\n`;
    const { identity } = await hopWith(config, {}, { variables: { KEYS: "/keys" } });
    const at = (name: string) => join(home.home, name);
    expect(identity.files).toEqual([at(".ssh/u-mac-sg"), "/keys/h.example", at("%x"), at("rel")]);
    expect([identity.areNamed, identity.only]).toEqual([true, true]);
    const own = await hopWith(config, { identityFile: "~/own" }, { variables: { KEYS: "/keys" } });
    expect(own.identity.files).toEqual([at("own")]);
  });

  test("an inline key stands instead of key files", async () => {
    const { identity } = await hopWith("Host *\n IdentityFile ~/x\n", { identityData: "KEY" });
    expect(identity).toMatchObject({ files: [], areNamed: true, data: "KEY" });
  });

  test.each<[string, Record<string, string>, string | null]>([
    ["", { SSH_AUTH_SOCK: "/agent" }, "/agent"],
    ["", {}, null],
    ["IdentityAgent none", { SSH_AUTH_SOCK: "/agent" }, null],
    ["IdentityAgent SSH_AUTH_SOCK", { SSH_AUTH_SOCK: "/agent" }, "/agent"],
    ["IdentityAgent $OTHER", { OTHER: "/other" }, "/other"],
    ['IdentityAgent "/a b/agent"', {}, "/a b/agent"],
  ])("the agent with %j", async (line, variables, expected) => {
    expect((await hopWith(line, {}, { variables })).identity.agent).toBe(expected);
  });

  test("known_hosts: UserKnownHostsFile, several of them, none; the config's own replaces them", async () => {
    const files = async (config: string, ssh: object = {}) => (await hopWith(config, ssh)).hostKey.files;
    expect(await files("UserKnownHostsFile ~/a /b\n")).toEqual([join(home.home, "a"), "/b"]);
    expect(await files("UserKnownHostsFile none\n")).toEqual([]);
    expect(await files("UserKnownHostsFile /b\n", { knownHostsFile: "~/own" })).toEqual([
      join(home.home, "own"),
    ]);
  });

  test("the name in known_hosts: lower case, with a port that is not 22, or HostKeyAlias", async () => {
    const name = async (config: string) => {
      const { name: full, plainName } = (await hopWith(config)).hostKey;
      return [full, plainName];
    };
    expect(await name("HostName Mac.Example\n")).toEqual(["mac.example", null]);
    expect(await name("HostName Mac.Example\nPort 2222\n")).toEqual(["[mac.example]:2222", "mac.example"]);
    expect(await name("HostKeyAlias Alias\nPort 2222\n")).toEqual(["alias", null]);
  });
});

describe("Include", () => {
  test("names, globs in the order of names, ~ and nesting; a file that is not there is no error", async () => {
    home.write(".ssh/conf.d/20-b", "Host mac-sg\n User b\n");
    home.write(".ssh/conf.d/10-a", "Host mac-sg\n Port 2222\n Include deeper\n");
    home.write(".ssh/conf.d/.hidden", "Host mac-sg\n User hidden\n");
    home.write(".ssh/deeper", "HostName deep.example\n");
    const config = "Include conf.d/[0-9]* ~/absent /absent/*\nHost *\n User last\n";
    expect(addressOf(await hopWith(config))).toBe("b@deep.example:2222");
  });

  test("inside a block it holds for that block only, and blocks inside it end with it", async () => {
    home.write(".ssh/more", "User more\nHost other\n Port 1\n");
    const config = "Host other\n Include more\nHost mac-sg\n Include more\n Port 2222\n";
    expect(addressOf(await hopWith(config))).toBe("more@mac-sg:2222");
    home.write(".ssh/config", config.replace("Host mac-sg\n Include more", "Host mac-sg"));
    expect((await targetOf(sshNode(), env)).last.user).toBe("gateway");
  });

  test("a file that includes itself is refused, not read for ever", async () => {
    expect(await refusalWith("Include config\n")).toMatch(
      /^SSH_SETTINGS_INVALID: .*config:1: Include is nested deeper than 16 files/,
    );
    symlinkSync(join(home.home, ".ssh/config"), join(home.home, ".ssh/loop"));
    expect(await refusalWith("Include loop\n")).toContain("nested deeper");
  });
});

describe("Match", () => {
  test.each<[string, boolean]>([
    ["all", true],
    ["host mac-sg", true],
    ["host h.example", true],
    ["host other,mac-*", false],
    ["originalhost mac-*", true],
    ["!originalhost mac-*", false],
    ["user gateway", true],
    ["user other", false],
    ["!user other localuser gateway", true],
    ["originalhost mac-sg user other", false],
    ["canonical all", false],
    ["final all", true],
    ["final host h.example", true],
  ])("Match %s", async (criteria, expected) => {
    // `host` sees HostName where a line above has set it.
    const line = criteria === "host mac-sg" ? "" : "HostName h.example\n";
    const hop = await hopWith(`${line}Match ${criteria}\n Port 2222\n`);
    expect(hop.port).toBe(expected ? 2222 : 22);
  });

  test("exec never runs anything: where it would decide, the connection is refused with file and line", async () => {
    const proof = join(home.home, "proof");
    const config = `Host *\n User u\n\nMatch exec "touch ${proof}"\n HostName other\n`;
    expect(await refusalWith(config)).toMatch(
      /^SSH_SETTINGS_INVALID: .*\.ssh\/config:4: "Match exec" decides about hostname of "mac-sg", and node-router does not evaluate it; /,
    );
    await expect(env.readFile(proof)).rejects.toThrow("ENOENT");
  });

  test.each(["User", "Port", "ProxyJump", "ProxyCommand", "UserKnownHostsFile", "HostKeyAlias", "Include"])(
    "exec that decides about %s is refused too",
    async (keyword) => {
      expect(await refusalWith(`Match exec true\n ${keyword} 1\n`)).toMatch(/^SSH_SETTINGS_INVALID: /);
    },
  );

  test("exec changes nothing where the value is settled, or another criterion says no", async () => {
    const settled = "Host *\n User u\n Port 2222\nMatch exec true\n User other\n Port 1\n";
    expect(addressOf(await hopWith(settled))).toBe("u@mac-sg:2222");
    expect(addressOf(await hopWith("Match exec true\n User no\n", { user: "claw" }))).toBe("claw@mac-sg");
    expect((await hopWith("Match host other exec true\n User no\n")).user).toBe("gateway");
  });

  test("exec around other keywords is passed over, and that is said", async () => {
    const target = await targetWith("Match exec true\n IdentityFile ~/no\n ForwardAgent yes\n");
    expect(target.last.identity.areNamed).toBe(false);
    expect(target.notes).toEqual([
      expect.stringMatching(/config:1: passed over, node-router does not evaluate "Match exec"$/),
    ]);
    expect((await targetWith("Match exec true\n ForwardAgent yes\n")).notes).toEqual([]);
  });
});

describe("ProxyJump", () => {
  const names = ({ jumps, last }: Target) => [...jumps, last].map(addressOf);

  test("a chain, each with its own settings; the config's user and key are the node's alone", async () => {
    const target = await targetWith(
      "Host mac-sg\n ProxyJump a@one:2201,two\nHost one\n HostName one.example\n IdentityFile ~/one\nHost two\n User b\n Port 2202\n",
      { user: "claw", identityFile: "~/own", hostKey: "SHA256:x" },
    );
    expect(names(target)).toEqual(["a@one.example:2201", "b@two:2202", "claw@mac-sg"]);
    expect(target.jumps.map(({ identity }) => identity.files[0])).toEqual([
      join(home.home, "one"),
      `${home.home}/.ssh/id_ed25519`,
    ]);
    expect([...target.jumps, target.last].map(({ hostKey }) => hostKey.pin?.fingerprint)).toEqual([
      undefined,
      undefined,
      "SHA256:x",
    ]);
  });

  test("the first jump brings its own jumps, the others do not, as ssh -J", async () => {
    const config = "Host mac-sg\n ProxyJump one,two\nHost one\n ProxyJump zero\nHost two\n ProxyJump never\n";
    expect(names(await targetWith(config))).toEqual([
      "gateway@zero",
      "gateway@one",
      "gateway@two",
      "gateway@mac-sg",
    ]);
  });

  test("none ends it; whichever of ProxyJump and ProxyCommand is first counts", async () => {
    expect((await targetWith("Host mac-sg\n ProxyJump none\nHost *\n ProxyJump b\n")).jumps).toEqual([]);
    expect((await targetWith("ProxyJump none\nProxyCommand x\n")).jumps).toEqual([]);
    expect(names(await targetWith("ProxyJump b\nProxyCommand x\n"))[0]).toBe("gateway@b");
    expect((await targetWith("ProxyCommand none\nProxyJump b\n")).jumps).toEqual([]);
  });

  test("a bastion that a wildcard sends through itself is reached straight", async () => {
    expect(names(await targetWith("Host *\n ProxyJump bastion\n"))).toEqual([
      "gateway@bastion",
      "gateway@mac-sg",
    ]);
  });

  test("ssh:// and IPv6", async () => {
    const [first, second] = names(
      await targetWith("Host mac-sg\n ProxyJump ssh://a@[2001:db8::1]:2222,[::1]\n"),
    );
    expect([first, second]).toEqual(["a@[2001:db8::1]:2222", "gateway@[::1]"]);
  });

  test.each(["a@b@", "host:0", "host:99999", "host:x", "-oProxyCommand=x", "a b", ",", "-u@h", "host/path"])(
    "%j is refused",
    async (jump) => {
      expect(await refusalWith(`ProxyJump ${jump}\n`)).toMatch(
        /^SSH_SETTINGS_INVALID: .*config:1: ProxyJump /,
      );
    },
  );

  test("a circle is refused", async () => {
    expect(
      await refusalWith("Host mac-sg\n ProxyJump a\nHost a\n ProxyJump b\nHost b\n ProxyJump a\n"),
    ).toMatch(
      /^SSH_SETTINGS_INVALID: .*config:6: ProxyJump leads in a circle or over too many hosts \("mac-sg", "a", "b", "a"\)/,
    );
  });
});

describe("refused, never passed over", () => {
  test.each<[string, RegExp]>([
    ["ProxyCommand ssh -W %h:%p bastion", /config:1: ProxyCommand is set for "mac-sg", .* use ProxyJump/],
    ["CanonicalizeHostname yes", /config:1: CanonicalizeHostname is on/],
    ["RevokedHostKeys /etc/ssh/krl", /config:1: RevokedHostKeys is set/],
    ["HostName %z", /config:1: node-router does not know the token "%z"/],
    ["HostName -oProxyCommand=x", /config:1: "-oProxyCommand=x" is not a host name/],
    ["HostName a b", /config:1: "a b" is not a host name/],
    ["User a b", /config:1: "a b" is not a login name/],
    ["Port 0", /config:1: "0" is not a port/],
    ["Port x", /config:1: "x" is not a port/],
    ["IdentityFile ~other/x", /config:1: "~other\/x" names another user's home/],
    [`IdentityFile \${NOPE}/x`, /config:1: the gateway has no variable "NOPE"/],
    ["User\nHostName x", /config:1: "User" has no value/],
    ["Host\n User x", /config:1: "Host" has no value/],
    ['User "x', /cannot be read as ssh_config: Unexpected line break/],
    ["Match host", /cannot be read as ssh_config: Missing value/],
    // Of ssh-config's parser: it takes the word after "!final" for its argument.
    ["Match !final host x", /cannot be read as ssh_config: Missing value/],
    ["Match", /config:1: "Match" has no value/],
  ])("%j", async (config, expected) => {
    const message = await refusalWith(`${config}\n`);
    expect(message).toMatch(/^SSH_SETTINGS_INVALID: /);
    expect(message).toMatch(expected);
  });

  test("but not where the config has settled it", async () => {
    const hop = await hopWith("User a b\nPort x\nRevokedHostKeys /krl\n", {
      user: "claw",
      port: 22,
      hostKey: "SHA256:x",
    });
    expect(addressOf(hop)).toBe("claw@mac-sg");
  });

  test("a config that cannot be read, and a port of the environment that is none", async () => {
    const readFile = () =>
      Promise.reject(Object.assign(new Error("EACCES: permission denied"), { code: "EACCES" }));
    const resolved = await resolveTarget(sshNode(), { ...env, readFile });
    expect(resolved).toMatchObject({ ok: false, code: "SSH_SETTINGS_INVALID" });
    const port = await resolveTarget(sshNode(), { ...env, variables: { OPENCLAW_SSH_PORT: "ssh" } });
    expect(port).toMatchObject({ ok: false, message: expect.stringContaining('OPENCLAW_SSH_PORT is "ssh"') });
  });

  test.each(["identityData", "passphrase"])(
    "an unresolved reference as %s is named in full, and nothing of it is guessed",
    async (key) => {
      const secret = { source: "env", provider: "default", id: "MY_KEY" };
      const resolved = await resolveTarget(sshNode({ [key]: secret }), env);
      expect(resolved).toMatchObject({ ok: false, code: "SECRET_UNAVAILABLE" });
      expect(resolved).toMatchObject({
        message: expect.stringContaining(`plugins.entries.node-router.config.nodes.mac-sg.ssh.${key} `),
      });
    },
  );

  test("a node without SSH settings is told which key to add", async () => {
    expect(await resolveTarget(sshNode({}, { ssh: null }), env)).toMatchObject({
      code: "SSH_SETTINGS_INVALID",
      message: expect.stringContaining("add plugins.entries.node-router.config.nodes.mac-sg.ssh: {}"),
    });
  });
});
