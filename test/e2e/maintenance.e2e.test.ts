// What happens to calls and commands when nodes go and come: a gateway and two paired nodes without the plugin.
import { takeTurns } from "./sharing.ts";

takeTurns({
  waiting: () => import("./waiting.part.ts"),
  "cordon and drain": () => import("./maintenance.part.ts"),
});
