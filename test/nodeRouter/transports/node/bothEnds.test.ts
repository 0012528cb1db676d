// Both ends of the node command together: what the gateway sends, real shells on the node run, over calls that fail.
import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { collect } from "../../../../src/nodeRouter/transports/collect.ts";
import {
  createCommandJournal,
  type JournalEntry,
} from "../../../../src/nodeRouter/transports/node/gateway/commandJournal.ts";
import { createNodeTransport } from "../../../../src/nodeRouter/transports/node/gateway/createNodeTransport.ts";
import {
  createNodeCalls,
  type NodeCall,
} from "../../../../src/nodeRouter/transports/node/gateway/nodeCalls.ts";
import { ownCall } from "../../../../src/nodeRouter/transports/node/gateway/ownCalls.ts";
import type {
  CollectLimits,
  CommandRequest,
  Outcome,
} from "../../../../src/nodeRouter/transports/transport.ts";
import { isAlive } from "../../../support/leftovers.ts";
import { timedOut } from "../../../support/node/simNodeNet.ts";
import { ALLOWS, nodeEnd } from "../../../support/nodeEnd.ts";
import { waitFor } from "../../../support/wait.ts";

const NODE = { name: "mac-sg", nodeId: "5a5a" };
let folder = "";
let end: ReturnType<typeof nodeEnd>;
/** Of the next calls of an operation: the node gets them, and the gateway hears nothing. */
let losing: string[] = [];
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "node-router-ends-")));
  end = nodeEnd({ version: "1.0.0" });
  losing = [];
});
afterEach(() => {
  end.server.close();
  rmSync(folder, { recursive: true, force: true });
});

/** What is in a file of the command's folder; false where nothing is yet. */
function textOf(name: string): string | false {
  const path = join(folder, name);
  const text = existsSync(path) ? readFileSync(path, "utf8").trim() : "";
  return text !== "" && text;
}

/** One life of the gateway. */
function gateway(left: string | null = null) {
  const calls = createNodeCalls();
  const ops: string[] = [];
  let isKilled = false;
  calls.publish(async (call: NodeCall) => {
    const own = ownCall(calls, call.nodeId, call.params);
    if (!own.isOwn) throw new Error("not ours");
    const op = String(own.params.op);
    ops.push(op);
    const payloadJSON = await end.server.handle(JSON.stringify(own.params), ALLOWS);
    if (isKilled) return new Promise(() => {});
    if (losing[0] !== op) return { ok: true, payloadJSON };
    losing.shift();
    throw timedOut();
  });
  const file = { text: left };
  const store = {
    read: async () => file.text,
    write: async (text: string) => {
      file.text = text;
    },
  };
  const orphans: { readonly entry: JournalEntry; readonly outcome: Outcome }[] = [];
  const transport = createNodeTransport({
    calls,
    journal: createCommandJournal(store, () => {}),
    onOrphan: (entry, outcome) => void orphans.push({ entry, outcome }),
  });
  const start = (script: string, more: Partial<CommandRequest> = {}) =>
    transport.start(NODE, { script, cwd: folder, ...more });
  const run = async (script: string, more: Partial<CommandRequest> = {}, limits: CollectLimits = {}) => {
    const { outcome, stdout, stderr } = await collect(
      start(script, { input: Buffer.alloc(0), ...more }),
      limits,
    );
    return { outcome, stdout: stdout.toString(), stderr: stderr.toString() };
  };
  /** It hears nothing any more, and writes nothing. */
  const kill = (): string | null => {
    isKilled = true;
    return file.text;
  };
  return { start, run, ops, orphans, file, kill };
}

const ENDED = (exitCode: number) => ({ kind: "ran", exitCode, signal: null });

test("a command's output, error output and exit code come in one call", async () => {
  const { run, ops } = gateway();
  expect(await run('echo "$1 $A"; pwd; echo err >&2; exit 7', { args: ["a b"], env: { A: "c" } })).toEqual({
    outcome: ENDED(7),
    stdout: `a b c\n${folder}\n`,
    stderr: "err\n",
  });
  expect(ops.slice(0, 2)).toEqual(["hello", "run"]);
});

test("two gateways that use one node get each their own commands, and neither ends the other's", async () => {
  const [one, other] = [gateway(), gateway()];
  const long = one.start("echo one; until [ -e go ]; do sleep 0.1; done; echo still; exit 3", {
    input: Buffer.alloc(0),
  });
  await long.started;
  expect(await other.run("echo other; exit 5")).toEqual({
    outcome: ENDED(5),
    stdout: "other\n",
    stderr: "",
  });
  await other.run("touch go");
  const { outcome, stdout } = await collect(long);
  expect([outcome, stdout.toString()]).toEqual([ENDED(3), "one\nstill\n"]);
});

test("9 MB come back as they went there, and 5 MB of zeros whole", async () => {
  const { run } = gateway();
  const input = Buffer.alloc(9_000_000, "0123456789");
  const limits = { maxStdout: 10_000_000, deadlineMs: 60_000 };
  const there = await run("cat", { input }, limits);
  expect([there.outcome, there.stdout.length, there.stdout === input.toString()]).toEqual([
    ENDED(0),
    input.length,
    true,
  ]);
  expect((await run("head -c 5000000 /dev/zero", {}, limits)).stdout.length).toBe(5_000_000);
});

test("answers that are lost change nothing of what ran, nor of what came", async () => {
  const { start, ops } = gateway();
  losing = ["run", "pull", "input", "input", "pull"];
  const command = start('echo begun >>marks; while read -r line; do echo "got $line"; done; exit 3');
  const collected = collect(command, { deadlineMs: 60_000 });
  command.stdin.write("one\n");
  await command.started;
  command.stdin.write("two\n");
  command.stdin.end("three\n");
  const { outcome, stdout } = await collected;
  expect([outcome, stdout.toString()]).toEqual([ENDED(3), "got one\ngot two\ngot three\n"]);
  expect(readFileSync(join(folder, "marks"), "utf8")).toBe("begun\n");
  expect(ops.filter((op) => op === "run")).toHaveLength(1);
});

describe("an end that is asked for", () => {
  test("TERM ends the group, and its name comes back", async () => {
    const { start } = gateway();
    const command = start("sleep 600 & echo $! >slept; wait", { input: Buffer.alloc(0) });
    const collected = collect(command);
    const pid = Number(await waitFor("the child", () => textOf("slept")));
    command.signal("TERM");
    expect((await collected).outcome).toEqual({ kind: "ran", exitCode: null, signal: "SIGTERM" });
    await waitFor("the group to be gone", () => !isAlive(pid));
  });

  test("giving it up ends it there", async () => {
    const { start } = gateway();
    const command = start("echo $$ >group; sleep 600", { input: Buffer.alloc(0) });
    command.stdout.resume();
    command.stderr.resume();
    const pid = Number(await waitFor("the command", () => textOf("group")));
    command.abandon("the call was given up", "end");
    expect(await command.outcome).toMatchObject({ kind: "unknown" });
    await waitFor("the command to be gone", () => !isAlive(pid));
  });
});

test("a working directory that is not there: nothing ran, and it is said", async () => {
  const { run } = gateway();
  expect((await run("touch ran", { cwd: join(folder, "missing") })).outcome).toMatchObject({
    kind: "notStarted",
    code: "WORKDIR_UNAVAILABLE",
  });
});

describe("a gateway that was killed", () => {
  test("finds what ended meanwhile with its real end, output that nobody read included", async () => {
    const first = gateway();
    first.start("echo begun; until [ -e go ]; do sleep 0.05; done; head -c 100000 /dev/zero; exit 5", {
      auditRecord: "record",
    });
    await waitFor("it to be in the file", () => first.file.text?.includes("record"));
    await waitFor("it to begin", () => end.server.hasActiveWork);
    const left = first.kill();
    await end.run("touch go", { cwd: folder });
    await waitFor("its end", () => !end.server.hasActiveWork);
    const next = gateway(left);
    await waitFor("its outcome", () => next.orphans.length > 0);
    expect(next.orphans).toEqual([
      { entry: expect.objectContaining({ auditRecord: "record" }), outcome: ENDED(5) },
    ]);
  });

  test("ends what runs on", async () => {
    const first = gateway();
    first.start("sleep 600", { auditRecord: "record" });
    await waitFor("it to begin", () => end.server.hasActiveWork);
    const next = gateway(first.kill());
    await waitFor("its outcome", () => next.orphans.length > 0);
    expect(next.orphans[0]?.outcome.kind).toBe("unknown");
    await waitFor("its end", () => !end.server.hasActiveWork);
  });
});
