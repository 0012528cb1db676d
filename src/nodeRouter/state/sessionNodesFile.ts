// The files of the sessions' nodes: `<state folder>/node-router/sessions.json`. Session keys can name people.
import { join } from "node:path";
import { messageOf } from "../../shared/errors.ts";
import type { Logger } from "../../shared/logger.ts";
import { type SharedStore, sharedFile } from "../../shared/stateFile.ts";
import type { SessionNodes } from "./sessionNodes.ts";

/** What of the host's plugin API is used. */
export interface StuckHost {
  readonly runtime: { readonly state: { resolveStateDir(): string } };
}

/** From now on the nodes that hold files under rules with `stick` are kept in `stuck.json` beside it. */
export function openStuck(api: StuckHost, stuck: Pick<SessionNodes, "keepIn">, log: Logger): void {
  const file = join(api.runtime.state.resolveStateDir(), "node-router", "stuck.json");
  stuck.keepIn(sharedFile(file), (error) =>
    log.warn({ file, reason: messageOf(error) }, "the nodes of sessions cannot be kept in their file"),
  );
}

/** @param stateFolder the host's: `api.runtime.state.resolveStateDir()`. */
export function sessionFile(stateFolder: string): SharedStore {
  return sharedFile(join(stateFolder, "node-router", "sessions.json"));
}
