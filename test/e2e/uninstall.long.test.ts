// Taking the plugin away and bringing it back, by the very commands of docs/upgrade-and-uninstall.md.
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { CliResult } from "../support/cli.ts";
import { ROOT } from "../support/environment.ts";
import type { Gateway } from "../support/gateway.ts";
import { packPlugin } from "../support/install.ts";
import { waitFor } from "../support/wait.ts";
import { call, type Deployment, machineOf, PROBE, startDeployment } from "./deployment.ts";
import { SANDBOX } from "./sshDeployment.ts";

const PAGE = readFileSync(join(ROOT, "docs", "upgrade-and-uninstall.md"), "utf8");
/** What a script adds where a person is asked. */
const AGREED: readonly (readonly [RegExp, string])[] = [
  [/guard --undo/, "--yes"],
  [/plugins uninstall/, "--force"],
  [/plugins install/, "--accept-capabilities"],
];

let deployment: Deployment;
let gateway: Gateway;
let archive: string;

beforeAll(async () => {
  archive = await packPlugin();
  // One agent's exec on a node, another's whole workspace.
  deployment = await startDeployment({
    install: "hot",
    pluginOn: ["mac-cn"],
    config: {
      // On a busy machine a short command may take long.
      tools: { exec: { backgroundMs: 120_000 } },
      agents: { entries: { "worker-cn": { sandbox: SANDBOX } } },
    },
  });
  gateway = deployment.gateway;
});

afterAll(() => deployment?.stop());

/** The commands of a section of the page, as they stand there. */
function commandsOf(heading: string): readonly string[] {
  const section = PAGE.split(/^#+ /m).find((part) => part.startsWith(`${heading}\n`)) ?? "";
  const block = /^```bash\n([\s\S]*?)^```/m.exec(section)?.[1] ?? "";
  return block.trim().split("\n");
}

/** Types one of them, and says what a script says. */
async function type(command: string): Promise<CliResult> {
  const [line = "", file] = command.split(" > ");
  const words = (line.match(/"[^"]*"|\S+/g) ?? []).slice(1).map((word) => {
    if (word === '"$(cat node-router.json)"')
      return readFileSync(join(gateway.home.home, "node-router.json"), "utf8");
    return word.startsWith("npm-pack:") ? `npm-pack:${archive}` : word;
  });
  const seen = async (): Promise<string | undefined> =>
    (await gateway.rpc<{ hash?: string }>("config.get")).hash;
  const [before, text] = [await seen(), readFileSync(gateway.home.configFile, "utf8")];
  const agreed = AGREED.flatMap(([pattern, flag]) => (pattern.test(line) ? [flag] : []));
  const done = await gateway.cli(...words, ...agreed);
  if (file !== undefined) writeFileSync(join(gateway.home.home, file), done.stdout);
  // What the command itself has written the gateway sees after a moment: until then it calls the old one applied.
  if (readFileSync(gateway.home.configFile, "utf8") !== text)
    await waitFor("the gateway to notice it", async () => (await seen()) !== before);
  await gateway.waitUntilConfigApplied();
  return done;
}

async function typeAll(commands: readonly string[]): Promise<void> {
  for (const command of commands) {
    const done = await type(command);
    expect(done.code, `${command}\n${done.stdout}${done.stderr}`).toBe(0);
  }
}

interface HostConfig {
  readonly agents: {
    readonly entries: Readonly<Record<string, { tools?: { exec?: object }; sandbox?: object }>>;
  };
  readonly plugins: { readonly entries: Readonly<Record<string, unknown>> };
}
const config = (): HostConfig => JSON.parse(readFileSync(gateway.home.configFile, "utf8"));
const probe = async (agent: string): Promise<string> =>
  (await gateway.agent(agent, call("exec", { command: PROBE }))).results[0] ?? "";
const machines = async (): Promise<readonly string[]> => {
  const said = [];
  for (const agent of ["master", "worker-sg", "worker-cn"]) said.push(machineOf(await probe(agent)));
  return said;
};

test("by the page's commands agents work as without the plugin, and openclaw.json has nothing of it but that it is off", async () => {
  await typeAll(["openclaw node-router guard"]);
  expect(await machines()).toEqual(["gateway", "mac-sg", "mac-cn"]);
  expect(config().agents.entries["worker-sg"]?.tools?.exec).toMatchObject({ host: "node" });

  const commands = commandsOf("Uninstall");
  expect(commands.map((command) => command.split(" ").slice(1, 3).join(" "))).toEqual([
    "node-router export",
    "node-router drain",
    "node-router guard",
    "plugins uninstall",
  ]);
  await typeAll(commands);

  expect(await machines()).toEqual(["gateway", "gateway", "gateway"]);
  const { agents, plugins } = config();
  expect(plugins.entries["node-router"]).toEqual({ enabled: false });
  for (const entry of Object.values(agents.entries)) {
    expect(entry.tools?.exec ?? {}).not.toHaveProperty("host");
    expect(entry.tools?.exec ?? {}).not.toHaveProperty("node");
    // OpenClaw unsets a key, and leaves the object that it stood in.
    expect([{}, { prune: {} }]).toContainEqual(entry.sandbox ?? {});
  }
  // As a word of its own: folders of this test have it in their names.
  expect(JSON.stringify(agents)).not.toContain('"node-router"');
});

test("what stays on disk is what the page says, and nothing else of the plugin", () => {
  const state = join(gateway.home.stateDir, "node-router");
  const kept = readdirSync(state);
  console.log(`stays in ~/.openclaw/node-router: ${kept.sort().join(", ")}`);
  expect(kept).toEqual(expect.arrayContaining(["audit", "cordons.json", "names.json", "sessions.json"]));
  const installed = readdirSync(gateway.home.stateDir, { recursive: true, encoding: "utf8" }).filter((path) =>
    /node_modules\/openclaw-node-router$/.test(path),
  );
  expect(installed).toEqual([]);
  expect(existsSync(join(gateway.home.home, ".openclaw-node-router"))).toBe(false);
});

test("by the page's commands it is back, with its rules and what it knew", async () => {
  await typeAll(commandsOf("Installed again"));
  const status = await waitFor("the hooks to be live", async () => {
    const report = JSON.parse((await gateway.router("status", "--json")).stdout);
    return report.hooks === "live" && report;
  });
  expect(status).toMatchObject({ mode: "enforce" });
  // The sandbox of the other one is the operator's to set.
  expect(await machines()).toEqual(["gateway", "mac-sg", "mac-cn"]);
  const calls = await gateway.router("calls", "--agent", "worker-sg", "-o", "name");
  expect(calls.stdout.trim().split("\n").length).toBeGreaterThan(1);
});

test("uninstalled first, nothing of guarded agents runs on the gateway, and the page's commands free them", async () => {
  const path = "agents.entries.worker-cn.sandbox";
  const set = await gateway.cli("config", "set", path, JSON.stringify(SANDBOX), "--strict-json");
  expect(set.code, set.stderr).toBe(0);
  await gateway.waitUntilConfigApplied();
  await typeAll(["openclaw node-router guard", "openclaw plugins uninstall node-router"]);
  // The guard's own settings: pinned to the one node of the rule, and no backend for the workspace.
  expect([machineOf(await probe("master")), machineOf(await probe("worker-sg"))]).toEqual([
    "gateway",
    "mac-sg",
  ]);
  await expect(probe("worker-cn")).rejects.toThrow('Sandbox backend "node-router" is not registered');

  for (const agent of ["worker-sg", "worker-cn"])
    for (const command of commandsOf("Uninstalled first")) await type(command.replace("worker-sg", agent));
  expect(await machines()).toEqual(["gateway", "gateway", "gateway"]);
});
