// The commands of one run's node, over whichever protocol that is reached: nothing else of the workspace knows which.
import { NodeRouterError } from "../../shared/errors.ts";
import type { Memory } from "../../shared/processMemory.ts";
import { refusal } from "../../shared/refusal.ts";
import { overText } from "../explain/message.ts";
import { NODE_TRANSPORT } from "../transports/nodeTransport.ts";
import { type CommandRequest, type RunningCommand, SSH_TRANSPORT } from "../transports/transport.ts";
import type { RunTarget } from "./runNode.ts";

/** A transport, and whom it is asked for. */
export interface NodeCommands {
  /** Starts one command. Never throws: what goes wrong is the outcome. */
  start(request: CommandRequest): RunningCommand;
  /** Makes ready ahead of use what the first command needs. */
  warm(): void;
}

/**
 * Looked up at each use.
 * @param sessionKey whose commands they are: the node's own approvals may ask for it
 * @throws NodeRouterError WORKSPACE_UNAVAILABLE: this process has no such transport
 */
export function nodeCommands(
  memory: Memory,
  target: Pick<RunTarget, "node" | "via">,
  sessionKey: string,
): NodeCommands {
  const found = commandsOf(memory, target, sessionKey);
  if (found !== null) return found;
  const fact = `nothing is sent ${overText(target.via.over)} in this process yet`;
  throw new NodeRouterError(
    refusal("WORKSPACE_UNAVAILABLE", fact, { advice: "try again", agentAdvice: "try again" }),
  );
}

/** The same ahead of use; what cannot be made ready is met by the first command. */
export function warmNode(memory: Memory, target: Pick<RunTarget, "node" | "via">): void {
  commandsOf(memory, target, "")?.warm();
}

function commandsOf(
  memory: Memory,
  { node: { name }, via }: Pick<RunTarget, "node" | "via">,
  sessionKey: string,
): NodeCommands | null {
  if (via.over === "ssh") {
    const ssh = memory.part(SSH_TRANSPORT).current;
    return ssh && { start: (request) => ssh.start(name, request), warm: () => ssh.warm(name) };
  }
  const paired = { name, nodeId: via.nodeId };
  const transport = memory.part(NODE_TRANSPORT).current;
  return (
    transport && {
      start: (request) => transport.start(paired, { ...request, sessionKey }),
      warm: () => transport.warm(paired),
    }
  );
}
