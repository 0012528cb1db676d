// How the real host tells one tool call from another: what freshness rests on.
import { AsyncLocalStorage } from "node:async_hooks";
import { writeFileSync } from "node:fs";
import { beforeAll, expect, test } from "vitest";
import { currentToolCall, FILE_IDENTITY } from "../../../src/nodeRouter/host/toolCall.ts";
import type { FileBridge } from "../../../src/nodeRouter/workspace/files/fileBridge.ts";
import { hostTools, loadToolFactory } from "../workspace/files/hostTools.ts";
import { localNode } from "../workspace/files/localNode.ts";

const CONTEXT = Symbol.for("openclaw.diagnosticToolExecutionLiveness");

let factory: Awaited<ReturnType<typeof loadToolFactory>>;
beforeAll(async () => {
  factory = await loadToolFactory();
}, 60_000);

/** The host's tools on a bridge that notes in which call each of its methods was called. */
function watched() {
  const node = localNode();
  const steps: { readonly step: string; readonly call: object | null }[] = [];
  const bridge: FileBridge = new Proxy(node.bridge, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key);
      if (typeof value !== "function" || key === "resolvePath") return value;
      return (...args: unknown[]): unknown => {
        steps.push({ step: key === FILE_IDENTITY ? "identity" : String(key), call: currentToolCall() });
        return Reflect.apply(value, target, args);
      };
    },
  });
  const tools = hostTools(factory, { root: node.root, bridge, contextTokens: 1_000_000 });
  return { node, tools, taken: () => steps.splice(0), [Symbol.dispose]: () => node[Symbol.dispose]() };
}

test("every step of one call has the same object, and every call another one", async () => {
  using watch = watched();
  const { node, tools, taken } = watch;
  writeFileSync(node.at("ws", "a"), `${"y".repeat(30)}\n`.repeat(6000));
  const calls = [
    () => tools.call("read", { path: "a" }),
    () => tools.call("read", { path: "a" }),
    () => tools.call("write", { path: "b", content: "x" }),
    () => tools.call("edit", { path: "b", edits: [{ oldText: "x", newText: "y" }] }),
    () =>
      tools.call("apply_patch", {
        input: "*** Begin Patch\n*** Update File: b\n@@\n-y\n+z\n*** Add File: c\n+new\n*** End Patch",
      }),
  ];
  const seen = new Set<object>();
  for (const call of calls) {
    await call();
    const steps = taken();
    const objects = new Set(steps.map((step) => step.call));
    const [object = null] = objects;
    expect(objects.size).toBe(1);
    expect(object).not.toBeNull();
    if (object !== null) seen.add(object);
  }
  expect(seen.size).toBe(calls.length);
});

test("calls that overlap are told apart", async () => {
  using watch = watched();
  const { node, tools, taken } = watch;
  writeFileSync(node.at("ws", "a"), "text");
  await Promise.all(["a", "a", "./a"].map((path) => tools.call("read", { path })));
  const steps = taken();
  expect(new Set(steps.map(({ call }) => call)).size).toBe(3);
});

test("read, write, edit and apply_patch ask for the file's identity before their first step, ls does not", async () => {
  using watch = watched();
  const { node, tools, taken } = watch;
  writeFileSync(node.at("ws", "a"), "x");
  const first = async (tool: string, args: Readonly<Record<string, unknown>>) => {
    await tools.call(tool, args);
    return taken()[0]?.step;
  };
  expect(await first("read", { path: "a" })).toBe("identity");
  expect(await first("write", { path: "a", content: "y" })).toBe("identity");
  expect(await first("edit", { path: "a", edits: [{ oldText: "y", newText: "z" }] })).toBe("identity");
  expect(await first("apply_patch", { input: "*** Begin Patch\n*** Delete File: a\n*** End Patch" })).toBe(
    "identity",
  );
  await tools.call("ls", {});
  expect(taken().map(({ step }) => step)).toEqual(["readDirectory"]);
});

test("the host queues by the name that it would have made itself", async () => {
  using node = localNode();
  for (const filePath of ["a", "./x/../a", `${node.root}/a`, "/gateway/state/workspace/a"]) {
    expect(await node.bridge[FILE_IDENTITY]({ filePath })).toBe(`${node.root}/a`);
  }
  await expect(node.bridge[FILE_IDENTITY]({ filePath: "/etc/passwd" })).rejects.toThrow(/PATH_NOT_ALLOWED/);
});

test("outside of a call there is none, and in a host that tells nothing known either", () => {
  expect(currentToolCall()).toBeNull();
  const real: unknown = Reflect.get(globalThis, CONTEXT);
  try {
    for (const strange of [undefined, null, 1, {}, { context: {} }, { context: { getStore: () => ({}) } }]) {
      Reflect.set(globalThis, CONTEXT, strange);
      expect(currentToolCall()).toBeNull();
    }
    const context = new AsyncLocalStorage<unknown>();
    Reflect.set(globalThis, CONTEXT, { context });
    const call = () => {};
    expect(context.run(call, currentToolCall)).toBe(call);
    for (const none of [undefined, null, "call-1", 7]) expect(context.run(none, currentToolCall)).toBeNull();
  } finally {
    Reflect.set(globalThis, CONTEXT, real);
  }
});
