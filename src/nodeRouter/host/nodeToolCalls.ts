// What the parameters of a node tool's call say about where it goes. Pure; parameters as in OpenClaw 2026.9.
import { paramValues } from "../../shared/hostParams.ts";
import { trimmedText } from "../../shared/jsonParts.ts";
import type { NodeTool } from "../toolCatalog/catalog.ts";

type Params = Readonly<Record<string, unknown>>;

/** `nodes status` and the like, without a node: about pairing, not about one machine. */
export function reachesNoNode(tool: NodeTool, params: Params): boolean {
  const { node, action } = params;
  if (trimmedText(node) !== null || namesAnotherGateway(params)) return false;
  return typeof action === "string" && tool.nodeless.includes(action);
}

/** Another gateway has other rules, or none. */
export function namesAnotherGateway(params: Params): boolean {
  return [...paramValues(params, "gatewayUrl"), ...paramValues(params, "gatewayToken")].some(
    (value) => value !== undefined && value !== null && value !== "",
  );
}
