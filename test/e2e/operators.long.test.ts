// What operators are told and type: a gateway and two paired nodes without the plugin.
import { takeTurns } from "./sharing.ts";

takeTurns({
  // Sees that the gateway's model was asked nothing at all, so it is the first.
  alerts: () => import("./alerts.part.ts"),
  // Leaves the gateway ended.
  commands: () => import("./cli.part.ts"),
});
