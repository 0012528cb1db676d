// The main job: on which machine commands of routed agents run, and what of a call arrives there.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Gateway } from "../support/gateway.ts";
import type { ModelRequest } from "../support/model.ts";
import { waitFor } from "../support/wait.ts";
import { spawnAndLocate } from "../support/whereabouts.ts";
import { call, callAny, type Deployment, folderOf, machineOf, PROBE, startDeployment } from "./deployment.ts";

let deployment: Deployment;
let gateway: Gateway;
/** A folder that every machine of the test can reach; commands leave marks in it. */
let shared: string;

beforeAll(async () => {
  shared = mkdtempSync(join(tmpdir(), "node-router-shared-"));
  deployment = await startDeployment({
    config: {
      agents: {
        entries: {
          "worker-sg": {
            heartbeat: {
              every: "24h",
              isolatedSession: true,
              prompt: call("exec", { command: PROBE, host: "gateway" }),
            },
          },
          // Its time is the clock's.
          coder: { name: "Coder", tools: { codeMode: { enabled: true, timeoutMs: 60_000 } } },
          "Worker-HK": {},
        },
      },
    },
    router: (router) => ({
      ...router,
      rules: [
        { name: "singapore", agents: ["worker-sg", "coder", "Worker-HK"], require: "region=sg" },
        { name: "china", agents: ["worker-cn"], require: "region=cn" },
      ],
    }),
  });
  gateway = deployment.gateway;
});

afterAll(async () => {
  await deployment?.stop();
  rmSync(shared, { recursive: true, force: true });
});

const answerOf = (what: string, session: string): Promise<ModelRequest> =>
  gateway.model.waitFor(
    what,
    (request) => request.session?.startsWith(session) === true && request.results.length > 0,
  );

describe("which machine", () => {
  test("exec of an agent that the config writes with capitals runs where the rule of that name says, and explain says so", async () => {
    const { results } = await gateway.agent("worker-hk", call("exec", { command: PROBE }));
    expect(results.map(machineOf)).toEqual(["mac-sg"]);
    const explained = await gateway.rpc<{ agent: string; node: string | null }>("noderouter.explain", {
      agent: "Worker-HK",
      tool: "Bash",
    });
    expect(explained).toMatchObject({ agent: "worker-hk", tool: "exec", node: "mac-sg" });
    await expect(gateway.rpc("noderouter.explain", { agent: "worker-kh" })).rejects.toThrow(
      'AGENT_UNKNOWN: no agent "worker-kh" is configured; did you mean "worker-hk"?',
    );
  });

  test("exec of a routed agent runs on its node whatever the model passes, not only when it passes nothing", async () => {
    const { cn } = deployment;
    const asked = [
      {},
      { host: "auto" },
      { host: "gateway" },
      { host: "sandbox" },
      { host: "node" },
      { host: "node", node: "mac-cn" },
      { host: "node", node: cn.id },
      { host: "node", node: "no-such-node" },
      { host: "gateway", node: "mac-cn", elevated: true },
      { elevated: true },
    ];
    const run = await gateway.agent(
      "worker-sg",
      asked.map((params) => call("exec", { command: PROBE, ...params })).join("\n"),
    );
    expect(run.results.map(machineOf)).toEqual(asked.map(() => "mac-sg"));
    expect(run.results.at(-1)).toContain("elevated has no meaning on a node and was dropped");
  });

  test("the result says where it ran and why in one line, and nothing about pathPrepend or the node's id", async () => {
    const run = await gateway.agent("worker-sg", call("exec", { command: "echo hello" }));
    expect(run.results).toEqual(["hello\n\n[node-router] ran on mac-sg (SG, declared) · rule singapore"]);
  });

  test("an agent without a rule stays on the gateway and reads no line of ours", async () => {
    const run = await gateway.agent("master", call("exec", { command: PROBE }));
    expect(run.results.map(machineOf)).toEqual(["gateway"]);
    expect(run.results[0]).not.toContain("[node-router]");
  });

  test("exec inside tool_call is moved too, and the outer result says so", async () => {
    const { results } = await gateway.agent(
      "worker-sg",
      callAny("exec", { command: PROBE, host: "gateway" }),
    );
    expect(machineOf(results[0])).toBe("mac-sg");
    expect(results[0]).toMatch(/\[node-router\] ran on mac-sg \(SG, declared\) · rule singapore$/);
  });

  test("exec inside Code Mode is moved, one by one, although the outer tool is also called exec", async () => {
    const code = [
      `const one = await exec({ command: ${JSON.stringify(PROBE)}, host: "gateway" });`,
      `const rest = await Promise.all([1, 2].map(() => exec({ command: ${JSON.stringify(PROBE)}, host: "node", node: "mac-cn" })));`,
      "return [one, ...rest].map((result) => result.aggregated);",
    ].join(" ");
    const { results } = await gateway.agent("coder", call("exec", { code }));
    expect([...(results[0]?.matchAll(/machine=([\w-]+)/g) ?? [])].map(([, name]) => name)).toEqual([
      "mac-sg",
      "mac-sg",
      "mac-sg",
    ]);
    expect(results[0]?.match(/\[node-router\] ran on/g)).toHaveLength(1);
  });

  test("sub-agents run on the node of their own agent, not where the agent that spawned them runs", async () => {
    const places = await spawnAndLocate(gateway, "master", ["worker-sg", "worker-cn"]);
    expect(places.map(({ agent, machine, folder }) => [agent, machine, folder])).toEqual([
      ["worker-sg", "mac-sg", deployment.work.sg],
      ["worker-cn", "mac-cn", deployment.work.cn],
    ]);
  });

  test("a cron run, which has no requester, runs on the node", async () => {
    const { id } = await gateway.rpc<{ id: string }>("cron.add", {
      name: "probe",
      agentId: "worker-sg",
      enabled: true,
      schedule: { kind: "every", everyMs: 86_400_000 },
      sessionTarget: "isolated",
      wakeMode: "now",
      payload: { kind: "agentTurn", message: call("exec", { command: PROBE, host: "gateway" }) },
      delivery: { mode: "none" },
    });
    await gateway.rpc("cron.run", { id, mode: "force" });
    const { results } = await answerOf("the cron run", `agent:worker-sg:cron:${id}`);
    expect(results.map(machineOf)).toEqual(["mac-sg"]);
  });

  test("a heartbeat run runs on the node", async () => {
    const sessionKey = "agent:worker-sg:main";
    await gateway.rpc("wake", { mode: "now", text: "wake up", agentId: "worker-sg", sessionKey });
    const { results } = await answerOf("the heartbeat", `${sessionKey}:heartbeat`);
    expect(results.map(machineOf)).toEqual(["mac-sg"]);
  });

  test("commands of two agents that run in the same moment run each on its own node", async () => {
    // Each waits for the other's mark, so both must be running at once.
    const meet = (other: string): string =>
      `touch "${shared}/$(cat ~/whoami)"; n=0; until [ -e "${shared}/${other}" ] || [ $n -gt 900 ]; do sleep 0.1; n=$((n+1)); done; ${PROBE}; echo "waited=$n"`;
    const both = (other: string): string =>
      ["PARALLEL", ...[1, 2].map(() => call("exec", { command: meet(other) })), "END"].join("\n");
    const [sg, cn] = await Promise.all([
      gateway.agent("worker-sg", both("mac-cn")),
      gateway.agent("worker-cn", both("mac-sg")),
    ]);
    expect(sg.results.map(machineOf)).toEqual(["mac-sg", "mac-sg"]);
    expect(cn.results.map(machineOf)).toEqual(["mac-cn", "mac-cn"]);
    expect([...sg.results, ...cn.results].join()).not.toContain("waited=901");
  });
});

describe("what arrives", () => {
  test("workdir: the node's workspace stands for the agent's, and any other path is the node's own", async () => {
    const { work, sg } = deployment;
    const onGateway = join(gateway.home.home, "workspace-worker-sg");
    mkdirSync(join(work.sg, "sub", "deep"), { recursive: true });
    const cases: [string | null, string][] = [
      [null, work.sg],
      [onGateway, work.sg],
      [join(onGateway, "sub", "deep"), join(work.sg, "sub", "deep")],
      ["sub", join(work.sg, "sub")],
      ["./sub/../sub/deep", join(work.sg, "sub", "deep")],
      [sg.home.tmp, sg.home.tmp],
    ];
    const { results } = await gateway.agent(
      "worker-sg",
      [...cases.map(([workdir]) => workdir), join(onGateway, "missing")]
        .map((workdir) => call("exec", { command: PROBE, ...(workdir === null ? {} : { workdir }) }))
        .join("\n"),
    );
    expect(results.slice(0, -1).map((text) => [machineOf(text), folderOf(text)])).toEqual(
      cases.map(([, folder]) => ["mac-sg", folder]),
    );
    expect(results.at(-1)).toContain("working directory does not exist or is inaccessible");
  });

  test("env reaches the command byte for byte and is never read as shell text", async () => {
    const values = {
      PLAIN: "one",
      EMPTY: "",
      QUOTES: `it's "quoted" \`touch ${shared}/backtick\``,
      DOLLAR: `$HOME $(touch ${shared}/dollar) \${PATH}`,
      BREAKS: `a\nb\r\n; touch ${shared}/semicolon #`,
      BACKSLASH: "\\ \\n \\' '\\''",
      DASH: "-n --",
      UNICODE: "新加坡 🇸🇬",
    };
    const names = Object.keys(values);
    const command = names.map((name) => `printf '%s' "$${name}" | base64 | tr -d '\\n'; echo`).join("; ");
    const { results } = await gateway.agent("worker-sg", call("exec", { command, env: values }));
    const lines = (results[0] ?? "").split("\n").slice(0, names.length);
    expect(
      Object.fromEntries(names.map((name, at) => [name, Buffer.from(lines[at] ?? "", "base64").toString()])),
    ).toEqual(values);
    expect(["backtick", "dollar", "semicolon"].filter((name) => existsSync(join(shared, name)))).toEqual([]);
  });

  test("an env name that no shell could export is refused with its name, and nothing runs", async () => {
    const mark = join(shared, "bad-env");
    const names = ["A-B", "1ST", `X;touch ${mark}`, "WITH SPACE", "É"];
    const { results } = await gateway.agent(
      "worker-sg",
      names.map((name) => call("exec", { command: `touch ${mark}`, env: { [name]: "1" } })).join("\n"),
    );
    for (const [at, name] of names.entries()) {
      // Only its harmless beginning: a model may have written the value there too.
      const start = /^\w*/.exec(name)?.[0] ?? "";
      const shown = start === name ? name : `${start}…`;
      expect(results[at]).toContain(`ENV_INVALID: env name "${shown}" is not a shell name`);
    }
    expect(existsSync(mark)).toBe(false);
  });
});

describe("background", () => {
  const start = async (command: string): Promise<{ jobId: string; text: string }> => {
    const { results } = await gateway.agent("worker-sg", call("exec", { command, background: true }));
    const [, jobId = ""] = results[0]?.match(/as job (nr-[0-9a-f]{12})/) ?? [];
    return { jobId, text: results[0] ?? "" };
  };
  const ask = async (agent: string, ...asked: { action: string; jobId?: string }[]) =>
    (await gateway.agent(agent, asked.map((args) => callAny("node_process", args)).join("\n"))).results.map(
      // The outer tool's result is JSON around the inner one's text.
      (text) => text.replaceAll("\\n", "\n").replaceAll('\\"', '"'),
    );

  test("a background command returns at once, outlives its call, and its output and end can be asked for", async () => {
    const go = join(shared, "go");
    const done = join(shared, "done");
    const said = join(shared, "said");
    const job = await start(
      `${PROBE}; echo to-stderr >&2; touch ${said}; until [ -e ${go} ]; do sleep 0.05; done; echo last words; echo x >>${done}; exit 3`,
    );
    expect(job.text).toContain("Started in the background on mac-sg as job nr-");
    expect(job.text).toContain("node_process: action poll");
    expect(job.text).toMatch(/\[node-router\] runs on mac-sg \(SG, declared\) · rule singapore$/);

    await waitFor("the job's first words", () => existsSync(said));
    const [list = "", running = ""] = await ask(
      "worker-sg",
      { action: "list" },
      { action: "poll", jobId: job.jobId },
    );
    expect(list).toContain(`${job.jobId} on mac-sg`);
    expect(running).toContain(`${job.jobId} on mac-sg: running`);
    expect(running).toContain(`machine=mac-sg folder=${deployment.work.sg}`);
    expect(running).toContain("to-stderr");

    await gateway.agent("worker-sg", call("exec", { command: `touch ${go}` }));
    await waitFor("the job to end by itself", () => existsSync(done));
    let ended = "";
    await waitFor("its end to be told", async () => {
      const [polled = ""] = await ask("worker-sg", { action: "poll", jobId: job.jobId });
      ended += polled;
      return !polled.includes(`${job.jobId} on mac-sg: running`);
    });
    const [log = ""] = await ask("worker-sg", { action: "log", jobId: job.jobId });
    expect(ended).toContain("ended with exit status 3");
    expect(ended).toContain("last words");
    expect(ended).not.toContain("machine="); // poll shows only what is new
    expect(log).toMatch(/machine=mac-sg[\s\S]*last words/);
    expect(readFileSync(done, "utf8")).toBe("x\n");
  });

  test("kill ends the whole process group of a background command, and only its own agent can", async () => {
    const pids = join(shared, "pids");
    const job = await start(`sleep 600 & echo $! >${pids}; sleep 600`);
    const child = await waitFor(
      "the job to start its child",
      () => existsSync(pids) && Number(readFileSync(pids, "utf8")),
    );
    const [foreign = ""] = await ask("worker-cn", { action: "kill", jobId: job.jobId });
    expect(foreign).toContain("JOB_UNKNOWN");
    expect(() => process.kill(child, 0)).not.toThrow();

    const [killed = "", after = ""] = await ask(
      "worker-sg",
      { action: "kill", jobId: job.jobId },
      { action: "poll", jobId: job.jobId },
    );
    expect(killed).toContain("killed TERM");
    expect(after).toContain("ended by signal TERM");
    await waitFor("the job's child to be gone", () => {
      try {
        process.kill(child, 0);
        return false;
      } catch {
        return true;
      }
    });
  });
});

test("none of these runs was found on another machine, and no hook was missing or failed", () => {
  expect(gateway.log()).not.toMatch(/NODE_MISMATCH|HOOKS_NOT_LIVE|hook failed|policy evaluation failed/);
});
