// A ProxyCommand is the connection: its bytes, its end, its words when it fails.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  type ConnectResult,
  connect,
} from "../../../../../../src/nodeRouter/transports/ssh/connect/connect.ts";
import { openProxy } from "../../../../../../src/nodeRouter/transports/ssh/connect/net/proxyCommand.ts";
import type { ConnectOptions } from "../../../../../../src/nodeRouter/transports/ssh/connect/options.ts";
import { trustNode } from "../../../../../../src/nodeRouter/transports/ssh/connect/trust.ts";
import { refusalLine } from "../../../../../../src/shared/refusal.ts";
import { skipWithoutSsh } from "../../../../../support/ssh/client.ts";
import { makeKey } from "../../../../../support/ssh/keys.ts";
import { type SshServer, startSshServer } from "../../../../../support/ssh/server.ts";
import { waitFor } from "../../../../../support/wait.ts";
import { makeTestHome, sshNode, type TestHome, targetOf } from "../arrange.ts";

const KEY = makeKey();
/** Passes its input and output on to a host and port, as nc does. */
const BRIDGE = `import { connect } from "node:net";
const [host, port] = process.argv.slice(2);
const socket = connect({ host, port: Number(port) });
socket.on("error", (error) => { console.error("bridge: " + error.code); process.exit(4); });
process.stdin.pipe(socket).pipe(process.stdout);
socket.on("close", () => process.exit(0));
`;

let home: TestHome;
let server: SshServer;

beforeEach(async () => {
  home = makeTestHome();
  server = await startSshServer({ authorizedKeys: [KEY.publicKey] });
  home.write(".ssh/id_ed25519", KEY.privateKey);
  home.write(".ssh/known_hosts", server.knownHosts("node.test"));
  home.write("bridge.mjs", BRIDGE);
});

afterEach(async () => {
  await server.stop();
  home.remove();
});

const at = (name: string) => join(home.home, name);
const bridge = (to = `127.0.0.1 ${server.port}`) => `'${process.execPath}' '${at("bridge.mjs")}' ${to}`;

async function reach(command: string, options: ConnectOptions = {}): Promise<ConnectResult> {
  home.write(".ssh/config", `Host mac-sg\n HostName node.test\n ProxyCommand ${command}\n`);
  const env = home.env();
  return connect(await targetOf(sshNode(), env), env, { handshakeTimeoutMs: 40_000, ...options });
}

async function messageOf(command: string, options: ConnectOptions = {}): Promise<string> {
  const result = await reach(command, options);
  if (!result.ok) return refusalLine(result);
  result.client.destroy();
  throw new Error("it connected");
}

const pidIn = (name: string) => Number(readFileSync(at(name), "utf8"));
const hasEnded = (pid: number) => {
  try {
    process.kill(pid, 0);
    return false;
  } catch {
    return true;
  }
};

describe.skipIf(skipWithoutSsh("connect/proxyCommand"))("a ProxyCommand", () => {
  test("carries the connection, to where no name resolves, and ends with it", async () => {
    const result = await reach(`sh -c 'echo $$ > ${at("pid")}; exec "$@"' - ${bridge()}`);
    if (!result.ok) throw new Error(refusalLine(result));
    expect(result.steps.map(({ name }) => name)).toEqual(["tcp", "handshake", "host key", "auth"]);
    const pid = pidIn("pid");
    expect(hasEnded(pid)).toBe(false);
    result.client.end();
    await waitFor("the command's end", () => hasEnded(pid));
  });

  test("gets the tokens of ssh, and what it starts in the background ends too", async () => {
    const words = at("words");
    const result = await reach(
      `sh -c 'sleep 600 & echo $! > ${at("pid")}; echo "%%h %h %n %p %r" > ${words}; exec "$@"' - ${bridge()}`,
    );
    if (!result.ok) throw new Error(refusalLine(result));
    expect(readFileSync(words, "utf8")).toBe("%h node.test mac-sg 22 gateway\n");
    result.client.destroy();
    await waitFor("the end of the sleep", () => hasEnded(pidIn("pid")));
  });

  test("that ignores the hint to end is ended all the same", async () => {
    const result = await reach(`sh -c 'trap "" HUP; echo $$ > ${at("pid")}; exec "$@"' - ${bridge()}`);
    if (!result.ok) throw new Error(refusalLine(result));
    result.client.destroy();
    await waitFor("the command's end", () => hasEnded(pidIn("pid")));
  });

  test("that dies takes the connection with it", async () => {
    const result = await reach(`sh -c 'echo $$ > ${at("pid")}; exec "$@"' - ${bridge()}`);
    if (!result.ok) throw new Error(refusalLine(result));
    const closed = new Promise<void>((resolve) => result.client.once("close", () => resolve()));
    process.kill(pidIn("pid"), "SIGKILL");
    await closed;
  });

  test("that fails says in the message how, and with which words", async () => {
    expect(await messageOf("sh -c 'echo no route to %h >&2; exit 4'")).toMatch(
      /^NODE_UNREACHABLE: node "mac-sg" .*; its ProxyCommand "sh -c .*" ended with exit code 4 and said "no route to node.test"$/,
    );
    expect(await messageOf("/nonexistent/proxy")).toMatch(/ended with exit code 127 and said ".*not found"$/);
    expect(await messageOf(bridge("127.0.0.1 1"))).toMatch(/exit code 4 and said "bridge: ECONNREFUSED"$/);
  });

  test("that floods its words is quoted at their end, without control characters", async () => {
    const message = await messageOf(
      `sh -c 'yes noise | head -c 3000000 >&2; printf "\\033[2Jlast" >&2; exit 1'`,
    );
    expect(message).toContain("\\u001b[2Jlast");
    expect(message.length).toBeLessThan(2_000);
  });

  test("that connects to nothing is given up at the deadline, and ended", async () => {
    const limits = { tcpTimeoutMs: 100, handshakeTimeoutMs: 400 };
    expect(await messageOf(`sh -c 'echo $$ > ${at("pid")}; exec sleep 600'`, limits)).toMatch(
      /^NODE_UNREACHABLE: .* did not finish within 500 ms, before its SSH greeting; .* was still running$/,
    );
    // On a busy machine it may not have come to write its number.
    await waitFor("the command's end", () => !existsSync(at("pid")) || hasEnded(pidIn("pid")));
  });

  test("is ended when the connection is given up", async () => {
    const controller = new AbortController();
    const asked = messageOf(`sh -c 'echo $$ > ${at("pid")}; exec sleep 600'`, { signal: controller.signal });
    await waitFor("its start", () => existsSync(at("pid")) && pidIn("pid") > 0);
    controller.abort();
    expect(await asked).toMatch(/^NOT_STARTED: /);
    await waitFor("the command's end", () => hasEnded(pidIn("pid")));
  });

  test("changes nothing about whose key is believed", async () => {
    home.write(".ssh/known_hosts", "");
    expect(await messageOf(bridge())).toMatch(/^HOST_KEY_UNKNOWN: .* as "node.test"/);
  });

  test("is the way for trust too", async () => {
    home.write(".ssh/known_hosts", "");
    home.write(".ssh/config", `Host mac-sg\n HostName node.test\n ProxyCommand ${bridge()}\n`);
    const looked = await trustNode(sshNode(), null, home.env());
    expect(looked).toMatchObject({ ok: true, report: { name: "node.test", keys: [{ state: "unknown" }] } });
  });

  test("of a jump host leads to the jump host", async () => {
    home.write(".ssh/known_hosts", server.knownHosts("jump.test") + server.knownHosts("node.test"));
    home.write(
      ".ssh/config",
      `Host mac-sg\n HostName node.test\n ProxyJump jump\nHost jump\n HostName jump.test\n ProxyCommand ${bridge()}\n`,
    );
    const { jumps, last } = await targetOf(sshNode(), home.env());
    expect([jumps[0]?.proxyCommand, last.proxyCommand]).toEqual([bridge(), null]);
  });
});

describe("the process", () => {
  test("runs in the user's shell, with the gateway's variables", async () => {
    home.write("shell", `#!/bin/sh\necho "$1 $2 $MINE" >&2\nexit 1\n`, 0o755);
    const { stream, lastWords } = openProxy("x y", {
      SHELL: at("shell"),
      MINE: "mine",
      PATH: process.env.PATH,
    });
    expect(await lastWords()).toBe(
      'its ProxyCommand "x y" ended with exit code 1 and said "-c exec x y mine"',
    );
    stream.destroy();
  });

  test("that cannot be started says so", async () => {
    const { stream, lastWords } = openProxy("x", { SHELL: at("absent") });
    expect(await lastWords()).toMatch(/^its ProxyCommand "x" cannot be started: .*ENOENT/);
    stream.destroy();
  });
});
