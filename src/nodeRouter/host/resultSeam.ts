// The host's private seam for tool results: whose handler a turn asks that goes on over a reload (OpenClaw 2026.9.6).
import { fieldOf } from "../../shared/jsonParts.ts";
import { definePart, type Memory } from "../../shared/processMemory.ts";

/** Where the host keeps what is registered: `{ activeRegistry: { agentToolResultMiddlewares: [{ pluginId, handler }] } }`. */
const REGISTRY = Symbol.for("openclaw.pluginRegistryState");

type Handler = (event: never, context: never) => unknown;

interface Shared {
  /** Of the newest registration that lives as long as the plugin. */
  newest: Handler | null;
  /** The host's lists in which ours is replaced. */
  readonly done: WeakSet<object>;
}

const RESULT_HANDLER = definePart<Shared>("result-handler", 1, () => ({ newest: null, done: new WeakSet() }));

/** From now on this handler is asked, by turns that began before it was there too. */
export function publishResultHandler(memory: Memory, handler: Handler): void {
  memory.part(RESULT_HANDLER).newest = handler;
}

/**
 * Has turns ask the newest handler. The host takes the handlers once a turn, at its first result. After a reload
 * those of the registration before throw, and the agent then reads of no tool any more what it said. Called before
 * each tool call, and after each reload for the first results of calls that run meanwhile; where the host has another
 * shape nothing is changed. Never throws.
 */
export function keepResults(memory: Memory, pluginId: string): void {
  const list = fieldOf(
    fieldOf(Reflect.get(globalThis, REGISTRY), "activeRegistry"),
    "agentToolResultMiddlewares",
  );
  const shared = memory.part(RESULT_HANDLER);
  if (!Array.isArray(list) || shared.done.has(list) || shared.newest === null) return;
  shared.done.add(list);
  for (const entry of list as readonly unknown[]) {
    if (fieldOf(entry, "pluginId") !== pluginId || typeof fieldOf(entry, "handler") !== "function") continue;
    const ask: Handler = (event, context) => {
      try {
        return shared.newest?.(event, context);
      } catch {
        // In the middle of a reload no registration may look at the config: better a result without our line than none.
        return undefined;
      }
    };
    Reflect.set(Object(entry), "handler", ask);
  }
}
