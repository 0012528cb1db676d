// A gateway and two paired nodes, of which mac-sg has the plugin and so may have an agent's workspace.
import { takeTurns } from "./sharing.ts";

takeTurns({
  // Changes what the ledger has, so nobody may have written before it.
  "the ledger": () => import("./ledger.part.ts"),
  workspace: () => import("./nodeWorkspace.part.ts"),
  "a gateway that is killed": () => import("./nodeGatewayKilled.part.ts"),
});
