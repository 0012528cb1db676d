// The host's own file tools, as it makes them for a sandboxed agent, on top of our bridge. Not a public API: found by name.
import { readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { FileBridge } from "../../../../src/nodeRouter/workspace/files/fileBridge.ts";
import { GATEWAY_WORKSPACE } from "./localNode.ts";

const DIST = resolve(import.meta.dirname, "../../../../node_modules/openclaw/dist");

export interface ToolResult {
  readonly text: string;
  readonly details: unknown;
}

export interface HostTools {
  call(tool: string, args: Readonly<Record<string, unknown>>): Promise<ToolResult>;
  /** Which methods of the bridge were called since the last time. */
  calls(): readonly string[];
}

type Factory = (options: object) => unknown;

/**
 * The tools as a run has them: each call in a context of its own.
 * @throws when the host's build has no such functions any more: then this file is to be mended, not skipped.
 */
export async function loadToolFactory(): Promise<Factory> {
  const make = await find(/^core-coding-tools-.*\.mjs$/, "createCoreCodingTools");
  const wrap = await find(/^agent-tools\.before-tool-call-.*\.mjs$/, "wrapToolWithBeforeToolCallHook");
  return (options) => {
    const tools: unknown = Reflect.apply(make, undefined, [options]);
    return Array.isArray(tools)
      ? tools.map((tool: unknown) => Reflect.apply(wrap, undefined, [tool]))
      : tools;
  };
}

// biome-ignore lint/complexity/noBannedTypes: whatever the host exports
async function find(name: RegExp, wanted: string): Promise<Function> {
  for (const file of readdirSync(DIST).filter((each) => name.test(each))) {
    const module: Record<string, unknown> = await import(pathToFileURL(join(DIST, file)).href);
    const found = Object.values(module).find((value) => typeof value === "function" && value.name === wanted);
    if (typeof found === "function") return found;
  }
  throw new Error(`the host's ${wanted} was not found: look how its tools reach a sandbox now`);
}

export interface ToolOptions {
  readonly root: string;
  readonly bridge: FileBridge;
  readonly workspaceOnly?: boolean;
  /** As the host marks files under memory/. */
  readonly memory?: boolean;
  readonly contextTokens?: number;
}

export function hostTools(factory: Factory, options: ToolOptions): HostTools {
  let calls: string[] = [];
  const bridge = new Proxy(options.bridge, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key);
      if (typeof value !== "function") return value;
      return (...args: unknown[]): unknown => {
        if (key !== "resolvePath" && typeof key === "string") calls.push(key);
        return Reflect.apply(value, target, args);
      };
    },
  });
  const tools = factory({
    codingRoot: GATEWAY_WORKSPACE,
    containmentRoot: GATEWAY_WORKSPACE,
    includeBaseCodingTools: true,
    shellTools: "patch-only",
    applyPatchEnabled: true,
    applyPatchWorkspaceOnly: true,
    workspaceOnly: options.workspaceOnly ?? false,
    readOnly: false,
    modelHasVision: true,
    ...(options.contextTokens === undefined ? {} : { modelContextWindowTokens: options.contextTokens }),
    ...(options.memory ? { memoryWriteProvenance: MEMORY } : {}),
    sandbox: {
      enabled: true,
      workspaceDir: GATEWAY_WORKSPACE,
      agentWorkspaceDir: GATEWAY_WORKSPACE,
      workspaceAccess: "rw",
      containerWorkdir: options.root,
      containerName: "node-router-test",
      fsBridge: bridge,
      docker: { env: {} },
    },
  });
  if (!Array.isArray(tools)) throw new Error("the host's tools are no list any more");
  return {
    async call(tool, args) {
      const found: unknown = tools.find((candidate: { readonly name?: unknown }) => candidate.name === tool);
      const execute: unknown =
        typeof found === "object" && found !== null ? Reflect.get(found, "execute") : null;
      if (typeof execute !== "function") throw new Error(`the host made no tool ${tool}`);
      const result: { content?: { text?: string }[]; details?: unknown } = await Reflect.apply(
        execute,
        found,
        ["call-1", args, undefined],
      );
      return {
        text: (result.content ?? []).map((part) => part.text ?? "").join("\n"),
        details: result.details,
      };
    },
    calls() {
      const made = calls;
      calls = [];
      return made;
    },
  };
}

/** Takes every file for one of the memory, and records nothing. */
const MEMORY = {
  classifies: async () => true,
  write: async ({ commit }: { readonly commit: () => Promise<void> }) => await commit(),
  clearAfterDelete: async () => {},
};
