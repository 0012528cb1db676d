// The file of the cordons: `<state folder>/node-router/cordons.json`.
import { join } from "node:path";
import { sharedFile } from "../../shared/stateFile.ts";
import type { Cordons } from "./cordons.ts";
import type { NamesHost } from "./namesFile.ts";

/** From now on cordons are kept there, by every registration of this process. */
export function openCordons(api: NamesHost, cordons: Pick<Cordons, "keepIn">): void {
  cordons.keepIn(sharedFile(join(api.runtime.state.resolveStateDir(), "node-router", "cordons.json")));
}
