// What a login's start files, shells and recorders do to commands, on a real sshd: the right result, or a refusal that
// names the reason, from the first call on and alike at each call.
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { ConfiguredNode } from "../../src/config/resolveNodes.ts";
import { collect } from "../../src/nodeRouter/transports/collect.ts";
import { connect } from "../../src/nodeRouter/transports/ssh/connect/connect.ts";
import { LIMITS } from "../../src/nodeRouter/transports/ssh/pool/poolOptions.ts";
import { probeNode } from "../../src/nodeRouter/transports/ssh/probe.ts";
import { createSshTransport } from "../../src/nodeRouter/transports/ssh/sshTransport.ts";
import type { CommandRequest, SshTransport } from "../../src/nodeRouter/transports/transport.ts";
import { createLogger } from "../../src/shared/logger.ts";
import { refusalText } from "../../src/shared/refusal.ts";
import {
  makeTestHome,
  sshNode,
  type TestHome,
  targetOf,
} from "../nodeRouter/transports/ssh/connect/arrange.ts";
import { endAllProcesses } from "../support/process.ts";
import { makeKey } from "../support/ssh/keys.ts";
import { type Sshd, skipWithoutSshd, startSshd } from "../support/ssh/sshd.ts";
import { REFUSED, RIGHT, type Row, RUN } from "./startFileRows.ts";

const KEY = makeKey();
const SECRET = "s3cret-of-the-call";
const has = (program: string) => spawnSync("sh", ["-c", `command -v ${program}`]).status === 0;

describe.skipIf(skipWithoutSshd("test/e2e/startFiles"))("a login whose start files", () => {
  let home: TestHome;
  const undo: (() => unknown)[] = [];

  beforeAll(() => {
    home = makeTestHome();
    home.write(".ssh/id_ed25519", KEY.privateKey);
  });
  afterEach(async () => {
    for (const step of undo.splice(0).reverse()) await step();
  });
  afterAll(async () => {
    home.remove();
    await endAllProcesses();
  });

  async function serve({ file, instead = RUN, config = [] }: Row): Promise<Sshd> {
    const dir = join(home.home, `login-${Math.random().toString(36).slice(2)}`);
    mkdirSync(dir);
    writeFileSync(join(dir, "rc"), `${file}\n`);
    writeFileSync(join(dir, "shell"), `#!/bin/bash\n. ${dir}/rc\n${instead}\n`, { mode: 0o755 });
    const sshd = await startSshd({
      authorizedKeys: [KEY.publicKey],
      // Bash reads the start files of whoever runs the tests only where it is no shell within a shell.
      config: [...config, "SetEnv SHLVL=5", `ForceCommand ${dir}/shell`],
    });
    undo.push(() => sshd.stop());
    home.write(".ssh/known_hosts", sshd.knownHosts());
    return sshd;
  }

  function nodeOf(sshd: Sshd): ConfiguredNode {
    return sshNode(
      { host: "127.0.0.1", port: sshd.port, user: sshd.user },
      { tailscale: null, workspace: home.home },
    );
  }

  function transportTo(sshd: Sshd, readyMs = LIMITS.readyMs): SshTransport {
    const quiet = () => {};
    const node = nodeOf(sshd);
    const transport = createSshTransport({
      settings: () => node,
      connect: async (_, signal) => connect(await targetOf(node, home.env()), home.env(), { signal }),
      now: Date.now,
      log: createLogger({ debug: quiet, info: quiet, warn: quiet, error: quiet }),
      limits: { readyMs, warm: 1 },
    });
    undo.push(() => transport.destroy());
    return transport;
  }

  const run = (transport: SshTransport, request: Partial<CommandRequest>) =>
    collect(
      transport.start("mac-sg", { script: "", input: Buffer.alloc(0), env: { TOKEN: SECRET }, ...request }),
    );

  const withoutIt = ({ needs = [] }: Row) => needs.find((program) => !has(program));

  test.each(Object.entries(RIGHT))("are right: %s", async (_, row) => {
    const lacks = withoutIt(row);
    if (lacks !== undefined) return console.warn(`left out: ${lacks} is not installed`);
    const transport = transportTo(await serve(row));
    for (const call of [1, 2]) {
      const { outcome, stdout, stderr } = await run(transport, {
        script: 'printf "%s|" "$1" "$TOKEN"; cat; printf "\\200\\n"; echo wrong >&2; exit 3',
        args: [`call ${call}`],
        input: Buffer.from("in\0put\r\n"),
        cwd: "/",
      });
      expect(outcome).toEqual({ kind: "ran", exitCode: 3, signal: null });
      expect(stdout.toString("latin1")).toBe(`call ${call}|${SECRET}|in\0put\r\n\u0080\n`);
      expect(stderr.toString("latin1")).toBe("wrong\n");
    }
    const home = await run(transport, { script: "pwd; cd; pwd; ls / >/dev/null && echo found" });
    const [here, there, found] = home.stdout.toString().split("\n");
    expect(here).toBe(there);
    expect(found).toBe("found");
    const killed = await run(transport, { script: "kill -9 $$" });
    expect(killed.outcome).toMatchObject({ kind: "ran" });
    expect(killed.outcome).not.toMatchObject({ exitCode: 0 });
  });

  test.each(Object.entries(REFUSED))("are refused with the reason: %s", async (_, row) => {
    const lacks = withoutIt(row);
    if (lacks !== undefined) return console.warn(`left out: ${lacks} is not installed`);
    const sshd = await serve(row);
    const readyMs = row.isLate === true ? 5_000 : LIMITS.readyMs;
    const transport = transportTo(sshd, readyMs);
    const script = 'echo "$TOKEN"; exit 3';
    // Two at once, then one more: alike at each call.
    const first = await Promise.all([run(transport, { script }), run(transport, { script })]);
    const results = [...first, await run(transport, { script })];
    for (const { outcome, stdout, stderr } of results) {
      if (outcome.kind !== "notStarted") throw new Error(JSON.stringify({ outcome, stdout: String(stdout) }));
      expect(refusalText(outcome)).toMatch(row.reason);
      expect(refusalText(outcome)).not.toMatch(/NODE_BUSY|trying again is safe/);
      expect(refusalText(outcome).length).toBeLessThan(1_500);
      expect(`${refusalText(outcome)}${stdout}${stderr}`).not.toContain(SECRET);
      expect(`${stdout}${stderr}`).toBe("");
    }
    const probed = await probeNode(nodeOf(sshd), home.env(), { readyMs });
    expect(probed).toMatchObject({ ok: false });
    expect(probed.problem).toMatch(row.reason);
  });

  test.each([
    ["are right", { file: "echo hello" }, /^ran 3$/],
    [
      "put a recorder into terminals only, which loses the code",
      {
        file: 'if [ -t 0 ] && [ -z "$REC" ]; then export REC=1; exec script -q -c "$SSH_ORIGINAL_COMMAND" /dev/null; fi',
      },
      /no terminal could be opened: the exit code of a command does not come back: 79 came as 0; nothing ran/,
    ],
    [
      "put a recorder into terminals only, which passes the code on",
      {
        file: 'if [ -t 0 ] && [ -z "$REC" ]; then export REC=1; exec script -qe -c "$SSH_ORIGINAL_COMMAND" /dev/null; fi',
      },
      /^ran 3$/,
    ],
    [
      "belong to a login without terminals",
      { file: "", config: ["PermitTTY no"] },
      /its SSH server gives none; nothing ran\. Allow terminals/,
    ],
  ] as const)("%s, in a terminal", async (_, row: Row, expected) => {
    if (row.file.includes("script") && !has("script"))
      return console.warn("left out: script is not installed");
    const transport = transportTo(await serve(row));
    for (let call = 0; call < 2; call++) {
      const { outcome, stdout } = await run(transport, {
        script: "tty >/dev/null && echo terminal; exit 3",
        pty: { rows: 24, cols: 80, term: "dumb" },
        input: null,
      });
      const text = outcome.kind === "ran" ? `ran ${outcome.exitCode}` : refusalText(outcome);
      expect(text).toMatch(expected);
      expect(stdout.toString()).not.toContain(SECRET);
      expect(stdout.toString()).toBe(outcome.kind === "ran" ? "terminal\r\n" : "");
    }
  });
});
