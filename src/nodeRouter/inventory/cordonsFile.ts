// The file of the cordons: `<state folder>/node-router/cordons.json`.
import { join } from "node:path";
import { withFileLock } from "../../shared/fileLock.ts";
import { stateFile } from "../../shared/stateFile.ts";
import type { Cordons, SharedStore } from "./cordons.ts";
import type { NamesHost } from "./namesFile.ts";

/** @param file absolute. */
export function cordonStore(file: string): SharedStore {
  return { ...stateFile(file), file, alone: (work) => withFileLock(file, work) };
}

/** From now on cordons are kept there, by every registration of this process. */
export function openCordons(api: NamesHost, cordons: Pick<Cordons, "keepIn">): void {
  cordons.keepIn(cordonStore(join(api.runtime.state.resolveStateDir(), "node-router", "cordons.json")));
}
