// What answers peers in this process, whichever registration's route they come by.
import { defineSlot } from "../../../shared/processMemory.ts";
import type { PeerRoute } from "./peerRoute.ts";

/** Empty until the inbox is open for the first time. */
export const PEER_ROUTE = defineSlot<PeerRoute>("delegation-route", 1);
