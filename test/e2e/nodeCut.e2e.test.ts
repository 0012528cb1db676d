// A paired node whose link to the gateway is a black hole for a while, as links across countries are.
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { packPlugin } from "../support/install.ts";
import { type NodeHost, startNodeHost } from "../support/nodeHost.ts";
import { startWire, type Wire } from "../support/ssh/wire.ts";
import { pause, waitFor } from "../support/wait.ts";
import { call, changeConfig, installOverRpc, withRouter } from "./deployment.ts";
import { SANDBOX } from "./sshDeployment.ts";

let gateway: Gateway;
let wire: Wire;
let node: NodeHost;
let workspace: string;

beforeAll(async () => {
  const archive = await packPlugin();
  gateway = await startGateway({
    // A command longer than the cut is to be a result, not a background job.
    config: {
      tools: { exec: { backgroundMs: 400_000, timeoutSec: 400 } },
      agents: { entries: { "worker-sg": { sandbox: SANDBOX } } },
    },
  });
  await installOverRpc(gateway, archive);
  wire = await startWire({ target: gateway.port, delayMs: 0, misbehaviour: null });
  node = await startNodeHost(gateway, "mac-sg", { port: wire.port, plugin: archive });
  workspace = join(node.home.home, "work");
  mkdirSync(workspace);
  await changeConfig(gateway, (config) =>
    withRouter(config, {
      nodes: { "mac-sg": { tags: ["region=sg"], workspace } },
      rules: [{ name: "singapore", agents: ["worker-sg"], require: "region=sg" }],
    }),
  );
});

afterAll(async () => {
  await node?.stop();
  await wire?.stop();
  await gateway?.stop();
});

const run = async (command: string): Promise<string> => {
  const line = call("exec", { command });
  return (await gateway.agent("worker-sg", line, { timeoutMs: 400_000 })).results[0] ?? "";
};
const textOf = (name: string): string | false => {
  const file = join(workspace, name);
  return existsSync(file) && readFileSync(file, "utf8");
};

test("a cut of 150 s in mid-command ends in the command's real end, and it ran once", async () => {
  const result = run("echo began >> long; echo first; sleep 20; echo last; exit 4");
  await waitFor("the command to begin", () => textOf("long"));
  wire.freeze();
  await pause(150_000);
  wire.thaw();
  expect(await result).toMatch(/^first\nlast\n[\s\S]*\(Command exited with code 4\)/);
  expect(textOf("long")).toBe("began\n");
});

test("a command that is swallowed on its way never begins, and the agent is told just that", async () => {
  expect(await run("echo ready")).toMatch(/^ready\n/);
  wire.freeze();
  const result = run("echo began >> swallowed");
  await pause(15_000);
  wire.thaw();
  expect(await result).toMatch(/NOT_STARTED|NODE_UNREACHABLE|NO_NODE_FITS/);
  expect(await run("echo after")).toMatch(/^after\n/);
  expect(textOf("swallowed")).toBe(false);
});
