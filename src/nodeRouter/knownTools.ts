// Which names of tools anybody can mean: OpenClaw's own and its bundled plugins', this plugin's, and those of MCP servers.
import { didYouMean } from "../config/suggest.ts";
import { NodeRouterError } from "../errors.ts";
import { normalizeToolName } from "../hostNames.ts";
import { quote } from "../safeText.ts";
import { catalogEntry, catalogNames } from "./toolCatalog.ts";

/** How OpenClaw names the tools of MCP servers: `server__tool`. Which there are is not known here. */
const MCP_TOOL = /^[^\s]+__[^\s]+$/;

export function isKnownTool(name: string): boolean {
  return catalogEntry(name) !== null || MCP_TOOL.test(name);
}

/**
 * The tool that is meant, as OpenClaw calls it.
 * @param exists OpenClaw's own list has it, so it is one of another plugin.
 * @throws NodeRouterError TOOL_UNKNOWN
 */
export function toolNamed(written: string, exists = false): string {
  const name = normalizeToolName(written);
  if (exists || isKnownTool(name)) return name;
  const suggestion = didYouMean(name, catalogNames());
  throw new NodeRouterError(
    "TOOL_UNKNOWN",
    `no tool ${quote(written)} is known${suggestion === null ? "; name it as the agent calls it" : `; ${suggestion}`}`,
  );
}
