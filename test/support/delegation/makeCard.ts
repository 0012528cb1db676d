// What a peer's gateway tells of itself.
import type { CardExtension } from "../../../src/nodeRouter/delegation/protocol/wire.ts";

export function makeCard(given: Partial<CardExtension> = {}): CardExtension {
  return {
    gateway: "gw-b",
    name: "gw-sg",
    pluginVersion: "1.0.0",
    agents: ["worker-sg"],
    running: 0,
    queued: 0,
    maxRunning: 2,
    maxQueued: 20,
    maxMinutes: 60,
    maxTaskBytes: 262_144,
    draining: false,
    nowMs: 0,
    ...given,
  };
}
