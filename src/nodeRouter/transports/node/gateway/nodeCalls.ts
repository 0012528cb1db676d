// The gateway's calls of our command on nodes: the newest way to make one, and the mark by which they are ours.
import { randomUUID } from "node:crypto";
import { createGap } from "../../../../shared/gap.ts";
import { definePart } from "../../../../shared/processMemory.ts";

/** The host's `ctx.invokeNode` of a service; it ends with the service. Rejects with the host's own errors. */
export type InvokeCommand = (call: NodeCall) => Promise<unknown>;

export interface NodeCall {
  readonly nodeId: string;
  readonly command: string;
  readonly params: Readonly<Record<string, unknown>>;
  /** The host answers within so many ms. */
  readonly timeoutMs: number;
  /** Selects the agent's entry in the node's own exec approvals. */
  readonly sessionKey?: string;
}

export interface NodeCalls {
  /** SECURITY: goes along with each call as `nonce`, and never leaves the process: nobody else's call has it. */
  readonly nonce: string;
  /** Serves until the returned function is called. */
  publish(invoke: InvokeCommand): () => void;
  /** The newest that serves; null after `ms` without one: a reload leaves a gap of a second or two. */
  wait(ms: number): Promise<InvokeCommand | null>;
}

/** One a process, whatever copies of this code there are. */
export const NODE_CALLS = definePart<NodeCalls>("node-calls", 1, createNodeCalls);

/** Nobody serves yet. */
export function createNodeCalls(): NodeCalls {
  const serving = new Set<{ readonly invoke: InvokeCommand }>();
  const gap = createGap();
  const current = () => [...serving].at(-1)?.invoke ?? null;
  return {
    nonce: randomUUID(),
    publish(invoke) {
      // The same function may serve twice.
      const own = { invoke };
      serving.add(own);
      gap.close();
      return () => void serving.delete(own);
    },
    async wait(ms) {
      if (current() === null) await gap.wait(ms);
      return current();
    },
  };
}
