// An agent whose workspace is on a paired node: every workspace tool over the node protocol, on real node hosts.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ExplainReport } from "../../src/nodeRouter/explain/report.ts";
import type { DoctorReport } from "../../src/nodeRouter/surfaces/doctor/doctor.ts";
import type { NodesReport } from "../../src/nodeRouter/surfaces/reports/nodeReport.ts";
import type { StatusReport } from "../../src/nodeRouter/surfaces/reports/statusReport.ts";
import type { JsonObject } from "../support/config.ts";
import type { Gateway } from "../support/gateway.ts";
import { isAlive } from "../support/leftovers.ts";
import { textOf } from "../support/modelScript.ts";
import { waitFor } from "../support/wait.ts";
import { call, callAny, type Deployment, PROBE, startDeployment } from "./deployment.ts";
import { SANDBOX } from "./sshDeployment.ts";

/** 1 x 1 pixel. */
const PNG =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==";
const LINE = "[node-router] ran on mac-sg (SG, declared) · rule singapore";
const COMMAND = "node-router.workspace.v1";

describe("a workspace on a paired node", () => {
  let deployment: Deployment;
  let gateway: Gateway;
  /** On the node. */
  let workspace: string;
  /** The agent's folder on the gateway. */
  let local: string;

  beforeAll(async () => {
    deployment = await startDeployment({
      pluginOn: ["mac-sg"],
      config: {
        tools: { exec: { backgroundMs: 120_000 } },
        models: { providers: { scripted: { models: [seeingModel] } } },
        agents: { entries: { "worker-sg": { sandbox: SANDBOX }, "worker-cn": { sandbox: SANDBOX } } },
      },
    });
    ({ gateway } = deployment);
    workspace = deployment.work.sg;
    local = join(gateway.home.home, "workspace-worker-sg");
  });

  afterAll(() => deployment?.stop());

  const seeingModel: JsonObject = {
    id: "model",
    name: "model",
    reasoning: false,
    input: ["text", "image"],
    contextWindow: 1_000_000,
    maxTokens: 4096,
    cost: { input: 1, output: 2, cacheRead: 0, cacheWrite: 0 },
  };
  const ask = async (agent: string, ...lines: string[]): Promise<readonly string[]> =>
    (await gateway.agent(agent, lines.join("\n"), { timeoutMs: 240_000 })).results;
  const work = (...lines: string[]): Promise<readonly string[]> => ask("worker-sg", ...lines);
  const exec = (command: string, more: JsonObject = {}): string => call("exec", { command, ...more });
  const on = (path: string): string => join(workspace, path);
  /** False until it is there: a file is made before it is written. */
  const numberIn = (path: string): number | false =>
    existsSync(on(path)) && (Number(readFileSync(on(path), "utf8")) || false);
  const rpc = <T>(name: string, params: object = {}): Promise<T> =>
    gateway.rpc<T>(`noderouter.${name}`, params);

  describe("tools", () => {
    test("what write makes, exec reads on the node, edit and apply_patch change, and the gateway has nothing of it", async () => {
      const input =
        "*** Begin Patch\n*** Add File: notes/b.txt\n+new\n*** Update File: notes/a.txt\n@@\n-one\n+ONE\n 2\n*** End Patch";
      const [, output, edited, patched, read, listed] = await work(
        call("write", { path: "notes/a.txt", content: "one\ntwo\n" }),
        exec(`${PROBE}; cat notes/a.txt`),
        call("edit", { path: "notes/a.txt", edits: [{ oldText: "two", newText: "2" }] }),
        call("apply_patch", { input }),
        call("read", { path: "notes/a.txt" }),
        call("ls", { path: "notes" }),
      );
      expect(output).toBe(`machine=mac-sg folder=${workspace}\none\ntwo\n${LINE}`);
      expect(edited).toContain("Successfully replaced 1 block");
      expect(patched).toContain("Success. Updated the following files");
      expect(read).toContain("ONE\n2");
      expect(listed).toMatch(/a\.txt[\s\S]*b\.txt/);
      expect(readFileSync(on("notes/a.txt"), "utf8")).toBe("ONE\n2\n");
      expect(existsSync(join(local, "notes"))).toBe(false);
    });

    test("exit code, signal, stderr, a terminal and a missing directory are the node's; the token is not in the environment", async () => {
      const [ended, killed, terminal, nowhere, env] = await work(
        exec("echo out; echo err >&2; exit 7"),
        exec("echo before; kill -TERM $$"),
        exec("tty; stty size", { pty: true }),
        exec("touch ran", { workdir: on("missing") }),
        exec("env | grep -c OPENCLAW; echo end"),
      );
      expect(ended).toMatch(/^(?=[\s\S]*out\n)(?=[\s\S]*err\n)[\s\S]*\(Command exited with code 7\)\n/);
      expect(killed).toContain("Command aborted by signal SIGTERM");
      expect(terminal).toMatch(/^\/dev\/\S+\r?\n30 120/);
      expect(nowhere).toContain("WORKDIR_UNAVAILABLE");
      expect(existsSync(on("ran"))).toBe(false);
      expect(env).toMatch(/^0\nend\n/);
    });

    test("a job goes on after its call: write reaches it, kill ends its group, and each end is told", async () => {
      const sessionKey = "agent:worker-sg:background";
      const inSession = async (...lines: string[]): Promise<readonly string[]> =>
        (await gateway.agent("worker-sg", lines.join("\n"), { sessionKey })).results;
      const idOf = (text: string | undefined): string => /session ([\w-]+)/.exec(text ?? "")?.[1] ?? "none";
      const act = (action: string, sessionId: string, more: JsonObject = {}): string =>
        call("process", { action, sessionId, ...more });
      const endOf = async (sessionId: string): Promise<string> => {
        let seen = "";
        await waitFor(`the end of job ${sessionId}`, async () => {
          const [polled = ""] = await inSession(act("poll", sessionId, { timeout: 10_000 }));
          seen += polled;
          return !polled.includes("still running");
        });
        return seen;
      };
      const [asking, sleeping] = await inSession(
        exec('read -r line; echo "got $line"; exit 3', { background: true }),
        exec("sleep 600 & echo $! >slept; wait", { background: true }),
      );
      await inSession(act("write", idOf(asking), { data: "hello\n" }));
      expect(await endOf(idOf(asking))).toMatch(/got hello[\s\S]*exited with code 3/);
      const pid = await waitFor("the job", () => numberIn("slept"));
      await inSession(act("kill", idOf(sleeping)));
      await waitFor("the group to be gone", () => !isAlive(pid));
    });

    test("an image reaches the model, and a skill's program is on the node before the first command", async () => {
      writeFileSync(on("pixel.png"), Buffer.from(PNG, "base64"));
      const skill = join(local, "skills", "greet");
      mkdirSync(skill, { recursive: true });
      writeFileSync(join(skill, "SKILL.md"), "---\nname: greet\ndescription: Greets.\n---\nRun hello.sh.\n");
      writeFileSync(join(skill, "hello.sh"), "#!/bin/sh\necho hello from the skill\n", { mode: 0o755 });
      const run = await gateway.agent(
        "worker-sg",
        [
          call("read", { path: "pixel.png" }),
          exec(`${on(".openclaw/sandbox-skills/skills/greet")}/hello.sh`),
        ].join("\n"),
      );
      expect(run.results[0]).toContain("Read image file [image/png]");
      const sent = gateway.model.requests.findLast(({ session }) => session === run.sessionKey);
      expect(JSON.stringify(sent?.messages)).toContain(PNG);
      expect(run.results[1]).toMatch(/^hello from the skill\n/);
    });
  });

  describe("who may", () => {
    test("the persona files in the prompt are the node's, and what the agent writes there is in its next prompt", async () => {
      mkdirSync(local, { recursive: true });
      for (const name of ["AGENTS.md", "MEMORY.md"]) {
        writeFileSync(on(name), `${name} of the node\n`);
        writeFileSync(join(local, name), `${name} of the gateway\n`);
      }
      const sessionKey = "agent:worker-sg:persona";
      const ask = async (message: string): Promise<string> => {
        await gateway.agent("worker-sg", message, { sessionKey, timeoutMs: 240_000 });
        const request = gateway.model.requests.findLast(({ session }) => session === sessionKey);
        return (request?.messages ?? []).map(textOf).join("\n");
      };
      const prompt = await ask(exec("echo 'a new note' >>MEMORY.md"));
      for (const name of ["AGENTS.md", "MEMORY.md"]) expect(prompt).toContain(`${name} of the node`);
      expect(prompt).not.toContain(".md of the gateway");
      expect(await ask("hello")).toContain("MEMORY.md of the node\na new note");
    });

    test("a node without the plugin is refused, the operator reads what to install, and nothing runs there or on the gateway", async () => {
      const results = await ask("worker-cn", exec("touch ran"), call("write", { path: "w", content: "x" }));
      for (const text of results) {
        expect(text).toMatch(/^NO_NODE_FITS: .*1 had no node-router plugin/);
        expect(text).toContain("; nothing ran. Node mac-cn offers no node-router plugin now.");
        expect(text).toContain("tell your user");
      }
      const { message } = await rpc<{ message: string }>("explain", { agent: "worker-cn" });
      expect(message).toContain('"openclaw plugins install openclaw-node-router" on the node');
      expect(message).toContain('"openclaw nodes approve <id>"');
      expect(readdirSync(deployment.work.cn)).toEqual([]);
      const { findings } = await rpc<DoctorReport>("doctor");
      const found = findings.find(({ id }) => id === "node-router/workspace-no-plugin");
      expect(found?.message).toContain('"mac-cn"');
    });

    test("an agent's nodes tool and an operator's call may not send the command past the rules", async () => {
      const params = { op: "hello" };
      const [byAgent] = await ask(
        "master",
        callAny("nodes", {
          action: "invoke",
          node: "mac-sg",
          invokeCommand: COMMAND,
          invokeParamsJson: JSON.stringify(params),
        }),
      );
      expect(byAgent).toContain("RUN_NOT_ALLOWED");
      const invoke = gateway.rpc("node.invoke", {
        nodeId: deployment.sg.id,
        command: COMMAND,
        params,
        idempotencyKey: "by-operator",
      });
      await expect(invoke).rejects.toThrow(/RUN_NOT_ALLOWED/);
    });

    test("explain and status name the node protocol, and presence knows the machine, a load included", async () => {
      const explained = await rpc<ExplainReport>("explain", { agent: "worker-sg" });
      expect(explained).toMatchObject({
        outcome: "placed",
        node: "mac-sg",
        transport: "node",
        binding: "workspace",
      });
      const status = await rpc<StatusReport>("status");
      expect(status.agents.find(({ agent }) => agent === "worker-sg")).toMatchObject({
        node: "mac-sg",
        transport: "node",
        guard: "guarded",
        presence: "online",
      });
      await waitFor("the plugin's word of the machine", async () => {
        const { nodes } = await rpc<{ nodes: { name: string; facts: Record<string, { source: string }> }[] }>(
          "nodes",
        );
        return nodes.find(({ name }) => name === "mac-sg")?.facts?.load1?.source === "plugin";
      });
    });
  });

  describe("faults", () => {
    /** Counts its starts, and tells its group. */
    const lasting = (name: string, rest: string): string =>
      `echo started >>${name}.starts; echo $$ >${name}.pid; ${rest}`;
    const startsOf = (name: string): string => readFileSync(on(`${name}.starts`), "utf8");
    const groupOf = (name: string): Promise<number> =>
      waitFor(`command ${name} to run`, () => numberIn(`${name}.pid`));

    test("a node that is frozen for 15 s in mid-command: the agent reads the command's real end", async () => {
      const run = work(exec(lasting("frozen", "sleep 3; echo finished; exit 4")));
      await groupOf("frozen");
      const pid = deployment.sg.pid();
      process.kill(pid, "SIGSTOP");
      await new Promise((resolve) => setTimeout(resolve, 15_000));
      process.kill(pid, "SIGCONT");
      const [result] = await run;
      expect(result).toMatch(/^finished\n[\s\S]*\(Command exited with code 4\)/);
      expect(startsOf("frozen")).toBe("started\n");
    });

    test("a reload of the plugin in mid-command: the same, and the reload does not wait for the command", async () => {
      const run = work(
        exec(lasting("reload", "until [ -e reloaded ]; do sleep 0.2; done; echo finished; exit 3")),
      );
      await groupOf("reload");

      await gateway.rpc("plugins.reload", { plugins: [{ pluginId: "node-router" }] }, { timeoutMs: 100_000 });
      writeFileSync(on("reloaded"), "");
      const [result] = await run;
      expect(result).toMatch(/^finished\n[\s\S]*\(Command exited with code 3\)/);
      expect(startsOf("reload")).toBe("started\n");
      const [next] = await work(exec("echo next"));
      expect(next).toBe(`next\n${LINE}`);
    });

    test("the node's own exec approvals say no: nothing runs, and they are named", async () => {
      const nodeId = deployment.sg.id;
      const set = async (defaults: JsonObject): Promise<void> => {
        const { hash } = await gateway.rpc<{ hash?: string }>("exec.approvals.node.get", { nodeId });
        const file = { version: 1, defaults, agents: {} };
        await gateway.rpc("exec.approvals.node.set", {
          nodeId,
          file,
          ...(hash === undefined ? {} : { baseHash: hash }),
        });
      };
      await set({ security: "deny" });
      const [refused, written] = await work(
        exec("touch denied"),
        call("write", { path: "denied-too", content: "x" }),
      );
      for (const text of [refused, written]) expect(text).toContain("RUN_NOT_ALLOWED");
      expect([existsSync(on("denied")), existsSync(on("denied-too"))]).toEqual([false, false]);
      await set({ security: "full", ask: "off" });
      const [allowed] = await work(exec("echo ok"));
      expect(allowed).toBe(`ok\n${LINE}`);
    });

    test("the node host killed in mid-command: the outcome is unknown, it ran once, and the next node host works", async () => {
      const run = work(exec(lasting("killed", "sleep 600")));
      const group = await groupOf("killed");
      await deployment.sg.kill9();
      await deployment.sg.start();
      const [result] = await run;
      expect(result).toMatch(/^OUTCOME_UNKNOWN: the node host on node "mac-sg" ended/);
      // Whether its start was seen depends on when it was killed.
      expect(result).toMatch(
        /may have run on mac-sg \(SG, declared\) · rule singapore · outcome unknown( \(process group \d+ there\))?: do not/,
      );
      expect(startsOf("killed")).toBe("started\n");
      try {
        process.kill(-group, "SIGKILL");
      } catch {
        // Gone with its node host.
      }
      // Presence asks every 2 s: until then the node counts as it was seen last.
      await waitFor("presence to see the new node host", async () => {
        const { nodes } = await rpc<NodesReport>("nodes");
        return nodes.find(({ name }) => name === "mac-sg")?.state === "ready";
      });
      const [next] = await work(exec(PROBE));
      expect(next).toContain("machine=mac-sg");
    });
  });
});
