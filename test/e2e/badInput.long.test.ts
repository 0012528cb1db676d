// Nodes that are missing, waiting, gone or doubled, and configurations that are wrong: nothing runs on a guess.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type JsonObject, merge } from "../support/config.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { listNodes, type NodeHost, startNodeHost } from "../support/nodeHost.ts";
import { waitFor } from "../support/wait.ts";
import { call, callAny, changeConfig, machineOf, PROBE, withRouter } from "./deployment.ts";

let gateway: Gateway;
let sg: NodeHost;
let cn: NodeHost;
let scratch: string;
const others: NodeHost[] = [];

const GOOD: JsonObject = {
  nodes: { "mac-cn": { tags: ["region=cn"] }, "mac-sg": { tags: ["region=sg"] } },
  rules: [
    { name: "singapore", agents: ["worker-sg"], require: "region=sg" },
    { name: "china", agents: ["worker-cn"], require: "region=cn" },
  ],
};

beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), "node-router-shared-"));
  gateway = await startGateway({ withPlugin: true });
  await changeConfig(gateway, (config) => withRouter(config, GOOD));
});

afterAll(async () => {
  await Promise.allSettled([sg, cn, ...others].map((host) => host?.stop()));
  await gateway?.stop();
  rmSync(scratch, { recursive: true, force: true });
});

/** One session for each agent, so that a look every moment does not make hundreds; a long command has its own. */
const exec = async (
  agent: string,
  command: string,
  more: JsonObject = {},
  sessionKey = `agent:${agent}:steady`,
): Promise<string> =>
  (await gateway.agent(agent, call("exec", { command, ...more }), { sessionKey })).results[0] ?? "no result";

/** A command that would leave a mark wherever it ran; none may be left. */
async function refused(agent: string): Promise<string> {
  const mark = `refused-${Math.random().toString(36).slice(2)}`;
  const result = await exec(agent, `touch ${scratch}/${mark}; ${PROBE}`, { host: "gateway" });
  expect([machineOf(result), existsSync(join(scratch, mark))]).toEqual(["none", false]);
  return result;
}

const healthErrors = async (): Promise<string> => {
  const health = await gateway.rpc<{ plugins?: { errors?: { id: string; error: string }[] } }>("health", {
    probe: true, // not the answer of half a minute ago
  });
  return (health.plugins?.errors ?? [])
    .filter(({ id }) => id === "node-router")
    .map(({ error }) => error)
    .join("\n");
};

/** The next call that needs the node sees it: the plugin's list of nodes is at most a second old. */
const untilRuns = (agent: string): Promise<string> =>
  waitFor(`exec of ${agent} to run`, async () => {
    const result = await exec(agent, PROBE);
    return machineOf(result) !== "none" && result;
  });

describe("nodes", () => {
  test("a gateway without any node refuses with the count and the reasons, and an agent without a rule is untouched", async () => {
    expect(await refused("worker-sg")).toContain(
      'NO_NODE_FITS: 0/2 nodes fit rule "singapore" for exec: 1 didn\'t match "region=sg", 1 was not paired; nothing ran.',
    );
    expect(machineOf(await exec("master", PROBE))).toBe("gateway");
  });

  test("a node that waits for approval is refused as such, and used once it is approved", async () => {
    [sg, cn] = await Promise.all([
      startNodeHost(gateway, "mac-sg", { approve: false }),
      startNodeHost(gateway, "mac-cn"),
    ]);
    const waiting = await waitFor("the node to be seen", async () => {
      const result = await refused("worker-sg");
      return !result.includes("not paired") && result;
    });
    expect(waiting).toMatch(/0\/2 nodes fit rule "singapore" for exec: .*1 (is|was) waiting for approval/);

    const { pending } = await gateway.rpc<{ pending: { requestId: string; nodeId: string }[] }>(
      "node.pair.list",
    );
    const request = pending.find(({ nodeId }) => nodeId === sg.id);
    await gateway.rpc("node.pair.approve", { requestId: request?.requestId });
    expect(machineOf(await untilRuns("worker-sg"))).toBe("mac-sg");
  });

  let jobId = "";
  const poll = async (): Promise<string> => {
    const script = callAny("node_process", { action: "poll", jobId });
    return (
      (await gateway.agent("worker-sg", script, { sessionKey: "agent:worker-sg:poll" })).results[0] ?? ""
    );
  };

  test("a node that drops in mid-command: the outcome is called unknown, and the command is not run again", async () => {
    const count = join(scratch, "count");
    const started = await exec(
      "worker-sg",
      `echo begun; until [ -e ${scratch}/go ]; do sleep 0.05; done; echo finished`,
      { background: true },
    );
    jobId = started.match(/as job (nr-[0-9a-f]{12})/)?.[1] ?? "";

    const run = exec("worker-sg", `echo x >>${count}; sleep 60`, {}, "agent:worker-sg:dropped");
    await waitFor("the command to start", () => existsSync(count));
    await sg.kill9();
    const result = await run;
    expect(result).toContain("outcome is unknown");
    expect(result).toContain(
      "[node-router] may have run on mac-sg (location unknown) · rule singapore · outcome unknown: do not run it again before you looked",
    );
    expect(result).not.toContain("] ran on");
    expect(readFileSync(count, "utf8")).toBe("x\n");
    expect(await poll()).toMatch(/JOB_UNREACHABLE.*may still be running/);
  });

  test("a node that is gone is refused as offline although another one is up, and nothing runs there", async () => {
    await sg.waitUntilOffline();
    const offline = await waitFor("the node to be seen offline", async () => {
      const result = await refused("worker-sg");
      return result.includes("offline") && result;
    });
    expect(offline).toContain(
      '0/2 nodes fit rule "singapore" for exec: 1 didn\'t match "region=sg", 1 was offline; nothing ran.',
    );
    expect(machineOf(await exec("worker-cn", PROBE))).toBe("mac-cn");
  });

  test("a second device under the name gets no command, whichever is connected, until the operator says that it is meant", async () => {
    const isRefused = (fact: string) =>
      waitFor(`"${fact}" to be said`, async () => (await refused("worker-sg")).includes(fact));
    const trust = (paired: string) => gateway.rpc("noderouter.trust", { node: "mac-sg", paired });
    // One name to the host's lookups and to us. Under the very same one OpenClaw would forget the device that is away
    // (it paired itself from this machine over a minute ago), and that one could not come back.
    const again = await startNodeHost(gateway, "Mac SG");
    others.push(again);
    expect(again.id).not.toBe(sg.id);
    await isRefused("1 had another id than before");
    expect(await trust(again.id)).toMatchObject({ id: again.id, before: sg.id });
    expect(await untilRuns("worker-sg")).toContain("machine=Mac SG ");

    await again.end();
    await again.waitUntilOffline();
    await sg.start();
    expect(await refused("worker-sg")).toContain("NO_NODE_FITS");
    // The old device is as good again once the operator has said so; the host lists it when it is connected.
    await waitFor("the old device to be trusted", () => trust(sg.id).catch(() => null));
    expect(await untilRuns("worker-sg")).toContain("machine=mac-sg ");
    const named = (await listNodes(gateway)).filter((row) => /^mac[ -]sg$/i.test(row.displayName ?? ""));
    expect(named).toHaveLength(2);
  });

  test("a background job outlives the drop of its node, and the dropped command ran once", async () => {
    expect(await poll()).toContain(`${jobId} on mac-sg: running`);
    writeFileSync(join(scratch, "go"), "");
    const ended = await waitFor("the job to end", async () => {
      const text = await poll();
      return text.includes("ended") && text;
    });
    expect(ended).toContain("ended with exit status 0");
    expect(readFileSync(join(scratch, "count"), "utf8")).toBe("x\n");
  });
});

describe("configuration", () => {
  test("a reload to a wrong config and back leaves the running command alone, refuses the rest and shows in health", async () => {
    const go = join(scratch, "go-on");
    const begun = join(scratch, "begun");
    const running = exec(
      "worker-sg",
      `touch ${begun}; until [ -e ${go} ]; do sleep 0.05; done; ${PROBE}; echo ended`,
      {},
      "agent:worker-sg:long",
    );
    await waitFor("the command to start", () => existsSync(begun));

    await changeConfig(gateway, (config) =>
      withRouter(config, {
        ...GOOD,
        rules: [
          { name: "singapore", agents: ["worker-sg"], require: "node.regoin=sg" },
          { name: "china", agents: ["worker-cn"], require: "region=cn" },
          { name: "china", agents: ["worker-cn"], require: "region=cn" },
          { name: "nowhere", agents: ["master"], require: "region=hk" },
        ],
      }),
    );
    const [selector, duplicate, nowhere] = await Promise.all([
      refused("worker-sg"),
      refused("worker-cn"),
      refused("master"),
    ]);
    expect(selector).toContain("rules[0].require");
    expect(duplicate).toContain("rules[2].name");
    expect(nowhere).toContain('0/2 nodes fit rule "nowhere" for exec');
    const health = await waitFor("openclaw health to say so", healthErrors);
    expect(health).toContain("rules[0].require");

    await changeConfig(gateway, (config) => withRouter(config, GOOD));
    expect(machineOf(await exec("worker-cn", PROBE))).toBe("mac-cn");
    writeFileSync(go, "");
    const result = await running;
    expect(machineOf(result)).toBe("mac-sg");
    expect(result).toMatch(/ended\n\s*\[node-router\] ran on mac-sg \(location unknown\) · rule singapore$/);
    expect(machineOf(await exec("worker-sg", PROBE))).toBe("mac-sg");
    await waitFor("openclaw health to be quiet again", async () => (await healthErrors()) === "");
  });

  test("a rule that no configured node can ever match shows in health before any call", async () => {
    await changeConfig(gateway, (config) =>
      withRouter(config, {
        ...GOOD,
        rules: [{ name: "nowhere", agents: ["worker-sg"], require: "region=hk" }],
      }),
    );
    const health = await waitFor("openclaw health to say so", healthErrors);
    expect(health).toContain("rules[0].require");
    expect(health).toContain('rule "nowhere" matches none of the 2 configured nodes');
    expect(await refused("worker-sg")).toContain('0/2 nodes fit rule "nowhere" for exec');
    await changeConfig(gateway, (config) => withRouter(config, GOOD));
  });

  test.each<[string, JsonObject]>([
    ["of the wrong shape", { ...GOOD, rule: [] }],
    [
      "with a selector that cannot be read",
      { ...GOOD, rules: [{ name: "singapore", agents: ["worker-sg"], require: "region in (sg" }] },
    ],
    ["with a country that is none", { ...GOOD, gateway: { location: { country: "Hongkong" } } }],
  ])("a config %s is not taken, and the old rules go on", async (_, router) => {
    const good = readFileSync(gateway.home.configFile, "utf8");
    const before = gateway.log().length;
    const wrong = withRouter(JSON.parse(good) as JsonObject, router);
    writeFileSync(gateway.home.configFile, JSON.stringify(wrong));
    await waitFor("the gateway to skip it", () =>
      /config reload skipped \(invalid config\).*node-router/.test(gateway.log().slice(before)),
    );
    expect(machineOf(await exec("worker-sg", PROBE))).toBe("mac-sg");
    writeFileSync(gateway.home.configFile, good);
    await gateway.waitUntilConfigApplied();
  });

  test("with the guard, a plugin that is disabled leaves nothing to the gateway: the host refuses", async () => {
    await changeConfig(gateway, (config) =>
      merge(config, {
        agents: { entries: { "worker-sg": { tools: { exec: { host: "node", node: sg.id } } } } },
        plugins: { entries: { "node-router": { enabled: false } } },
      }),
    );
    expect(await refused("worker-sg")).toContain(
      "exec host not allowed (requested gateway; configured host is node",
    );
    // Without a target the host runs it on the node that the guard names, and nowhere else.
    const result = await exec("worker-sg", PROBE);
    expect([machineOf(result), result.includes("[node-router]")]).toEqual(["mac-sg", false]);
    const other = await exec("worker-sg", PROBE, { host: "node", node: "mac-cn" });
    expect(other).toContain("exec node not allowed");
    expect(machineOf(await exec("worker-cn", PROBE))).toBe("gateway"); // without the guard: what the guard is for
  });
});

test("no refused command left a mark anywhere", () => {
  expect(readdirSync(scratch).filter((name) => name.startsWith("refused-"))).toEqual([]);
  expect(gateway.log()).not.toMatch(/NODE_MISMATCH|hook failed|policy evaluation failed/);
});
