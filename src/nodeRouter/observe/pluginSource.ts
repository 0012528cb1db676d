// The source "plugin" on the real transport: it asks what commands are sent through.
import type { PresenceSource } from "../../presence/record.ts";
import { NODE_READER } from "../../presence/sources/gateway/nodeReader.ts";
import { createPluginSource } from "../../presence/sources/plugin/pluginFacts.ts";
import type { Memory } from "../../shared/processMemory.ts";
import { WORKSPACE_COMMAND } from "../transports/node/wire.ts";
import { NODE_TRANSPORT } from "../transports/nodeTransport.ts";

/** @param now epoch ms. */
export function pluginSource(memory: Memory, now: () => number): PresenceSource {
  return createPluginSource({
    now,
    has(wanted) {
      const node = memory
        .part(NODE_READER)
        .last()
        ?.nodes.find(({ nodeId }) => nodeId === wanted);
      return node?.connected === true && node.commands.includes(WORKSPACE_COMMAND);
    },
    async hello(node, timeoutMs) {
      const said = await memory.part(NODE_TRANSPORT).current?.hello(node, timeoutMs);
      return said?.kind === "here" ? said : null;
    },
  });
}
