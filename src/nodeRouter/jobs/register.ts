// Opens the file of the jobs, and the service that asks what became of them.
import { join } from "node:path";
import type { OpenClawPluginApi } from "openclaw/plugin-sdk/plugin-entry";
import { messageOf } from "../../shared/errors.ts";
import { loadLater } from "../../shared/loadLater.ts";
import type { Logger } from "../../shared/logger.ts";
import { PATIENCE_MS, settles } from "../../shared/patience.ts";
import type { Memory } from "../../shared/processMemory.ts";
import { sharedFile } from "../../shared/stateFile.ts";
import { JOBS } from "./jobs.ts";

export interface JobsDeps {
  readonly memory: Memory;
  readonly log: Logger;
  /** Epoch ms. */
  readonly now: () => number;
}

/** In every mode: agent runs start jobs under any registration. Nodes are asked by the gateway's services alone. */
export function registerJobs(
  api: Pick<OpenClawPluginApi, "registerService" | "runtime">,
  { memory, log, now }: JobsDeps,
): void {
  const file = join(api.runtime.state.resolveStateDir(), "node-router", "jobs.json");
  memory.part(JOBS).keepIn(sharedFile(file), (error) => {
    try {
      log.warn({ file, reason: messageOf(error) }, "detached commands cannot be kept in a file");
    } catch {
      // The host takes a replaced registration's logger away.
    }
  });
  let end: () => void = () => {};
  api.registerService({
    id: "node-router-jobs",
    async start() {
      end();
      let isOver = false;
      let stop: () => void = () => {};
      end = () => {
        isOver = true;
        stop();
      };
      const begun = loadLater(() => import("./watchEnds.ts")).then(({ watchEnds }) => {
        if (!isOver) stop = watchEnds(memory, { now });
      });
      if (await settles(begun, PATIENCE_MS)) return;
      begun.catch((error: unknown) =>
        log.error({ part: "jobs", reason: messageOf(error) }, "detached commands are not asked about"),
      );
    },
    async stop() {
      end();
      await settles(memory.part(JOBS).flush(), PATIENCE_MS);
    },
  });
}
