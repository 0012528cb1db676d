// The one class that carries a fault, and what anything thrown says.
import type { ErrorCode } from "./errorCatalogue.ts";
import { lineForAgent, type Refusal, refusalLine } from "./refusal.ts";

/**
 * The same in every copy of this code: a reload brings a new one, and what outlives it is of an older one. Its number
 * goes up with the shape.
 */
const MARK = Symbol.for("openclaw-node-router.error.2");

/** A refusal that is thrown, with what caused it. */
export class NodeRouterError extends Error {
  readonly code: ErrorCode;
  readonly refusal: Refusal;

  /** True for an error of any copy of this code. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === "object" && value !== null && MARK in value;
  }

  /** @param options `isForAgent`: its message is what an agent reads. */
  constructor(refusal: Refusal, options: { cause?: unknown; isForAgent?: true } = {}) {
    const { isForAgent, ...cause } = options;
    super(isForAgent === true ? lineForAgent(refusal) : refusalLine(refusal), cause);
    this.name = "NodeRouterError";
    const { code, fact, nothingRan, advice, agentAdvice } = refusal;
    this.code = code;
    // Of a result that is a refusal, no more than that.
    this.refusal = { code, fact, nothingRan, advice, ...(agentAdvice === undefined ? {} : { agentAdvice }) };
    Object.defineProperty(this, MARK, { value: true });
  }
}

/** What the host shows the agent of anything thrown. */
export function agentError(error: unknown): unknown {
  return error instanceof NodeRouterError
    ? new NodeRouterError(error.refusal, { cause: error.cause, isForAgent: true })
    : error;
}

/** The message of anything thrown, on one line and without its stack. */
export function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split("\n", 1)[0] ?? "";
}
