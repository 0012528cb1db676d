// The source "plugin" on the real transport: it asks what commands are sent through.
import type { PresenceSource } from "../../presence/record.ts";
import { NODE_READER } from "../../presence/sources/gateway/nodeReader.ts";
import { createPluginSource } from "../../presence/sources/plugin/pluginFacts.ts";
import type { Memory } from "../../shared/processMemory.ts";
import { WORKSPACE_COMMAND } from "../transports/node/wire.ts";
import { NODE_TRANSPORT } from "../transports/nodeTransport.ts";

/** @param now epoch ms. @param publicAddressUrl of the config as it is now. */
export function pluginSource(
  memory: Memory,
  now: () => number,
  publicAddressUrl: () => string | null,
): PresenceSource {
  return createPluginSource({
    now,
    monotonic: () => performance.now(),
    publicAddressUrl,
    address: async (node, url) =>
      (await memory.part(NODE_TRANSPORT).current?.publicAddress(node, url)) ?? null,
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
