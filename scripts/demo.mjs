// The main job in two minutes: a real gateway, two real node hosts, and each agent's commands on its own machine.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { startGateway } from "../test/support/gateway.ts";
import { installPlugin, packPlugin } from "../test/support/install.ts";
import { startNodeHost } from "../test/support/nodeHost.ts";
import { REFERENCE_ARGS, referenceConfig } from "../test/support/reference.ts";
import { spawnAndLocate } from "../test/support/whereabouts.ts";
import { show, startProgress } from "./support/progress.mjs";

const WORKERS = ["worker-sg", "worker-cn"];
const EXPECTED = { "worker-sg": "mac-sg", "worker-cn": "mac-cn" };

const progress = startProgress(9);
const running = [];
let gateway;

const table = (places) =>
  places
    .map(({ agent, machine, folder }) => `${agent.padEnd(10)} ran on ${machine.padEnd(8)} in ${folder}`)
    .join("\n");

/** What a user would write into openclaw.json for this deployment. */
function routerConfig(workspaces) {
  return {
    nodes: {
      "mac-cn": { tags: ["region=cn"], workspace: workspaces["mac-cn"] },
      "mac-sg": {
        tags: ["region=sg"],
        location: { country: "SG", city: "Singapore" },
        workspace: workspaces["mac-sg"],
      },
    },
    rules: [
      { name: "singapore", agents: ["worker-sg"], require: "region=sg" },
      { name: "china", agents: ["worker-cn"], require: "region=cn" },
    ],
  };
}

async function openclaw(...args) {
  const { code, stdout, stderr } = await gateway.cli(...args);
  if (code !== 0)
    throw new Error(`openclaw ${args.slice(0, 3).join(" ")} ended with ${code}\n${stdout}${stderr}`);
  return stdout;
}

async function startHosts() {
  const hosts = await Promise.all(["mac-cn", "mac-sg"].map((name) => startNodeHost(gateway, name)));
  running.push(...hosts);
  return Object.fromEntries(
    hosts.map(({ name, home }) => {
      const workspace = join(home.home, "work");
      mkdirSync(workspace);
      return [name, workspace];
    }),
  );
}

async function demo() {
  const archive = await progress.step("build and pack the plugin", packPlugin);
  gateway = await progress.step("start a throw-away gateway with the reference configuration", () =>
    startGateway({ config: referenceConfig, args: REFERENCE_ARGS }),
  );
  const workspaces = await progress.step(
    "start the node hosts mac-cn and mac-sg and approve them",
    startHosts,
  );

  const before = await progress.step("without the plugin: master spawns both workers", () =>
    spawnAndLocate(gateway, "master", WORKERS),
  );
  show(table(before));

  await progress.step("openclaw plugins install", () => installPlugin(gateway, archive));
  await progress.step("openclaw config set plugins.entries.node-router.config", async () => {
    const config = JSON.stringify(routerConfig(workspaces));
    await openclaw("config", "set", "plugins.entries.node-router.config", config, "--strict-json");
    await gateway.waitUntilConfigApplied();
  });

  const after = await progress.step("with the plugin: master spawns both workers", () =>
    spawnAndLocate(gateway, "master", WORKERS),
  );
  show(table(after));
  const wrong = after.find(({ agent, machine }) => machine !== EXPECTED[agent]);
  if (wrong)
    throw new Error(`${wrong.agent} should have run on ${EXPECTED[wrong.agent]}; it read:\n${wrong.result}`);

  show(await progress.step("openclaw node-router status", () => openclaw("node-router", "status")));
  show(
    await progress.step("openclaw node-router explain --agent worker-sg", () =>
      openclaw("node-router", "explain", "--agent", "worker-sg"),
    ),
  );
}

const cleanUp = async () => {
  await Promise.allSettled(running.map((host) => host.stop()));
  await gateway?.stop();
};

try {
  await demo();
  await cleanUp();
  console.log(`node-router: demo passed in ${progress.seconds()} s; everything it started has ended`);
} catch (error) {
  process.env.NODE_ROUTER_KEEP = "1"; // the logs must outlive us
  console.error(`\nnode-router: demo failed in ${progress.current()}`);
  console.error(error instanceof Error ? error.message : error);
  for (const { home } of [gateway, ...running].filter(Boolean)) console.error(`log: ${home.logFile}`);
  await cleanUp();
  process.exitCode = 1;
}
