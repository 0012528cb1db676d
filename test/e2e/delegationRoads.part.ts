// Over a real sshd, to plain A2A, in circles, many at once, over a reload: what a delegation does beside the plain case.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { DrainReport } from "../../src/nodeRouter/surfaces/methods/cordonMethods.ts";
import type {
  DelegationReport,
  DelegationsReport,
} from "../../src/nodeRouter/surfaces/reports/delegationsReport.ts";
import type { PeersReport } from "../../src/nodeRouter/surfaces/reports/peersReport.ts";
import type { JsonObject } from "../support/config.ts";
import { isAlive } from "../support/leftovers.ts";
import { makeKey } from "../support/ssh/keys.ts";
import { type Sshd, skipWithoutSshd, startSshd } from "../support/ssh/sshd.ts";
import { waitFor } from "../support/wait.ts";
import { callAny, changeConfig, withRouter } from "./deployment.ts";
import { markedTasks } from "./markedTasks.ts";
import { startTwoGateways, type TwoGateways, untilOnline } from "./twoGateways.ts";

const TOKEN = "token-of-gw-cn-at-gw-sg-with-32-characters-and-more";
const BACK = "token-of-gw-sg-at-gw-cn-with-32-characters-and-more";
const PLAIN = "token-of-gw-cn-at-the-channel-of-gw-sg-and-more";

const suite = describe.skipIf(skipWithoutSshd("test/e2e/delegationRoads"));

let two: TwoGateways;
let sshd: Sshd;

suite("a delegation", () => {
  beforeAll(async () => {
    const key = makeKey("ed25519");
    two = await startTwoGateways({
      b: {
        config: { channels: { a2a: { enabled: true, peers: { "gw-cn": { token: PLAIN } } } } },
        router: ({ a }) => ({
          gatewayName: "gw-sg",
          peers: {
            "gw-cn": {
              url: `http://127.0.0.1:${a.port}`,
              token: BACK,
              accept: {
                token: TOKEN,
                agents: ["worker-sg", "worker-cn"],
                maxRunning: 30,
                perMinute: 1_000,
                mayDelegate: false,
              },
            },
          },
          delegation: { maxHops: 2, rules: [{ name: "back", agents: ["worker-sg"], agent: "worker-cn" }] },
        }),
      },
    });
    const { a, b } = two;
    // As the set-up writes it: forwarding to the gateway's port, and nothing else.
    sshd = await startSshd({
      authorizedKeys: [`restrict,port-forwarding,permitopen="127.0.0.1:${b.port}" ${key.publicKey}`],
    });
    const folder = join(a.home.dir, "ssh");
    mkdirSync(folder, { mode: 0o700 });
    const [identityFile, knownHostsFile] = [join(folder, "id"), join(folder, "known_hosts")];
    writeFileSync(identityFile, key.privateKey, { mode: 0o600 });
    writeFileSync(knownHostsFile, sshd.knownHosts());
    const ssh = { host: "127.0.0.1", port: sshd.port, user: sshd.user, identityFile, knownHostsFile };
    await changeConfig(a, (config) =>
      withRouter(config, {
        gatewayName: "gw-cn",
        presence: { connect: false },
        nodes: { hop: { node: false, tailscale: false, ssh } },
        peers: {
          "gw-sg": {
            ssh: "hop",
            port: b.port,
            token: TOKEN,
            tags: ["region=sg"],
            accept: { token: BACK, agents: ["worker-cn"] },
          },
          plain: {
            url: `http://127.0.0.1:${b.port}`,
            protocol: "a2a",
            token: PLAIN,
            tags: ["plain"],
            agents: ["master"],
          },
        },
        delegation: {
          maxHops: 2,
          // A busy machine takes its time, above all for twenty at once.
          waitSeconds: 200,
          acceptWithinSeconds: 120,
          rules: [{ name: "sg-work", agents: ["master"], prefer: [{ selector: "region=sg", weight: 50 }] }],
        },
      }),
    );
    await untilOnline(a, "gw-sg", "plain");
  });
  afterAll(async () => {
    await Promise.allSettled([two?.stop(), sshd?.stop()]);
  });

  const { marking, marks, running, pidOf, go } = markedTasks(() => two.b, "roads");
  const TO = { to: "region=sg", agent: "worker-sg" };
  const delegate = async (args: JsonObject): Promise<string> =>
    (await two.a.agent("master", callAny("delegate", args))).results[0] ?? "";
  const idIn = (text: string): string => /Delegation ([0-9a-f-]{36})/.exec(text)?.[1] ?? text;
  const ended = (id: string) =>
    waitFor(`delegation ${id} to end`, async () => {
      const now = await two.a.rpc<DelegationReport>("noderouter.delegation", { id }).catch(() => null);
      return now?.endedAt != null && now;
    });

  test("goes over ssh, by a key that can do nothing but that, and the peer is shown with its round trip", async () => {
    expect(await delegate({ ...TO, task: marking("ssh") })).toContain("done-ssh");
    expect(marks("ssh")).toBe("start end");
    const { peers } = await two.a.rpc<PeersReport>("noderouter.peers", {});
    expect(peers).toMatchObject([
      { name: "gw-sg", state: "online", way: `ssh hop:${two.b.port}`, agents: ["worker-sg", "worker-cn"] },
      { name: "plain" },
    ]);
    expect(peers[0]?.rttMs).toBeGreaterThanOrEqual(0);
  });

  test("to plain A2A comes back with its answer, and says the weaker guarantee", async () => {
    const text = await delegate({ to: "plain", agent: "master", task: marking("plain") });
    expect(text).toContain("done-plain");
    expect(marks("plain")).toBe("start end");
    const id = idIn(text);
    expect(await two.a.rpc("noderouter.delegation", { id })).toMatchObject({ weaker: true, peer: "plain" });
  });

  test("goes on in its conversation with a follow-up: the peer's agent has both in one session", async () => {
    const first = await delegate({ ...TO, task: marking("first") });
    const run = await two.a.agent(
      "master",
      callAny("delegation", { action: "follow_up", id: idIn(first), text: marking("second") }),
    );
    expect(run.results[0]).toContain("done-second");
    const request = two.b.model.requests.findLast(({ messages }) =>
      JSON.stringify(messages).includes("done-second"),
    );
    expect(JSON.stringify(request?.messages)).toContain("done-first");
  });

  test("that is canceled ends the peer's command", async () => {
    const id = idIn(await delegate({ ...TO, task: marking("cancel", true), wait_seconds: 0 }));
    await running("cancel");
    const pid = pidOf("cancel");
    await two.a.agent("master", callAny("delegation", { action: "cancel", id }));
    expect(await ended(id)).toMatchObject({ state: "canceled", mayHaveRun: true });
    await waitFor("the command to be gone", () => !isAlive(pid));
    expect(marks("cancel")).toBe("start");
  });

  test("to a peer that is drained is not begun; the drain names what the peer has, and is done at its end", async () => {
    const id = idIn(await delegate({ ...TO, task: marking("drained", true), wait_seconds: 0 }));
    await running("drained");
    const begun = await two.a.rpc<DrainReport>("noderouter.drain", { node: "gw-sg" });
    expect(begun).toMatchObject({ peer: true, done: false, tasks: [{ id, agent: "worker-sg" }] });
    expect(await delegate({ ...TO, task: marking("kept-away") })).toContain("1 was cordoned");
    go("drained");
    expect(await ended(id)).toMatchObject({ state: "completed" });
    expect(await two.a.rpc("noderouter.drained", { node: "gw-sg" })).toMatchObject({ done: true, tasks: [] });
    await two.a.rpc("noderouter.uncordon", { node: "gw-sg" });
    expect([marks("drained"), marks("kept-away")]).toEqual(["start end", ""]);
  });

  test("of a peer is not given on, not even back, where mayDelegate is not said", async () => {
    const back = callAny("delegate", { task: "back again" });
    const text = await delegate({ ...TO, task: back });
    expect(text).toContain("mayDelegate is false");
    const { delegations } = await two.b.rpc<DelegationsReport>("noderouter.delegations", {});
    expect(delegations.filter(({ direction }) => direction === "out")).toEqual([]);
  });

  test("twenty at once are done, each once", { timeout: 400_000 }, async () => {
    const names = Array.from({ length: 20 }, (_, at) => `many-${at}`);
    const calls = names.map((name) => callAny("delegate", { ...TO, task: marking(name) }));
    const run = await two.a.agent("master", ["PARALLEL", ...calls, "END"].join("\n"), { timeoutMs: 300_000 });
    expect(run.results).toHaveLength(names.length);
    for (const [at, name] of names.entries()) expect(run.results[at]).toContain(`done-${name}`);
    expect(names.map(marks)).toEqual(names.map(() => "start end"));
  });

  test("runs on while the peer's plugin is loaded anew, and its result comes", async () => {
    const id = idIn(await delegate({ ...TO, task: marking("reload", true), wait_seconds: 0 }));
    await running("reload");
    await two.b.rpc("plugins.reload", { plugins: [{ pluginId: "node-router" }] });
    go("reload");
    expect(await ended(id)).toMatchObject({
      state: "completed",
      result: expect.stringContaining("done-reload"),
    });
    expect(marks("reload")).toBe("start end");
  });

  test("leaves its tokens in no log, no answer and no prompt of either gateway", async () => {
    const said = await Promise.all(
      [two.a, two.b].map(async (gateway) => [
        gateway.log(),
        JSON.stringify(gateway.model.requests.map(({ messages }) => messages)),
        JSON.stringify(await gateway.rpc("noderouter.peers", {})),
        JSON.stringify(await gateway.rpc("noderouter.delegations", {})),
        JSON.stringify(await gateway.rpc("noderouter.doctor", {})),
      ]),
    );
    for (const text of said.flat())
      for (const token of [TOKEN, BACK, PLAIN]) expect(text.includes(token)).toBe(false);
  });
});
