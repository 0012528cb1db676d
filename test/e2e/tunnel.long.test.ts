// A node host that reaches its gateway through a kept tunnel: real gateway, real sshd, real node host, and their failures.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { DoctorReport } from "../../src/nodeRouter/surfaces/doctor/doctor.ts";
import type { NodesReport } from "../../src/nodeRouter/surfaces/reports/nodeReport.ts";
import type { TunnelStatus } from "../../src/nodeRouter/tunnels/tunnelStatus.ts";
import { type JsonObject, merge } from "../support/config.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { listNodes, type NodeHost, type NodeRow, startNodeHost } from "../support/nodeHost.ts";
import { freePort } from "../support/ports.ts";
import { makeKey } from "../support/ssh/keys.ts";
import { type Sshd, skipWithoutSshd, startSshd } from "../support/ssh/sshd.ts";
import { pause, waitFor } from "../support/wait.ts";
import { call, changeConfig, machineOf, PROBE, withRouter } from "./deployment.ts";

const NODE = "mac-sg";
/** Some seconds, as printed; on a machine so busy that the tunnel misses the node host's first attempt, its pause of up to 30 s, and all that it does slowly. */
const BACK_MS = 100_000;

describe.skipIf(skipWithoutSshd("test/e2e/tunnel"))("a node behind a kept tunnel", () => {
  let gateway: Gateway;
  let sshd: Sshd;
  let node: NodeHost;
  let port: number;
  let router: JsonObject;

  beforeAll(async () => {
    gateway = await startGateway({ withPlugin: true });
    const key = makeKey();
    sshd = await startSshd({ authorizedKeys: [key.publicKey] });
    port = await freePort();
    const identityFile = join(gateway.home.dir, "id");
    const knownHostsFile = join(gateway.home.dir, "known_hosts");
    writeFileSync(identityFile, key.privateKey, { mode: 0o600 });
    writeFileSync(knownHostsFile, sshd.knownHosts());
    const ssh = { host: "127.0.0.1", port: sshd.port, user: sshd.user, identityFile, knownHostsFile };
    router = {
      presence: { connect: false },
      nodes: { [NODE]: { tailscale: false, tags: ["region=sg"], ssh: { ...ssh, tunnel: { port } } } },
      rules: [{ name: "singapore", agents: ["worker-sg"], require: "region=sg" }],
    };
    await changeConfig(gateway, (config) => withRouter(config, router));
    await inState("up");
    // It knows the gateway's port as little as a real node does.
    node = await startNodeHost({ ...gateway, port }, NODE);
  });

  afterAll(async () => {
    await node?.stop();
    await gateway?.stop();
    await sshd?.stop();
  });

  const tunnel = async (): Promise<TunnelStatus | null> => {
    const { nodes } = await gateway.rpc<NodesReport>("noderouter.nodes");
    return nodes.find(({ name }) => name === NODE)?.tunnel ?? null;
  };
  const inState = (state: TunnelStatus["state"], timeoutMs = 120_000): Promise<TunnelStatus> =>
    waitFor(
      `the tunnel to be ${state}`,
      async () => {
        const now = await tunnel();
        return now?.state === state && now;
      },
      { timeoutMs, onTimeout: () => gateway.log().slice(-2_000) },
    );
  const row = async (): Promise<NodeRow | undefined> =>
    (await listNodes(gateway).catch(() => [])).find(({ nodeId }) => nodeId === node.id);
  /** Connected anew since then. */
  const backSince = (before: NodeRow | undefined, timeoutMs = 120_000): Promise<NodeRow> =>
    waitFor(
      "the node to be back",
      async () => {
        const now = await row();
        return now?.connected === true && (now.connectedAtMs ?? 0) > (before?.connectedAtMs ?? 0) && now;
      },
      {
        timeoutMs,
        everyMs: 25,
        onTimeout: () => `${gateway.log().slice(-2_000)}\n${node.log().slice(-1_000)}`,
      },
    );
  const runsThere = async (): Promise<string> => {
    const [result] = (await gateway.agent("worker-sg", call("exec", { command: PROBE }))).results;
    const machine = machineOf(result);
    return machine === "none" ? `none: ${result}` : machine;
  };

  test("is connected through it, and commands of its agent run there", async () => {
    // While the node host was paired, it may have connected twice.
    await waitFor("one connection", async () => (await tunnel())?.connections === 1);
    expect(await tunnel()).toMatchObject({ state: "up", port, retries: 0, reason: null });
    expect(await runsThere()).toBe(NODE);
  });

  test("stays connected over a reload of the plugin that changes something else", async () => {
    const [before, since] = [await row(), (await tunnel())?.since];
    await changeConfig(gateway, (config) => withRouter(config, merge(router, { mode: "shadow" })));
    await changeConfig(gateway, (config) => withRouter(config, router));
    expect((await tunnel())?.since).toBe(since);
    expect((await row())?.connectedAtMs).toBe(before?.connectedAtMs);
  });

  test("is back soon after the connection was killed", async () => {
    const before = await row();
    const killedMs = Date.now();
    sshd.dropConnections();
    await backSince(before);
    const tookMs = Date.now() - killedMs;
    console.log(`back ${tookMs} ms after the connection was killed`);
    expect(tookMs).toBeLessThan(BACK_MS);
    expect(await runsThere()).toBe(NODE);
  });

  test("is missed within 12 s when its sshd freezes, and back soon after that goes on", async () => {
    const before = await row();
    const frozenMs = Date.now();
    const thaw = sshd.freeze();
    try {
      const { reason, since } = await inState("down");
      expect(Date.parse(since ?? "") - frozenMs).toBeLessThan(20_000);
      // Between two looks the first new attempt may have met silence, too.
      expect(reason).toMatch(/was lost|did not (answer|finish)/);
      await pause(3_000);
    } finally {
      thaw();
    }
    const thawedMs = Date.now();
    await backSince(before);
    const tookMs = Date.now() - thawedMs;
    console.log(`back ${tookMs} ms after its sshd went on`);
    expect(tookMs).toBeLessThan(BACK_MS);
  });

  test("is back after a restart of the gateway", async () => {
    const before = await row();
    await gateway.restart();
    await backSince(before);
    expect(await tunnel()).toMatchObject({ state: "up", port });
    expect(await runsThere()).toBe(NODE);
  });

  test("is gone with the tunnel's line in the config, and back with it", async () => {
    const without = merge(router, { nodes: { [NODE]: { ssh: { tunnel: false } } } });
    await changeConfig(gateway, (config) => withRouter(config, without));
    await waitFor("the node to be gone", async () => (await row())?.connected === false);
    expect(await tunnel()).toBeNull();
    const before = await row();
    await changeConfig(gateway, (config) => withRouter(config, router));
    await backSince(before);
  });

  test("is told of by the doctor when a gateway without authentication keeps none", async () => {
    const { findings } = await gateway.rpc<DoctorReport>("noderouter.doctor");
    expect(findings.map(({ id }) => id)).not.toContain("node-router/tunnel-no-auth");
    await gateway.end();
    const config = JSON.parse(readFileSync(gateway.home.configFile, "utf8"));
    writeFileSync(
      gateway.home.configFile,
      JSON.stringify(merge(config, { gateway: { auth: { mode: "none" } } })),
    );
    await gateway.start();
    expect(await inState("blocked")).toMatchObject({ code: "TUNNEL_NO_AUTH", connections: 0 });
    const report = await gateway.rpc<DoctorReport>("noderouter.doctor");
    expect(report.findings.map(({ id }) => id)).toContain("node-router/tunnel-no-auth");
  });
});
