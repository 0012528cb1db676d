// Which tool call of the host a step of its file tools belongs to: the only file that knows how the host tells.
import { AsyncLocalStorage } from "node:async_hooks";

/**
 * The host runs every tool call in a context of its own, whose value is an object made for this call (OpenClaw
 * 2026.9.6: its watch over tools that hang). It is only read here, and never used for anything but its identity.
 */
const CALL_CONTEXT = Symbol.for("openclaw.diagnosticToolExecutionLiveness");

/**
 * The host asks a file bridge by this name for a file's identity, before the first step of each call of `read`,
 * `write`, `edit` and `apply_patch`, and for nothing else. Calls for one identity run one after the other.
 */
export const FILE_IDENTITY: unique symbol = Symbol.for("openclaw.sandboxFileIdentity");

/**
 * The call that this code runs in: the same object for each of its steps, another one for every other call. It is
 * inherited: what a call has begun, a sub-agent's run say, has the call's object until it comes to calls of its own.
 * @returns null outside of any call, and in a host that does not tell
 */
export function currentToolCall(): object | null {
  const state: unknown = Reflect.get(globalThis, CALL_CONTEXT);
  if (typeof state !== "object" || state === null) return null;
  const context: unknown = Reflect.get(state, "context");
  if (!(context instanceof AsyncLocalStorage)) return null;
  const call: unknown = context.getStore();
  return typeof call === "function" || (typeof call === "object" && call !== null) ? call : null;
}
