// Commands in a terminal that OpenClaw itself makes, and where it makes none.
import { randomUUID } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { findTerminals } from "../../../../../src/nodeRouter/transports/node/host/hostTerminals.ts";
import { base64, type NodeEnd, nodeEnd, stateIn } from "../../../../support/nodeEnd.ts";

const pty = { rows: 30, cols: 100, term: "vt100" };
const SLOW = { timeout: 20_000, interval: 20 };
let node: NodeEnd;
beforeEach(() => {
  node = nodeEnd();
  process.env.OPENCLAW_GATEWAY_TOKEN = "secret-token";
});
afterEach(async () => {
  await node.server.close();
  delete process.env.OPENCLAW_GATEWAY_TOKEN;
});

describe("a terminal", () => {
  test("has its size and name, and the command's arguments, variables, directory and exit code", async () => {
    const script = 'stty size; echo "$TERM|$1|$A"; pwd; test -t 0 && test -t 2 && exit 5';
    const told = await node.complete(script, {
      pty,
      args: ["a 'b"],
      env: { A: "é" },
      cwd: "/tmp",
      eof: false,
    });
    expect(told.out).toBe("30 100\r\nvt100|a 'b|é\r\n/tmp\r\n");
    expect(told.end).toEqual({ exitCode: 5, signal: null });
    expect(told.processGroup).toBeGreaterThan(1);
  });

  test("shows neither the command nor its variables to ps, and nothing of the node host's environment to the command", async () => {
    const script = 'ps -o args= -p $$; env; tr "\\0" "\\n" </proc/$$/environ 2>/dev/null; true';
    const { out } = await node.complete(script, { pty, args: ["secret-argument"], eof: false });
    expect(out).toContain("/bin/sh -c");
    expect(out).not.toMatch(/secret|VITEST/);
  });

  test("takes input that came before it was ready, and echoes only that", async () => {
    const told = await node.complete('read x; echo "got $x"', { pty, input: base64("hällo\n"), eof: false });
    expect(told.out).toBe("hällo\r\ngot hällo\r\n");
  });

  test("sees the end of its input as a terminal has it", async () => {
    const told = await node.complete("cat; exit 4", { pty, input: base64("x\n"), eof: true });
    expect(told.out).toContain("x\r\nx\r\n");
    expect(told.end).toEqual({ exitCode: 4, signal: null });
  });

  test("is ended by a signal, and by KILL where that is ignored", async () => {
    node = nodeEnd({ killAfterMs: 100 });
    const key = randomUUID();
    await node.run('trap "" TERM HUP; echo up; while :; do sleep 1; done', {
      pty,
      key,
      waitMs: 0,
      eof: false,
    });
    await vi.waitFor(async () => expect(stateIn(await node.pull(key)).out).toBe("up\r\n"), SLOW);
    await node.ask({ op: "signal", key, signal: "TERM" });
    await vi.waitFor(async () => {
      expect(stateIn(await node.pull(key, { out: 4 })).end).toEqual({ exitCode: null, signal: "SIGKILL" });
    }, SLOW);
  });

  test("with much output waits for its reader, and loses none", async () => {
    const told = await node.complete("seq 1 200000", { pty, eof: false });
    expect(told.out.split("\r\n")).toHaveLength(200_001);
    expect(told.out.endsWith("200000\r\n")).toBe(true);
  });
});

test("where OpenClaw makes no terminals, a command that needs one is refused, and others run", async () => {
  node = nodeEnd({ terminals: Promise.resolve(null) });
  expect(await node.run("true", { pty })).toMatchObject({ kind: "refused", why: "pty" });
  expect((await node.complete("echo x")).out).toBe("x\n");
});

test("a terminal that cannot be made is refused with what was observed", async () => {
  const fails = () => Promise.reject(new Error("no more terminals"));
  node = nodeEnd({ terminals: Promise.resolve(fails) });
  expect(await node.run("true", { pty })).toMatchObject({ why: "pty", fact: "no more terminals" });
});

test("this OpenClaw makes terminals", async () => {
  expect(await findTerminals()).not.toBeNull();
});
