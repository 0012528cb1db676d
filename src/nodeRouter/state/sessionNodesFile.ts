// The file of the sessions' nodes: `<state folder>/node-router/sessions.json`. Session keys can name people.
import { join } from "node:path";
import { stateFile, type TextStore } from "../../shared/stateFile.ts";

/** @param stateFolder the host's: `api.runtime.state.resolveStateDir()`. */
export function sessionFile(stateFolder: string): TextStore {
  return stateFile(join(stateFolder, "node-router", "sessions.json"));
}
