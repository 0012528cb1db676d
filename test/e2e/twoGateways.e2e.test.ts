// Two gateways with one state folder, model and port each.
import { takeTurns } from "./sharing.ts";

takeTurns({
  rules: () => import("./twoRules.part.ts"),
  delegation: () => import("./delegation.part.ts"),
  "a plain A2A peer": () => import("./delegationPlain.part.ts"),
});
