// Residency with `egress: true` on real nodes, over SSH and over the node protocol: the node's own address must agree, or nothing runs.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:https";
import { type AddressInfo, createServer as createTcpServer, type Server as TcpServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ExplainReport } from "../../src/nodeRouter/explain/report.ts";
import { makeCertificate } from "../support/certificate.ts";
import { type JsonObject, merge } from "../support/config.ts";
import type { Gateway } from "../support/gateway.ts";
import { unpackPlugin } from "../support/install.ts";
import { writeMmdb } from "../support/mmdb.ts";
import { type NodeHost, startNodeHost } from "../support/nodeHost.ts";
import { skipWithoutSshd } from "../support/ssh/sshd.ts";
import { waitFor } from "../support/wait.ts";
import { call, changeConfig, machineOf, PROBE, withRouter, workspaceOf } from "./deployment.ts";
import { SANDBOX, type SshDeployment, startSshDeployment } from "./sshDeployment.ts";

/** Public addresses, and what the operator's GeoIP file says of them. */
const ADDRESSES = { sg: "81.2.69.142", jp: "9.8.7.6" } as const;
const GEOIP = {
  networks: {
    "81.2.69.0/24": { country: { iso_code: "SG" } },
    "9.8.7.0/24": { country: { iso_code: "JP" } },
  },
};

/** Agents whose rule wants the egress too: one over SSH, one on a paired node with this plugin. */
const WORKERS = { "worker-sg": "mac-sg", "worker-cn": "pair-sg" } as const;
type Worker = keyof typeof WORKERS;

/** A node with this plugin is asked every half minute, and one that could not say its address again after 5 minutes. */
const PATIENT = { timeoutMs: 450_000, everyMs: 250 };

const portOf = (server: TcpServer): number => (server.address() as AddressInfo).port;

describe.skipIf(skipWithoutSshd("test/e2e/egress"))("residency with egress", { timeout: 1_200_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), "node-router-egress-"));
  const authority = join(folder, "authority.pem");
  const geoipFile = join(folder, "city.mmdb");
  let service: Server;
  let deployment: SshDeployment;
  let gateway: Gateway;
  let paired: NodeHost;
  /** The plugin's config without the service. */
  let router: JsonObject;

  beforeAll(async () => {
    const { cert, key } = makeCertificate();
    writeFileSync(authority, cert);
    writeFileSync(geoipFile, writeMmdb(GEOIP));
    // The operator's service: it sees the node at the address that its path says.
    service = createServer({ cert, key }, ({ url }, response) => {
      response.end(`${url === "/sg" ? ADDRESSES.sg : ADDRESSES.jp}\n`);
    });
    await new Promise<void>((resolve) => service.listen(0, "127.0.0.1", resolve));
    deployment = await startSshDeployment({
      env: { CURL_CA_BUNDLE: authority },
      // `master` is held to the residency alone, on the same machine.
      config: { agents: { entries: { master: { sandbox: SANDBOX } } } },
      router: (plain) => merge(plain, { nodes: { "pair-sg": { tags: ["paired"] } } }),
    });
    ({ gateway } = deployment);
    paired = await startNodeHost(gateway, "pair-sg", {
      plugin: await unpackPlugin(),
      env: { NODE_EXTRA_CA_CERTS: authority },
    });
    const place = { location: { country: "SG" } };
    const residency = { allow: ["SG"] };
    router = merge(deployment.router, {
      nodes: { "mac-sg": place, "pair-sg": { ...place, workspace: workspaceOf(paired) } },
      presence: { connect: true, geoipFile },
      rules: [
        {
          name: "over-ssh",
          agents: ["worker-sg"],
          require: "region=sg",
          residency: { ...residency, egress: true },
        },
        {
          name: "paired",
          agents: ["worker-cn"],
          require: "paired",
          residency: { ...residency, egress: true },
        },
        { name: "declared", agents: ["master"], require: "region=sg", residency },
      ],
    });
  });
  afterAll(async () => {
    await paired?.stop();
    await deployment?.stop();
    service?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const use = (publicAddressUrl: string): Promise<void> =>
    changeConfig(gateway, (config) => withRouter(config, merge(router, { presence: { publicAddressUrl } })));
  const at = (path: string): string => `https://127.0.0.1:${portOf(service)}${path}`;
  const explained = (agent: string) => gateway.rpc<ExplainReport>("noderouter.explain", { agent });
  const until = (agent: string, is: (report: ExplainReport) => boolean, what: string): Promise<unknown> =>
    waitFor(`${agent}: ${what}`, async () => is(await explained(agent)), PATIENT);
  /** What it was told, and whether the command has left its mark on the machine. */
  const tried = async (agent: string, mark: string): Promise<{ told: string; marks: number }> => {
    const command = `echo ${mark} >>"$HOME/marks"; ${PROBE}`;
    const { results } = await gateway.agent(agent, call("exec", { command }));
    const files = [deployment.home, paired.home.home].map((home) => join(home, "marks"));
    const lines = files.flatMap((file) => (existsSync(file) ? readFileSync(file, "utf8").split("\n") : []));
    return { told: results[0] ?? "", marks: lines.filter((line) => line === mark).length };
  };
  const workers = Object.keys(WORKERS) as readonly Worker[];

  test("a node that gets no answer runs nothing where the rule wants its egress, and runs where it does not", async () => {
    let asked = 0;
    const silent = createTcpServer((socket) => {
      asked++;
      socket.destroy();
    });
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    await use(`https://127.0.0.1:${portOf(silent)}/`);
    // Each asks once in five minutes.
    await waitFor("both nodes to ask", () => asked >= workers.length, PATIENT);
    silent.close();
    for (const agent of workers) {
      const { told, marks } = await tried(agent, `gone-${agent}`);
      expect(told).toMatch(/NO_NODE_FITS: .*1 had an unknown egress place/);
      expect(marks).toBe(0);
    }
    const { told, marks } = await tried("master", "gone-master");
    expect([machineOf(told), marks]).toEqual(["mac-sg", 1]);
  });

  test("a node whose own address is in another country runs nothing, and the refusal says where it looks to be", async () => {
    await use(at("/jp"));
    for (const agent of workers) {
      await until(agent, ({ message }) => message.includes("of disputed place"), "disputed");
      const { told, marks } = await tried(agent, `jp-${agent}`);
      expect(told).toMatch(
        /NO_NODE_FITS: .*1 was of disputed place \(SG, declared, egress 9\.8\.7\.6 looks like JP/,
      );
      expect(marks).toBe(0);
    }
  });

  test("a node whose own address agrees runs the command once, and the result says so", async () => {
    await use(at("/sg"));
    for (const agent of workers) {
      await until(agent, ({ outcome }) => outcome === "placed", "placed");
      const { told, marks } = await tried(agent, `sg-${agent}`);
      expect(machineOf(told)).toBe(WORKERS[agent]);
      expect(told).toMatch(/residency SG, declared, egress agrees/);
      expect(marks).toBe(1);
    }
  });
});
