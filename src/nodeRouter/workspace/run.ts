// One run, as its commands and its files share it: node, connection, mirror.
import { NodeRouterError } from "../../shared/errors.ts";
import type { Memory } from "../../shared/processMemory.ts";
import { refusal } from "../../shared/refusal.ts";
import type { SandboxParams } from "../host/sandboxApi.ts";
import { collect } from "../transports/ssh/sshTransport.ts";
import { SSH_TRANSPORT, type SshTransport } from "../transports/transport.ts";
import { hostSources } from "./mirror/hostSources.ts";
import type { Mirror } from "./mirror/mirrorOptions.ts";
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
  transport(): SshTransport;
  /**
   * Resolves when what the gateway has for the agent is on the node.
   * @param signal of the call that waits for it
   * @throws NodeRouterError
   */
  ready(target: RunTarget, signal?: AbortSignal): Promise<void>;
}

/**
 * Opens nothing: the connection is looked up at each use, and the mirror is made with the first call that waits for it.
 */
export function createRun(given: Omit<Run, "transport" | "ready">): Run {
  const { memory, parts, params } = given;
  let mirror: Mirror | null = null;
  const transport = (): SshTransport => transportNow(memory);
  return {
    ...given,
    transport,
    ready({ node, root }, signal) {
      mirror ??= parts().createMirror({
        node: node.name,
        root,
        owner: params.scopeKey,
        memory: memory.part(WORKSPACE).mirrored,
        now: parts().deps.now,
        sources: () => hostSources(params),
        run: (request, limits) =>
          collect(transport().start(node.name, request), limits, request.input?.length ?? 0),
      });
      return orAborted(mirror.ensure(), signal);
    },
  };
}

/** What carries commands to the nodes of workspaces. @throws NodeRouterError WORKSPACE_UNAVAILABLE */
export function transportNow(memory: Memory): SshTransport {
  const { current } = memory.part(SSH_TRANSPORT);
  if (current !== null) return current;
  const fact = "no SSH connections are open in this process";
  throw new NodeRouterError(refusal("WORKSPACE_UNAVAILABLE", fact, { advice: "try again" }));
}
