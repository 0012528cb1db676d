// Presence on a real gateway with a real node host and a real sshd: what is known of them, and how fast a cut counts.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { EventsReport } from "../../src/nodeRouter/surfaces/reports/eventsReport.ts";
import type { NodeReport, NodesReport } from "../../src/nodeRouter/surfaces/reports/nodeReport.ts";
import type { StatusReport } from "../../src/nodeRouter/surfaces/reports/statusReport.ts";
import { merge } from "../support/config.ts";
import type { Gateway } from "../support/gateway.ts";
import { type NodeHost, startNodeHost } from "../support/nodeHost.ts";
import { skipWithoutSshd } from "../support/ssh/sshd.ts";
import { startWire, type Wire } from "../support/ssh/wire.ts";
import { waitFor } from "../support/wait.ts";
import { call, machineOf, PROBE } from "./deployment.ts";
import { type SshDeployment, startSshDeployment } from "./sshDeployment.ts";

describe.skipIf(skipWithoutSshd("test/e2e/presence"))("presence", () => {
  let deployment: SshDeployment;
  let gateway: Gateway;
  let wire: Wire;
  let cn: NodeHost;

  beforeAll(async () => {
    deployment = await startSshDeployment({
      port: async (sshd) => {
        wire = await startWire({ target: sshd.port, delayMs: 0, misbehaviour: null });
        return wire.port;
      },
      router: (router) =>
        merge(router, {
          gateway: { location: { country: "CN", city: "Shanghai", latitude: 31.23, longitude: 121.47 } },
          nodes: { "mac-cn": { tags: ["region=cn"], location: { country: "CN", city: "Shanghai" } } },
          rules: [
            { name: "singapore", agents: ["worker-sg"], require: "region=sg" },
            { name: "china", agents: ["worker-cn"], require: "region=cn" },
          ],
        }),
    });
    ({ gateway } = deployment);
    cn = await startNodeHost(gateway, "mac-cn");
  });

  afterAll(async () => {
    await cn?.stop();
    await deployment?.stop();
    await wire?.stop();
  });

  const nodes = (): Promise<NodesReport> => gateway.rpc<NodesReport>("noderouter.nodes");
  const node = async (name: string): Promise<NodeReport> => {
    const found = (await nodes()).nodes.find((entry) => entry.name === name);
    if (found === undefined) throw new Error(`no node ${name}`);
    return found;
  };
  const inState = (name: string, state: NodeReport["state"]): Promise<NodeReport> =>
    waitFor(
      `${name} to be ${state}`,
      async () => {
        const found = await node(name);
        return found.state === state && found;
      },
      { everyMs: 200 },
    );
  const exec = async (agent: string): Promise<string> =>
    (await gateway.agent(agent, call("exec", { command: PROBE }))).results[0] ?? "";

  /** What was cut off may have to connect anew once more. */
  const runsOn = (agent: string, machine: string) =>
    waitFor(`a command of ${agent} on ${machine}`, async () => machineOf(await exec(agent)) === machine);

  test("both nodes are ready, without any call before, and each fact says who stated it and when", async () => {
    const sg = await inState("mac-sg", "ready");
    const mac = await inState("mac-cn", "ready");
    await waitFor("the SSH node's statistics", async () => (await node("mac-sg")).facts.cpuCount);
    const { facts, resources } = await node("mac-sg");
    expect(facts).toMatchObject({
      os: { source: "ssh" },
      arch: { source: "ssh" },
      hostname: { source: "ssh" },
    });
    expect(resources.cpuCount).toBeGreaterThan(0);
    expect(resources.memoryTotalBytes).toBeGreaterThan(
      resources.memoryAvailableBytes ?? Number.POSITIVE_INFINITY,
    );
    expect(resources.diskTotalBytes).toBeGreaterThan(0);
    expect(sg.rttMs).toBeGreaterThan(0);
    expect(mac.rttMs).toBeGreaterThan(0);
    await waitFor(
      "the gateway's word for the node",
      async () => (await node("mac-cn")).facts.connected?.value,
    );
    expect(sg.place).toMatchObject({ country: "SG", city: "Singapore", source: "declared" });
    expect([sg.agents, mac.agents]).toEqual([["worker-sg"], ["worker-cn"]]);
  });

  test("a node host that stops answering is offline, and refused, while the gateway still believes it is connected", async () => {
    await inState("mac-cn", "ready");
    // The group: the command starts a process that is the node host.
    process.kill(-cn.pid(), "SIGSTOP");
    try {
      const offline = await inState("mac-cn", "offline");
      expect(offline.facts.connected?.value).toBe(true);
      expect(offline.reach.node).toMatchObject({ state: "down" });
      const refused = await exec("worker-cn");
      expect(refused).toContain("NO_NODE_FITS");
      expect(refused).toContain("offline");
    } finally {
      process.kill(-cn.pid(), "SIGCONT");
    }
    await inState("mac-cn", "ready");
    await runsOn("worker-cn", "mac-cn");
  });

  test("an SSH node behind a black hole is offline, and ready again when the way is free", async () => {
    await inState("mac-sg", "ready");
    wire.freeze();
    await inState("mac-sg", "offline");
    const refused = await exec("worker-sg");
    expect(refused).toMatch(/offline|does not answer/);
    wire.thaw();
    await inState("mac-sg", "ready");
    await runsOn("worker-sg", "mac-sg");
  });

  test("the changes are kept, and a restart of the gateway forgets none and is none", async () => {
    await inState("mac-cn", "ready");
    const eventsOf = async (name: string) =>
      (await gateway.rpc<EventsReport>("noderouter.events", { node: name })).events;
    const before = await eventsOf("mac-cn");
    expect(before.map(({ to }) => to)).toContain("offline");
    expect(before.at(-1)?.to).toBe("ready");
    await gateway.restart();
    await inState("mac-cn", "ready");
    const after = await eventsOf("mac-cn");
    expect(after.slice(0, before.length)).toEqual(before);
    expect(after.slice(before.length).map(({ to }) => to)).not.toContain("unknown");
    const history = (await node("mac-cn")).history;
    expect(history?.flaps).toBeGreaterThanOrEqual(1);
    expect(history?.onlineRatio).toBeLessThan(1);
  });

  test("the data is the gateway's to give: without its token neither page data nor metrics", async () => {
    for (const path of ["nodes.json", "metrics"]) {
      const url = `http://127.0.0.1:${gateway.port}/plugins/node-router/${path}`;
      expect((await fetch(url)).status).toBe(401);
      const answer = await fetch(url, { headers: { Authorization: `Bearer ${gateway.token}` } });
      expect(answer.status).toBe(200);
      expect(await answer.text()).toContain("mac-sg");
    }
  });

  test("no source fails here but the tailnet, which is not there, and that makes no node offline", async () => {
    await inState("mac-cn", "ready");
    // On a machine with much to do a round may come too late now and then: the next one is in time.
    const { agents } = await waitFor("every source to work", async () => {
      const status = await gateway.rpc<StatusReport>("noderouter.status");
      const failing = status.sources.filter(
        ({ id, failures }) => failures > 0 && !id.startsWith("tailscale"),
      );
      return failing.length === 0 && status;
    });
    expect(agents.find(({ agent }) => agent === "worker-cn")).toMatchObject({
      node: "mac-cn",
      state: "ready",
    });
  });

  test("the command says it to people, and as JSON", async () => {
    for (const name of ["mac-cn", "mac-sg"]) await inState(name, "ready");
    const text = await gateway.router("nodes");
    expect(text.stdout).toMatch(/mac-sg\s+ready/);
    expect(text.stdout).toContain("SG Singapore");
    const json = JSON.parse((await gateway.router("nodes", "--json")).stdout) as NodesReport;
    expect(json.nodes.map(({ name, state }) => [name, state]).sort()).toEqual([
      ["mac-cn", "ready"],
      ["mac-sg", "ready"],
    ]);
  });
});
