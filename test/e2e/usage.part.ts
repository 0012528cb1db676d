// Usage on a real gateway: to the token what the model itself has counted, by agent, node, region and model.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { UsageReport } from "../../src/nodeRouter/surfaces/methods/usageMethod.ts";
import type { UsageBy } from "../../src/nodeRouter/usage/spending.ts";
import { waitFor } from "../support/wait.ts";
import { call, callAny, type Deployment, PROBE, startDeployment } from "./deployment.ts";

let deployment: Deployment;
beforeAll(async () => {
  deployment = await startDeployment();
});
afterAll(() => deployment?.stop());

const exec = (command: string): string => call("exec", { command });

/** What the model has counted of the agents' sessions; what belongs to no session, OpenClaw counts nowhere. */
function counted(agents: readonly string[]): readonly [input: number, output: number] {
  const own = deployment.gateway.model.requests.filter(({ agent }) => agents.includes(agent ?? ""));
  return [
    own.reduce((sum, { tokens }) => sum + tokens.input, 0),
    own.reduce((sum, { tokens }) => sum + tokens.output, 0),
  ];
}

const ALL = ["master", "worker-cn", "worker-sg"];

/**
 * Asks until everything is counted: OpenClaw keeps an answer for 30 s.
 * @param agents the model's own count of whom each row must have; a sub-agent's report may wake its parent meanwhile.
 */
async function usage(by: UsageBy, agents: Readonly<Record<string, readonly string[]>>): Promise<UsageReport> {
  let last: unknown;
  return waitFor(
    `usage by ${by}`,
    async () => {
      const report = await deployment.gateway.rpc<UsageReport>("noderouter.usage", { by, days: 1 });
      const rows = Object.fromEntries(report.rows.map(({ key, input, output }) => [key, [input, output]]));
      const wanted = Object.fromEntries(Object.entries(agents).map(([key, of]) => [key, counted(of)]));
      const { input, output } = report.totals;
      last = { report, wanted };
      const isAll = isDeepStrictEqual([rows, [input, output]], [wanted, counted(ALL)]);
      return report.complete && isAll && report;
    },
    { timeoutMs: 200_000, everyMs: 2_000, onTimeout: () => JSON.stringify(last) },
  );
}

test("is what the model counted, with a sub-agent, a cron job, a reset session and a restart", async () => {
  const { gateway } = deployment;
  const task = exec(PROBE);
  const [{ results }, cn] = await Promise.all([
    gateway.agent("master", [callAny("sessions_spawn", { agentId: "worker-sg", task }), "go on"].join("\n")),
    gateway.agent("worker-cn", [exec("echo one"), exec("echo two")].join("\n")),
  ]);
  const child = /"childSessionKey": "([^"]+)"/.exec(results[0] ?? "")?.[1];
  await gateway.model.waitFor(
    "the sub-agent's end",
    ({ session, reply }) => session === child && "text" in reply,
  );
  await gateway.rpc("sessions.reset", { key: cn.sessionKey });
  await gateway.agent("worker-cn", exec("echo three"), { sessionKey: cn.sessionKey });
  const { id } = await gateway.rpc<{ id: string }>("cron.add", {
    name: "probe",
    schedule: { kind: "every", everyMs: 3_600_000 },
    enabled: true,
    agentId: "worker-cn",
    sessionTarget: "isolated",
    wakeMode: "now",
    payload: { kind: "agentTurn", message: exec("echo cron") },
    delivery: { mode: "none" },
  });
  await gateway.rpc("cron.run", { id, mode: "force" });
  await gateway.model.waitFor(
    "the cron job's end",
    ({ session, reply }) => session?.includes(`cron:${id}`) === true && "text" in reply,
  );
  // Deleted before anybody counts.
  const gone = await gateway.agent("worker-sg", exec("echo gone"));
  await gateway.rpc("sessions.delete", { key: gone.sessionKey });
  // The sub-agent's report may still wake its parent.
  await waitFor("quiet", async () => {
    const before = gateway.model.requests.length;
    await new Promise((resolve) => setTimeout(resolve, 4_000));
    return gateway.model.requests.length === before;
  });

  const byAgent = await usage("agent", Object.fromEntries(ALL.map((agent) => [agent, [agent]])));
  expect(byAgent.unattributed).toMatchObject({ input: 0, why: null });
  // Prices of the scripted model: 1 and 2 for a million.
  const { input, output, cost } = byAgent.totals;
  expect(cost).toBeCloseTo((input + 2 * output) / 1e6, 9);
  await usage("node", { "mac-sg": ["worker-sg"], "mac-cn": ["worker-cn"], gateway: ["master"] });
  await usage("model", { "scripted/model": ALL });

  await gateway.rpc("sessions.delete", { key: child });
  await gateway.restart();
  await usage("region", { sg: ["worker-sg"], cn: ["worker-cn"], gateway: ["master"] });
  const file = join(gateway.home.stateDir, "node-router", "usage.json");
  expect(existsSync(file) && readFileSync(file, "utf8")).not.toContain("echo");

  const { code, stdout } = await gateway.router("usage", "--by", "region", "--days", "1", "--json");
  expect([code, JSON.parse(stdout)]).toEqual([
    0,
    expect.objectContaining({ by: "region", days: 1, complete: true, attribution: expect.any(String) }),
  ]);
  const metrics = await fetch(`http://127.0.0.1:${gateway.port}/plugins/node-router/metrics`, {
    headers: { authorization: `Bearer ${gateway.token}` },
  });
  expect(await metrics.text()).toContain(
    `openclaw_node_router_usage_tokens{agent="worker-sg",node="mac-sg",kind="input"} ${counted(["worker-sg"])[0]}`,
  );
}, 900_000);
