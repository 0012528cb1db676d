// While a node that was taken over, or an agent on an honest one, attacks the gateway over SSH, everybody else works.
// The exact figures are those of `npm run bench -- hostile`: here every bound has room for a busy machine.
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type JsonObject, merge } from "../support/config.ts";
import { type Attack, type HostileServer, startHostileServer } from "../support/ssh/hostileServer.ts";
import { skipWithoutSshd } from "../support/ssh/sshd.ts";
import { waitFor } from "../support/wait.ts";
import { call, machineOf, PROBE } from "./deployment.ts";
import {
  AGENT,
  NODE,
  SANDBOX,
  type SshDeployment,
  type SshNode,
  startSshDeployment,
} from "./sshDeployment.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const EVIL = "mac-evil";
const VICTIM = "victim";
const BASHER = "basher";
/** Before, each of the attacks stopped the gateway for 6 s and more, or took hundreds of megabytes in 15 s. */
const MOST_WORK_MS = 1_500;
const MOST_GROWTH_MB = 200;

interface Longest {
  readonly workedMs: number;
  readonly rssMb: number;
}

describe.skipIf(skipWithoutSshd("test/e2e/hostileNode"))("a hostile node", () => {
  let deployment: SshDeployment;
  let evil: HostileServer;
  let bash: SshNode;
  let scratch: string;
  /** Milliseconds of ten commands while nobody attacks. */
  let quietMs: number;

  beforeAll(async () => {
    scratch = mkdtempSync(join(tmpdir(), "node-router-loop-"));
    cpSync(join(ROOT, "test", "fixtures", "loop-plugin"), join(scratch, "loop"), { recursive: true });
    evil = await startHostileServer();
    const knownHostsFile = join(scratch, "known_hosts");
    writeFileSync(knownHostsFile, evil.knownHosts());
    const agents = [VICTIM, BASHER].map((name): [string, JsonObject] => [name, { name, sandbox: SANDBOX }]);
    deployment = await startSshDeployment({
      config: {
        agents: { entries: Object.fromEntries(agents) },
        plugins: { load: { paths: [join(scratch, "loop")] }, entries: { loop: { enabled: true } } },
      },
      router: async (router, start, first) => {
        bash = await start("mac-bash", "bash");
        const ssh = Object(first.entry.ssh) as JsonObject;
        const entry: JsonObject = {
          ...first.entry,
          tags: ["region=evil"],
          ssh: { ...ssh, port: evil.port, knownHostsFile },
        };
        return merge(router, {
          nodes: { [EVIL]: entry, [bash.name]: bash.entry },
          rules: [
            { name: "singapore", agents: [AGENT], require: "region=sg" },
            { name: "evil", agents: [VICTIM], require: "region=evil" },
            { name: "bash", agents: [BASHER], require: "region=bash" },
          ],
        });
      },
    });
    // Everybody once, so that what is loaded at a first run is no attack's fault.
    await deployment.gateway.agent(VICTIM, call("exec", { command: "true" }));
    await commands();
    quietMs = await commands();
  });

  afterAll(async () => {
    await deployment?.stop();
    await evil?.stop();
    rmSync(scratch, { recursive: true, force: true });
  });

  const longest = (): Promise<Longest> => deployment.gateway.rpc<Longest>("loop.longest");

  /** Ten commands of another agent on another node; how long they took. */
  async function commands(): Promise<number> {
    const from = performance.now();
    const lines = Array.from({ length: 10 }, () => call("exec", { command: PROBE }));
    const { results } = await deployment.gateway.agent(AGENT, lines.join("\n"), { timeoutMs: 200_000 });
    expect(results.map(machineOf)).toEqual(lines.map(() => NODE));
    return performance.now() - from;
  }

  /** A run that begins while the node is still coming back is refused as such, and meets no attack: another one does. */
  async function onceUsable(line: string): Promise<{ readonly results: readonly string[] }> {
    let run = { results: [] as readonly string[] };
    await waitFor(`a run of ${VICTIM} that has its node`, async () => {
      run = await deployment.gateway.agent(VICTIM, line, { timeoutMs: 200_000 });
      return !/no node fitted when this run began|NO_NODE_FITS/.test(run.results.join("\n"));
    });
    return run;
  }

  /** What status says of the node. */
  const reasonOf = async (node: string): Promise<string> => {
    interface Nodes {
      readonly nodes: readonly { readonly name: string; readonly reason: string | null }[];
    }
    const { nodes } = await deployment.gateway.rpc<Nodes>("noderouter.nodes");
    return nodes.find(({ name }) => name === node)?.reason ?? "";
  };

  /** Presence alone makes the node do it, or a call of its own agent. */
  const ATTACK: Readonly<Record<Attack, { readonly by: string | null; readonly says: RegExp | null }>> = {
    digits: { by: null, says: null },
    words: { by: null, says: /more than 64 KiB before its shell was ready/ },
    lines: { by: null, says: /its keeper printed more than 1024 KiB in 60 s/ },
    requests: { by: null, says: /messages that carry no data/ },
    window: { by: call("exec", { command: "x", timeoutSeconds: 20 }), says: null },
    marker: { by: call("exec", { command: "x", timeoutSeconds: 20 }), says: /first line does not end/ },
    file: { by: call("read", { path: "x" }), says: /it printed more than/ },
    hang: { by: call("read", { path: "x" }), says: null },
  };

  test.each(Object.keys(ATTACK) as Attack[])(
    "%s: the gateway and the other node's agent go on",
    async (attack) => {
      const { by, says } = ATTACK[attack];
      await longest();
      const { rssMb: before } = await longest();
      const { logins } = evil;
      evil.attack = attack;
      evil.cut();
      await waitFor("the node to be connected to again", () => evil.logins > logins);
      const victim = by === null ? null : onceUsable(by);
      if (says !== null) {
        await waitFor(
          `status to say what ${EVIL} did`,
          async () => says.test(await reasonOf(EVIL)) || says.test((await settledText(victim)) ?? ""),
        );
      }
      const attackedMs = await commands();
      const { workedMs, rssMb } = await longest();
      const told = victim === null ? null : (await victim).results.join("\n");
      evil.attack = null;
      console.log(
        `${attack}: longest work without a pause ${Math.round(workedMs)} ms, growth ${Math.round(rssMb - before)} MB, ten commands ${Math.round(attackedMs)} ms (quiet ${Math.round(quietMs)} ms)`,
      );
      expect(workedMs).toBeLessThan(MOST_WORK_MS);
      expect(rssMb - before).toBeLessThan(MOST_GROWTH_MB);
      // Room for a machine that is busy with something else meanwhile. Output without end is OpenClaw's own to take:
      // it costs others as much as `yes` on the gateway itself does.
      if (attack !== "window") expect(attackedMs).toBeLessThan(10 * quietMs + 20_000);
      // Its own agent is told, and nothing of it is called done.
      if (told !== null) expect(told).toMatch(/OUTCOME_UNKNOWN|NODE_|NOT_STARTED|FILE_/);
    },
  );

  test.skipIf(!/\/bash$/.test(userInfo().shell ?? ""))(
    "an agent that has its own start file print thousands of digits stops nobody, itself included",
    async () => {
      const probe = call("exec", { command: PROBE });
      expect(machineOf((await deployment.gateway.agent(BASHER, probe)).results[0])).toBe(bash.name);
      writeFileSync(join(bash.home, ".bashrc"), `printf 'node-router-ready 1 ${"1".repeat(4_000)}'\n`);
      await longest();
      bash.sshd.dropConnections();
      const text = await waitFor(
        "a command behind such a start file",
        async () => {
          const [result = ""] = (await deployment.gateway.agent(BASHER, probe)).results;
          return machineOf(result) === bash.name && result;
        },
        { everyMs: 500 },
      );
      expect(machineOf(text)).toBe(bash.name);
      expect((await longest()).workedMs).toBeLessThan(MOST_WORK_MS);
    },
  );
});

/** The text of a run that is over; null while it goes on. */
async function settledText(
  run: Promise<{ readonly results: readonly string[] }> | null,
): Promise<string | null> {
  if (run === null) return null;
  const notYet = new Promise<null>((resolve) => setImmediate(resolve, null));
  return Promise.race([run.then(({ results }) => results.join("\n")), notYet]);
}
