// Asks the gateway's own methods, with the rights of whoever has just asked one of ours.
import { messageOf, NodeRouterError } from "../../shared/errors.ts";
import { fieldOf, trimmedText } from "../../shared/jsonParts.ts";
import { refusal } from "../../shared/refusal.ts";
import { safe } from "../../shared/safeText.ts";
import { functionOf } from "./hostFunction.ts";

/** Asks one; resolves with its payload. */
export type AskHost = (method: string, params: object) => Promise<unknown>;

const TIMEOUT_MS = 30_000;

/**
 * Only within one of our gateway methods or HTTP routes, while it runs: OpenClaw lends the caller's rights to it
 * (`contracts.gatewayMethodDispatch` of the manifest).
 * @throws NodeRouterError USAGE_UNAVAILABLE: the host refused, or has no such way.
 */
export function gatewayMethods(
  load: () => Promise<unknown> = () => import("openclaw/plugin-sdk/gateway-method-runtime"),
): AskHost {
  return async (method, params) => {
    const answer = await dispatched(load, method, params).catch((error: unknown) => {
      throw unavailable(method, messageOf(error), error);
    });
    if (fieldOf(answer, "ok") === true) return fieldOf(answer, "payload");
    const error = fieldOf(answer, "error");
    throw unavailable(method, trimmedText(fieldOf(error, "message")) ?? "it says no reason", error);
  };
}

async function dispatched(load: () => Promise<unknown>, method: string, params: object): Promise<unknown> {
  const dispatch = functionOf(await load(), "dispatchGatewayMethod");
  if (dispatch === null) throw new Error("this OpenClaw has no way for plugins to ask it");
  return dispatch(method, params, { timeoutMs: TIMEOUT_MS });
}

function unavailable(method: string, reason: string, cause: unknown): NodeRouterError {
  const fact = `OpenClaw did not answer ${method}: ${safe(reason)}`;
  return new NodeRouterError(refusal("USAGE_UNAVAILABLE", fact), { cause });
}
