// Which tools the plugin knows, and how each names its node. Pure; parameters as in OpenClaw 2026.9.
import type { Binding } from "../types.ts";

/** A tool whose parameters can name a node. */
export interface NodeTool {
  readonly kind: "node";
  /** Node-protocol commands without which the call cannot succeed. */
  readonly commands: readonly string[];
  /** Parameter that selects the host, and the value that means "a node"; null when there is none. */
  readonly target: { readonly param: string; readonly value: string } | null;
  /** Values of `action` that reach no node, so no target is filled in for them. */
  readonly nodeless: readonly string[];
}

export type ToolClass =
  | { readonly kind: "exec" }
  | NodeTool
  /** Works on the gateway's copy of the workspace; the rule's `files` decides. */
  | { readonly kind: "files" }
  /** Gives a shell or a process on the gateway, whatever its parameters are. */
  | { readonly kind: "gatewayShell" }
  /** May give one, depending on its parameters. */
  | { readonly kind: "automations" };

/** Without them a node cannot run `exec`; `system.run.prepare` is how the host gets a plan approved. */
export const EXEC_COMMANDS = ["system.run"] as const;

const node = (
  commands: readonly string[] = [],
  target: NodeTool["target"] = null,
  nodeless: readonly string[] = [],
): NodeTool => ({ kind: "node", commands, target, nodeless });

const CATALOG: ReadonlyMap<string, ToolClass> = new Map<string, ToolClass>([
  ["exec", { kind: "exec" }],
  ["nodes", node([], null, ["status", "pending", "approve", "reject"])],
  ["browser", node(["browser.proxy"], { param: "target", value: "node" })],
  ["canvas", node()],
  ["computer", node(["computer.act"], { param: "target", value: "node" })],
  ["mobile_ui", node()],
  ["node_inference", node()],
  ["file_fetch", node(["file.fetch"])],
  ["dir_list", node(["dir.list"])],
  ["dir_fetch", node(["dir.fetch"])],
  ["file_write", node(["file.write"])],
  ...["read", "write", "edit", "apply_patch", "ls"].map((name): [string, ToolClass] => [
    name,
    { kind: "files" },
  ]),
  // The Codex harness's own shells, and the operator's shared terminal.
  ...["terminal", "gateway_exec", "node_exec"].map((name): [string, ToolClass] => [
    name,
    { kind: "gatewayShell" },
  ]),
  ["automations", { kind: "automations" }],
]);

/** Tools that a rule routes when it lists none. */
export const ROUTABLE_TOOLS: readonly string[] = [...CATALOG.entries()]
  .filter(([, tool]) => tool.kind === "exec" || tool.kind === "node")
  .map(([name]) => name);

/** Tools that work in the agent's workspace, so on its node when the whole workspace is there. */
export const WORKSPACE_TOOLS: readonly string[] = [
  "exec",
  "process",
  ...[...CATALOG.entries()].filter(([, tool]) => tool.kind === "files").map(([name]) => name),
];

/** What moves with a call: node tools speak the node protocol, also of an agent whose workspace is on a node. */
export function bindingFor(tool: string, agentBinding: Binding): Binding {
  return CATALOG.get(tool)?.kind === "node" ? "exec" : agentBinding;
}

/** Null for a tool that has nothing to do with machines. */
export function classifyTool(name: string): ToolClass | null {
  return CATALOG.get(name) ?? null;
}

/** Node-protocol commands that a call of this tool needs. */
export function commandsFor(tool: string): readonly string[] {
  const known = classifyTool(tool);
  if (known?.kind === "exec") return EXEC_COMMANDS;
  return known?.kind === "node" ? known.commands : [];
}

/**
 * Whether an `automations` call would start a process on the gateway: a command payload, or a schedule that
 * watches a command's output or end. Looks at every depth, because updates may carry parts of a job.
 */
export function startsGatewayProcess(params: unknown): boolean {
  if (Array.isArray(params)) return params.some(startsGatewayProcess);
  if (typeof params !== "object" || params === null) return false;
  return Object.entries(params).some(
    ([key, value]) =>
      // The host also reads the second spelling, and kinds without regard to case.
      ((key === "kind" || key === "scheduleKind") && isProcessKind(value)) ||
      key === "argv" ||
      (key === "command" && value !== null) ||
      startsGatewayProcess(value),
  );
}

function isProcessKind(value: unknown): boolean {
  return typeof value === "string" && ["command", "stream", "on-exit"].includes(value.trim().toLowerCase());
}
