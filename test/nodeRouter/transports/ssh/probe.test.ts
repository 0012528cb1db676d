// What `probe` tells: every step with its result, to the workspace directory, on a connection of its own.
import { chmodSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type ProbeReport, probeNode } from "../../../../src/nodeRouter/transports/ssh/probe.ts";
import { makeKey } from "../../../support/ssh/keys.ts";
import { type SshServer, type SshServerOptions, startSshServer } from "../../../support/ssh/server.ts";
import { runInShell } from "../../../support/ssh/shell.ts";
import { makeTestHome, sshNode, type TestHome } from "./connect/arrange.ts";

const KEY = makeKey();
let home: TestHome;
let server: SshServer;

beforeEach(() => {
  home = makeTestHome();
});

afterEach(async () => {
  await server?.stop();
  home.remove();
});

async function probe(options: SshServerOptions = {}, workspace: string | null = null): Promise<ProbeReport> {
  server = await startSshServer({ authorizedKeys: [KEY.publicKey], ...options });
  home.write(".ssh/known_hosts", server.knownHosts());
  home.write(".ssh/id_ed25519", KEY.privateKey);
  const node = sshNode({ host: "127.0.0.1", port: server.port }, { tailscale: null, workspace });
  return probeNode(node, home.env());
}

const summary = ({ steps }: ProbeReport) => steps.map(({ name, ok }) => `${name} ${ok ? "ok" : "failed"}`);

describe("a node in order", () => {
  test("every step, and the connection is closed again", async () => {
    const report = await probe({}, home.home);
    expect(report).toMatchObject({
      node: "mac-sg",
      way: `gateway@127.0.0.1:${server.port}`,
      ok: true,
      problem: null,
    });
    expect(summary(report)).toEqual(
      ["settings", "resolve", "tcp", "handshake", "host key", "auth", "session", "workspace"].map(
        (name) => `${name} ok`,
      ),
    );
    expect(report.steps.at(-1)?.detail).toBe(`"${home.home}" is there and writable`);
    expect(JSON.stringify(report)).not.toContain("PRIVATE KEY");
    while (server.connections() > 0) await new Promise(setImmediate);
  });

  test("a workspace that is made on first use is no failure; nothing is made now", async () => {
    const report = await probe({}, join(home.home, "a/b c/it's"));
    expect(report.steps.at(-1)).toMatchObject({
      ok: true,
      detail: expect.stringContaining("is made on first use"),
    });
  });

  test("without a workspace there is nothing to look at", async () => {
    expect((await probe()).steps.at(-1)).toMatchObject({
      name: "workspace",
      ok: true,
      detail: "none is configured",
    });
  });

  test("what the login shell's own files print does not matter", async () => {
    const report = await probe({
      exec: (command, channel) => {
        channel.write("Welcome!\nnode-router-ready x\n");
        runInShell(command, channel);
      },
    });
    expect(report).toMatchObject({ ok: true });
    expect(report.steps.find(({ name }) => name === "session")).toMatchObject({
      ok: true,
      detail: "/bin/sh runs; streams and exit code come through",
    });
  });
});

describe("a node out of order", () => {
  test("the first step that fails ends it, with the refusal of a call", async () => {
    const report = await probe({ authorizedKeys: [] });
    expect(report.ok).toBe(false);
    expect(summary(report).at(-1)).toBe("auth failed");
    expect(report.problem).toMatch(/^AUTH_FAILED: /);
  });

  test("settings that are not sound are the first step", async () => {
    home.write(".ssh/config", "ProxyCommand -\n");
    const report = await probe();
    expect(summary(report)).toEqual(["settings failed"]);
    expect(report).toMatchObject({ way: null, problem: expect.stringMatching(/^SSH_SETTINGS_INVALID: /) });
    expect(server.connections()).toBe(0);
  });

  test("a server without room for a session", async () => {
    const report = await probe({ maxSessions: 0 }, home.home);
    expect(summary(report).at(-1)).toBe("session failed");
    expect(report.problem).toMatch(
      /^NOT_STARTED: on node "mac-sg" no session could be opened: .*; nothing ran\. See MaxSessions/,
    );
  });

  test("a shell that runs something else", async () => {
    const report = await probe({
      exec: (_, channel) => {
        channel.stderr.write("this account is not available\n");
        channel.exit(1);
        channel.end();
      },
    });
    expect(report.problem).toMatch(
      /with code 1 before its shell was ready; it said "this account is not available"; nothing ran\. Let the login run /,
    );
  });

  test("a workspace that is a file", async () => {
    const report = await probe({}, home.write("file", "x"));
    expect(report.problem).toMatch(
      /^WORKSPACE_UNAVAILABLE: ".*\/file" on node "mac-sg" is not a directory; mend the directory, or /,
    );
  });

  test("a workspace that is no path of the node's system: the look at it ends", async () => {
    const report = await probe({}, "C:/work");
    expect(report.steps.at(-1)).toMatchObject({
      name: "workspace",
      detail: expect.not.stringContaining("no answer"),
    });
  });

  test("a workspace that may not be written to, or made", async (context) => {
    if (process.getuid?.() === 0) context.skip("root may write to any directory");
    const dir = join(home.home, "readonly");
    mkdirSync(dir);
    chmodSync(dir, 0o555);
    expect((await probe({}, dir)).problem).toMatch(/^WORKSPACE_UNAVAILABLE: .* is not writable; /);
    await server.stop();
    expect((await probe({}, join(dir, "below"))).problem).toMatch(
      /^WORKSPACE_UNAVAILABLE: .* is not there, and ".*\/readonly" is not writable; /,
    );
  });
});
