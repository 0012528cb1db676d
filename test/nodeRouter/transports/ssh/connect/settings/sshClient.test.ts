// How ssh is asked: bounded, without a shell, about the right file; and what counts where it cannot be asked.
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { ConnectEnv } from "../../../../../../src/nodeRouter/transports/ssh/connect/base/env.ts";
import { hopAddress, resolveTarget } from "../../../../../../src/nodeRouter/transports/ssh/connect/hops.ts";
import { openSshAsker } from "../../../../../../src/nodeRouter/transports/ssh/connect/settings/askOpenSsh.ts";
import { runSsh } from "../../../../../../src/nodeRouter/transports/ssh/connect/settings/sshClient.ts";
import { refusalLine } from "../../../../../../src/shared/refusal.ts";
import { skipWithoutSsh } from "../../../../../support/ssh/client.ts";
import { waitFor } from "../../../../../support/wait.ts";
import { fakeSsh, makeTestHome, sshNode, type TestHome, targetOf } from "../arrange.ts";

let home: TestHome;
let env: ConnectEnv;

beforeEach(() => {
  home = makeTestHome();
  env = home.env();
});

afterEach(() => home.remove());

const ANSWER = "echo user u; echo hostname h; echo port 22";

async function refusal(changes: Partial<ConnectEnv>, ssh: object = {}): Promise<string> {
  const resolved = await resolveTarget(sshNode(ssh), { ...env, ...changes });
  if (resolved.ok) throw new Error(`not refused: ${hopAddress(resolved.target.last)}`);
  return refusalLine(resolved);
}

/** The arguments that ssh got, a line each. */
const argsOf = () => readFileSync(join(home.home, "args"), "utf8").trim().split("\n");
const RECORDS = `printf '%s\\n' "$@" > args; ${ANSWER}`;

describe("the question", () => {
  test("is plain ssh -G where the gateway's home is the account's: ssh reads its own files", async () => {
    const account = { name: env.user, home: env.home };
    const node = sshNode({ host: "box", port: 2222 });
    const ssh = node.ssh === null ? null : { ...node.ssh, user: "-x y" };
    await resolveTarget({ ...node, ssh }, { ...env, ...fakeSsh(home, RECORDS), account });
    expect(argsOf()).toEqual([
      ...["-G", "-T", "-vvv", "-o", "ControlPath=%C/%i/%L/%l", "-l", "-x y", "-p", "2222", "--", "box"],
    ]);
  });

  test("names a file of its own where the two homes differ, and leaves nothing behind", async () => {
    const tmp = join(home.home, "tmp");
    mkdirSync(tmp);
    const { variables } = fakeSsh(home, `stat -c %a tmp/*/* > modes; ${RECORDS}`);
    const asker = await openSshAsker({ ...env, variables }, undefined, tmp);
    const query = { host: "h", user: null, port: null, jumps: null, defaultPort: 22 };
    await asker.ask(query);
    expect(argsOf().slice(0, 4)).toEqual(["-G", "-T", "-vvv", "-F"]);
    expect(readFileSync(join(home.home, "modes"), "utf8")).toBe("600\n");
    await asker.close();
    expect(readdirSync(tmp)).toEqual([]);
  });

  test("runs in the gateway's environment, with its home, and reads no input", async () => {
    const script = `printf '%s %s ' "$HOME" "$MINE" > seen; cat >> seen; ${ANSWER}`;
    const { variables } = fakeSsh(home, script);
    await targetOf(sshNode(), { ...env, variables: { ...variables, MINE: "mine" } });
    expect(readFileSync(join(home.home, "seen"), "utf8")).toBe(`${home.home} mine `);
  });
});

describe("an answer that is none", () => {
  test.each<[string, string, RegExp]>([
    [
      "a refusal in ssh's own words",
      "echo debug1: no >&2; echo 'Bad owner' >&2; exit 255",
      /: "Bad owner"; mend/,
    ],
    ["an end without a word", "exit 3", /: exit code 3; mend that/],
    ["a signal", "kill -9 $$", /: signal SIGKILL; mend that/],
    ["nothing", "exit 0", /says no hostname of "mac-sg"; see whether "ssh" on PATH is OpenSSH's/],
    ["a keyword twice", `${ANSWER}; echo port 23`, /says "port" of "mac-sg" twice/],
    ["more than an answer can be", "yes 'identityfile x'", /prints too much about "mac-sg"/],
    ["more words than anybody reads", "yes >&2", /prints too much about "mac-sg"/],
    [
      "a port that is none",
      "echo user u; echo hostname h; echo port 0",
      /Port of "mac-sg": "0" is not a port/,
    ],
    [
      "a name for a shell that no machine has",
      "echo user u; echo 'hostname $(id)'; echo port 1; echo 'proxycommand nc %h %p'",
      /HostName of "mac-sg": "\$\(id\)" must not hold \$, since its ProxyCommand is a line of a shell/,
    ],
    ["a user that is none", "echo user -u; echo hostname h; echo port 1", /User of "mac-sg": "-u"/],
  ])("%s", async (_, script, expected) => {
    const message = await refusal(fakeSsh(home, script));
    expect(message).toMatch(/^SSH_SETTINGS_INVALID: /);
    expect(message).toMatch(expected);
  });

  test("control characters of it are never shown raw", async () => {
    const message = await refusal(fakeSsh(home, "printf 'bad \\033[2Jfile' >&2; exit 1"));
    expect(message).toContain("bad \\u001b[2Jfile");
  });

  test("one that does not end is ended with all that it started", async () => {
    const { variables } = fakeSsh(home, "sleep 600 & echo $! > pid; echo waiting for nc >&2; wait");
    const asked = runSsh({ args: ["-G", "h"], variables, host: "h", signal: undefined, timeoutMs: 3_000 });
    await expect(asked).rejects.toThrow(
      /^SSH_SETTINGS_INVALID: ssh -G did not end within 3000 ms for "h", after "waiting for nc"; see its Match exec/,
    );
    const pid = Number(readFileSync(join(home.home, "pid"), "utf8"));
    await waitFor("its end", () => !isRunning(pid));
  });

  test("one that is given up is ended", async () => {
    const { variables } = fakeSsh(home, "echo $$ > pid; exec sleep 600");
    const controller = new AbortController();
    const asked = resolveTarget(sshNode(), { ...env, variables }, controller.signal);
    await waitFor(
      "its process id",
      () => existsSync(join(home.home, "pid")) && readFileSync(join(home.home, "pid"), "utf8") !== "",
    );
    controller.abort();
    expect(await asked).toMatchObject({ ok: false, code: "NOT_STARTED" });
    const pid = Number(readFileSync(join(home.home, "pid"), "utf8"));
    await waitFor("its end", () => !isRunning(pid));
  });

  test("what Match exec left in the background does not hold it up", async () => {
    const { variables } = fakeSsh(home, `sleep 600 >/dev/null & echo $! > pid; ${ANSWER}`);
    expect((await targetOf(sshNode(), { ...env, variables })).last.host).toBe("h");
    process.kill(Number(readFileSync(join(home.home, "pid"), "utf8")));
  });

  test("the end of the answer counts, however late it comes", async () => {
    // ssh itself has ended; what it says last is where a jump host stands.
    const script = `echo user u; echo hostname h; (sleep 0.4; echo port 22; echo proxyjump late) & exit 0`;
    const { variables } = fakeSsh(home, script);
    const output = await runSsh({ args: ["-G", "h"], variables, host: "h", signal: undefined });
    expect(output).toMatchObject({ kind: "answer", stdout: expect.stringMatching(/proxyjump late\n$/) });
  });

  test("a folder for temporary files that cannot be written is a refusal", async () => {
    const asker = await openSshAsker({ ...env, ...fakeSsh(home, ANSWER) }, undefined, "/nonexistent");
    const query = { host: "h", user: null, port: null, jumps: null, defaultPort: 22 };
    await expect(asker.ask(query)).rejects.toThrow(
      /^SSH_SETTINGS_INVALID: no file for ssh can be written in "\/nonexistent": ENOENT/,
    );
  });

  test("an ssh that may not be run is a refusal, not an absence", async () => {
    fakeSsh(home, ANSWER);
    chmodSync(join(home.home, "bin/ssh"), 0o600);
    const message = await refusal({ variables: { PATH: join(home.home, "bin") } });
    expect(message).toMatch(/^SSH_SETTINGS_INVALID: the ssh client cannot be run: .*EACCES/);
  });
});

describe("without an ssh to ask", () => {
  const nowhere = { variables: { PATH: "/nonexistent" } };

  test("only the plugin's own settings count, and that is said", async () => {
    home.write(".ssh/config", "Host *\n HostName other.example\n User no\n Port 1\n");
    const { last, jumps, notes } = await targetOf(sshNode({ host: "Box", port: 2222 }), {
      ...env,
      ...nowhere,
    });
    expect([hopAddress(last), jumps, last.proxyCommand]).toEqual(["gateway@box:2222", [], null]);
    expect(last.hostKey.name).toBe("[box]:2222");
    expect(last.hostKey.files).toEqual(["", "2"].map((end) => `${home.home}/.ssh/known_hosts${end}`));
    expect(notes).toEqual([
      "no ssh client was found on the gateway's PATH: ssh_config is not read, only the plugin's own settings count",
    ]);
  });

  test("OPENCLAW_SSH_PORT is the port, and the agent is the environment's", async () => {
    const variables = { ...nowhere.variables, OPENCLAW_SSH_PORT: "2200", SSH_AUTH_SOCK: "/agent" };
    const { last } = await targetOf(sshNode(), { ...env, variables });
    expect([last.port, last.identity.agent]).toEqual([2200, "/agent"]);
  });

  test("a user id without an account is such a case too: ssh would refuse it", async () => {
    const { last, notes } = await targetOf(sshNode(), {
      ...env,
      ...fakeSsh(home, "exit 255"),
      account: null,
    });
    expect(hopAddress(last)).toBe("gateway@mac-sg");
    expect(notes).toEqual([expect.stringContaining("has no entry in the user database")]);
  });
});

describe.skipIf(skipWithoutSsh("connect/settings/sshClient"))("a home that is not the account's", () => {
  const { homedir: accountHome, username } = userInfo();
  const hop = async (config: string, changes: Partial<ConnectEnv> = {}) => {
    home.write(".ssh/config", config);
    return (await targetOf(sshNode(), { ...env, ...changes })).last;
  };

  test("is what ~, %d, HOME and relative Includes mean", async () => {
    home.write(".ssh/more", "IdentityFile ~/a\n");
    const { identity, hostKey } = await hop(
      `Include more\nIdentityFile %d/b\nUserKnownHostsFile ~/k %d/l \${HOME}/m\nIdentityAgent ~/agent\n`,
    );
    const at = (name: string) => join(home.home, name);
    expect(identity.files).toEqual([at("a"), at("b")]);
    expect(identity.agent).toBe(at("agent"));
    expect(hostKey.files).toEqual([at("k"), at("l"), at("m")]);
  });

  test("does not change a path that is written in full", async () => {
    const file = join(accountHome, "written");
    expect((await hop(`UserKnownHostsFile ${file} ~/own\n`)).hostKey.files).toEqual([
      file,
      join(home.home, "own"),
    ]);
  });

  test("is refused where this ssh does not say which home a file was meant in", async () => {
    const script = `${ANSWER}; echo userknownhostsfile ${accountHome}/.ssh/known_hosts`;
    expect(await refusal(fakeSsh(home, script))).toMatch(
      /^SSH_SETTINGS_INVALID: UserKnownHostsFile of "mac-sg": .* is below .*; name the file in knownHostsFile/,
    );
    expect(
      await targetOf(sshNode({ knownHostsFile: "/k" }), { ...env, ...fakeSsh(home, script) }),
    ).toMatchObject({
      last: { hostKey: { files: ["/k"] } },
    });
  });

  test("has its user as the default, and a line that names the account's is that line's", async () => {
    expect((await hop("")).user).toBe("gateway");
    expect((await hop(`User ${username}\n`)).user).toBe(username);
  });

  test("reads the system's file after the user's, and its own first", async () => {
    const systemConfig = home.write("etc/ssh_config", "Host *\n User system\n Port 2222\n");
    expect(hopAddress(await hop("User first\n", { systemConfig }))).toBe("first@mac-sg:2222");
  });

  test.each(["with space", "[x]*?{a,b}", `it's "quoted"`, "back\\slash", "ключ", "#hash"])(
    "may be called %j",
    async (name) => {
      const other = join(home.home, name);
      mkdirSync(join(other, ".ssh"), { recursive: true });
      writeFileSync(join(other, ".ssh/config"), "Include more\nPort 2222\nUserKnownHostsFile ~/k\n");
      writeFileSync(join(other, ".ssh/more"), "User more\n");
      const { last } = await targetOf(sshNode(), { ...env, home: other });
      expect(last).toMatchObject({ port: 2222, hostKey: { files: [join(other, "k")] } });
    },
  );

  test.each(["a%d", "a$b", "a\nb"])("is refused where it cannot be named to ssh: %j", async (name) => {
    expect(await refusal({ home: join(home.home, name) })).toMatch(
      /^SSH_SETTINGS_INVALID: the folder of .* cannot be named to ssh; give the gateway another HOME/,
    );
  });
});

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
