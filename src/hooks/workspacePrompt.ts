// The line in an agent's prompt about the node that its workspace is on. Pure.
import type { ConfiguredNode } from "../config/resolveNodes.ts";
import { overText, placeText } from "../nodeRouter/explain/message.ts";
import { section } from "../nodeRouter/host/hostConfig.ts";
import type { SshNodeInfo } from "../nodeRouter/transports/transport.ts";
import { cleanFact } from "../presence/nodeFacts.ts";
import { quote } from "../shared/safeText.ts";
import type { Transport } from "../shared/types.ts";

/** Where the operator lets a plugin that is not OpenClaw's own add to prompts. */
export const PROMPT_GRANT = "plugins.entries.node-router.hooks.allowConversationAccess";

/** Whether the host takes the hook: without the grant it warns at every start that it was blocked. */
export function mayAddToPrompt(hostConfig: unknown): boolean {
  const hooks = section(hostConfig, "plugins", "entries", "node-router", "hooks");
  return hooks.allowConversationAccess === true && hooks.allowPromptInjection !== false;
}

/**
 * One line; what is not known is left out.
 * SECURITY: it is part of the system prompt, so of the node's own words only what `cleanFact` allows is in it.
 * @param info null: nobody knows yet.
 * @param persona where the prompt's own files are read; tools work on the node's in any case.
 */
export function promptLine(
  node: Pick<ConfiguredNode, "name" | "location" | "workspace">,
  over: Transport,
  info: Pick<SshNodeInfo, "os" | "arch" | "shell"> | null,
  persona: "node" | "gateway" = "node",
): string {
  const os = cleanFact("system", info?.os);
  const shell = cleanFact("shell", info?.shell);
  const system = [os === "Darwin" ? "macOS (Darwin)" : os, cleanFact("processor", info?.arch)]
    .filter((fact) => fact !== null)
    .join(" ");
  const facts = [
    system === "" ? null : system,
    shell === null ? null : `login shell ${shell}`,
    node.workspace === null ? null : `workspace ${quote(node.workspace)}`,
  ].filter((fact) => fact !== null);
  return (
    `[node-router] exec, process and the file tools run on node ${quote(node.name)} (${placeText(node.location)}) ${overText(over)}, not on the gateway` +
    `${facts.length === 0 ? "" : `: ${facts.join(", ")}`}. ` +
    "What this prompt says of the runtime's host and OS is about the gateway. " +
    `Files such as AGENTS.md and MEMORY.md are shown in it as they are on the ${persona}.`
  );
}
