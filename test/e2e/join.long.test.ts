// `join`: a machine with SSH and a bare OpenClaw becomes a paired node behind a kept tunnel, by one command; real sshd, real node host.
import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { SetupResult } from "../../src/nodeRouter/surfaces/cli/setupCommand.ts";
import { merge, quiet } from "../support/config.ts";
import { environmentOf, type Home, makeHome, OPENCLAW, removeHome } from "../support/environment.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { packPlugin } from "../support/install.ts";
import { listNodes } from "../support/nodeList.ts";
import { freePort } from "../support/ports.ts";
import { makeKey } from "../support/ssh/keys.ts";
import { type Sshd, skipWithoutSshd, startSshd } from "../support/ssh/sshd.ts";
import { call, installOverRpc, PROBE } from "./deployment.ts";

const NODE = "mac-join";
const skip = skipWithoutSshd("join.long");

/** Where OpenClaw is found by the login's shell alone, as after an installation with nvm. */
function bareMachine(): Home {
  const home = makeHome(NODE);
  const config = merge(quiet(home.home), { nodeHost: { autoUpdate: { enabled: false } } });
  writeFileSync(home.configFile, JSON.stringify(config), { mode: 0o600 });
  const bin = join(home.home, "bin");
  mkdirSync(bin);
  const variables = Object.entries(environmentOf(home, NODE)).map(
    ([key, value]) => `export ${key}='${value}'`,
  );
  const lines = ["#!/bin/sh", ...variables, `exec '${process.execPath}' '${OPENCLAW}' "$@"`, ""];
  writeFileSync(join(bin, "openclaw"), lines.join("\n"));
  chmodSync(join(bin, "openclaw"), 0o755);
  for (const profile of [".profile", ".bash_profile"]) {
    writeFileSync(join(home.home, profile), `PATH='${bin}':$PATH; export PATH\n`);
  }
  return home;
}

describe.skipIf(skip)("join", { timeout: 900_000 }, () => {
  const key = makeKey("ed25519");
  let gateway: Gateway;
  let machine: Home;
  let sshd: Sshd;
  let args: readonly string[];

  beforeAll(async () => {
    const archive = await packPlugin();
    gateway = await startGateway({ config: { tools: { exec: { backgroundMs: 120_000 } } } });
    machine = bareMachine();
    sshd = await startSshd({ authorizedKeys: [key.publicKey], config: [`SetEnv HOME=${machine.home}`] });
    const identity = join(gateway.home.dir, "id");
    writeFileSync(identity, key.privateKey, { mode: 0o600 });
    args = [
      ...["node-router", "join", `${sshd.user}@127.0.0.1:${sshd.port}`, "--name", NODE, "--country", "SG"],
      ...["--agents", "worker-sg", "--identity", identity, "--host-key", sshd.hostKeys[0]?.fingerprint ?? ""],
      ...["--tunnel-port", String(await freePort()), "--no-service", "--yes"],
    ];
    await installOverRpc(gateway, archive);
    await gateway.waitUntilConfigApplied();
  });

  afterAll(async () => {
    await gateway?.stop();
    await sshd?.stop();
    if (machine !== undefined) removeHome(machine);
  });

  /** Installing takes a minute on two busy cores: longer than the harness gives other commands. */
  const joining = (...more: string[]) =>
    spawn(process.execPath, [OPENCLAW, ...args, ...more], { env: gateway.env, cwd: gateway.home.home });
  const config = () => readFileSync(gateway.home.configFile, "utf8");
  // Not our own environment: under vitest OpenClaw says nothing.
  const onMachine = (...words: string[]) =>
    output(spawn(join(machine.home, "bin", "openclaw"), words, { env: { PATH: "/usr/bin:/bin" } }));

  test("--print names every line to type, with a code that is used once, and changes no config", async () => {
    const before = config();
    const ran = await gateway.cli("node-router", "join", "far-away", "--print", "--json");
    expect([ran.code, ran.stderr]).toEqual([0, ""]);
    const { onNode } = JSON.parse(ran.stdout);
    expect(onNode.map((line: string) => line.split(" ").slice(0, 2).join(" "))).toEqual([
      "npm install",
      "scp -P",
      "openclaw plugins",
      "ssh -f",
      "openclaw connect",
    ]);
    expect(onNode.at(-1)).toMatch(/ http:\/\/127\.0\.0\.1:18789\/j\/\S+ --service --display-name far-away$/);
    expect(config()).toBe(before);
  });

  test("interrupted after the plugin is on the node, it takes back all that it began", async () => {
    const before = JSON.parse(config()).plugins.entries["node-router"].config ?? {};
    const child = joining();
    let seen = "";
    child.stdout.on("data", (chunk: Buffer) => {
      seen += chunk.toString();
      if (/^done +plugin /m.test(seen) && !child.killed) child.kill("SIGINT");
    });
    const ran = await output(child);
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain("SETUP_FAILED: pair: it was interrupted");
    expect(ran.stderr).toContain("undone: the plugin was uninstalled there");
    expect(ran.stderr).toContain("undone: the change of the config was taken back");
    expect(ran.stderr).not.toContain("NOT undone");
    expect(JSON.parse(config()).plugins.entries["node-router"].config ?? {}).toEqual(before);
    const { stdout: plugins } = await onMachine("plugins", "list", "--json");
    expect(plugins).toContain('"plugins"');
    expect(plugins).not.toContain('"node-router"');
    expect(await listNodes(gateway)).toEqual([]);
  });

  test("one command makes it a paired, approved node on which the agent's command runs, with nothing left to approve", async () => {
    const ran = await output(joining("--json"));
    expect(ran.stderr).toBe("");
    const result: SetupResult = JSON.parse(ran.stdout);
    expect([ran.code, result.problem]).toEqual([0, null]);
    expect(result.agents).toMatchObject([{ agent: "worker-sg", fits: true }]);
    const [row] = await listNodes(gateway);
    expect(row).toMatchObject({ displayName: NODE, connected: true, approvalState: "approved" });
    expect(JSON.parse(config()).plugins.entries["node-router"].config.nodes[NODE].node).toBe(row?.nodeId);
    await gateway.waitUntilConfigApplied();
    const { results } = await gateway.agent("worker-sg", call("exec", { command: PROBE }));
    expect(results[0]).toContain(`machine=${NODE} `);
    expect((await onMachine("plugins", "list", "--json")).stdout).toContain('"node-router"');
  });

  test("run again it finds everything there, and changes nothing", async () => {
    const before = config();
    const ran = await output(joining("--json"));
    const result: SetupResult = JSON.parse(ran.stdout);
    expect([ran.code, result.steps.filter(({ state }) => state !== "there")]).toEqual([0, []]);
    expect(config()).toBe(before);
  });
});

function output(child: ChildProcess): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const { promise, resolve } = Promise.withResolvers<{
    code: number | null;
    stdout: string;
    stderr: string;
  }>();
  const kept = { stdout: "", stderr: "" };
  child.stdout?.on("data", (chunk: Buffer) => {
    kept.stdout += chunk.toString();
  });
  child.stderr?.on("data", (chunk: Buffer) => {
    kept.stderr += chunk.toString();
  });
  child.on("close", (code) => resolve({ code, ...kept }));
  return promise;
}
