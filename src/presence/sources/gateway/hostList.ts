// Presence source: the nodes paired with this gateway, read through the host's node runtime.
import { within } from "../../../shared/deadline.ts";
import { messageOf, NodeRouterError } from "../../../shared/errors.ts";
import { fieldOf } from "../../../shared/jsonParts.ts";
import { refusal } from "../../../shared/refusal.ts";
import { publishersOf, readHostNode } from "./hostNode.ts";
import { joined, type PairedNodeList } from "./sameNodes.ts";

/** The one host call this source needs: `api.runtime.nodes.list`. */
export type ListNodes = () => Promise<unknown>;

/** What was read, and when. */
export type HostNodes = PairedNodeList;

/** The host answers in about 2 ms; longer than this it is stuck, and a tool call must not hang with it. */
export const LIST_TIMEOUT_MS = 5_000;

/**
 * Reads the paired nodes once.
 * @param before the list before this one, whose entries are used again where they say the same.
 * @throws NodeRouterError INVENTORY_UNAVAILABLE when the host fails, answers late or answers nonsense.
 */
export async function readHostNodes(
  list: ListNodes,
  now: () => number,
  before: HostNodes | null = null,
): Promise<HostNodes> {
  const takenAtMs = now();
  let answer: unknown;
  try {
    const late = () => new Error(`no answer within ${LIST_TIMEOUT_MS} ms`);
    answer = await within(list(), LIST_TIMEOUT_MS, late);
  } catch (cause) {
    throw unavailable(messageOf(cause), cause);
  }
  const entries = fieldOf(answer, "nodes");
  if (!Array.isArray(entries)) throw unavailable("the answer holds no list of nodes");
  const read = joined(before, {
    nodes: entries.map(readHostNode).filter((node) => node !== null),
    takenAtMs,
  });
  // Every call asks for them: here none waits while the whole list is looked through.
  publishersOf(read.nodes);
  return read;
}

function unavailable(fact: string, cause?: unknown): NodeRouterError {
  const advice = 'try again, then see "openclaw nodes status"';
  const why = refusal("INVENTORY_UNAVAILABLE", `the gateway did not list its nodes: ${fact}`, { advice });
  return new NodeRouterError(why, { cause });
}
