// The main job in two minutes: a real gateway, two real node hosts, and each agent's commands on its own machine;
// then an agent's whole workspace on one of them; then a machine without OpenClaw, reached over SSH, that has an agent's whole workspace;
// then a residency that refuses, a change that is planned and a node that is drained; then a task for a second gateway; then where and how all are.
// With --keep everything stays up until Ctrl-C, and the tab's address is printed.
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { NodeReport, NodesReport } from "../src/nodeRouter/surfaces/reports/nodeReport.ts";
import { allHomes, removeAllHomes } from "../test/support/environment.ts";
import { startGateway } from "../test/support/gateway.ts";
import type { Gateway } from "../test/support/gatewayTypes.ts";
import { installPlugin, packPlugin } from "../test/support/install.ts";
import { type NodeHost, startNodeHost } from "../test/support/nodeHost.ts";
import { approvePending, listNodes } from "../test/support/nodeList.ts";
import { endAllProcesses } from "../test/support/process.ts";
import { REFERENCE_ARGS, referenceConfig } from "../test/support/reference.ts";
import { waitFor } from "../test/support/wait.ts";
import { spawnAndLocate, type Whereabouts } from "../test/support/whereabouts.ts";
import { demoDelegation, startSecondGateway } from "./support/demoDelegation.ts";
import { demoPolicies, type PoliciesDemo } from "./support/demoPolicies.ts";
import { demoRefusal } from "./support/demoRefusal.ts";
import { show, startProgress } from "./support/progress.ts";
import { startSshNode } from "./support/sshNode.ts";

const WORKERS = ["worker-sg", "worker-cn"];
const EXPECTED: Readonly<Record<string, string>> = { "worker-sg": "mac-sg", "worker-cn": "mac-cn" };

const isKept = process.argv.includes("--keep");
const unknown = process.argv.slice(2).filter((word) => word !== "--keep");
if (unknown.length > 0) {
  console.error(`node-router: the demo has no option ${JSON.stringify(unknown[0])}; it has --keep`);
  process.exit(2);
}
const progress = startProgress(24);
/** Set by the step that starts it; every later step needs it. */
let gateway: Gateway;
let sshNode: Awaited<ReturnType<typeof startSshNode>> | undefined;

/** Directory on each machine, by the machine's name. */
type Workspaces = Readonly<Record<string, string>>;

const table = (places: readonly Whereabouts[]): string =>
  places
    .map(({ agent, machine, folder }) => `${agent.padEnd(10)} ran on ${machine.padEnd(8)} in ${folder}`)
    .join("\n");

interface RouterConfig {
  readonly gateway: object;
  readonly nodes: Record<string, object>;
  readonly rules: { readonly name: string; [key: string]: unknown }[];
}

/** What a user would write into openclaw.json for this deployment. */
function routerConfig(workspaces: Workspaces): RouterConfig {
  return {
    gateway: { location: { country: "CN", city: "Shanghai" } },
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

async function openclaw(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await gateway.cli(...args);
  if (code !== 0)
    throw new Error(`openclaw ${args.slice(0, 3).join(" ")} ended with ${code}\n${stdout}${stderr}`);
  return stdout;
}

interface Machines {
  readonly hosts: Readonly<Record<string, NodeHost>>;
  readonly workspaces: Workspaces;
}

/** Node hosts connect by themselves once the gateway listens: starting all at once saves seconds. */
async function startMachines(): Promise<{ readonly machines: Promise<Machines> }> {
  gateway = await startGateway({ config: referenceConfig, args: REFERENCE_ARGS, wait: false });
  const hosts = ["mac-cn", "mac-sg"].map(async (name) => {
    const host = await startNodeHost(gateway, name);
    const workspace = join(host.home.home, "work");
    mkdirSync(workspace);
    return { name, host, workspace };
  });
  const machines = Promise.all(hosts).then(
    (all): Machines => ({
      hosts: Object.fromEntries(all.map(({ name, host }) => [name, host])),
      workspaces: Object.fromEntries(all.map(({ name, workspace }) => [name, workspace])),
    }),
  );
  machines.catch(() => undefined); // reported by the step that waits for it
  await gateway.waitUntilReady();
  return { machines };
}

async function demo(): Promise<void> {
  const archive = await progress.step("build and pack the plugin", packPlugin);
  const started = await progress.step(
    "start a throw-away gateway with the reference configuration",
    startMachines,
  );
  const { hosts, workspaces } = await progress.step(
    "wait for the node hosts mac-cn and mac-sg and approve them",
    () => started.machines,
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
  await demoRefusal({ gateway, progress, host: hosts["mac-cn"] });
  await demoWorkspace(hosts["mac-sg"], workspaces["mac-sg"], archive);
  const ssh = await demoSsh(workspaces);
  const second = startSecondGateway(archive);
  second.catch(() => undefined); // reported by the step that waits for it
  await demoPolicies({ gateway, progress, ...ssh });
  await demoDelegation({ gateway, progress, second });
}

/** All of an agent's tools on a paired node, which has the plugin too. */
async function demoWorkspace(
  host: NodeHost | undefined,
  workspace: string | undefined,
  archive: string,
): Promise<void> {
  if (host === undefined || workspace === undefined) throw new Error("mac-sg was not started");
  await progress.step(
    "on mac-sg: openclaw plugins install, restart its node host; here: openclaw nodes approve",
    async () => {
      await installPlugin(host, archive);
      await host.restart();
      await waitFor("the gateway to have the node's new command", async () => {
        await approvePending(gateway, host.id);
        const row = (await listNodes(gateway)).find(({ nodeId }) => nodeId === host.id);
        return row?.commands?.includes("node-router.workspace.v1");
      });
    },
  );
  await progress.step("worker-sg: its whole workspace on its node; openclaw node-router guard", async () => {
    const sandbox = { mode: "all", backend: "node-router", scope: "agent", workspaceAccess: "rw" };
    await openclaw("config", "unset", "agents.entries.worker-sg.tools.exec");
    await openclaw(
      ...["config", "set", "agents.entries.worker-sg.sandbox", JSON.stringify(sandbox), "--strict-json"],
    );
    await gateway.waitUntilConfigApplied();
    await openclaw("node-router", "guard");
    await gateway.waitUntilConfigApplied();
  });
  const { results } = await progress.step("worker-sg: write plan.txt, exec cat, edit, exec cat again", () =>
    gateway.agent(
      "worker-sg",
      [
        `CALL write ${JSON.stringify({ path: "plan.txt", content: "step one\n" })}`,
        `CALL exec ${JSON.stringify({ command: 'cat plan.txt; echo "machine=$(cat ~/whoami)"' })}`,
        `CALL edit ${JSON.stringify({ path: "plan.txt", edits: [{ oldText: "one", newText: "two" }] })}`,
        `CALL exec ${JSON.stringify({ command: "cat plan.txt" })}`,
      ].join("\n"),
    ),
  );
  show(results.join("\n"));
  const isRight = results[1]?.includes("step one") && results[1].includes("machine=mac-sg");
  if (isRight !== true || results[3]?.includes("step two") !== true)
    throw new Error(`worker-sg should have read its file on mac-sg; it read:\n${results.join("\n")}`);
  const file = join(workspace, "plan.txt");
  if (!existsSync(file) || readFileSync(file, "utf8") !== "step two\n")
    throw new Error(`${file} is not on mac-sg, or is another`);
}

/** Files and commands of one agent on a machine without OpenClaw. */
async function demoSsh(workspaces: Workspaces): Promise<Pick<PoliciesDemo, "node" | "rules">> {
  const node = await progress.step("start studio-hk, a machine with SSH and no OpenClaw", () =>
    startSshNode("studio-hk"),
  );
  sshNode = node;
  show(node.how);
  const config = routerConfig(workspaces);
  const guard = await progress.step(
    "add node, rule and agent, and a residency; openclaw node-router guard",
    async () => {
      config.nodes["studio-hk"] = {
        node: false,
        tailscale: false,
        tags: ["region=hk"],
        location: { country: "HK" },
        workspace: node.workspace,
        ssh: node.ssh,
      };
      config.rules.push({ name: "hongkong", agents: ["worker-hk"], require: "region=hk" });
      for (const rule of config.rules) if (rule.name === "china") rule.residency = { allow: ["SG", "HK"] };
      await openclaw("config", "set", "agents.entries.worker-hk", '{"name":"Worker HK"}', "--strict-json");
      await openclaw(
        ...["config", "set", "plugins.entries.node-router.config", JSON.stringify(config), "--strict-json"],
      );
      await gateway.waitUntilConfigApplied();
      const written = await openclaw("node-router", "guard");
      await gateway.waitUntilConfigApplied();
      return written;
    },
  );
  show(guard);
  const text = "written by the agent's write tool\n";
  const { results } = await progress.step("worker-hk: write note.txt, then exec cat note.txt", () =>
    gateway.agent(
      "worker-hk",
      [
        `CALL write ${JSON.stringify({ path: "note.txt", content: text })}`,
        `CALL exec ${JSON.stringify({ command: 'cat note.txt; echo "machine=$(cat ~/whoami)"' })}`,
      ].join("\n"),
    ),
  );
  show(results.join("\n"));
  const file = join(node.workspace, "note.txt");
  const read = results[1] ?? "";
  if (!read.includes(text) || !read.includes("machine=studio-hk"))
    throw new Error(`worker-hk should have read its file on studio-hk; it read:\n${read}`);
  if (!existsSync(file) || readFileSync(file, "utf8") !== text)
    throw new Error(`${file} is not on studio-hk`);
  return { node, rules: config.rules };
}

/** Where every node is and how it is, as it was found out without asking for it. */
async function demoNodes(): Promise<void> {
  const nodes = await progress.step(
    "wait until every node is ready; openclaw node-router nodes",
    async () => {
      const isKnown = ({ state, resources }: NodeReport) => state === "ready" && resources.cpuCount !== null;
      await waitFor(
        "the nodes to be ready",
        async () => (await gateway.rpc<NodesReport>("noderouter.nodes")).nodes.every(isKnown),
        { timeoutMs: 60_000, everyMs: 500 },
      );
      return openclaw("node-router", "nodes");
    },
  );
  show(`$ openclaw node-router nodes\n${nodes}`);
  const tab = `${gateway.url.replace(/^ws/, "http")}/plugins/node-router/nodes`;
  const answer = await progress.step("the page with the map, in the Control UI the tab Nodes", async () => {
    const { status } = await fetch(tab, { headers: { Authorization: `Bearer ${gateway.token}` } });
    if (status !== 200) throw new Error(`${tab} answered ${status}`);
    return `${tab} answers with the gateway's token (${status})`;
  });
  show(answer);
}

/** What to do with one's own machines, and where to look meanwhile. */
function showNext(): void {
  console.log(`
Next, on your own gateway:
  1. pair a machine (openclaw node run there, openclaw nodes approve here), or take one with SSH
  2. npm pack, then openclaw plugins install npm-pack:openclaw-node-router-0.1.0.tgz --force
  3. openclaw node-router init: it asks, shows what would change, writes once and tries one call for each agent
README.md has every step with what it prints.`);
  if (!isKept) return;
  console.log(`
Everything stays up. In a browser on this machine:
  the tab Nodes  http://127.0.0.1:${gateway.port}/plugin?plugin=node-router&id=nodes#token=${gateway.token}
In a second terminal, in this folder:
  export ${["HOME", "OPENCLAW_STATE_DIR", "OPENCLAW_CONFIG_PATH", "OPENCLAW_GATEWAY_TOKEN"].map((name) => `${name}=${gateway.env[name]}`).join(" ")}
  node_modules/.bin/openclaw node-router status
Ctrl-C here ends all of it.`);
}

const cleanUp = async () => {
  // Unset while nothing was started.
  await (gateway as Gateway | undefined)?.model.stop();
  await sshNode?.stop();
  await endAllProcesses();
  removeAllHomes();
};

let interrupted = false;
/** All has been shown, and it is kept. */
let isOver = false;
for (const signal of ["SIGINT", "SIGTERM"]) {
  process.on(signal, async () => {
    // npm passes on what the terminal has sent already: the second one must not cut the clean-up short.
    if (interrupted) return;
    interrupted = true; // what fails from now on fails because of us
    if (isOver) console.log("\nnode-router: ending what the demo started");
    else console.error(`\nnode-router: demo interrupted in ${progress.current()}, ending what it started`);
    await cleanUp();
    process.exit(isOver ? 0 : 130);
  });
}

try {
  await demo();
  await demoNodes();
  if (isKept) {
    isOver = true;
    console.log(`node-router: demo passed in ${progress.seconds()} s`);
    showNext();
    // Until a signal: its handler ends the process.
    await new Promise<never>(() => setInterval(() => undefined, 60_000));
  }
  await cleanUp();
  console.log(`node-router: demo passed in ${progress.seconds()} s; everything it started has ended`);
  showNext();
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
