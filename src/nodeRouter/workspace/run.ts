// One run, as its commands and its files share it: node, transport, mirror.
import type { Memory } from "../../shared/processMemory.ts";
import { requireStillAllowed } from "../current/stillAllowed.ts";
import type { SandboxParams } from "../host/sandboxApi.ts";
import type { Via } from "../policy/callDecision.ts";
import { collect } from "../transports/collect.ts";
import { hostSources } from "./mirror/hostSources.ts";
import type { MirrorMemory } from "./mirror/mirrorMemory.ts";
import type { Mirror } from "./mirror/mirrorOptions.ts";
import { type NodeCommands, nodeCommands } from "./nodeCommands.ts";
import { orAborted } from "./orAborted.ts";
import type { WorkspaceParts } from "./registrations.ts";
import type { RunNode, RunTarget } from "./runNode.ts";
import { WORKSPACE } from "./workspaceState.ts";

export interface Run {
  readonly memory: Memory;
  /** Of the registration that is current now. @throws NodeRouterError WORKSPACE_UNAVAILABLE between two. */
  readonly parts: () => WorkspaceParts;
  readonly params: SandboxParams;
  /** Empty when the session's key names none: then every placement is a refusal. */
  readonly agent: string;
  readonly target: RunNode;
  /** Where the run was told that it works, absolute. */
  readonly root: string;
  /** @throws NodeRouterError WORKSPACE_UNAVAILABLE */
  commands(target: RunTarget): NodeCommands;
  /**
   * Resolves when what the gateway has for the agent is on the node.
   * @param signal of the call that waits for it
   * @throws NodeRouterError
   */
  ready(target: RunTarget, signal?: AbortSignal): Promise<void>;
}

/**
 * Opens nothing: the transport is looked up at each use, and the mirror is made with the first call that waits for it.
 */
export function createRun(given: Omit<Run, "commands" | "ready">): Run {
  const { memory, parts, params } = given;
  let mirror: Mirror | null = null;
  const commands = (target: RunTarget): NodeCommands => nodeCommands(memory, target, params.sessionKey);
  return {
    ...given,
    commands,
    ready(target, signal) {
      const { node, root } = target;
      mirror ??= parts().createMirror({
        node: node.name,
        root,
        owner: params.scopeKey,
        memory: mirroredOn(memory.part(WORKSPACE).mirrored, target.via),
        now: parts().deps.now,
        sources: () => hostSources(params),
        run: async (request, limits) => {
          // Between two of its trips the node's place may have come in doubt.
          requireStillAllowed(memory, given.agent, node.name);
          return collect(commands(target).start(request), limits, request.input?.length ?? 0);
        },
      });
      return orAborted(mirror.ensure(), signal);
    },
  };
}

/** By the machine that is meant: under a paired node's name another one may answer one day, which has nothing of this. */
function mirroredOn(all: MirrorMemory, via: Via): MirrorMemory {
  if (via.over === "ssh") return all;
  const { nodeId } = via;
  return {
    contents: all.contents,
    folder: (_name, directory) => all.folder(nodeId, directory),
    forget: () => all.forget(nodeId),
  };
}
