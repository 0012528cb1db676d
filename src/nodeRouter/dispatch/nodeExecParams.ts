// Turns what the model asked of `exec` into what the host must be told to run it on one node. Pure.
import { refusal } from "../../shared/refusal.ts";
import { quote } from "../../shared/safeText.ts";
import { envPrefix } from "../../shared/shell.ts";
import { startScript } from "../jobs/nodeJob.ts";
import type { NodeState } from "../placement/model/snapshot.ts";
import type { Refused } from "../policy/callDecision.ts";
import { nodeWorkdir } from "./nodeWorkdir.ts";

export interface ExecRewriteInput {
  /** The model's parameters, as the host delivers them. */
  readonly params: Readonly<Record<string, unknown>>;
  readonly node: NodeState;
  readonly gatewayWorkspace: string | null;
  /** The gateway user's home. */
  readonly home: string | null;
  /** Names the job if the call is detached; unique, `[a-z0-9-]+`. */
  readonly jobId: string;
}

/** What a call becomes on one node. */
export type NodeRewrite =
  | {
      readonly ok: true;
      /** Complete: it replaces the model's parameters. */
      readonly params: Record<string, unknown>;
      readonly nodeId: string;
      /** Set when the command was detached. */
      readonly jobId: string | null;
      /** What the agent asked for and did not get, for the line in its result. */
      readonly notes: readonly string[];
    }
  | Refused;

/** Parameters that only mean something on the gateway, or would take the call away from the node. */
const DROPPED = ["host", "node", "elevated", "env", "workdir", "background", "yieldMs", "pty"];

/** Code Mode puts this into every exec by itself: nobody asked, so nobody needs to be told. */
const CODE_MODE_YIELD_MS = 1_000;

/**
 * Rewrites one `exec` call. The host ignores `env`, `background`, `yieldMs` and `pty` on a node (observed on
 * OpenClaw 2026.9.6), so `env` is written into the command, `background` becomes a detached job, and the rest
 * is dropped and said.
 */
export function rewriteExec(input: ExecRewriteInput): NodeRewrite {
  const { params, node } = input;
  if (node.nodeId === null) {
    const fact = `node ${quote(node.name)} is not paired`;
    return { ok: false, refusal: refusal("NO_NODE_FITS", fact, { advice: null }) };
  }
  const windows = node.tags.get("node.os") === "windows";
  const prefix = envPrefix(params.env);
  if (!prefix.ok) return { ok: false, refusal: refusal("ENV_INVALID", prefix.message) };
  if (windows && prefix.text !== "") {
    const fact = `node ${quote(node.name)} runs Windows, where env cannot be passed`;
    return { ok: false, refusal: refusal("ENV_INVALID", fact, { advice: "set it inside the command" }) };
  }
  const command = typeof params.command === "string" ? params.command : "";
  // Without a command the host refuses the call itself: no job comes of it.
  const background = params.background === true && command !== "";
  if (background && windows) {
    const fact = `node ${quote(node.name)} runs Windows, where a command cannot be detached`;
    return { ok: false, refusal: refusal("BACKGROUND_UNSUPPORTED", fact) };
  }

  const inner = prefix.text + command;
  const workdir = nodeWorkdir({
    requested: typeof params.workdir === "string" ? params.workdir : null,
    nodeWorkspace: node.workspace,
    gatewayWorkspace: input.gatewayWorkspace,
    home: input.home,
  });
  const kept = Object.fromEntries(Object.entries(params).filter(([key]) => !DROPPED.includes(key)));
  return {
    ok: true,
    params: {
      ...kept,
      command: background ? startScript(input.jobId, inner) : inner,
      host: "node",
      node: node.nodeId,
      ...(workdir === null ? {} : { workdir }),
    },
    nodeId: node.nodeId,
    jobId: background ? input.jobId : null,
    notes: notesFor(params, background),
  };
}

function notesFor(params: Readonly<Record<string, unknown>>, background: boolean): string[] {
  const notes: string[] = [];
  if (params.pty === true) notes.push("a node gives no terminal, so pty was dropped");
  if (typeof params.yieldMs === "number" && params.yieldMs !== CODE_MODE_YIELD_MS && !background) {
    notes.push("a node cannot yield, so it ran to its end; use background: true for a long command");
  }
  if (background && typeof params.timeoutSeconds === "number" && params.timeoutSeconds > 0) {
    notes.push("timeoutSeconds does not end a background job; end it with node_process, action kill");
  }
  if (params.elevated === true) notes.push("elevated has no meaning on a node and was dropped");
  return notes;
}
