// Commands in the background outlive their gateway: over SSH and over the node protocol, and their ends are told.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { JsonObject } from "../support/config.ts";
import type { Gateway } from "../support/gateway.ts";
import { isAlive, processesOf } from "../support/leftovers.ts";
import { skipWithoutSshd } from "../support/ssh/sshd.ts";
import { waitFor } from "../support/wait.ts";
import { call, callAny, type Deployment, startDeployment } from "./deployment.ts";
import { recordsOf } from "./ledgerOf.ts";
import { SANDBOX, type SshDeployment, startSshDeployment } from "./sshDeployment.ts";

/** In a sandbox OpenClaw takes away every tool of a plugin that is not listed. */
const LISTED = { sandbox: { tools: { alsoAllow: ["node_process"] } } };

/** Says and counts its start, waits for a file, and ends with 3. */
const command = (name: string): string =>
  `echo x >>${name}.marks; echo $$ >${name}.pid; echo first-${name}; until [ -e ${name}.go ]; do sleep 0.05; done; echo last-${name}; exit 3`;

/** What an agent does with its jobs, whose working directory is this one. */
function worker(gateway: () => Gateway, agent: string, folder: () => string) {
  const sessionKey = `agent:${agent}:jobs`;
  const inSession = async (line: string): Promise<string> => {
    const [text = ""] = (await gateway().agent(agent, line, { sessionKey })).results;
    // The outer tool's result is JSON around the inner one's text.
    return text.replaceAll("\\n", "\n").replaceAll('\\"', '"');
  };
  const path = (name: string): string => join(folder(), name);
  const ask = (action: string, jobId?: string) =>
    inSession(callAny("node_process", { action, ...(jobId === undefined ? {} : { jobId }) }));
  return {
    inSession,
    path,
    async start(name: string): Promise<{ readonly jobId: string; readonly text: string }> {
      const text = await inSession(call("exec", { command: command(name), background: true }));
      await waitFor(`${name} to run`, () => existsSync(path(`${name}.pid`)));
      return { jobId: /nr-[0-9a-f]{12}/.exec(text)?.[0] ?? "none", text };
    },
    ask,
    /** Asks until an answer holds this, and gives all of them: what one of them tells the next does not. */
    async asked(action: string, jobId: string, part: string | RegExp): Promise<string> {
      let seen = "";
      await waitFor(
        `${part} of ${action}`,
        async () => {
          const said = await ask(action, jobId);
          seen += said;
          return typeof part === "string" ? said.includes(part) : part.test(said);
        },
        { onTimeout: () => seen.slice(-2_000) },
      );
      return seen;
    },
    go: (name: string) => writeFileSync(path(`${name}.go`), ""),
    marks: (name: string) => readFileSync(path(`${name}.marks`), "utf8"),
    pid: (name: string) => Number(readFileSync(path(`${name}.pid`), "utf8")),
  };
}

const allEnds = (gateway: Gateway): readonly JsonObject[] =>
  recordsOf(gateway, (line) => line.includes('"phase":"end"'));
const endsOf = (gateway: Gateway, start: RegExp): readonly JsonObject[] =>
  allEnds(gateway).filter((record) => typeof record.command === "string" && start.test(record.command));
const kept = (gateway: Gateway): string =>
  readFileSync(join(gateway.home.stateDir, "node-router", "jobs.json"), "utf8");

describe.skipIf(skipWithoutSshd("test/e2e/jobs"))("a job of a workspace over SSH", () => {
  let deployment: SshDeployment;
  let gateway: Gateway;
  const sg = worker(
    () => gateway,
    "worker-sg",
    () => deployment.workspace,
  );

  beforeAll(async () => {
    deployment = await startSshDeployment({
      config: { agents: { entries: { "worker-sg": { tools: LISTED } } } },
      router: (router) => ({ ...router, audit: "strict", auditCommandText: true }),
    });
    ({ gateway } = deployment);
  });
  afterAll(async () => {
    const dir = gateway?.home.dir;
    await deployment?.stop();
    if (dir !== undefined) await waitFor("nothing to be left", () => processesOf(dir).length === 0);
  });

  test("survives a restart of the gateway, and is followed from where it was; it ran once, and its end is told once", async () => {
    const { jobId, text } = await sg.start("one");
    expect(text).toMatch(/^Command still running/);
    expect(text).toContain(`job ${jobId}: it outlives the gateway; after a restart ask node_process`);
    const sessionId = /session ([\w-]+)/.exec(text)?.[1] ?? "none";
    await waitFor("its first words in process", async () =>
      (await sg.inSession(call("process", { action: "log", sessionId }))).includes("first-one"),
    );
    await waitFor("how far it was read to be kept", () => kept(gateway).includes('"offset":10'));

    await gateway.restart();
    // OpenClaw waits minutes for what runs in the background, and says so after 30 s.
    expect(gateway.log()).not.toContain("still draining active work");
    expect(isAlive(sg.pid("one"))).toBe(true);
    expect(await sg.ask("list")).toContain(`${jobId} on mac-sg`);
    const running = await sg.asked("poll", jobId, `${jobId} on mac-sg: running`);
    expect(running).not.toContain("first-one");

    sg.go("one");
    await waitFor("it to end", () => !isAlive(sg.pid("one")));
    expect(await sg.asked("poll", jobId, "ended with exit status 3")).toContain("last-one");
    await sg.asked("log", jobId, "first-one\nlast-one");
    await waitFor("the record of its end", () => endsOf(gateway, /one\.marks/).length > 0);
    expect(endsOf(gateway, /one\.marks/)).toEqual([
      expect.objectContaining({ outcome: "ran", exitCode: 3, transport: "ssh", agent: "worker-sg" }),
    ]);
    expect(sg.marks("one")).toBe("x\n");
  });

  test("that ended while no gateway was there is in the audit, though nobody asks", async () => {
    await sg.start("two");
    await gateway.end();
    sg.go("two");
    await waitFor("it to end", () => !isAlive(sg.pid("two")));
    await gateway.start();
    const [record] = await waitFor("the record of its end", () => {
      const ends = endsOf(gateway, /two\.marks/);
      return ends.length > 0 && ends;
    });
    expect(record).toMatchObject({ outcome: "ran", exitCode: 3 });
    expect(sg.marks("two")).toBe("x\n");
  });

  test("survives kill -9 of the gateway and a lost connection, and is ended by node_process", async () => {
    const { jobId } = await sg.start("three");
    await gateway.kill9();
    await gateway.start();
    deployment.sshd.dropConnections();
    expect(isAlive(sg.pid("three"))).toBe(true);
    // Where the answer is lost, the next one says that it has ended; what takes seconds to die is killed.
    await sg.asked("kill", jobId, /(killed|ended) (TERM|KILL)/);
    await waitFor("its process to be gone", () => !isAlive(sg.pid("three")));
    await sg.asked("poll", jobId, /ended by signal (TERM|KILL)/);
    expect(sg.marks("three")).toBe("x\n");
  });

  test("goes on under process when its connection is lost, from where it was", async () => {
    const { text } = await sg.start("four");
    const sessionId = /session ([\w-]+)/.exec(text)?.[1] ?? "none";
    deployment.sshd.dropConnections();
    sg.go("four");
    let seen = "";
    await waitFor("its end in process", async () => {
      const polled = await sg.inSession(call("process", { action: "poll", sessionId, timeout: 5_000 }));
      seen += polled;
      return !polled.includes("still running");
    });
    expect(seen).toMatch(/last-four[\s\S]*exited with code 3/);
    expect(sg.marks("four")).toBe("x\n");
  });
});

describe("a job on a paired node", () => {
  let deployment: Deployment;
  let gateway: Gateway;
  /** Its workspace is there, over the node protocol. */
  const sg = worker(
    () => gateway,
    "worker-sg",
    () => deployment.work.sg,
  );
  /** Only its commands go there, and the node has no plugin. */
  const cn = worker(
    () => gateway,
    "worker-cn",
    () => deployment.work.cn,
  );

  beforeAll(async () => {
    deployment = await startDeployment({
      pluginOn: ["mac-sg"],
      router: (router) => ({ ...router, auditCommandText: true }),
      config: {
        tools: { exec: { backgroundMs: 120_000 } },
        agents: { entries: { "worker-sg": { sandbox: SANDBOX, tools: LISTED } } },
      },
    });
    ({ gateway } = deployment);
    mkdirSync(deployment.work.sg, { recursive: true });
  });
  afterAll(() => deployment?.stop());

  test("survives a restart of the gateway over both ways, and is read on, ended and told", async () => {
    const jobs = [
      { at: sg, ...(await sg.start("alpha")) },
      { at: cn, ...(await cn.start("alpha")) },
    ];
    for (const { at, jobId } of jobs) await at.asked("log", jobId, "first-alpha");
    await waitFor(
      "how far both were read to be kept",
      () => kept(gateway).match(/"offset":12\b/g)?.length === 2,
    );
    await gateway.restart();
    await Promise.all([deployment.sg.waitUntilUsable(), deployment.cn.waitUntilUsable()]);
    for (const { at, jobId } of jobs) {
      expect(await at.ask("list")).toContain(`${jobId} on`);
      expect(await at.asked("poll", jobId, ": running")).not.toContain("first-alpha");
      at.go("alpha");
      await waitFor("it to end", () => !isAlive(at.pid("alpha")));
      expect(await at.asked("poll", jobId, "ended with exit status 3")).toContain("last-alpha");
      expect(at.marks("alpha")).toBe("x\n");
    }
    await waitFor("both records", () => endsOf(gateway, /alpha\.marks/).length > 1);
    expect(
      endsOf(gateway, /alpha\.marks/)
        .map(({ agent, outcome, exitCode, node }) => [agent, outcome, exitCode, node])
        .sort(),
    ).toEqual([
      ["worker-cn", "ran", 3, "mac-cn"],
      ["worker-sg", "ran", 3, "mac-sg"],
    ]);
    const [first] = jobs;
    expect(await cn.ask("poll", first?.jobId)).toContain("JOB_UNKNOWN");
  });
});
