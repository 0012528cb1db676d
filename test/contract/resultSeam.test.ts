// The private seam of the installed OpenClaw by which tool results outlive a reload of the plugin, as it really is.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { keepResults, publishResultHandler } from "../../src/nodeRouter/host/resultSeam.ts";
import { createMemory } from "../../src/shared/processMemory.ts";
import { ROOT } from "../support/environment.ts";

const DIST = join(ROOT, "node_modules", "openclaw", "dist");
const REGISTRY = Symbol.for("openclaw.pluginRegistryState");
const retired = (): never => {
  throw new Error("plugin is retiring");
};
const entryOf = (pluginId: string, handler: unknown) => ({ pluginId, handler, runtimes: ["openclaw"] });

let before: unknown;
beforeEach(() => {
  before = Reflect.get(globalThis, REGISTRY);
});
afterEach(() => {
  if (before === undefined) Reflect.deleteProperty(globalThis, REGISTRY);
  else Reflect.set(globalThis, REGISTRY, before);
});

/** The host's own list of handlers, which it takes once a turn. */
async function handlersOfHost(): Promise<() => readonly ((event: unknown, context: unknown) => unknown)[]> {
  const [file = "none"] = readdirSync(DIST).filter((name) =>
    /^agent-tool-result-middleware-(?!loader)[\w-]{8}\.mjs$/.test(name),
  );
  const module: object = await import(pathToFileURL(join(DIST, file)).href);
  const found: unknown = Object.values(module).find(
    (value: unknown) => typeof value === "function" && value.name === "listAgentToolResultMiddlewares",
  );
  if (typeof found !== "function") throw new Error("the host has no listAgentToolResultMiddlewares");
  return () => found("openclaw");
}

test("a turn that took its handlers before a reload asks the newest one, and other plugins' stay their own", async () => {
  const handlers = await handlersOfHost();
  const other = vi.fn();
  const list = [entryOf("node-router", retired), entryOf("other", other)];
  const state: unknown = Reflect.get(globalThis, REGISTRY);
  Reflect.set(Object(state), "activeRegistry", { agentToolResultMiddlewares: list });
  const memory = createMemory(() => 0);
  publishResultHandler(memory, () => "old");
  keepResults(memory, "node-router");

  const [ours, theirs] = handlers();
  expect(ours?.({}, {})).toBe("old");
  publishResultHandler(memory, () => "new");
  expect(ours?.({}, {})).toBe("new");
  expect(theirs).toBe(other);
  publishResultHandler(memory, retired);
  expect(ours?.({}, {})).toBe(undefined);
});

test("a host of another shape, or a registration that is not there yet, is left as it is", () => {
  const memory = createMemory(() => 0);
  const entry = entryOf("node-router", retired);
  const state = { activeRegistry: { agentToolResultMiddlewares: [entry] } };
  Reflect.set(globalThis, REGISTRY, state);
  keepResults(memory, "node-router");
  expect(entry.handler).toBe(retired);

  publishResultHandler(memory, () => undefined);
  for (const strange of [
    undefined,
    null,
    3,
    {},
    { activeRegistry: null },
    { activeRegistry: { agentToolResultMiddlewares: {} } },
  ]) {
    Reflect.set(globalThis, REGISTRY, strange);
    expect(() => keepResults(memory, "node-router")).not.toThrow();
  }
  Reflect.set(globalThis, REGISTRY, state);
  keepResults(memory, "node-router");
  expect(entry.handler).not.toBe(retired);
});
