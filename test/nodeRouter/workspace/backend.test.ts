// The handle of one run: commands, files and refusals as the host meets them.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { placeSession } from "../../../src/nodeRouter/current/placeSession.ts";
import type { SandboxHandle } from "../../../src/nodeRouter/host/sandboxApi.ts";
import { SESSION_NODES } from "../../../src/nodeRouter/state/sessionNodes.ts";
import { WORKSPACE_CALLS } from "../../../src/nodeRouter/state/workspaceCalls.ts";
import { type Outcome, SSH_TRANSPORT } from "../../../src/nodeRouter/transports/transport.ts";
import { runtimeIdOf } from "../../../src/nodeRouter/workspace/backend.ts";
import { WORKSPACE } from "../../../src/nodeRouter/workspace/workspaceState.ts";
import type { ErrorCode } from "../../../src/shared/errorCatalogue.ts";
import { NodeRouterError } from "../../../src/shared/errors.ts";
import { agentText } from "../../../src/shared/refusal.ts";
import { refused } from "../../support/refused.ts";
import { SLOW } from "../../support/wait.ts";
import { type Arranged, arrange, callOf, configOf, runSpec } from "./arrange.ts";
import { runHelper } from "./exec/helperRun.ts";

let at: Arranged;
let handle: SandboxHandle;

async function begin(options: Parameters<typeof arrange>[0] = {}): Promise<void> {
  at = arrange(options);
  handle = await at.backend.factory(at.params());
}

beforeEach(() => begin());
afterEach(() => at.stop());

const env = (more: Record<string, string> = {}) => ({ PATH: "/gateway", HOME: handle.workdir, ...more });
const build = (command: string, more: Record<string, string> = {}) =>
  handle.buildExecSpec({ command, workdir: handle.workdir, env: env(more) });
const requestOf = (index = -1) => at.transport.started.at(index)?.request;

describe("the handle", () => {
  test("says where the run is, in the host's words", () => {
    expect(handle).toMatchObject({
      id: "node-router",
      runtimeId: runtimeIdOf("agent:worker"),
      workdir: join(at.folder, "one"),
      env: {},
      configLabel: "one",
      configLabelKind: "Node",
      workdirValidation: "backend",
      workdirRoots: ["/"],
    });
    expect(handle).not.toHaveProperty("capabilities");
  });

  test("its id is the scope's: the same for every run of it, another for another", () => {
    expect(runtimeIdOf("agent:worker")).toBe(runtimeIdOf("agent:worker"));
    expect(runtimeIdOf("agent:worker-a")).not.toBe(runtimeIdOf("agent:worker:a"));
    expect(runtimeIdOf("agent:worker")).toMatch(/^node-router-agent-worker-[0-9a-f]{8}$/);
  });

  test("the connection is warmed when the run begins, and a working directory costs no round trip", async () => {
    expect(at.transport.warmed).toEqual(["one"]);
    expect(await handle.validateWorkdir(`${handle.workdir}/sub/`)).toBe(`${handle.workdir}/sub`);
    expect(await handle.validateWorkdir(join(at.folder, "gateway", "x"))).toBe(`${handle.workdir}/x`);
    expect(await handle.validateWorkdir("relative")).toBeNull();
    expect(at.transport.started).toEqual([]);
  });

  test("a sub-agent's session and a scope's key name their agent too", async () => {
    const sub = await at.backend.factory(at.params("agent:worker:subagent:1234"));
    expect(sub.configLabel).toBe("one");
    const global = await at.backend.factory(at.params("global"));
    expect(global.configLabel).toBe("one");
  });
});

describe("exec", () => {
  test("runs in the workspace, which it makes, with what was asked for and nothing of the gateway's", async () => {
    await at.stop();
    await begin({ node: { env: { FROM_NODE: "n" }, pathPrepend: ["/opt/x"] } });
    const spec = await build('echo "$ASKED $FROM_NODE $HOME"; pwd; exit 4', { ASKED: "a" });
    const end = await runSpec(spec);
    expect(end).toMatchObject({ code: 4, stdout: `a n \n${handle.workdir}\n` });
    expect(requestOf()).toMatchObject({
      cwd: handle.workdir,
      makeCwd: true,
      env: { ASKED: "a", FROM_NODE: "n" },
      pathPrepend: ["/opt/x"],
      pty: null,
      input: null,
    });
    await expect(
      handle.finalizeExec({ status: "completed", token: spec.finalizeToken }),
    ).resolves.toBeUndefined();
  });

  test("nothing of a command is in the argument list or environment of the helper", async () => {
    const spec = await build("echo SECRET", { TOKEN: "SECRET" });
    expect(JSON.stringify([spec.argv, spec.cwd])).not.toContain("SECRET");
    expect(spec.env).toEqual({});
    expect(spec.argv).toHaveLength(4);
    expect(spec.argv[3]).toMatch(/^[0-9a-f]{32}$/);
    expect(spec.stdinMode).toBe("pipe-open");
  });

  test("nothing reaches the node before the helper came, and nothing at all when the host changed its mind", async () => {
    const spec = await build("echo x");
    expect(at.transport.started).toEqual([]);
    expect(at.records).toEqual([]);
    await handle.finalizeExec({ status: "failed", token: spec.finalizeToken });
    expect((await runSpec(spec)).code).toBe(255);
    expect(at.transport.started).toEqual([]);
  });

  test("only the workspace itself is made, no directory below it", async () => {
    const workdir = `${handle.workdir}/sub`;
    await runSpec(await handle.buildExecSpec({ command: "true", workdir, env: env() }));
    expect(requestOf()).toMatchObject({ cwd: workdir, makeCwd: false });
  });

  test("a call is known to have begun once its node has told, and never because it was asked for", async () => {
    const call = callOf();
    at.deps.memory.part(WORKSPACE_CALLS).set("c0ffee", call);
    const spec = await build("exit 3", { NODE_ROUTER_CALL: "c0ffee" });
    expect([call.claimed, call.begun]).toEqual([true, undefined]);
    await runSpec(spec);
    expect(call.begun).toBe(true);
    const never = callOf();
    at.deps.memory.part(WORKSPACE_CALLS).set("c0ffee", never);
    at.faults.mirror = new Error("no");
    await runSpec(await build("exit 3", { NODE_ROUTER_CALL: "c0ffee" }));
    expect([never.outcome?.kind, never.begun]).toEqual(["notStarted", undefined]);
  });

  test("skills and attachments are there before the command, and the record says who ran what", async () => {
    at.deps.memory.part(WORKSPACE_CALLS).set("c0ffee", callOf());
    await runSpec(await build("exit 3", { NODE_ROUTER_CALL: "c0ffee" }));
    expect(at.mirrored).toMatchObject([{ node: "one", owner: "agent:worker", root: handle.workdir }]);
    expect(at.mirrored[0]?.sources().map(({ what }) => what)).toEqual(["skills", "attachments"]);
    expect(at.records).toMatchObject([
      {
        result: null,
        subject: {
          kind: "command",
          operation: "exec",
          id: "decision-1",
          node: "one",
          rule: "zone",
          agent: "worker",
          runId: "run-1",
          toolCallId: "call-1",
          command: "exit 3",
          cwd: handle.workdir,
        },
      },
      { result: { outcome: "ran", exitCode: 3, bytesOut: 0 } },
    ]);
    expect(at.records[1]?.subject).toBe(at.records[0]?.subject);
  });

  test("what was read ahead is forgotten when a command starts and when it ends", async () => {
    // Held, as a run holds it: a bridge that nobody holds is gone with the next garbage collection.
    const bridge = handle.createFsBridge({ sandbox: { ...at.params(), workspaceAccess: "rw" } });
    await runSpec(await build("true"));
    expect(at.invalidated).toEqual(["one", "one"]);
    expect(bridge).toBeDefined();
  });

  test.each<[keyof Arranged["faults"], ErrorCode]>([
    ["mirror", "NODE_UNREACHABLE"],
    ["audit", "AUDIT_UNAVAILABLE"],
  ])("when the %s says no, nothing runs and nothing is recorded as run", async (part, code) => {
    at.faults[part] = new NodeRouterError(refused(code, "no"));
    const spec = await build("true");
    expect(await runSpec(spec)).toMatchObject({ code: 255, stderr: `${agentText(refused(code, "no"))}\n` });
    expect(at.transport.started).toEqual([]);
    expect(at.records).toEqual([]);
    await expect(handle.finalizeExec({ status: "completed", token: spec.finalizeToken })).rejects.toThrow(
      `${code}: the command was not started on the node`,
    );
  });

  test.each([{ "A-B": "x" }, { A: "\0" }])(
    "a variable that no shell can export is refused: %j",
    async (more) => {
      await expect(build("true", more)).rejects.toThrow(
        /^ENV_INVALID: .*set it inside the command\. Nothing ran$/,
      );
    },
  );
});

describe("what the host makes of the end", () => {
  const unknown: Outcome = {
    kind: "unknown",
    ...refused("OUTCOME_UNKNOWN", "lost"),
    processGroup: 9,
  };
  const notStarted: Outcome = { kind: "notStarted", ...refused("NODE_BUSY", "full") };

  test.each<[string, Outcome, string]>([
    [
      "unknown",
      unknown,
      "OUTCOME_UNKNOWN: how the command ended on the node was not seen; it may still run there",
    ],
    ["not started", notStarted, "NODE_BUSY: the command was not started on the node"],
  ])("%s is never completed: the host's own completion is refused", async (_, outcome, text) => {
    await at.stop();
    await begin({ outcome: () => outcome });
    const spec = await build("true");
    expect((await runSpec(spec)).stderr).toMatch(/^[A-Z_]+: \w+\.\n$/);
    // The host writes `String(error)`.
    const fault = await handle.finalizeExec({ status: "completed", token: spec.finalizeToken }).catch(String);
    expect(fault).toBe(`node-router: ${text}`);
  });

  test("a stop of a command whose end is unknown is not confirmed; one that came before the start is", async () => {
    await at.stop();
    await begin({ outcome: ({ script }) => (script === "unknown" ? unknown : notStarted) });
    const lost = await build("unknown");
    await runSpec(lost);
    await expect(handle.finalizeExec({ status: "failed", token: lost.finalizeToken })).rejects.toThrow(
      "OUTCOME_UNKNOWN",
    );
    const never = await build("never");
    await runSpec(never);
    await expect(
      handle.finalizeExec({ status: "failed", token: never.finalizeToken }),
    ).resolves.toBeUndefined();
  });

  test("after a helper was killed the host waits until the command is over too", async () => {
    const spec = await build("echo up; exec sleep 100");
    const run = runHelper(spec.argv);
    await run.saw("up");
    run.child.kill("SIGKILL");
    await run.end;
    await handle.finalizeExec({ status: "failed", token: spec.finalizeToken });
    expect(at.transport.groups.size).toBe(0);
    expect(at.records.at(-1)?.result).toMatchObject({ outcome: "ran", signal: "TERM" });
  });

  test("another backend's token is none of ours", async () => {
    await expect(handle.finalizeExec({ status: "completed", token: {} })).resolves.toBeUndefined();
    await expect(handle.finalizeExec({ status: "completed", token: "no such" })).resolves.toBeUndefined();
  });
});

describe("the tool policy's word", () => {
  test("a terminal is asked for where it says so, and the outcome comes back to it", async () => {
    const call = callOf({ pty: true });
    at.deps.memory.part(WORKSPACE_CALLS).set("c0ffee", call);
    await runSpec(await build("exit 7", { NODE_ROUTER_CALL: "c0ffee", TERM: "vt100" }));
    expect(requestOf()).toMatchObject({
      pty: { rows: 30, cols: 120, term: "vt100" },
      env: { TERM: "vt100" },
    });
    expect(call).toMatchObject({ claimed: true, outcome: { kind: "ran", exitCode: 7 } });
  });

  test.each([
    ["nobody's", "unknown", callOf()],
    ["used", "c0ffee", callOf({ claimed: true, pty: true })],
    ["another agent's", "c0ffee", callOf({ agent: "other", pty: true })],
  ])("%s id: nothing runs, and no other call is touched", async (_, id, call) => {
    at.deps.memory.part(WORKSPACE_CALLS).set("c0ffee", call);
    const before = { ...call };
    await expect(build("true", { NODE_ROUTER_CALL: id })).rejects.toThrow(/^WORKSPACE_UNAVAILABLE: /);
    expect(at.transport.started).toEqual([]);
    expect(call).toEqual(before);
  });

  test.each(["ask", "auto", "allowlist", "deny"])(
    "exec mode %s: a command that the policy did not see is refused, and one that it let pass is not",
    async (mode) => {
      await at.stop();
      await begin({ hostConfig: { agents: { entries: { worker: { tools: { exec: { mode } } } } } } });
      await expect(build("true")).rejects.toThrow(
        `HOOKS_NOT_LIVE: agents.entries.worker.tools.exec.mode "${mode}" demands a check of every command`,
      );
      expect(at.transport.started).toEqual([]);
      at.deps.memory.part(WORKSPACE_CALLS).set("c0ffee", callOf());
      expect((await runSpec(await build("exit 7", { NODE_ROUTER_CALL: "c0ffee" }))).code).toBe(7);
    },
  );

  test("a command that a person decides about runs once they said yes, and as they saw it", async () => {
    const consent = { title: "t", description: "d", granted: false };
    const asked = () => callOf({ agreed: { consent, params: { command: "exit 7" } } });
    const env = { NODE_ROUTER_CALL: "c0ffee" };
    at.deps.memory.part(WORKSPACE_CALLS).set("c0ffee", asked());
    await expect(build("exit 7", env)).rejects.toThrow(/^RUN_NOT_ALLOWED: .*nobody has said yes to it/);
    consent.granted = true;
    const changed = asked();
    at.deps.memory.part(WORKSPACE_CALLS).set("c0ffee", changed);
    await expect(build("exit 8", env)).rejects.toThrow(/^RUN_NOT_ALLOWED: .*not the one that was agreed to/);
    expect(changed.outcome).toMatchObject({ kind: "notStarted", code: "RUN_NOT_ALLOWED" });
    expect(at.transport.started).toEqual([]);
    at.deps.memory.part(WORKSPACE_CALLS).set("c0ffee", asked());
    expect((await runSpec(await build("exit 7", env))).code).toBe(7);
  });

  test("a call that was decided for another node runs on neither", async () => {
    const call = callOf({ node: "two" });
    at.deps.memory.part(WORKSPACE_CALLS).set("c0ffee", call);
    await expect(build("true", { NODE_ROUTER_CALL: "c0ffee" })).rejects.toThrow(/^NODE_MISMATCH: /);
    expect(call).toMatchObject({ claimed: true, outcome: { kind: "notStarted", code: "NODE_MISMATCH" } });
    expect(at.transport.started).toEqual([]);
  });
});

describe("input to a command that runs", () => {
  const inputs = () =>
    at.records.flatMap(({ subject, result }) => (subject.kind === "input" ? [{ subject, result }] : []));

  test("is recorded with its bytes and the id of the command, before and after it is sent", async () => {
    const spec = await build("read -r line; echo got $line");
    const run = runHelper(spec.argv);
    run.write("id; whoami\n");
    await run.saw("got id; whoami");
    await run.end;
    const [begun, ended] = inputs();
    const command = at.records.find(({ subject }) => subject.kind === "command")?.subject;
    expect(begun?.subject).toMatchObject({ node: "one", agent: "worker", commandId: command?.id });
    expect(begun?.subject.bytes.toString()).toBe("id; whoami\n");
    expect(begun?.result).toBe(null);
    expect(ended).toMatchObject({ subject: begun?.subject, result: { outcome: "done", bytesIn: 11 } });
  });

  test("that cannot be recorded does not reach the node, and whoever reads the output is told", async () => {
    const spec = await build("echo ready; read -r line; echo got $line");
    const run = runHelper(spec.argv);
    await run.saw("ready");
    at.faults.audit = new NodeRouterError(refused("AUDIT_UNAVAILABLE", "the disk is full"));
    run.write("id\n");
    await vi.waitFor(() => expect(run.seen.stderr).toContain("AUDIT_UNAVAILABLE: the disk is full"), SLOW);
    run.child.kill("SIGTERM");
    expect((await run.end).stdout).toBe("ready\n");
  });
});

describe("the node of a run", () => {
  const prefersTwo = () =>
    at.deps.configure({
      ...configOf(at.folder),
      rules: [{ name: "zone", agents: ["worker"], require: "two" }],
    });

  test("stays for the run when the rules change under it; the next run is on the new one", async () => {
    prefersTwo();
    await runSpec(await build("true"));
    expect(at.transport.started.map(({ node }) => node)).toEqual(["one"]);
    expect((await at.backend.factory(at.params())).configLabel).toBe("two");
    expect(at.deps.memory.part(SESSION_NODES).get("agent:worker:main")?.movedFrom).toBe("one");
  });

  test("takes no file tool's call that was placed on another node meanwhile", async () => {
    handle.createFsBridge({ sandbox: { ...at.params(), workspaceAccess: "rw" } });
    prefersTwo();
    // What the tool policy does before the call.
    expect(await placeSession(at.deps, "worker", "agent:worker:main")).toMatchObject({ movedFrom: "one" });
    const { outcome } = (await at.bridges[0]?.run({ script: "true" })) ?? {};
    expect(outcome).toMatchObject({ kind: "notStarted", code: "NODE_MISMATCH" });
    await expect(handle.runShellCommand({ script: "true" })).rejects.toThrow(
      /^NODE_MISMATCH: .*"two".*"one"/,
    );
    expect(at.transport.started).toEqual([]);
  });

  test("stays for its background jobs when the plugin is reloaded, and the running one goes on", async () => {
    const running = runHelper((await build('echo up; read -r x; echo "$x"')).argv);
    await running.saw("up");
    at.registered.remove();
    await expect(build("true")).rejects.toThrow(
      "WORKSPACE_UNAVAILABLE: node-router is being reloaded or was disabled; nothing ran; try again",
    );
    at.deps.memory.part(WORKSPACE).registrations.add({ ...at.parts });
    running.write("later\n");
    expect((await running.end).stdout).toBe("up\nlater\n");
    expect((await runSpec(await build("echo new"))).stdout).toBe("new\n");
  });

  test("a run that begins in the gap of a reload waits for the next registration", async () => {
    at.registered.remove();
    const begun = at.backend.factory(at.params());
    at.deps.memory.part(WORKSPACE).registrations.add(at.parts);
    expect((await begun).configLabel).toBe("one");
  });
});

describe("a run without a node", () => {
  const nothingFits = () => at.deps.configure({ ...configOf(at.folder), rules: [] });

  beforeEach(async () => {
    nothingFits();
    handle = await at.backend.factory(at.params());
  });

  test("still has a handle: every operation says why, as a tool's result", async () => {
    const why = /^NO_NODE_FITS: .*no rule names the agent/;
    expect(handle.configLabel).toBe("none");
    expect(await handle.validateWorkdir(handle.workdir)).toBe(handle.workdir);
    await expect(build("true")).rejects.toThrow(why);
    await expect(handle.runShellCommand({ script: "true" })).rejects.toThrow(why);
    handle.createFsBridge({ sandbox: { ...at.params(), workspaceAccess: "rw" } });
    const { outcome } = (await at.bridges[0]?.run({ script: "true" })) ?? {};
    expect(outcome).toMatchObject({
      kind: "notStarted",
      code: "NO_NODE_FITS",
      fact: expect.stringContaining("no rule names the agent"),
    });
    expect(at.transport.started).toEqual([]);
  });

  test("asks again each time: a node that is back is used in the same run, under the same paths", async () => {
    await expect(build("true")).rejects.toThrow("NO_NODE_FITS");
    at.deps.configure(configOf(at.folder));
    expect((await runSpec(await build("echo back"))).stdout).toBe("back\n");
  });

  test("a node with another workspace is left to the next run: paths keep their meaning", async () => {
    at.deps.configure({
      ...configOf(at.folder),
      rules: [{ name: "zone", agents: ["worker"], require: "two" }],
    });
    await expect(build("true")).rejects.toThrow(
      'WORKSPACE_UNAVAILABLE: no node fitted when this run began; "two" does now, and the next run works there. Nothing ran',
    );
    expect((await at.backend.factory(at.params())).workdir).toBe(join(at.folder, "two"));
  });

  test("a session that names no agent is refused, not run as somebody", async () => {
    const nobody = await at.backend.factory({ ...at.params("global"), scopeKey: "shared" });
    await expect(nobody.runShellCommand({ script: "true" })).rejects.toThrow(
      "WORKSPACE_UNAVAILABLE: the session's key names no agent, so no rule speaks for it",
    );
  });
});

test("without a transport in this process it says so", async () => {
  at.deps.memory.part(SSH_TRANSPORT).current = null;
  await expect(build("true")).rejects.toThrow(
    /^WORKSPACE_UNAVAILABLE: nothing is sent over SSH in this process yet/,
  );
});

describe("files", () => {
  const createBridge = () => {
    handle.createFsBridge({
      sandbox: {
        ...at.params(),
        workspaceAccess: "rw",
        readOnlyResourceMounts: [{ hostPath: "/gw/att", containerPath: "/openclaw/attachments" }],
      },
    });
    const options = at.bridges.at(-1);
    if (options === undefined) throw new Error("no bridge was made");
    return options;
  };

  test("the bridge is of the run's node, and what it runs goes there behind skills and attachments", async () => {
    await at.stop();
    await begin({ node: { paths: ["/data"], pathPrepend: ["/opt/x"] } });
    const bridge = createBridge();
    expect(bridge).toMatchObject({
      node: "one",
      root: handle.workdir,
      workspaceDir: join(at.folder, "gateway"),
      paths: ["/data"],
      readOnlyMounts: [{ hostRoot: "/gw/att", containerRoot: `${handle.workdir}/.openclaw/attachments` }],
    });
    const { stdout } = await bridge.run({ script: 'printf "%s" "$1"', args: ["x y"] });
    expect(stdout.toString()).toBe("x y");
    expect(requestOf()).toMatchObject({ pathPrepend: ["/opt/x"] });
    expect(at.mirrored).toHaveLength(1);
  });

  test("changes are recorded, two of the same at once too", async () => {
    const { beforeChange, onChange } = createBridge();
    const change = { operation: "write" as const, path: "/w/a", bytes: 3, startedAtMs: 1 };
    await beforeChange?.(change);
    await beforeChange?.(change);
    onChange?.({ ...change, endedAtMs: 2, outcome: "done" });
    onChange?.({ ...change, endedAtMs: 2, outcome: "unknown" });
    expect(at.records).toMatchObject([
      {
        result: null,
        subject: { kind: "file", operation: "write", path: "/w/a", node: "one", rule: "zone" },
      },
      { result: null },
      { result: { outcome: "done", bytesIn: 3, error: null } },
      { result: { outcome: "unknown", error: "OUTCOME_UNKNOWN" } },
    ]);
    expect(at.records[2]?.subject).toBe(at.records[0]?.subject);
    expect(at.records[3]?.subject).toBe(at.records[1]?.subject);
  });

  test("a change that may not be recorded is stopped", async () => {
    at.faults.audit = new NodeRouterError(refused("AUDIT_UNAVAILABLE", "no"));
    const { beforeChange } = createBridge();
    await expect(
      beforeChange?.({ operation: "write", path: "/w/a", bytes: 3, startedAtMs: 1 }),
    ).rejects.toThrow("AUDIT_UNAVAILABLE: no");
  });
});

describe("runShellCommand", () => {
  test("gives arguments and input, and brings both streams and the code", async () => {
    const script = 'cat > f; printf "%s" "$2"; echo e >&2; exit 5';
    const result = await handle.runShellCommand({
      script,
      args: ["a", "b c"],
      stdin: "in",
      allowFailure: true,
    });
    expect(result).toEqual({ stdout: Buffer.from("b c"), stderr: Buffer.from("e\n"), code: 5 });
    expect(readFileSync(join(handle.workdir, "f"), "utf8")).toBe("in");
  });

  test("without input it ends instead of waiting for some", async () => {
    expect((await handle.runShellCommand({ script: "cat" })).code).toBe(0);
  });

  test("a failure that is not allowed throws with what the script said", async () => {
    await expect(handle.runShellCommand({ script: "echo why >&2; exit 2" })).rejects.toThrow(
      'FILE_FAILED: a script on node "one" ended with exit code 2: why',
    );
  });

  test("one that did not run throws even where failure is allowed", async () => {
    await at.stop();
    await begin({ outcome: () => ({ kind: "notStarted", ...refused("NODE_UNREACHABLE", "no answer") }) });
    await expect(handle.runShellCommand({ script: "true", allowFailure: true })).rejects.toThrow(
      "NODE_UNREACHABLE: no answer",
    );
  });
});

describe("the manager and the working directory, for the host's own commands", () => {
  test("removing a sandbox touches no file, and a row shows the node of the agent's latest session", async () => {
    const { describeRuntime, removeRuntime } = at.backend.manager;
    const entry = { sessionKey: "agent:worker", image: "old" };
    expect(await describeRuntime({ entry })).toEqual({
      running: true,
      actualConfigLabel: "one",
      configLabelMatch: true,
    });
    expect(await describeRuntime({ entry: { sessionKey: "agent:other", image: "gone" } })).toEqual({
      running: false,
      actualConfigLabel: "gone",
      configLabelMatch: false,
    });
    await removeRuntime({ entry });
    expect(at.transport.started).toEqual([]);
  });

  test("the working directory is known without asking a node", () => {
    expect(at.backend.resolveWorkdir(at.params())).toBe(join(at.folder, "one"));
    expect(at.backend.resolveWorkdir({ ...at.params("x"), scopeKey: "y" })).toBeUndefined();
  });
});
