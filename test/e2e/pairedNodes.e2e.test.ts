// A gateway and two paired nodes without the plugin.
import { takeTurns } from "./sharing.ts";

takeTurns({
  // Counts all that the gateway's model was ever asked, so it is the first.
  usage: () => import("./usage.part.ts"),
  "the main job": () => import("./exec.part.ts"),
  "a job of a plain node": () => import("./nodeProcess.part.ts"),
  "the tab": () => import("./nodesTab.part.ts"),
});
