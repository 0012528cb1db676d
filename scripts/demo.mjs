// The main job in two minutes: a real gateway, two real node hosts, and each agent's commands on its own machine.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { allHomes, removeAllHomes } from "../test/support/environment.ts";
import { startGateway } from "../test/support/gateway.ts";
import { installPlugin, packPlugin } from "../test/support/install.ts";
import { startNodeHost } from "../test/support/nodeHost.ts";
import { endAllProcesses } from "../test/support/process.ts";
import { REFERENCE_ARGS, referenceConfig } from "../test/support/reference.ts";
import { spawnAndLocate } from "../test/support/whereabouts.ts";
import { show, startProgress } from "./support/progress.mjs";

const WORKERS = ["worker-sg", "worker-cn"];
const EXPECTED = { "worker-sg": "mac-sg", "worker-cn": "mac-cn" };

const progress = startProgress(9);
let gateway;

const table = (places) =>
  places
    .map(({ agent, machine, folder }) => `${agent.padEnd(10)} ran on ${machine.padEnd(8)} in ${folder}`)
    .join("\n");

/** What a user would write into openclaw.json for this deployment. */
function routerConfig(workspaces) {
  return {
    nodes: {
      "mac-cn": {
        tags: ["region=cn"],
        location: { country: "CN", city: "Shanghai" },
        workspace: workspaces["mac-cn"],
      },
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

/** Node hosts connect by themselves once the gateway listens: starting all at once saves seconds. */
async function startMachines() {
  gateway = await startGateway({ config: referenceConfig, args: REFERENCE_ARGS, wait: false });
  const hosts = ["mac-cn", "mac-sg"].map(async (name) => {
    const host = await startNodeHost(gateway, name);
    const workspace = join(host.home.home, "work");
    mkdirSync(workspace);
    return [name, workspace];
  });
  const workspaces = Promise.all(hosts).then(Object.fromEntries);
  workspaces.catch(() => undefined); // reported by the step that waits for it
  await gateway.waitUntilReady();
  return { workspaces };
}

async function demo() {
  const archive = await progress.step("build and pack the plugin", packPlugin);
  const started = await progress.step(
    "start a throw-away gateway with the reference configuration",
    startMachines,
  );
  const workspaces = await progress.step(
    "wait for the node hosts mac-cn and mac-sg and approve them",
    () => started.workspaces,
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
  await progress.step("openclaw node-router guard", async () => {
    await openclaw("node-router", "guard");
    await gateway.waitUntilConfigApplied();
  });

  const after = await progress.step("with the plugin: master spawns both workers", () =>
    spawnAndLocate(gateway, "master", WORKERS),
  );
  show(table(after));
  const wrong = after.find(({ agent, machine }) => machine !== EXPECTED[agent]);
  if (wrong)
    throw new Error(`${wrong.agent} should have run on ${EXPECTED[wrong.agent]}; it read:\n${wrong.result}`);

  const [status, explained] = await progress.step("ask the plugin why", () =>
    Promise.all([
      openclaw("node-router", "status"),
      openclaw("node-router", "explain", "--agent", "worker-sg"),
    ]),
  );
  show(`$ openclaw node-router status\n${status}`);
  show(`$ openclaw node-router explain --agent worker-sg\n${explained}`);
}

const cleanUp = async () => {
  await endAllProcesses();
  removeAllHomes();
};

let interrupted = false;
for (const signal of ["SIGINT", "SIGTERM"]) {
  process.once(signal, async () => {
    interrupted = true; // what fails from now on fails because of us
    console.error(`\nnode-router: demo interrupted in ${progress.current()}, ending what it started`);
    await cleanUp();
    process.exit(130);
  });
}

try {
  await demo();
  await gateway.model.stop();
  await cleanUp();
  console.log(`node-router: demo passed in ${progress.seconds()} s; everything it started has ended`);
} catch (error) {
  if (!interrupted) {
    process.env.NODE_ROUTER_KEEP = "1"; // the logs must outlive us
    console.error(`\nnode-router: demo failed in ${progress.current()}`);
    console.error(error instanceof Error ? error.message : error);
    for (const { logFile } of allHomes()) console.error(`log: ${logFile}`);
    await cleanUp();
    process.exit(1);
  }
}
