// What a tool can have to do with machines. Pure types.

/** A tool whose parameters can name a node. */
export interface NodeTool {
  readonly kind: "node";
  /** Node-protocol commands without which the call cannot succeed. */
  readonly commands: readonly string[];
  /** Parameter that selects the host, and the value that means "a node"; null when there is none. */
  readonly target: { readonly param: string; readonly value: string } | null;
  /** Values of `action` that reach no node, so no target is filled in for them. */
  readonly nodeless: readonly string[];
  /** Parameters that name files of the gateway all the same. */
  readonly gatewayFiles: readonly string[];
}

export type ToolClass =
  | { readonly kind: "exec" }
  | NodeTool
  /** Works on the gateway's copy of the workspace; the rule's `files` decides. */
  | { readonly kind: "files" }
  /** Reads the files that its parameters name; the rule's `files` decides about those of the gateway. */
  | { readonly kind: "localFiles" }
  /** Looks after commands that OpenClaw started itself; input to one of them is a command, too. */
  | { readonly kind: "process" }
  /** Gives a shell or a process on the gateway, whatever its parameters are. */
  | { readonly kind: "gatewayShell" }
  /** May give one, depending on its parameters. */
  | { readonly kind: "automations" }
  /** Starts or talks to agents; with an external harness (ACP) that is a program on the gateway. */
  | { readonly kind: "spawn" }
  /** Changes the gateway: its config, its plugins, its version. `reads`: the actions that only look. */
  | { readonly kind: "gatewayConfig"; readonly reads: readonly string[] }
  /** Shows a network port of the gateway to others. `reads` as above. */
  | { readonly kind: "gatewayPort"; readonly reads: readonly string[] }
  /** Runs commands on a machine that no rule knows. `reads` as above. */
  | { readonly kind: "otherMachine"; readonly reads: readonly string[] };

/** A tool of the host that rules need not care about, and why that is so. */
export interface HarmlessTool {
  readonly kind: "harmless";
  readonly why: string;
}

export type CatalogEntry = readonly [name: string, tool: ToolClass | HarmlessTool];

/**
 * A tool that reaches a node by its parameters. Without more: one that needs no command of the node, has no parameter
 * `target`, works on no gateway file and always names a node.
 */
export const node = (more: Partial<Omit<NodeTool, "kind">> = {}): NodeTool => ({
  kind: "node",
  commands: [],
  target: null,
  nodeless: [],
  gatewayFiles: [],
  ...more,
});

/** One class for several tools. */
export function all(names: readonly string[], tool: ToolClass | HarmlessTool): readonly CatalogEntry[] {
  return names.map((name) => [name, tool]);
}

/**
 * Tools that no rule has to hold back.
 * @param why in words, for whoever looks the tool up.
 */
export function harmless(why: string, ...names: readonly string[]): readonly CatalogEntry[] {
  return all(names, { kind: "harmless", why });
}
