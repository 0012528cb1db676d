// Presence source "gateway:ping": asks connected nodes, because the host calls a dead one connected for a minute.
import { within } from "../../../shared/deadline.ts";
import { messageOf } from "../../../shared/errors.ts";
import { type Asked, askInterval, createAsker } from "../../asker.ts";
import type { PresenceSource } from "../../record.ts";
import type { ReadNodes } from "./hostFacts.ts";
import type { HostNode } from "./hostNode.ts";

/** One question to a node: `api.runtime.nodes.invoke`. */
export type InvokeNode = (params: {
  readonly nodeId: string;
  readonly command: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly timeoutMs: number;
}) => Promise<unknown>;

/** Starts nothing on the node: it looks a program up in PATH. */
const COMMAND = "system.which";
const PARAMS = { bins: ["sh"] };
/** OpenClaw 2026.9.6 drops answers that come in while some other node pairs or connects: one is asked for once more. */
const AGAIN_MS = 1_000;

export interface GatewayPingOptions {
  readonly read: ReadNodes;
  readonly invoke: InvokeNode;
  /** Epoch ms. */
  readonly now: () => number;
  /** Milliseconds of a clock that is never set. */
  readonly monotonic: () => number;
  /**
   * So long from now a node that was not connected yet is left unasked: when the gateway starts all of them are
   * disconnected, which says nothing of them. Default: 0.
   */
  readonly graceMs?: number;
}

/** Node hosts wait up to 30 s between two attempts to connect. */
export const START_GRACE_MS = 45_000;

/**
 * Asks every paired node whether it is there, over the node protocol. Its id is `gateway:ping`.
 * @param options `graceMs`: so long after a start a node that is not connected yet is not called down.
 */
export function createGatewayPing(options: GatewayPingOptions): PresenceSource {
  const { read, invoke, now, monotonic, graceMs = 0 } = options;
  const graceEndsMs = monotonic() + graceMs;
  const nodes = new Map<string, HostNode>();
  let takenAtMs = Number.NEGATIVE_INFINITY;
  /** Ids of nodes that were connected since. */
  const seen = new Set<string>();
  const isAwaited = (nodeId: string | null): boolean => {
    const node = nodes.get(nodeId ?? "");
    return node?.connected === false && !seen.has(node.nodeId) && monotonic() < graceEndsMs;
  };
  const asker = createAsker({
    transport: "node",
    now,
    async ask({ nodeId }, timeoutMs) {
      const node = nodes.get(nodeId ?? "");
      if (node === undefined) return down("it is not paired with the gateway");
      if (node.connected === null) return unknown("the gateway does not say whether it is connected");
      if (!node.connected) return { ...down("it is not connected to the gateway"), atMs: takenAtMs };
      // Phones have no such command; then the gateway's word is all there is.
      if (!node.commands.includes(COMMAND)) return { result: "up", rttMs: null, reason: null };
      const question = async (withinMs: number): Promise<Asked> => {
        const beganMs = monotonic();
        try {
          const answer = invoke({
            nodeId: node.nodeId,
            command: COMMAND,
            params: PARAMS,
            timeoutMs: withinMs,
          });
          // The host's own time-out comes first when it works.
          await within(answer, withinMs + 250, () => new Error(`timeout after ${withinMs} ms`));
          return { result: "up", rttMs: monotonic() - beganMs, reason: null };
        } catch (error) {
          return failure(error, timeoutMs);
        }
      };
      return askedAgain(question, timeoutMs);
    },
  });
  return {
    id: "gateway:ping",
    intervalMs: askInterval,
    // To begin to ask them all; each answer has its own time.
    timeoutMs: 5 * 60_000,
    async round(targets, sink, signal) {
      const paired = targets.filter(({ nodeId }) => nodeId !== null);
      if (paired.length === 0) return;
      const list = await read(1_000);
      nodes.clear();
      ({ takenAtMs } = list);
      for (const node of list.nodes) {
        nodes.set(node.nodeId, node);
        if (node.connected) seen.add(node.nodeId);
      }
      const asked = paired.filter(({ nodeId }) => !isAwaited(nodeId));
      await asker.round(asked, sink, signal);
    },
  };
}

/** What the first of two questions came to that came to anything; the second is put when the first takes long. */
async function askedAgain(question: (withinMs: number) => Promise<Asked>, timeoutMs: number): Promise<Asked> {
  const first = question(timeoutMs);
  const late = Promise.withResolvers<null>();
  const timer = setTimeout(late.resolve, AGAIN_MS, null).unref();
  const early = await Promise.race([first, late.promise]);
  clearTimeout(timer);
  return early ?? Promise.race([first, question(timeoutMs - AGAIN_MS)]);
}

/** An answer that says no is an answer; only silence and a closed connection speak against the node. */
function failure(error: unknown, timeoutMs: number): Asked {
  const fact = messageOf(error);
  if (/timed? ?out|timeout/i.test(fact)) {
    return { result: "silent", rttMs: null, reason: `no answer within ${timeoutMs / 1_000} s` };
  }
  if (/not connected|disconnected|connection closed/i.test(fact)) {
    return down("it is not connected to the gateway");
  }
  return unknown(`it could not be asked (${fact})`);
}

function down(reason: string): Asked {
  return { result: "down", rttMs: null, reason };
}

function unknown(reason: string): Asked {
  return { result: "unknown", rttMs: null, reason };
}
