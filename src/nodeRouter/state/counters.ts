// What `status` and `doctor` count since the gateway started.
import { definePart } from "../../shared/processMemory.ts";

export interface Counters {
  placed: number;
  refused: number;
  unrouted: number;
  /** Results that named another node than the decision. Must stay 0. */
  mismatches: number;
  /** Node runs that the node-invoke policy refused. */
  runsRefused: number;
  /** exec calls of routed agents that ran without this plugin's hooks. Must stay 0. */
  missed: number;
  /** Turns of routed agents that the host would have run on a machine outside their rule. */
  hostedRefused: number;
}

export const COUNTERS = definePart("counters", 1, createCounters);

/** All at 0: they count since the process began. */
export function createCounters(): Counters {
  return { placed: 0, refused: 0, unrouted: 0, mismatches: 0, runsRefused: 0, missed: 0, hostedRefused: 0 };
}
