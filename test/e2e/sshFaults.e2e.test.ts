// What an agent whose workspace is on an SSH node reads when the node, the network or the gateway fails.
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { NodesReport } from "../../src/nodeRouter/surfaces/reports/nodeReport.ts";
import { type JsonObject, merge } from "../support/config.ts";
import type { Gateway } from "../support/gateway.ts";
import { isAlive, processesOf } from "../support/leftovers.ts";
import { knownHostsLines, makeKey } from "../support/ssh/keys.ts";
import { skipWithoutSshd } from "../support/ssh/sshd.ts";
import { startWire, type Wire } from "../support/ssh/wire.ts";
import { waitFor } from "../support/wait.ts";
import { call, changeConfig, machineOf, PROBE } from "./deployment.ts";
import { recordsOf } from "./ledgerOf.ts";
import {
  SANDBOX,
  type SshDeployment,
  type SshNode,
  type StartNode,
  startSshDeployment,
} from "./sshDeployment.ts";

/** Mounts of its own, which are gone with the processes that see them: needs root, and Linux. */
const CAN_MOUNT = canMount();

describe.skipIf(skipWithoutSshd("test/e2e/sshFaults"))("faults of a node over SSH", () => {
  let deployment: SshDeployment;
  let gateway: Gateway;
  /** Between the gateway and worker-sg's node. */
  let wire: Wire;
  /** 100 ms in each direction. */
  let slowWire: Wire;
  const nodes = new Map<string, SshNode>();

  beforeAll(async () => {
    deployment = await startSshDeployment({
      config: { agents: { entries: boundAgents("one", "slow", "wrong", "keys", "disk") } },
      port: async (sshd) => {
        wire = await startWire({ target: sshd.port, delayMs: 0, misbehaviour: null });
        return wire.port;
      },
      router: async (router, start, first) => {
        await startNodes(start, first);
        const entries = [...nodes.values()].map(({ name, entry }) => [name, entry] as const);
        return merge(router, {
          nodes: Object.fromEntries(entries),
          rules: [
            { name: "singapore", agents: ["worker-sg"], require: "region=sg" },
            ...[...nodes.keys()].map((agent) => ({
              name: agent,
              agents: [agent],
              require: `region=${agent}`,
            })),
          ],
        });
      },
    });
    ({ gateway } = deployment);
  });

  afterAll(async () => {
    const dir = gateway?.home.dir;
    await deployment?.stop();
    await Promise.all([wire?.stop(), slowWire?.stop()]);
    if (dir !== undefined) await waitFor("nothing to be left", () => processesOf(dir).length === 0);
  });

  /** One node for each agent but worker-sg; region, rule and agent have the same name. */
  const startNodes = async (start: StartNode, server: SshNode): Promise<void> => {
    slowWire = await startWire({ target: server.sshd.port, delayMs: 100, misbehaviour: null });
    const other = makeKey();
    nodes.set("one", await start("mac-one", "one", { sshd: ["MaxSessions 1"] }));
    nodes.set("slow", await start("mac-slow", "slow", { server, port: () => slowWire.port }));
    nodes.set(
      "wrong",
      await start("mac-wrong", "wrong", { server, knownHosts: (_, name) => knownHostsLines(name, [other]) }),
    );
    nodes.set("keys", await start("mac-keys", "keys"));
    if (CAN_MOUNT) nodes.set("disk", await start("mac-disk", "disk", { through: SMALL_DISK }));
  };

  const boundAgents = (...names: string[]): JsonObject =>
    Object.fromEntries([
      ["worker-sg", { sandbox: SANDBOX }],
      ...names.map((name): [string, JsonObject] => [name, { name, sandbox: SANDBOX }]),
    ]);

  const nodeOf = (agent: string): SshNode => nodes.get(agent) ?? deployment.node;
  const ask = async (agent: string, ...lines: string[]): Promise<readonly string[]> =>
    (await gateway.agent(agent, lines.join("\n"))).results;
  const exec = (command: string, more: JsonObject = {}): string => call("exec", { command, ...more });
  const write = (path: string, content: string): string => call("write", { path, content });
  const on = (path: string, agent = "worker-sg"): string => join(nodeOf(agent).workspace, path);
  const number = (path: string): number =>
    existsSync(path) ? Number.parseInt(readFileSync(path, "utf8"), 10) : 0;

  /** A command that counts its starts and tells its process group, and then lasts. */
  const lasting = (name: string): string =>
    `echo started >>${name}.starts; echo $$ >${name}.pid; sleep 600; echo end`;
  /** Its process group, as soon as it runs. */
  const groupOf = (name: string): Promise<number> =>
    waitFor(`command ${name} to run`, () => number(on(`${name}.pid`)) > 0 && number(on(`${name}.pid`)));
  const startsOf = (name: string): string => readFileSync(on(`${name}.starts`), "utf8");
  const gone = (pid: number): Promise<boolean> => waitFor(`process ${pid} to be gone`, () => !isAlive(pid));
  /** Tries again until it works, as an agent would. */
  const worksAgain = (agent: string): Promise<string> =>
    waitFor(
      `a command of ${agent}`,
      async () => {
        const [text = ""] = await ask(agent, exec(PROBE));
        return machineOf(text) === nodeOf(agent).name && text;
      },
      { everyMs: 500 },
    );

  const NOT_RUN = "· nothing ran";

  describe("the connection", () => {
    test("killed in mid-command: the outcome is unknown, its group is named and ended, it ran once, and the next call works", async () => {
      const run = ask("worker-sg", exec(lasting("killed")));
      const group = await groupOf("killed");
      deployment.sshd.dropConnections();
      const [result] = await run;
      // Whether its start was seen depends on when it was killed.
      expect(result?.replace("the command may have begun", "the command had begun")).toContain(
        `OUTCOME_UNKNOWN: the connection to node "mac-sg" was lost after the command had begun there (process group ${group})`,
      );
      expect(result).toContain(
        `[node-router] may have run on mac-sg (SG, declared) over ssh · rule singapore · outcome unknown (process group ${group} there): do not run it again before you looked`,
      );
      await gone(group);
      await worksAgain("worker-sg");
      expect(startsOf("killed")).toBe("started\n");
    });

    test("reset while a job runs in the background: it goes on, process can still end it, and it is not started again", async () => {
      const sessionKey = "agent:worker-sg:reset";
      const inSession = async (...lines: string[]) =>
        (await gateway.agent("worker-sg", lines.join("\n"), { sessionKey })).results;
      const [started] = await inSession(exec(lasting("reset"), { background: true }));
      const sessionId = /session ([\w-]+)/.exec(started ?? "")?.[1] ?? "none";
      const group = await groupOf("reset");
      wire.cut();
      await worksAgain("worker-sg");
      const [polled] = await inSession(call("process", { action: "poll", sessionId, timeout: 1000 }));
      expect(polled).toContain("still running");
      expect(isAlive(group)).toBe(true);
      await inSession(call("process", { action: "kill", sessionId }));
      await gone(group);
      expect(startsOf("reset")).toBe("started\n");
    });

    test("a black hole: what runs is unknown, what comes then is not started, and afterwards all is well", async () => {
      const run = ask("worker-sg", exec(lasting("frozen")));
      const group = await groupOf("frozen");
      wire.freeze();
      const [result] = await run;
      expect(result).toContain(`OUTCOME_UNKNOWN: the connection to node "mac-sg" was lost`);
      expect(result).toContain(`(process group ${group} there)`);
      // Unknown is the truth: it runs.
      expect(isAlive(group)).toBe(true);

      // Calls and presence each notice it by themselves.
      await waitFor("presence to miss the node", async () => {
        const { nodes } = await gateway.rpc<NodesReport>("noderouter.nodes");
        return nodes.find(({ name }) => name === "mac-sg")?.state === "offline";
      });
      const [refused, alsoRefused] = await ask(
        "worker-sg",
        exec("touch while-frozen"),
        write("while-frozen", "x"),
      );
      for (const text of [refused, alsoRefused]) {
        expect(text).toContain("NO_NODE_FITS");
        expect(text).toContain("1 was offline");
      }

      wire.thaw();
      await worksAgain("worker-sg");
      expect(existsSync(on("while-frozen"))).toBe(false);
      // The new connection ends what the old one left.
      await gone(group);
      expect(startsOf("frozen")).toBe("started\n");
    });

    test("100 ms each way: every tool does its work", async () => {
      const [ran, , read, edited, again] = await ask(
        "slow",
        exec("echo far; echo away >&2; exit 3"),
        write("a/b.txt", "one\ntwo"),
        call("read", { path: "a/b.txt" }),
        call("edit", { path: "a/b.txt", edits: [{ oldText: "two", newText: "2" }] }),
        exec("cat a/b.txt"),
      );
      expect(ran).toMatch(/far\n[\s\S]*\(Command exited with code 3\)/);
      expect(read).toBe("one\ntwo");
      expect(edited).toContain("Successfully replaced 1 block");
      expect(again).toMatch(/^one\n2\n/);
    });

    test("a server that gives one session a connection: commands, files and parallel calls work", async () => {
      const [ran, written, read, ...parallel] = await ask(
        "one",
        exec(PROBE),
        write("a.txt", "one session"),
        call("read", { path: "a.txt" }),
        "PARALLEL",
        ...[1, 2, 3, 4, 5, 6].map((n) => exec(`sleep 0.2; exit ${n}`)),
        "END",
      );
      expect(machineOf(ran)).toBe("mac-one");
      expect(written).toContain("Successfully wrote");
      expect(read).toBe("one session");
      expect(parallel.map((text) => /exited with code (\d)/.exec(text)?.[1])).toEqual([
        "1",
        "2",
        "3",
        "4",
        "5",
        "6",
      ]);
    });
  });

  describe("the server", () => {
    test("a host key that is not the known one is refused loudly, and nothing runs", async () => {
      const results = await ask("wrong", exec("touch ran"), write("written", "x"), call("ls", { path: "." }));
      for (const text of results) {
        expect(text).toContain("HOST_KEY_CHANGED");
        expect(text).toContain("THE HOST KEY HAS CHANGED");
      }
      expect(results[0]).toContain(NOT_RUN);
      expect(existsSync(nodeOf("wrong").workspace)).toBe(false);
    });

    test("down, back, back with another key, and back with its own", async () => {
      const node = nodeOf("keys");
      const [before] = await ask("keys", exec(PROBE));
      expect(machineOf(before)).toBe("mac-keys");

      const own = node.sshd.hostKeys;
      await node.sshd.stop();
      const [down, file, soon] = await ask(
        "keys",
        exec("touch ran"),
        write("written", "x"),
        exec("touch ran"),
      );
      // Each run is a new session: once presence knows of it, placement refuses before anything is tried.
      for (const text of [down, file, soon]) {
        expect(text).toMatch(/NODE_UNREACHABLE: |NO_NODE_FITS: .*1 was offline/);
      }
      expect(existsSync(on("ran", "keys"))).toBe(false);
      await node.startAgain();
      await worksAgain("keys");

      await node.sshd.stop();
      await node.startAgain([makeKey()]);
      const changed = await waitFor("the new key to be seen", async () => {
        const results = await ask("keys", exec("touch ran"), write("written", "x"));
        return results.every((text) => text.includes("HOST_KEY_CHANGED")) && results;
      });
      for (const text of changed) expect(text).toContain("THE HOST KEY HAS CHANGED");
      expect(changed[0]).toContain(node.sshd.hostKeys[0]?.fingerprint);

      await node.sshd.stop();
      await node.startAgain(own);
      await worksAgain("keys");
      expect(readdirSync(node.workspace).filter((name) => !name.startsWith("."))).toEqual([]);
    });
  });

  describe("much and large", () => {
    test("50 MB of output: the command ends as it does, all of it came, the result is cut, and the gateway goes on", async () => {
      const pid = gateway.pid();
      const run = await gateway.agent(
        "worker-sg",
        [exec("head -c 50000000 /dev/zero | tr '\\0' x; exit 5"), exec(PROBE)].join("\n"),
      );
      const [result = "", next] = run.results;
      expect(result.slice(-200)).toMatch(
        /\n\[node-router\] ran on mac-sg \(SG, declared\) over ssh · rule singapore$/,
      );
      expect(result.length).toBeLessThan(1_000_000);
      // What the model reads has no room for the exit code any more; the record has.
      const isIts = (line: string): boolean => line.includes(run.runId) && line.includes('"kind":"command"');
      const record = await waitFor("the command's record", () => recordsOf(gateway, isIts)[0]);
      expect(record).toMatchObject({ outcome: "ran", exitCode: 5, bytesOut: 50_000_000 });
      expect(machineOf(next)).toBe("mac-sg");
      expect(gateway.pid()).toBe(pid);
    });

    test("a file of 1 GB is not read but named with its size, and stays as it is", async () => {
      const [, read, edit] = await ask(
        "worker-sg",
        exec(
          "truncate -s 1073741824 huge 2>/dev/null || dd if=/dev/zero of=huge bs=1 count=0 seek=1073741824",
        ),
        call("read", { path: "huge" }),
        call("edit", { path: "huge", edits: [{ oldText: "a", newText: "b" }] }),
      );
      for (const text of [read, edit]) {
        expect(text).toContain("FILE_TOO_LARGE");
        expect(text).toContain("it has 1073741824 bytes");
      }
      expect(statSync(on("huge")).size).toBe(1_073_741_824);
    });
  });

  describe("the disk", () => {
    const node = () => nodeOf("disk");
    const inside = (...command: string[]): string =>
      execFileSync("nsenter", [`--mount=/proc/${node().sshd.pid}/ns/mnt`, ...command], { encoding: "utf8" });

    test.skipIf(!CAN_MOUNT)(
      "full: a write is refused whole, the old file stays, and with room it works",
      async () => {
        const [, , filled, refused, kept, , again] = await ask(
          "disk",
          exec(PROBE),
          write("kept.txt", "as it was\n"),
          exec("head -c 50000000 /dev/zero >fill"),
          write("kept.txt", "x".repeat(100_000)),
          exec("cat kept.txt; ls -A"),
          exec("rm fill"),
          write("kept.txt", "new\n"),
        );
        expect(filled).toMatch(/No space left on device[\s\S]*exited with code 1/);
        expect(refused).toMatch(/FILE_FAILED: write of .*No space left on device; the file is as it was/);
        expect(kept).toMatch(/^as it was\n\.openclaw\nfill\nkept\.txt\n/);
        expect(again).toContain("Successfully wrote");
      },
    );

    test.skipIf(!CAN_MOUNT)(
      "read-only: changes are refused with the reason, and reading goes on",
      async () => {
        await ask("disk", write("there.txt", "readable"));
        inside("mount", "-o", "remount,ro", node().workspace);
        const [ran, refused, edited, read] = await ask(
          "disk",
          exec("echo x >new"),
          write("new.txt", "x"),
          call("edit", { path: "there.txt", edits: [{ oldText: "readable", newText: "x" }] }),
          call("read", { path: "there.txt" }),
        );
        expect(ran).toMatch(/Read-only file system[\s\S]*exited with code \d/);
        for (const text of [refused, edited]) expect(text).toMatch(/FILE_FAILED: .*Read-only file system/);
        expect(read).toBe("readable");
        inside("mount", "-o", "remount,rw", node().workspace);
        const [done] = await ask("disk", write("new.txt", "x"));
        expect(done).toContain("Successfully wrote");
      },
    );
  });

  describe("the gateway", () => {
    const sessionKey = "agent:worker-sg:reload";
    const inSession = async (...lines: string[]) =>
      (await gateway.agent("worker-sg", lines.join("\n"), { sessionKey })).results;

    test("a reload of the plugin and a change of its config leave running commands alone: they can be polled and killed", async () => {
      const ticking = `${lasting("kept").replace("sleep 600", "until [ -e more ]; do sleep 0.05; done; echo more came; sleep 600")}`;
      const [started] = await inSession(exec(ticking, { background: true }));
      const sessionId = /session ([\w-]+)/.exec(started ?? "")?.[1] ?? "none";
      const group = await groupOf("kept");
      const foreground = ask(
        "worker-sg",
        exec("touch waits; until [ -e go ]; do sleep 0.05; done; echo went; exit 6"),
      );
      await waitFor("the foreground command to run", () => existsSync(on("waits")));

      await gateway.rpc("plugins.reload", { plugins: [{ pluginId: "node-router" }] }, { timeoutMs: 100_000 });
      await changeConfig(gateway, (config) =>
        merge(config, {
          plugins: {
            entries: { "node-router": { config: { nodes: { "mac-sg": { env: { ADDED: "1" } } } } } },
          },
        }),
      );
      writeFileSync(on("go"), "");
      writeFileSync(on("more"), "");
      const [ended] = await foreground;
      expect(ended).toMatch(/^went\n\n\(Command exited with code 6\)\n\[node-router\] ran on mac-sg/);

      const poll = call("process", { action: "poll", sessionId, timeout: 5000 });
      const polled = await waitFor("what it said since", async () => {
        const [text = ""] = await inSession(poll);
        return text.includes("more came") && text;
      });
      expect(polled).toContain("still running");
      const [added] = await inSession(exec('echo "added=$ADDED"'));
      expect(added).toContain("added=1");
      expect(isAlive(group)).toBe(true);
      await inSession(call("process", { action: "kill", sessionId }));
      await gone(group);
      expect(startsOf("kept")).toBe("started\n");
    });

    test("kill -9 of the gateway ends what runs on the node in the foreground, and nothing in the background", async () => {
      await inSession(exec(lasting("orphan"), { background: true }));
      const background = await groupOf("orphan");
      const run = ask("worker-sg", exec(lasting("deserted"))).catch((error: unknown) => error);
      const foreground = await groupOf("deserted");
      await gateway.kill9();
      await run;
      await gone(foreground);
      expect(isAlive(background)).toBe(true);
      process.kill(background);
      expect([startsOf("orphan"), startsOf("deserted")]).toEqual(["started\n", "started\n"]);
    });
  });
});

/** Runs its arguments where `work` of the login's home is a file system of 16 MB. */
const SMALL_DISK: readonly string[] = [
  "unshare",
  "--mount",
  "sh",
  "-c",
  // The home's name stands in the file that sshd is given last.
  'for file; do :; done; home=$(sed -n "s/^SetEnv HOME=//p" "$file"); mkdir "$home/work" && mount -t tmpfs -o size=16m none "$home/work" && exec "$@"',
  "sh",
];

function canMount(): boolean {
  const why =
    process.platform !== "linux"
      ? "needs Linux"
      : process.getuid?.() !== 0
        ? "needs root, for a file system of its own"
        : null;
  if (why === null) {
    try {
      execFileSync("unshare", ["--mount", "sh", "-c", "mount -t tmpfs none /mnt"], { stdio: "ignore" });
      return true;
    } catch {
      console.warn("test/e2e/sshFaults: full and read-only disk skipped: no file system can be mounted here");
      return false;
    }
  }
  console.warn(`test/e2e/sshFaults: full and read-only disk skipped: ${why}`);
  return false;
}
