// A paired node whose link to the gateway is a black hole for a while, as links across countries are.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { NodesReport } from "../../src/nodeRouter/surfaces/reports/nodeReport.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { unpackPlugin } from "../support/install.ts";
import { type NodeHost, startNodeHost } from "../support/nodeHost.ts";
import { startWire, type Wire } from "../support/ssh/wire.ts";
import { pause, waitFor } from "../support/wait.ts";
import { call, changeConfig, withRouter } from "./deployment.ts";
import { SANDBOX } from "./sshDeployment.ts";

let gateway: Gateway;
let wire: Wire;
let node: NodeHost;
let workspace: string;
/** On the node: how a new file takes the name of the old one, counted, and not before a file `go` is there. */
let tools: string;

beforeAll(async () => {
  gateway = await startGateway({
    withPlugin: true,
    config: {
      tools: { exec: { backgroundMs: 20_000, timeoutSec: 400 } },
      agents: { entries: { "worker-sg": { sandbox: SANDBOX } } },
    },
  });
  wire = await startWire({ target: gateway.port, delayMs: 0, misbehaviour: null });
  node = await startNodeHost(gateway, "mac-sg", { port: wire.port, plugin: await unpackPlugin() });
  workspace = join(node.home.home, "work");
  mkdirSync(workspace);
  tools = join(node.home.home, "tools");
  mkdirSync(tools);
  const mv = `#!/bin/sh\necho ran >>${tools}/marks; until [ -e ${tools}/go ]; do sleep 0.05; done; exec /bin/mv "$@"\n`;
  writeFileSync(join(tools, "mv"), mv, { mode: 0o755 });
  go();
  await changeConfig(gateway, (config) =>
    withRouter(config, {
      nodes: { "mac-sg": { tags: ["region=sg"], workspace, pathPrepend: [tools] } },
      rules: [{ name: "singapore", agents: ["worker-sg"], require: "region=sg" }],
    }),
  );
});

afterAll(async () => {
  await node?.stop();
  await wire?.stop();
  await gateway?.stop();
});

const go = (): void => writeFileSync(join(tools, "go"), "");

/** One session: the jobs of another are nobody's. */
const options = { sessionKey: "agent:worker-sg:cut", timeoutMs: 400_000 };
const ask = async (line: string): Promise<string> =>
  (await gateway.agent("worker-sg", line, options)).results[0] ?? "";
const run = (command: string): Promise<string> => ask(call("exec", { command }));
const ready = () =>
  waitFor("presence to see the node", async () => {
    const { nodes } = await gateway.rpc<NodesReport>("noderouter.nodes");
    return nodes.find(({ name }) => name === "mac-sg")?.state === "ready";
  });
const textOf = (name: string): string | false => {
  const file = join(workspace, name);
  return existsSync(file) && readFileSync(file, "utf8");
};

test("a cut of 150 s in mid-command ends in the command's real end, and it ran once", async () => {
  // OpenClaw makes every command a job of the agent's that takes longer than two minutes.
  const begun = await run("echo began >> long; echo first; sleep 40; echo last; exit 4");
  const [, sessionId = ""] = /^Command still running \(session ([\w-]+),/.exec(begun) ?? [];
  wire.freeze();
  await pause(150_000);
  wire.thaw();
  await ready();
  let told = "";
  await waitFor("the job to end", async () => {
    told += await ask(call("process", { action: "poll", sessionId, timeout: 20_000 }));
    return /exited|OUTCOME_UNKNOWN|No session/.test(told);
  });
  expect(told).toMatch(/first\n[\s\S]*last\n[\s\S]*exited with code 4/);
  expect(textOf("long")).toBe("began\n");
}, 400_000);

test("a command that is swallowed on its way never begins, and the agent is told just that", async () => {
  await ready();
  expect(await run("echo ready")).toMatch(/^ready\n/);
  wire.freeze();
  const result = run("echo began >> swallowed");
  await gateway.model.waitFor("the call", ({ reply }) => JSON.stringify(reply).includes("swallowed"));
  await pause(15_000);
  wire.thaw();
  expect(await result).toMatch(/NOT_STARTED|NODE_UNREACHABLE|NO_NODE_FITS/);
  await ready();
  expect(await run("echo after")).toMatch(/^after\n/);
  expect(textOf("swallowed")).toBe(false);
});

const OLD = "old".padEnd(200_000, "x");
const NEW = "new".padEnd(200_000, "x");

/** Heals what `cut` cuts while the agent writes after 15 s. `seen`: what the file was meanwhile. */
async function writeAcross(cut: () => Promise<unknown>): Promise<{ result: string; seen: Set<string> }> {
  await ready();
  writeFileSync(join(workspace, "file.txt"), OLD);
  writeFileSync(join(tools, "marks"), "");
  rmSync(join(tools, "go"));
  const seen = new Set<string>();
  const looks = setInterval(() => {
    const text = textOf("file.txt");
    seen.add(text === OLD ? "old" : text === NEW ? "new" : "neither");
  }, 5);
  try {
    const writing = ask(call("write", { path: "file.txt", content: `@padded ${NEW.length} new` }));
    const early = writing.then((result) => {
      throw new Error(`it was over before the cut: ${result.slice(0, 1_000)}`);
    });
    await Promise.race([cut(), early]);
    early.catch(() => undefined);
    await pause(15_000);
    wire.thaw();
    const result = await writing;
    await ready();
    return { result, seen };
  } finally {
    go();
    clearInterval(looks);
  }
}
const temporary = (): readonly string[] =>
  readdirSync(workspace).filter((name) => /^\.node-router-.*\.tmp$/.test(name));
const renames = (): number => readFileSync(join(tools, "marks"), "utf8").length / "ran\n".length;

test("a write whose answer is lost in a cut is told as done, was done once, and leaves nothing behind", async () => {
  const { result, seen } = await writeAcross(async () => {
    await waitFor("the new content to be there under another name", () => renames() > 0, { everyMs: 10 });
    expect([textOf("file.txt") === OLD, temporary().length]).toEqual([true, 1]);
    wire.freeze();
    go();
  });
  expect(result).toMatch(/^Successfully wrote/);
  expect([...seen]).toEqual(["old", "new"]);
  expect([textOf("file.txt") === NEW, renames(), temporary()]).toEqual([true, 1, []]);
});

test("a write whose content is cut in the middle is told as not begun, and the file is the old one", async () => {
  const { result, seen } = await writeAcross(async () => {
    wire.freezeAfter(100_000);
    await waitFor("the cut", () => wire.isFrozen(), { everyMs: 10 });
  });
  expect(result).toMatch(/NOT_STARTED|NODE_UNREACHABLE/);
  expect([...seen]).toEqual(["old"]);
  expect([textOf("file.txt") === OLD, renames(), temporary()]).toEqual([true, 0, []]);
});
