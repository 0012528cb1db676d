// What the host is told instead of what the model asked of exec.
import { describe, expect, test } from "vitest";
import { type NodeRewrite, rewriteExec } from "../../../src/nodeRouter/dispatch/nodeExecParams.ts";
import { startScript } from "../../../src/nodeRouter/jobs/nodeJob.ts";
import { refusalText } from "../../../src/shared/refusal.ts";
import { makeNode } from "../../support/makeNode.ts";
import { refused } from "../../support/refused.ts";

const NODE = makeNode({ workspace: "/node/ws" });
const WINDOWS = makeNode({ name: "pc", workspace: null, tags: new Map([["node.os", "windows"]]) });

function rewrite(params: Record<string, unknown>, node = NODE): NodeRewrite {
  return rewriteExec({ params, node, gatewayWorkspace: "/gw/ws", home: "/home/gw", jobId: "nr-1" });
}

function paramsOf(result: NodeRewrite): Record<string, unknown> {
  if (!result.ok) throw new Error(refusalText(result.refusal));
  return result.params;
}

const notesOf = (result: NodeRewrite) => (result.ok ? result.notes : null);

describe("target", () => {
  test.each([
    {},
    { host: "gateway" },
    { host: "auto", node: "mac-cn" },
    { node: "mac-cn", elevated: true },
    { host: "sandbox", elevated: "full" },
  ])("whatever the model names, it is the node's id, never its name: %j", (asked) => {
    expect(rewrite({ command: "hostname", ...asked })).toMatchObject({
      ok: true,
      params: { command: "hostname", host: "node", node: NODE.nodeId, workdir: "/node/ws" },
      nodeId: NODE.nodeId,
      jobId: null,
    });
  });

  test("a node without an id is refused, not left without a node", () => {
    expect(rewrite({ command: "id" }, makeNode({ nodeId: null }))).toEqual({
      ok: false,
      refusal: refused("NO_NODE_FITS", 'node "mac-sg" is not paired'),
    });
  });

  test("every other parameter is kept, known to us or not", () => {
    const others = { timeoutSeconds: 5, ask: "always", title: "look", future: { a: [1] } };
    expect(paramsOf(rewrite({ command: "id", ...others }))).toEqual({
      ...others,
      command: "id",
      host: "node",
      node: NODE.nodeId,
      workdir: "/node/ws",
    });
  });

  test("the model's own object is not changed", () => {
    const params = Object.freeze({ command: "id", env: Object.freeze({ A: "1" }), host: "gateway" });
    expect(rewrite(params).ok).toBe(true);
  });
});

describe("workdir", () => {
  test("is mapped, and left out when the node host shall choose", () => {
    expect(paramsOf(rewrite({ command: "id", workdir: "/gw/ws/a" })).workdir).toBe("/node/ws/a");
    expect(paramsOf(rewrite({ command: "id" }, makeNode({ workspace: null })))).not.toHaveProperty("workdir");
    expect(paramsOf(rewrite({ command: "id", workdir: 5 })).workdir).toBe("/node/ws");
  });
});

describe("env", () => {
  test("is written in front of the command, and not passed as env, which the node would drop", () => {
    const params = paramsOf(rewrite({ command: 'echo "$A"', env: { A: "it's" } }));
    expect(params.command).toBe(`export A='it'\\''s'\necho "$A"`);
    expect(params).not.toHaveProperty("env");
  });

  test("that cannot be passed refuses the call with the reason, and shows no value", () => {
    expect(rewrite({ command: "id", env: { "A=sk-1": "sk-2" } })).toEqual({
      ok: false,
      refusal: refused("ENV_INVALID", 'env name "A…" is not a shell name; use letters, digits and _ only'),
    });
  });

  test("is refused on Windows, where an export means nothing; an empty env is not", () => {
    expect(rewrite({ command: "dir", env: { A: "1" } }, WINDOWS)).toEqual({
      ok: false,
      refusal: refused(
        "ENV_INVALID",
        'node "pc" runs Windows, where env cannot be passed',
        "set it inside the command",
      ),
    });
    expect(paramsOf(rewrite({ command: "dir", env: {} }, WINDOWS)).command).toBe("dir");
  });
});

describe("background", () => {
  test("becomes a detached job that has the variables too; the host is not told background", () => {
    const result = rewrite({ command: "make", background: true, env: { A: "1" } });
    expect(result).toMatchObject({ ok: true, jobId: "nr-1", notes: [] });
    expect(paramsOf(result).command).toBe(startScript("nr-1", "export A='1'\nmake"));
    expect(paramsOf(result)).not.toHaveProperty("background");
  });

  test.each([false, "true", 1, undefined])("background %j is no wish for a job", (background) => {
    expect(rewrite({ command: "make", background })).toMatchObject({
      jobId: null,
      params: { command: "make" },
    });
  });

  test("without a command there is no job: the host refuses the call itself", () => {
    expect(rewrite({ command: "", background: true })).toMatchObject({
      jobId: null,
      params: { command: "" },
    });
    expect(rewrite({ background: true })).toMatchObject({ jobId: null, params: { command: "" } });
  });

  test("is refused on Windows, rather than run in the foreground", () => {
    expect(rewrite({ command: "dir", background: true }, WINDOWS)).toEqual({
      ok: false,
      refusal: refused(
        "BACKGROUND_UNSUPPORTED",
        'node "pc" runs Windows, where a command cannot be detached',
        "leave background out",
      ),
    });
  });
});

describe("what was asked for and is not there is said", () => {
  test.each([
    [{ pty: true }, ["a node gives no terminal, so pty was dropped"]],
    [{ elevated: true }, ["elevated has no meaning on a node and was dropped"]],
    [
      { yieldMs: 500 },
      ["a node cannot yield, so it ran to its end; use background: true for a long command"],
    ],
    [
      { background: true, timeoutSeconds: 60 },
      ["timeoutSeconds does not end a background job; end it with node_process, action kill"],
    ],
    [{ pty: false, elevated: false, timeoutSeconds: 60 }, []],
    // Code Mode's own: nobody asked for it.
    [{ yieldMs: 1_000 }, []],
    [{ yieldMs: 500, background: true }, []],
    [{ background: true, timeoutSeconds: 0 }, []],
  ])("%j", (asked, notes) => {
    const result = rewrite({ command: "id", ...asked });
    expect(notesOf(result)).toEqual(notes);
    expect(Object.keys(paramsOf(result))).not.toEqual(expect.arrayContaining(["pty", "elevated", "yieldMs"]));
  });
});
