// `peers invite` and `peers join`: two gateways become peers by one line, over a real sshd, and the line is worth nothing afterwards.
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readInviteLine } from "../../src/nodeRouter/delegation/invite/inviteLine.ts";
import type { PeerSetupResult } from "../../src/nodeRouter/surfaces/cli/peerSetupCommand.ts";
import type { PeersReport } from "../../src/nodeRouter/surfaces/reports/peersReport.ts";
import { fieldOf } from "../../src/shared/jsonParts.ts";
import type { Gateway } from "../support/gateway.ts";
import { makeKey } from "../support/ssh/keys.ts";
import { type Sshd, skipWithoutSshd, startSshd } from "../support/ssh/sshd.ts";
import { startTwoGateways, type TwoGateways, untilOnline } from "./twoGateways.ts";

const skip = skipWithoutSshd("peerInvite.e2e");
const OTHERS = `# mine\n${makeKey("ed25519").publicKey}\n`;

describe.skipIf(skip)("two gateways", { timeout: 600_000 }, () => {
  let two: TwoGateways;
  let sshd: Sshd;

  const keysFile = () => join(two.b.home.home, ".ssh", "authorized_keys");
  const keys = () => readFileSync(keysFile(), "utf8");
  const configOf = (gateway: Gateway) =>
    JSON.parse(readFileSync(gateway.home.configFile, "utf8")).plugins.entries["node-router"].config;
  const peers = async (
    gateway: Gateway,
    ...words: string[]
  ): Promise<{ code: number | null; stdout: string; stderr: string }> => gateway.router("peers", ...words);
  const setup = async (
    gateway: Gateway,
    ...words: string[]
  ): Promise<PeerSetupResult & { code: number | null }> => {
    const ran = await peers(gateway, ...words, "--yes", "--json");
    return {
      code: ran.code,
      ...(JSON.parse(ran.stdout || `{"problem":${JSON.stringify(ran.stderr)}}`) as PeerSetupResult),
    };
  };
  const invite = (port: number, ...more: string[]) =>
    setup(
      two.b,
      "invite",
      "gw-cn",
      "--agents",
      "worker-sg",
      "--host",
      "127.0.0.1",
      "--ssh-port",
      String(port),
      ...more,
    );
  const joinWith = (line: string | null) =>
    setup(two.a, "join", line ?? "", "--name", "gw-sg", "--country", "SG", "--agents", "master");
  const startFor = (...config: string[]) =>
    startSshd({ authorizedKeys: [], config: [...config, `AuthorizedKeysFile ${keysFile()}`] });

  beforeAll(async () => {
    two = await startTwoGateways({ b: { router: () => ({ nodes: {}, gatewayName: "singapore" }) } });
    mkdirSync(join(two.b.home.home, ".ssh"), { mode: 0o700 });
    writeFileSync(keysFile(), OTHERS, { mode: 0o600 });
    sshd = await startFor();
  });
  afterAll(async () => {
    await sshd?.stop();
    await two?.stop();
  });

  test("are not joined where sshd forwards nothing: it says so, and leaves nothing behind", async () => {
    const deaf = await startFor("AllowTcpForwarding no");
    try {
      const before = configOf(two.b);
      const result = await invite(deaf.port);
      expect([result.code, result.line]).toEqual([1, null]);
      expect(result.problem).toContain("AllowTcpForwarding");
      expect([keys(), configOf(two.b)]).toEqual([OTHERS, before]);
    } finally {
      await deaf.stop();
    }
  });

  test("become peers by one line: the card is read, and the key opens the gateway's port and nothing else", async () => {
    const invited = await invite(sshd.port);
    expect([invited.problem, invited.code]).toEqual([null, 0]);
    expect(keys().startsWith(OTHERS)).toBe(true);
    const read = readInviteLine(invited.line ?? "");
    if (typeof read === "string") throw new Error(read);
    const joined = await joinWith(invited.line);
    expect([joined.problem, joined.code]).toEqual([null, 0]);
    await untilOnline(two.a, "gw-sg");
    const report: PeersReport = JSON.parse((await peers(two.a, "--json")).stdout);
    expect(report.peers).toMatchObject([{ name: "gw-sg", state: "online", agents: ["worker-sg"] }]);
    const { token } = configOf(two.b).peers["gw-cn"].accept;
    expect(configOf(two.a)).toMatchObject({
      nodes: { "gw-sg-ssh": { node: false, ssh: { hostKey: sshd.hostKeys[0]?.fingerprint } } },
      peers: { "gw-sg": { ssh: "gw-sg-ssh", token, location: { country: "SG" } } },
      delegation: { rules: [{ agents: ["master"], agent: "worker-sg" }] },
    });
    // The node entry for its way is nothing that anybody would have to look after.
    expect(two.a.log()).not.toContain("ssh: no session");
    const doctor = (await two.a.router("doctor", "--json")).stdout;
    expect(doctor).toContain("findings");
    expect(doctor).not.toContain("gw-sg");
    // The invitation's key is out, the other gateway's own is in.
    const lines = keys().slice(OTHERS.length).trim().split("\n");
    expect(lines).toHaveLength(1);
    expect(lines[0]).not.toContain("expiry-time");
    const folder = join(two.a.home.stateDir, "node-router", "peer-keys");
    const identity = join(folder, readdirSync(folder)[0] ?? "");
    const ssh = (...words: string[]) =>
      spawnSync(
        "ssh",
        [
          ...[
            "-F",
            "none",
            "-i",
            identity,
            "-p",
            String(sshd.port),
            "-o",
            "BatchMode=yes",
            "-o",
            "IdentitiesOnly=yes",
          ],
          ...["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR"],
          ...words,
        ],
        {
          encoding: "utf8",
          timeout: 100_000,
          input: "GET /readyz HTTP/1.1\r\nhost: b\r\nconnection: close\r\n\r\n",
        },
      );
    expect(ssh(`${sshd.user}@127.0.0.1`, "echo ran")).toMatchObject({ stdout: "", status: 1 });
    const through = (port: number) => ssh("-W", `127.0.0.1:${port}`, `${sshd.user}@127.0.0.1`);
    expect(through(two.b.port).stdout).toContain("HTTP/1.1 ");
    expect(through(two.a.port)).toMatchObject({
      stdout: "",
      stderr: expect.stringContaining("forwarding failed"),
    });
    expect((await joinWith(invited.line)).code).toBe(0);
    // Whoever finds the line now is turned away, with it and with its secret.
    const answer = await fetch(`http://127.0.0.1:${two.b.port}/node-router/peer`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        "a2a-version": "1.0",
        authorization: `Bearer ${read.secret}`,
      },
      body: JSON.stringify({
        jsonrpc: "2.0",
        id: 1,
        method: "node-router/Join",
        params: { claim: "x".repeat(43), gateway: `gw-${crypto.randomUUID()}`, key: null },
      }),
    });
    expect(fieldOf(await answer.json(), "error")).toMatchObject({ data: [{ reason: "INVITE_USED" }] });
  });

  test("do not become peers twice: who is accepted is not invited again, and nobody joins by a damaged line", async () => {
    expect((await invite(sshd.port)).problem).toContain('peer "gw-cn" is accepted here already');
    expect((await joinWith("nrpeer1.abc")).problem).toContain("is damaged");
  });
});
