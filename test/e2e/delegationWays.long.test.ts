// The ways of a task from one gateway to another, and how they become peers: two gateways, and a third one for the chain.
import { takeTurns } from "./sharing.ts";

takeTurns({
  "other roads": () => import("./delegationRoads.part.ts"),
  "a chain": () => import("./delegationChain.part.ts"),
  "an invitation": () => import("./peerInvite.part.ts"),
});
