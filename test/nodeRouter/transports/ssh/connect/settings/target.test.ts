// Which settings count: the config over what the installed ssh says of ~/.ssh/config and /etc/ssh/ssh_config.
import { chmodSync, existsSync, readFileSync, symlinkSync } from "node:fs";
import { userInfo } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { ConnectEnv } from "../../../../../../src/nodeRouter/transports/ssh/connect/base/env.ts";
import {
  type Hop,
  hopAddress,
  resolveTarget,
  type SshTarget,
} from "../../../../../../src/nodeRouter/transports/ssh/connect/hops.ts";
import { refusalLine } from "../../../../../../src/shared/refusal.ts";
import { skipWithoutSsh } from "../../../../../support/ssh/client.ts";
import { fakeSsh, makeTestHome, sshNode, type TestHome, targetOf } from "../arrange.ts";

const withSsh = describe.skipIf(skipWithoutSsh("connect/settings/target"));

const PATH = { PATH: process.env.PATH };

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

function targetWith(config: string, ssh: object = {}, changes: Partial<ConnectEnv> = {}): Promise<SshTarget> {
  home.write(".ssh/config", config);
  return targetOf(sshNode(ssh), { ...env, ...changes });
}

async function refusalWith(config: string, ssh: object = {}): Promise<string> {
  home.write(".ssh/config", config);
  const resolved = await resolveTarget(sshNode(ssh), env);
  if (resolved.ok) throw new Error(`not refused: ${hopAddress(resolved.target.last)}`);
  expect(refusalLine(resolved).startsWith(`${resolved.code}: `)).toBe(true);
  return refusalLine(resolved);
}

withSsh("what counts", () => {
  test("without any file: the inventory name, port 22, the gateway's user, the usual key files and known_hosts", async () => {
    const { last, jumps, notes } = await targetOf(sshNode(), env);
    expect(jumps).toEqual([]);
    expect(hopAddress(last)).toBe("gateway@mac-sg");
    expect(last.identity).toEqual({
      files: ["id_ed25519", "id_ecdsa", "id_rsa"].map((name) => `${home.home}/.ssh/${name}`),
      areNamed: false,
      only: false,
      agent: null,
      data: null,
      passphrase: null,
      algorithms: expect.arrayContaining(["ssh-ed25519"]),
    });
    expect(last.hostKey).toMatchObject({ name: "mac-sg", plainName: null, pin: null });
    expect(last.hostKey.files).toEqual(["", "2"].map((end) => `${home.home}/.ssh/known_hosts${end}`));
    expect([last.proxyCommand, notes]).toEqual([null, []]);
  });

  test("OPENCLAW_SSH_PORT is only a default: ssh_config wins over it, and the config over both", async () => {
    const variables = { ...PATH, OPENCLAW_SSH_PORT: "2200" };
    expect((await hopWith("", {}, { variables })).port).toBe(2200);
    expect((await hopWith("Host *\n Port 2300\n", {}, { variables })).port).toBe(2300);
    expect((await hopWith("Host *\n Port 2300\n", { port: 2400 }, { variables })).port).toBe(2400);
  });

  test("the config's user and port win over ssh_config, HostName is still honoured", async () => {
    const hop = await hopWith("Host mac-sg\n HostName 100.64.0.2\n User a\n Port 1\n", {
      user: "claw",
      port: 22,
    });
    expect(hopAddress(hop)).toBe("claw@100.64.0.2");
    expect(hop.hostKey.name).toBe("100.64.0.2");
  });

  test("the first value of a keyword counts, in the user's file before the system's", async () => {
    const system = home.write("etc/ssh_config", "Host *\n User system\n Port 2222\n");
    const hop = await hopWith(
      "Host mac-*\n User first\nHost *\n User second\n",
      {},
      { systemConfig: system },
    );
    expect(hopAddress(hop)).toBe("first@mac-sg:2222");
  });

  test("a Host block that excludes the node does not count, nor does one of another name", async () => {
    const hop = await hopWith("Host mac-* !mac-sg\n User no\nHost other\n User no\nHost mac-sg\n User yes\n");
    expect(hop.user).toBe("yes");
  });

  test("Host has case, as for ssh: the block of another spelling is another host's", async () => {
    const config =
      "Host MAC-SG\n HostName prod.example\n User root\nHost mac-sg\n HostName test.example\n User u\n";
    expect(hopAddress(await hopWith(config))).toBe("u@test.example");
    expect(hopAddress(await hopWith(config, { host: "MAC-SG" }))).toBe("root@prod.example");
  });

  test("keywords have no case, `=` may stand for the space, and a comment may follow", async () => {
    const hop = await hopWith("host=mac-sg # here\n\tHOSTNAME = mac.example # there\n port=2222\r\n");
    expect(hopAddress(hop)).toBe("gateway@mac.example:2222");
  });

  test("IdentityFile adds up, with tokens, ~ and variables; the config's own replaces them", async () => {
    const config = `Host *\n HostName h.example\n User u\n IdentityFile ~/.ssh/%r-%n\n IdentityFile \${KEYS}/%h\n IdentityFile %d/%%x\n IdentityFile rel\n IdentitiesOnly yes\n`;
    const { identity } = await hopWith(config, {}, { variables: { ...PATH, KEYS: "/keys" } });
    const at = (name: string) => join(home.home, name);
    // Relative to the working directory, as for ssh.
    expect(identity.files).toEqual([at(".ssh/u-mac-sg"), "/keys/h.example", at("%x"), resolve("rel")]);
    expect([identity.areNamed, identity.only]).toEqual([true, true]);
    const own = await hopWith(config, { identityFile: "~/own" }, { variables: { ...PATH, KEYS: "/keys" } });
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
    expect((await hopWith(line, {}, { variables: { ...PATH, ...variables } })).identity.agent).toBe(expected);
  });

  test("known_hosts: UserKnownHostsFile, several of them, none; the config's own replaces them", async () => {
    const files = async (config: string, ssh: object = {}) => (await hopWith(config, ssh)).hostKey.files;
    expect(await files("UserKnownHostsFile ~/a /b\n")).toEqual([join(home.home, "a"), "/b"]);
    expect(await files("UserKnownHostsFile none\n")).toEqual([]);
    expect(await files("UserKnownHostsFile /dev/null\n")).toEqual(["/dev/null"]);
    expect(await files('UserKnownHostsFile "~/a b" %d/c /d\n')).toEqual([
      join(home.home, "a b"),
      join(home.home, "c"),
      "/d",
    ]);
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

withSsh("Include", () => {
  test("names, globs in the order of names, ~ and nesting; a file that is not there is no error", async () => {
    home.write(".ssh/conf.d/20-b", "Host mac-sg\n User b\n");
    home.write(".ssh/conf.d/10-a", "Host mac-sg\n Port 2222\n Include deeper\n");
    home.write(".ssh/conf.d/.hidden", "Host mac-sg\n User hidden\n");
    home.write(".ssh/deeper", "HostName deep.example\n");
    const config = "Include conf.d/[0-9]* ~/absent /absent/*\nHost *\n User last\n";
    expect(hopAddress(await hopWith(config))).toBe("b@deep.example:2222");
  });

  test("inside a block it holds for that block only, and blocks inside it end with it", async () => {
    home.write(".ssh/more", "User more\nHost other\n Port 1\n");
    const config = "Host other\n Include more\nHost mac-sg\n Include more\n Port 2222\n";
    expect(hopAddress(await hopWith(config))).toBe("more@mac-sg:2222");
    home.write(".ssh/config", config.replace("Host mac-sg\n Include more", "Host mac-sg"));
    expect((await targetOf(sshNode(), env)).last.user).toBe("gateway");
  });

  test("a folder among the files is passed over, as ssh passes over it", async () => {
    home.write(".ssh/config.d/10-hosts", "Host mac-sg\n HostName n.example\n");
    home.write(".ssh/config.d/old/hosts", "Host mac-sg\n User no\n");
    expect(hopAddress(await hopWith("Include config.d/* config.d\nHost *\n User last\n"))).toBe(
      "last@n.example",
    );
  });

  test("a file that includes itself is refused, not read for ever", async () => {
    expect(await refusalWith("Include config\n")).toMatch(
      /^SSH_SETTINGS_INVALID: ssh refuses its settings for "mac-sg": .*[Tt]oo many recursive configuration includes/,
    );
    symlinkSync(join(home.home, ".ssh/config"), join(home.home, ".ssh/loop"));
    expect(await refusalWith("Include loop\n")).toContain("oo many recursive");
  });
});

withSsh("Match", () => {
  test.each<[string, boolean]>([
    ["all", true],
    ["host mac-sg", true],
    ["host h.example", true],
    ["host other,mac-*", false],
    ["originalhost mac-*", true],
    ["!originalhost mac-*", false],
    ["user gateway", false],
    ["!user other", true],
    [`localuser ${userInfo().username}`, true],
    ["localuser nobody-at-all", false],
    ["originalhost mac-sg user other", false],
    ["canonical", false],
    ["final", true],
    ["final host h.example", true],
  ])("Match %s", async (criteria, expected) => {
    // `host` sees HostName where a line above has set it.
    const line = criteria === "host mac-sg" ? "" : "HostName h.example\n";
    const hop = await hopWith(`${line}Match ${criteria}\n Port 2222\n`);
    expect(hop.port).toBe(expected ? 2222 : 22);
  });

  test("exec runs as for ssh, in the gateway's environment, and decides", async () => {
    const proof = join(home.home, "proof");
    const config = `Match originalhost mac-sg exec "printf %%s $MINE > ${proof}"\n HostName yes.example\nMatch exec false\n User no\n`;
    const variables = { ...PATH, MINE: "mine" };
    expect(hopAddress(await hopWith(config, {}, { variables }))).toBe("gateway@yes.example");
    expect(readFileSync(proof, "utf8")).toBe("mine");
  });

  test("exec does not run where another criterion says no before it", async () => {
    const proof = join(home.home, "proof");
    await hopWith(`Match originalhost other exec "touch ${proof}"\n User no\n`);
    expect(existsSync(proof)).toBe(false);
  });

  test("the config's user is the one that Match sees", async () => {
    expect(await hopWith("Match user claw\n Port 2222\n", { user: "claw" })).toMatchObject({ port: 2222 });
  });
});

withSsh("ProxyJump", () => {
  const names = ({ jumps, last }: SshTarget) => [...jumps, last].map(hopAddress);

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
    expect(names(await targetWith("Host mac-sg\n ProxyJump b\n ProxyCommand x\n"))[0]).toBe("gateway@b");
    expect((await targetWith("ProxyCommand none\nProxyJump b\n")).jumps).toEqual([]);
  });

  test("a bastion that a wildcard sends through itself is refused, in ssh's own words", async () => {
    expect(await refusalWith("Host *\n ProxyJump bastion\n")).toMatch(
      /^SSH_SETTINGS_INVALID: ssh refuses its settings for "bastion": "jumphost loop via bastion"; /,
    );
  });

  test("IPv6", async () => {
    const [first, second] = names(await targetWith("Host mac-sg\n ProxyJump a@[2001:db8::1]:2222,[::1]\n"));
    expect([first, second]).toEqual(["a@[2001:db8::1]:2222", "gateway@[::1]"]);
  });

  test.each(["a@b@", "host:0", "host:99999", "host:x", "-oProxyCommand=x", ",", "-u@h", "host/path"])(
    "%j is refused",
    async (jump) => {
      expect(await refusalWith(`Host mac-sg\n ProxyJump ${jump}\n`)).toMatch(/^SSH_SETTINGS_INVALID: /);
    },
  );

  test("a circle is refused", async () => {
    expect(
      await refusalWith("Host mac-sg\n ProxyJump a\nHost a\n ProxyJump b\nHost b\n ProxyJump a\n"),
    ).toMatch(
      /^SSH_SETTINGS_INVALID: ProxyJump leads in a circle or over too many hosts \("mac-sg", "a", "b", "a"\)/,
    );
  });
});

withSsh("refused, never passed over", () => {
  test.each<[string, RegExp]>([
    ["ProxyCommand x\nProxyUseFdpass yes", /the ProxyCommand of "mac-sg" .* hands over a descriptor/],
    ["ProxyCommand -", /the ProxyCommand of "mac-sg" .* hands over a descriptor/],
    ["ProxyCommand nc %q", /ProxyCommand of "mac-sg": node-router does not know the token "%q"/],
    ["RevokedHostKeys /etc/ssh/krl", /RevokedHostKeys "\/etc\/ssh\/krl" is set for "mac-sg"/],
    ["HostName -oProxyCommand=x", /HostName of "mac-sg": "-oproxycommand=x" is not a host name/],
    ["IdentityFile ~other/x", /IdentityFile of "mac-sg": "~other\/x" names another user's home/],
    [`IdentityFile \${NOPE}/x`, /IdentityFile of "mac-sg": the gateway has no variable "NOPE"/],
    ["Ciphers arcfour", /ssh refuses its settings for "mac-sg": .*Bad SSH2 cipher spec/],
    ["HostKeyAlgorithms sk-ssh-ed25519@openssh.com", /HostKeyAlgorithms of "mac-sg" .* leaves nothing/],
  ])("%j", async (config, expected) => {
    expect(await refusalWith(`${config}\n`)).toMatch(expected);
  });

  test.each<[string, string]>([
    ["HostName %z", "unknown key %z"],
    ["HostName a b", "extra arguments at end of line"],
    ["Port 0", "Bad port"],
    ["Port x", "Bad port"],
    ["User\nHostName x", "no argument after keyword"],
    ["Host\n User x", "no argument after keyword"],
    ['User "x', "invalid quotes"],
    ["Match host", "Bad Match condition"],
    ["Match", "no argument after keyword"],
    ["Nonsense yes", "Bad configuration option: nonsense"],
    ["UserKnownHostsFile none /b", "userknownhostsfile"],
  ])("%j, in ssh's own words", async (config, words) => {
    const message = await refusalWith(`${config}\n`);
    expect(message).toMatch(/^SSH_SETTINGS_INVALID: ssh refuses its settings for "mac-sg": ".*"; mend that/);
    expect(message.replaceAll("\\", "")).toContain(words);
  });

  test("a config that others may write, and one that they included", async () => {
    home.write(".ssh/more", "User more\n");
    chmodSync(join(home.home, ".ssh/more"), 0o666);
    expect(await refusalWith("Include more\n")).toContain(
      `Bad owner or permissions on ${home.home}/.ssh/more`,
    );
    chmodSync(join(home.home, ".ssh/config"), 0o666);
    expect(await refusalWith("")).toContain(`Bad owner or permissions on ${home.home}/.ssh/config`);
  });

  test.each(["-oProxyCommand=x", "a b", "a@b", "ssh://a", "a,b", "*", "!x", "a\nb", "a;b", "$(x)", "|1|x|y"])(
    "%j as a host never reaches ssh",
    async (host) => {
      // A fake that would be noticed.
      const bin = fakeSsh(home, "touch asked; exit 1");
      const node = sshNode();
      const ssh = node.ssh === null ? null : { ...node.ssh, host };
      const resolved = await resolveTarget({ ...node, ssh }, { ...env, ...bin });
      expect(resolved).toMatchObject({ ok: false, code: "SSH_SETTINGS_INVALID" });
      expect(existsSync(join(home.home, "asked"))).toBe(false);
    },
  );

  test("a port of the environment that is none", async () => {
    const port = await resolveTarget(sshNode(), { ...env, variables: { ...PATH, OPENCLAW_SSH_PORT: "ssh" } });
    expect(port).toMatchObject({ ok: false, fact: expect.stringContaining('OPENCLAW_SSH_PORT is "ssh"') });
  });

  test.each(["identityData", "passphrase"])(
    "an unresolved reference as %s is named in full, and nothing of it is guessed",
    async (key) => {
      const secret = { source: "env", provider: "default", id: "MY_KEY" };
      const resolved = await resolveTarget(sshNode({ [key]: secret }), env);
      expect(resolved).toMatchObject({ ok: false, code: "SECRET_UNAVAILABLE" });
      expect(resolved).toMatchObject({
        fact: expect.stringContaining(`plugins.entries.node-router.config.nodes.mac-sg.ssh.${key} `),
      });
    },
  );

  test("a node without SSH settings is told which key to add", async () => {
    expect(await resolveTarget(sshNode({}, { ssh: null }), env)).toMatchObject({
      code: "SSH_SETTINGS_INVALID",
      advice: expect.stringContaining("add plugins.entries.node-router.config.nodes.mac-sg.ssh: {}"),
    });
  });
});
