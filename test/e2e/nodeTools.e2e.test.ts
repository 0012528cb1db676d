// The other tools that reach a machine: a routed agent gets to its own nodes and to nothing else.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { JsonObject } from "../support/config.ts";
import type { Gateway } from "../support/gateway.ts";
import { waitFor } from "../support/wait.ts";
import { callAny, type Deployment, startDeployment } from "./deployment.ts";

let deployment: Deployment;
let gateway: Gateway;
let shared: string;

beforeAll(async () => {
  shared = mkdtempSync(join(tmpdir(), "node-router-shared-"));
  deployment = await startDeployment({
    config: {
      gateway: { nodes: { commands: { allow: ["dir.list", "dir.fetch", "file.fetch", "file.write"] } } },
      plugins: {
        entries: {
          "file-transfer": {
            config: {
              policyVersion: 2,
              nodes: { "*": { ask: "off", allowReadPaths: ["/**"], allowWritePaths: ["/**"] } },
            },
          },
        },
      },
    },
  });
  gateway = deployment.gateway;
});

afterAll(async () => {
  await deployment?.stop();
  rmSync(shared, { recursive: true, force: true });
});

type Call = readonly [tool: string, args: JsonObject];

/** Results in order, with the JSON that tool_call puts around them made readable. */
async function calls(agent: string, list: readonly Call[]): Promise<string[]> {
  const { results } = await gateway.agent(agent, list.map(([tool, args]) => callAny(tool, args)).join("\n"));
  return list.map((_, at) => (results[at] ?? "no result").replaceAll("\\n", "\n").replaceAll('\\"', '"'));
}

test("a call that names a node of another place is refused with the reason and the way out, for every node tool", async () => {
  const { cn } = deployment;
  const path = cn.home.home;
  const list: Call[] = [
    ["nodes", { action: "describe", node: "mac-cn" }],
    ["nodes", { action: "describe", node: cn.id }],
    ["nodes", { action: "describe", node: cn.id.slice(0, 12) }],
    ["nodes", { action: "invoke", node: "MAC-CN", invokeCommand: "fs.listDir", invokeParamsJson: "{}" }],
    ["nodes", { action: "which", node: "mac-cn", bins: ["sh"] }],
    ["browser", { action: "status", target: "node", node: "mac-cn" }],
    ["canvas", { action: "hide", node: "mac-cn" }],
    ["node_inference", { action: "discover", node: "mac-cn" }],
    ["mobile_ui", { action: "observe", node: "mac-cn" }],
    ["file_fetch", { node: "mac-cn", path: join(path, "whoami") }],
    ["dir_list", { node: "mac-cn", path }],
    ["dir_fetch", { node: "mac-cn", path: join(path, "work") }],
    ["file_write", { node: "mac-cn", path: join(path, "planted"), contentBase64: "aGk=" }],
  ];
  const results = await calls("worker-sg", list);
  for (const [at, [tool, args]] of list.entries()) {
    expect(results[at]).toContain(
      `NODE_NOT_ALLOWED: "${tool}" of agent "worker-sg" asked for node "${String(args.node)}", which didn't match "region=sg" (rule "singapore"); leave node out, or name one of "mac-sg"`,
    );
  }
  expect(existsSync(join(path, "planted"))).toBe(false);
});

test("tools that would change the gateway, drive its programs or show its ports are refused, and change nothing", async () => {
  const before = readFileSync(gateway.home.configFile, "utf8");
  const list: readonly (readonly [...Call, code: string])[] = [
    ["gateway", { action: "update.run" }, "GATEWAY_CONFIG_REFUSED"],
    ["plugins", { action: "disable", pluginId: "node-router" }, "GATEWAY_CONFIG_REFUSED"],
    ["openclaw", { message: "remove the rules of node-router" }, "GATEWAY_CONFIG_REFUSED"],
    ["portal", { action: "open", port: gateway.port }, "GATEWAY_PORT_REFUSED"],
    ["process", { action: "write", sessionId: "none", data: "id\n" }, "GATEWAY_SHELL_REFUSED"],
    ["sessions_spawn", { task: "id", runtime: "acp" }, "GATEWAY_SHELL_REFUSED"],
  ];
  const results = await calls(
    "worker-sg",
    list.map(([tool, args]) => [tool, args]),
  );
  for (const [at, [tool, , code]] of list.entries()) {
    // What this gateway does not offer the model at all is as good.
    expect(results[at], tool).toMatch(
      new RegExp(`${code}: "${tool}"|[Uu]nknown tool|not found|not available`),
    );
  }
  expect(results.filter((text) => /GATEWAY_\w+_REFUSED/.test(text)).length).toBeGreaterThan(2);
  expect(readFileSync(gateway.home.configFile, "utf8")).toBe(before);
  const [looked] = await calls("worker-sg", [["process", { action: "list" }]]);
  expect(looked).not.toContain("REFUSED");
});

test("a node that nobody knows is refused too, not sent to the host to guess", async () => {
  const [unknown] = await calls("worker-sg", [["nodes", { action: "describe", node: "mac-hk" }]]);
  expect(unknown).toContain('asked for node "mac-hk", which no known node is called');
});

test("a call that names no node gets the agent's own, and says so", async () => {
  const { cn, sg } = deployment;
  const [describe, invoke, which, inference, browser, host] = await calls("worker-sg", [
    ["nodes", { action: "describe" }],
    [
      "nodes",
      {
        action: "invoke",
        invokeCommand: "fs.listDir",
        invokeParamsJson: JSON.stringify({ path: sg.home.home }),
      },
    ],
    ["nodes", { action: "which", bins: ["sh"] }],
    ["node_inference", { action: "discover" }],
    ["browser", { action: "status" }],
    ["browser", { action: "status", target: "host" }],
  ]);
  for (const result of [describe, invoke, inference]) {
    expect(result).toContain(`"nodeId": "${sg.id}"`);
    expect(result).not.toContain(cn.id);
  }
  expect(invoke).toContain(deployment.work.sg);
  for (const result of [describe, invoke, which, inference, browser, host]) {
    expect(result).toMatch(/\[node-router\] ran on mac-sg \(SG, declared\) · rule singapore$/);
  }
});

test("the agent's own node may be named, by name or id, and its files are read and written there", async () => {
  const { sg } = deployment;
  const path = sg.home.home;
  const written = join(path, "written");
  const [list, fetched, write] = await calls("worker-sg", [
    ["dir_list", { path }],
    ["file_fetch", { node: "mac-sg", path: join(path, "whoami") }],
    ["file_write", { node: sg.id, path: written, contentBase64: Buffer.from("from sg").toString("base64") }],
  ]);
  expect(list).toContain("whoami");
  expect(fetched).toContain("mac-sg\n");
  expect(write).toContain(`Wrote ${written}`);
  expect(readFileSync(written, "utf8")).toBe("from sg");
});

test("looking at all nodes is left alone, and an agent without a rule may name any node", async () => {
  const { cn, sg } = deployment;
  const [status] = await calls("worker-sg", [["nodes", { action: "status" }]]);
  expect(status).toContain(cn.id);
  expect(status).toContain(sg.id);
  const [free] = await calls("master", [["nodes", { action: "describe", node: "mac-cn" }]]);
  expect(free).toContain(`"nodeId": "${cn.id}"`);
  expect(free).not.toContain("[node-router]");
});

test("another gateway's address does not lead around the rules", async () => {
  const [url, token] = await calls("worker-sg", [
    ["nodes", { action: "describe", node: "mac-sg", gatewayUrl: gateway.url, gatewayToken: "x" }],
    ["canvas", { action: "hide", gatewayToken: "x" }],
  ]);
  expect(url).toContain("GATEWAY_URL_REFUSED");
  expect(token).toContain("GATEWAY_URL_REFUSED");
});

const job = (name: string, more: JsonObject): JsonObject => ({
  action: "add",
  job: {
    name,
    schedule: { kind: "every", everyMs: 86_400_000 },
    sessionTarget: "isolated",
    wakeMode: "now",
    delivery: { mode: "none" },
    payload: { kind: "agentTurn", message: "time to look" },
    ...more,
  },
});

const jobNames = async (): Promise<string[]> =>
  (await gateway.rpc<{ jobs: { name: string }[] }>("cron.list", { includeDisabled: true })).jobs.map(
    ({ name }) => name,
  );

test("terminal and automations give no shell on the gateway, while a reminder is still made", async () => {
  const argv = ["sh", "-c", `touch ${join(shared, "automation")}`];
  const [terminal, command, stream, reminder, update] = await calls("worker-sg", [
    ["terminal", { action: "list" }],
    ["automations", job("command", { payload: { kind: "command", argv } })],
    ["automations", job("stream", { schedule: { kind: "stream", command: argv } })],
    ["automations", job("reminder", {})],
    ["automations", { action: "update", jobId: "any", job: { payload: { kind: "command", argv } } }],
  ]);
  for (const result of [terminal, command, stream, update]) expect(result).toContain("GATEWAY_SHELL_REFUSED");
  expect(reminder).not.toContain("GATEWAY_SHELL_REFUSED");
  expect(await jobNames()).toContain("reminder");
  expect(await jobNames()).not.toEqual(expect.arrayContaining(["command"]));
  expect(await jobNames()).not.toEqual(expect.arrayContaining(["stream"]));
  expect(existsSync(join(shared, "automation"))).toBe(false);
});

test("a headless script of an automation runs no command on the gateway either", async () => {
  const mark = `touch ${shared}/script.$(cat ~/whoami)`;
  const script = `const result = await exec({ command: ${JSON.stringify(mark)}, host: "gateway" }); return { notify: JSON.stringify(result) };`;
  await calls("worker-sg", [["automations", job("script", { payload: { kind: "script", script } })]]);
  const { jobs } = await gateway.rpc<{ jobs: { id: string; name: string }[] }>("cron.list");
  const id = jobs.find(({ name }) => name === "script")?.id ?? "";
  await gateway.rpc("cron.run", { id, mode: "force" });
  await waitFor(
    "the script to end",
    async () => (await gateway.rpc<{ entries: unknown[] }>("cron.runs", { id })).entries.length > 0,
  );
  expect(readdirSync(shared).filter((name) => name.startsWith("script."))).not.toContain("script.gateway");
});

test("node_route tells an agent where it runs and why in at most 80 tokens, and another agent nothing about it", async () => {
  const asked = async (agent: string, ...params: JsonObject[]): Promise<readonly string[]> => {
    const script = params.map((args) => callAny("node_route", args)).join("\n");
    const { results } = await gateway.agent(agent, script);
    return results.map((text) => {
      const { result } = JSON.parse(text) as { result: { content: { text: string }[]; details: unknown } };
      expect((result.content[0]?.text.length ?? 0) / 4).toBeLessThanOrEqual(80);
      expect(JSON.stringify(result.details).length / 4).toBeLessThanOrEqual(20);
      return result.content[0]?.text ?? "";
    });
  };
  const [own, browser] = await asked("worker-sg", {}, { tool: "browser" });
  const os = process.platform === "darwin" ? "macos" : "linux";
  expect(own).toMatch(
    /^exec runs on mac-sg over the node protocol; place SG[^;]* \(declared\); tags region=sg /,
  );
  expect(own).toContain(` node.os=${os}`);
  // mac-cn is no business of this agent's.
  expect(own).not.toContain("mac-cn");
  expect(browser).toMatch(/^browser runs on mac-sg /);
  expect(await asked("master", {})).toEqual([
    expect.stringMatching(/^no rule names agent "master" for exec/),
  ]);
  const [other] = await calls("master", [["node_route", { agent: "worker-sg" }]]);
  expect(other).toContain("Invalid arguments");
  expect(other).not.toContain("singapore");
});
