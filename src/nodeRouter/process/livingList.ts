// The host's list of nodes, through another registration of the plugin where this one's way to the gateway is gone.
import type { ListNodes } from "../../presence/sources/gateway/hostList.ts";
import { defineSlot, type Memory } from "../../shared/processMemory.ts";

/** The list of the newest full registration: the one that lives as long as the plugin's config. */
const LIVING_LIST = defineSlot<ListNodes>("living-list", 1);

/**
 * A run keeps the registration that it began with, and OpenClaw takes that one's way to the gateway away when the
 * plugin is reloaded. Nothing is elevated: the authority is the running call's, whoever asks.
 * @param own of this registration
 * @returns rejects with the host's own errors
 */
export function livingList(memory: Memory, own: ListNodes, full: boolean): ListNodes {
  const newest = memory.part(LIVING_LIST);
  if (full) newest.current = own;
  return async () => {
    try {
      return await own();
    } catch (error) {
      const other = newest.current;
      if (other === null || other === own) throw error;
      return other();
    }
  };
}
