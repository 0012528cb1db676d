// The file of the nodes' names: `<state folder>/node-router/names.json`.
import { join } from "node:path";
import { messageOf } from "../../shared/errors.ts";
import type { Logger } from "../../shared/logger.ts";
import { sharedFile } from "../../shared/stateFile.ts";
import type { NodeNames } from "./nodeNames.ts";

/** What of the host's plugin API is used. */
export interface NamesHost {
  readonly runtime: { readonly state: { resolveStateDir(): string } };
}

/** From now on names are remembered there, by every registration of this process. */
export function openNames(api: NamesHost, names: Pick<NodeNames, "keepIn">, log: Logger): void {
  const file = join(api.runtime.state.resolveStateDir(), "node-router", "names.json");
  names.keepIn(sharedFile(file), (error) =>
    log.warn({ file, reason: messageOf(error) }, "which node has which name cannot be kept in its file"),
  );
}
