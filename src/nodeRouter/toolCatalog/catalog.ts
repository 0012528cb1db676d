// Which tools there are, and what each has to do with machines: the one catalogue of the host's tools. Pure.
import type { Binding } from "../../shared/types.ts";
import type { HarmlessTool, ToolClass } from "./classes.ts";
import { HOST_TOOLS } from "./hostTools.ts";
import { PLUGIN_TOOLS } from "./pluginTools.ts";
import { toolId } from "./toolNames.ts";

export type { NodeTool, ToolClass } from "./classes.ts";
export { toolId } from "./toolNames.ts";

/** Without them a node cannot run `exec`; `system.run.prepare` is how the host gets a plan approved. */
export const EXEC_COMMANDS = ["system.run"] as const;

const CATALOG: ReadonlyMap<string, ToolClass | HarmlessTool> = new Map([...HOST_TOOLS, ...PLUGIN_TOOLS]);

/** The order in which `explain`, messages and the docs name them. */
const ROUTABLE_ORDER = [
  "exec",
  "nodes",
  "browser",
  "canvas",
  "computer",
  "mobile_ui",
  "node_inference",
  "file_fetch",
  "dir_list",
  "dir_fetch",
  "file_write",
] as const;

/** Tools that a rule routes when it lists none. */
export const ROUTABLE_TOOLS: readonly string[] = [...CATALOG]
  .filter(([, tool]) => tool.kind === "exec" || tool.kind === "node")
  .map(([name]) => name)
  .sort((a, b) => rank(a) - rank(b));

/** `read`, `write` and the like. */
export const FILE_TOOLS: readonly string[] = [...CATALOG]
  .filter(([, tool]) => tool.kind === "files")
  .map(([name]) => name);

/** Tools that work in the agent's workspace, so on its node when the whole workspace is there. */
export const WORKSPACE_TOOLS: readonly string[] = ["exec", "process", ...FILE_TOOLS];

/** Whether a call of this tool can be one of the agent's workspace, wherever that is. */
export function worksInWorkspace(name: string): boolean {
  return WORKSPACE_TOOLS.includes(name) || classifyTool(name)?.kind === "localFiles";
}

/** What moves with a call: node tools speak the node protocol, also of an agent whose workspace is on a node. */
export function bindingFor(tool: string, agentBinding: Binding): Binding {
  return CATALOG.get(tool)?.kind === "node" ? "exec" : agentBinding;
}

/** Null for a tool that has nothing to do with machines, or is not the host's. */
export function classifyTool(name: string): ToolClass | null {
  const tool = CATALOG.get(name);
  return tool === undefined || tool.kind === "harmless" ? null : tool;
}

/** What is known of the tool under any of the host's spellings; null for a tool that is not the host's. */
export function catalogEntry(name: string): ToolClass | HarmlessTool | null {
  return CATALOG.get(toolId(name)) ?? null;
}

/** Every name in the catalogue, former ones too. */
export function catalogNames(): readonly string[] {
  return [...CATALOG.keys()];
}

/** Node-protocol commands that a call of this tool needs. */
export function commandsFor(tool: string): readonly string[] {
  const known = classifyTool(tool);
  if (known?.kind === "exec") return EXEC_COMMANDS;
  return known?.kind === "node" ? known.commands : [];
}

function rank(name: string): number {
  const at = (ROUTABLE_ORDER as readonly string[]).indexOf(name);
  return at === -1 ? ROUTABLE_ORDER.length : at;
}
