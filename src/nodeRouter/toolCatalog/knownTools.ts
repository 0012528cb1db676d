// The names of tools that somebody can mean: OpenClaw's, its bundled plugins', this plugin's, and MCP servers'.

import { NodeRouterError } from "../../shared/errors.ts";
import { normalizeToolName } from "../../shared/hostNames.ts";
import { refusal } from "../../shared/refusal.ts";
import { quote } from "../../shared/safeText.ts";
import { didYouMean } from "../../shared/suggest.ts";
import { catalogEntry, catalogNames } from "./catalog.ts";

/** How OpenClaw names the tools of MCP servers: `server__tool`. Which there are is not known here. */
const MCP_TOOL = /^[^\s]+__[^\s]+$/;

/** Whether the catalogue has it, or its name is of the form that OpenClaw gives to tools of MCP servers. */
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
  const advice = suggestion ?? "name it as the agent calls it";
  throw new NodeRouterError(refusal("TOOL_UNKNOWN", `no tool ${quote(written)} is known`, { advice }));
}
