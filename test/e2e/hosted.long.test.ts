// What the host runs on a node by itself, past every tool call: whole sessions, tools that a node publishes.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { DoctorReport } from "../../src/nodeRouter/surfaces/doctor/doctor.ts";
import type { NodesReport } from "../../src/nodeRouter/surfaces/reports/nodesReport.ts";
import type { StatusReport } from "../../src/nodeRouter/surfaces/reports/statusReport.ts";
import type { Gateway } from "../support/gateway.ts";
import type { NodeHost } from "../support/nodeHost.ts";
import { waitFor } from "../support/wait.ts";
import {
  call,
  callAny,
  changeConfig,
  type Deployment,
  machineOf,
  PROBE,
  startDeployment,
  withRouter,
} from "./deployment.ts";

const MCP_SERVER = fileURLToPath(new URL("../support/mcpServer.mjs", import.meta.url));
const mcpServer = (tool: string) => ({ command: process.execPath, args: [MCP_SERVER, tool] });
/** The host brings its program to a machine before the first session there: seconds, on a busy machine a minute. */
const LONG = { timeoutMs: 200_000 };

/** For a machine that is busy with other things. */
const SLOW = 400_000;

let deployment: Deployment;
let gateway: Gateway;
let cn: NodeHost;
let sg: NodeHost;

beforeAll(async () => {
  deployment = await startDeployment({
    config: {
      // A hosted turn takes the agent's skills along; these need none.
      agents: { defaults: { skills: [] } },
    },
    node: {
      unprivileged: true,
      ...LONG,
      config: {
        nodeHost: { workerRuns: { enabled: true }, mcp: { servers: { local: mcpServer("where") } } },
      },
    },
  });
  ({ gateway, cn, sg } = deployment);
}, SLOW);

afterAll(() => deployment?.stop());

/** Puts a new session of the agent, or its main one, on the node as an operator would. */
async function host(agent: string, name: string, node: NodeHost): Promise<string> {
  const key = `agent:${agent}:${name}`;
  await gateway.rpc(
    "sessions.create",
    { key, agentId: agent, worktree: true, worktreeSource: "empty" },
    LONG,
  );
  await gateway.rpc("sessions.dispatch", { key, deviceId: node.id }, LONG);
  return key;
}

/** Runs the script in the session: its text, or the error's when the turn does not start, and what was asked of the model. */
async function turn(agent: string, sessionKey: string, script: string) {
  const before = gateway.model.requests.length;
  const text = await gateway.agent(agent, script, { sessionKey, ...LONG }).then(
    (run) => run.text,
    (error: unknown) => String(error),
  );
  return { text, asked: gateway.model.requests.length - before };
}

/** Leaves a file with each tool on whatever machine it runs on. */
const marks = (name: string) =>
  [
    call("exec", {
      command: `touch ${[cn, sg].map(({ home }) => join(home.home, `${name}-exec`)).join(" ")}`,
    }),
    call("write", { path: join(cn.home.home, `${name}-write`), content: "x" }),
  ].join("\n");
const marked = (name: string) =>
  [cn, sg].flatMap(({ home }) =>
    ["exec", "write"].filter((kind) => existsSync(join(home.home, `${name}-${kind}`))),
  );

/** The parameters of a command that a text offers. */
function offered(text: string, method: string, target: string): object {
  const commands = [...text.matchAll(new RegExp(`${method} --params '([^']*)'`, "g"))];
  const params = commands.map((found) => JSON.parse(found[1] ?? "") as object);
  const wanted = params.find((one) => JSON.stringify(one).includes(`"kind":"${target}"`));
  if (wanted === undefined) throw new Error(`no ${method} to a ${target} in: ${text}`);
  return wanted;
}

const status = () => gateway.rpc<StatusReport>("noderouter.status");
const findings = async (name: string) =>
  (await gateway.rpc<DoctorReport>("noderouter.doctor")).findings.filter(
    ({ id }) => id === `node-router/${name}`,
  );

describe("a hosted session of a routed agent", { timeout: SLOW }, () => {
  let wrong: string;
  let refusal: string;

  test("on a node outside its rule starts no turn: no model is asked, nothing runs and nothing is written there", async () => {
    wrong = await host("worker-sg", "wrong", cn);
    const { text, asked } = await turn("worker-sg", wrong, marks("wrong"));
    expect(text).toContain(
      `HOSTED_ELSEWHERE: session "${wrong}" of agent "worker-sg" is hosted on node "mac-cn", which didn't match "region=sg" (rule "singapore")`,
    );
    expect(asked).toBe(0);
    expect(marked("wrong")).toEqual([]);
    refusal = text;
  });

  test("is shown by status, and is an error for doctor, with the same way back", async () => {
    expect((await status()).hosted).toEqual([
      expect.objectContaining({ session: wrong, agent: "worker-sg", node: "mac-cn", fits: false }),
    ]);
    const [found] = await findings("hosted-elsewhere");
    expect(found).toMatchObject({ severity: "error", message: expect.stringContaining(wrong) });
    expect(refusal).toContain(offeredText(found?.fix ?? "?"));
    const outside = await findings("session-host-outside");
    expect(outside.map(({ message }) => message).join("\n")).toContain('node "mac-cn" hosts whole sessions');
    const { nodes } = await gateway.rpc<NodesReport>("noderouter.nodes");
    expect(nodes.map(({ name, hosting }) => [name, hosting?.sessions, hosting?.hosted])).toEqual([
      ["mac-cn", true, 1],
      ["mac-sg", true, 0],
    ]);
  });

  test("is refused again after a reload of the plugin, and for whoever starts the turn", async () => {
    await gateway.rpc("plugins.reload", { plugins: [{ pluginId: "node-router" }] }, LONG);
    await gateway.waitUntilConfigApplied();
    const { text, asked } = await turn("worker-sg", wrong, marks("reloaded"));
    expect(text).toContain("HOSTED_ELSEWHERE");

    const job = await gateway.rpc<{ id: string }>("cron.add", {
      name: "hosted",
      agentId: "worker-sg",
      schedule: { kind: "at", at: new Date(Date.now() + 86_400_000).toISOString() },
      sessionTarget: `session:${wrong}`,
      wakeMode: "now",
      payload: { kind: "agentTurn", message: marks("cron") },
      delivery: { mode: "none" },
    });
    const refused = (await status()).counters.hostedRefused;
    await gateway.rpc("cron.run", { id: job.id, mode: "force" }, LONG);
    await waitFor(
      "the scheduled turn to be refused",
      async () => (await status()).counters.hostedRefused > refused,
      LONG,
    );
    expect(asked).toBe(0);
    expect([...marked("reloaded"), ...marked("cron")]).toEqual([]);
  });

  test("comes back with the command that the refusal offers, and its commands are placed again", async () => {
    await gateway.rpc("sessions.move", offered(refusal, "sessions.move", "gateway"), LONG);
    const { text } = await turn("worker-sg", wrong, call("exec", { command: PROBE }));
    expect(machineOf(text)).toBe("mac-sg");
    expect((await status()).hosted).toEqual([]);
  });

  test("on a node of its rule runs there, and nobody takes that for lost hooks", async () => {
    const right = await host("worker-sg", "right", sg);
    const { text, asked } = await turn("worker-sg", right, call("exec", { command: "cat ~/whoami" }));
    expect(text).toContain("mac-sg");
    expect(asked).toBe(2);
    const { hooks, counters, hosted } = await status();
    expect({ hooks, missed: counters.missed }).toEqual({ hooks: "live", missed: 0 });
    expect(hosted).toEqual([expect.objectContaining({ session: right, fits: true, problem: null })]);
    expect(await findings("hooks-missed")).toEqual([]);
    expect(await findings("hosted-elsewhere")).toEqual([]);
  });
});

describe("a tool that a node publishes", () => {
  const calls = (node: NodeHost) => {
    const file = join(node.home.home, "mcp-calls");
    return existsSync(file) ? readFileSync(file, "utf8").split("\n").length - 1 : 0;
  };
  /** Two nodes publish the same name, so the host puts the node's id in front. */
  const nameOn = (node: NodeHost) => {
    const id = node.id.slice(0, 32);
    return `${/^[a-z]/.test(id) ? id : `node_${id}`.slice(0, 32)}_local_where`;
  };

  test("runs for agents whose rule allows its node, and is refused to the others before it reaches the node", async () => {
    const { results } = await gateway.agent(
      "worker-sg",
      [callAny(nameOn(cn), {}), callAny(nameOn(sg), {})].join("\n"),
      LONG,
    );
    expect(results[0]).toContain(
      'is published by node \\"mac-cn\\" and runs there whatever a rule says; that node didn\'t match \\"region=sg\\"',
    );
    expect(results[1]).toContain("machine=mac-sg");
    expect([calls(cn), calls(sg)]).toEqual([0, 1]);
  });

  test("is left to an agent without a rule", async () => {
    const { results } = await gateway.agent("master", callAny(nameOn(cn), {}), LONG);
    expect(results[0]).toContain("machine=mac-cn");
  });

  test("is told by doctor", async () => {
    const found = await findings("node-tools-outside");
    expect(found.map(({ message }) => message).join("\n")).toContain('"local_where"');
  });
});

test(
  "the main session may be hosted too: every turn of the agent is refused; in shadow mode they run, and the log says so",
  async () => {
    const main = await host("worker-sg", "main", cn);
    const { text, asked } = await turn("worker-sg", main, marks("main"));
    expect(text).toContain(`HOSTED_ELSEWHERE: session "${main}"`);
    expect(asked).toBe(0);
    expect(marked("main")).toEqual([]);
    await changeConfig(gateway, (config) => withRouter(config, { ...deployment.router, mode: "shadow" }));
    expect((await turn("worker-sg", main, call("exec", { command: "cat ~/whoami" }))).text).toContain(
      "mac-cn",
    );
    await waitFor("the log to say so", () => gateway.log().includes("shadow mode lets the turn run"));
  },
  SLOW,
);

/** The first command of a finding's fix, as the refusal must offer it too. */
function offeredText(fix: string): string {
  return /sessions\.move --params '[^']*'/.exec(fix)?.[0] ?? "no command";
}
