// `add`: from a machine that only has SSH to a routed call, by one command against a real gateway and a real sshd.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { SetupResult } from "../../src/nodeRouter/surfaces/cli/setupCommand.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { makeKey } from "../support/ssh/keys.ts";
import { type Sshd, skipWithoutSshd, startSshd } from "../support/ssh/sshd.ts";
import { call, machineOf, PROBE } from "./deployment.ts";

const skip = skipWithoutSshd("add.long");

describe.skipIf(skip)("add", () => {
  const [accepted, strange] = [makeKey("ed25519"), makeKey("ed25519")];
  let gateway: Gateway;
  let sshd: Sshd;
  let home: string;
  let target: string;
  let fingerprint: string;
  let knownHosts: string;

  beforeAll(async () => {
    gateway = await startGateway({
      withPlugin: true,
      config: { tools: { exec: { backgroundMs: 120_000 } } },
    });
    home = join(gateway.home.dir, "home-of-mac-new");
    mkdirSync(home);
    writeFileSync(join(home, "whoami"), "mac-new\n");
    sshd = await startSshd({ authorizedKeys: [accepted.publicKey], config: [`SetEnv HOME=${home}`] });
    target = `${sshd.user}@127.0.0.1:${sshd.port}`;
    fingerprint = sshd.hostKeys[0]?.fingerprint ?? "";
    const ssh = join(gateway.home.home, ".ssh");
    mkdirSync(ssh, { mode: 0o700 });
    for (const [name, key] of Object.entries({ accepted, strange })) {
      writeFileSync(join(ssh, name), key.privateKey, { mode: 0o600 });
      writeFileSync(join(ssh, `${name}.pub`), `${key.publicKey}\n`);
    }
    knownHosts = join(ssh, "known_hosts");
    await gateway.waitUntilConfigApplied();
  });

  afterAll(async () => {
    await gateway?.stop();
    await sshd?.stop();
  });

  const add = (key: string, ...more: string[]) =>
    gateway.router(
      ...["add", target, "--name", "mac-new", "--country", "SG", "--agents", "worker-sg"],
      ...["--identity", join(gateway.home.home, ".ssh", key), ...more],
    );
  const config = () => readFileSync(gateway.home.configFile, "utf8");

  test("without a terminal to ask at and without --yes is wrong usage, and nothing is done", async () => {
    const before = config();
    const ran = await add("accepted");
    expect([ran.code, ran.stdout]).toEqual([2, ""]);
    expect(ran.stderr).toContain("--yes");
    expect(config()).toBe(before);
  });

  test("a host key that nobody vouched for is refused with its fingerprint, whatever --yes says", async () => {
    const before = config();
    const ran = await add("accepted", "--yes");
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain("HOST_KEY_UNKNOWN");
    expect(ran.stderr).toContain(fingerprint);
    expect(config()).toBe(before);
  });

  test("a login that does not let the gateway in ends with the line for authorized_keys; the compared key stays", async () => {
    const before = config();
    const ran = await add("strange", "--yes", "--host-key", fingerprint);
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain("AUTH_FAILED");
    expect(ran.stderr).toContain(`restrict,pty ${strange.publicKey.split(" ").slice(0, 2).join(" ")}`);
    expect(config()).toBe(before);
    expect(readFileSync(knownHosts, "utf8")).toContain(`[127.0.0.1]:${sshd.port}`);
  });

  test("one command leads to a routed call on that machine, with the place that was said and the guard", async () => {
    const ran = await add("accepted", "--yes");
    expect([ran.code, ran.stderr]).toEqual([0, ""]);
    expect(ran.stdout).toMatch(/^done +config /m);
    expect(ran.stdout).toMatch(/^done +guard /m);
    await gateway.waitUntilConfigApplied();
    const { results } = await gateway.agent("worker-sg", call("exec", { command: PROBE }));
    expect(machineOf(results[0])).toBe("mac-new");
    expect(results[0]).toContain("ran on mac-new (SG, declared) over ssh · rule mac-new");
  });

  test("run again it finds everything there and changes nothing", async () => {
    const before = config();
    const ran = await add("accepted", "--yes", "--json");
    expect([ran.code, ran.stderr]).toEqual([0, ""]);
    const result: SetupResult = JSON.parse(ran.stdout);
    expect(result).toMatchObject({ ok: true, node: "mac-new", undone: [], problem: null });
    expect(new Set(result.steps.map(({ state }) => state))).toEqual(new Set(["there"]));
    expect(result.agents).toMatchObject([{ agent: "worker-sg", fits: true }]);
    expect(config()).toBe(before);
  });
});
