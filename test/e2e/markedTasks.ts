// Tasks that leave on the disk of the machine where they run what ran of them: executions are counted there, not believed.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Gateway } from "../support/gateway.ts";
import { waitFor } from "../support/wait.ts";
import { call } from "./deployment.ts";

/** Each task has a name, in a folder of the machine's home that is this file's own. */
export interface MarkedTasks {
  /** The call that leaves `start` and `end`, and waits for `go` between them where it is told to. It says `done-<name>`. */
  marking(name: string, waits?: boolean): string;
  /** `start end`: what ran of it; empty: nothing. */
  marks(name: string): string;
  /** Resolves when it has begun; its process id is whole by then. Of tasks that wait. */
  running(name: string): Promise<unknown>;
  pidOf(name: string): number;
  go(name: string): void;
}

/**
 * @param gateway the one on whose machine the tasks run; asked for when it is there.
 * @param folder of the marks, another one for each file that shares the gateway.
 */
export function markedTasks(gateway: () => Pick<Gateway, "home">, folder = "marks"): MarkedTasks {
  const fileOf = (name: string): string => {
    const path = join(gateway().home.home, folder);
    mkdirSync(path, { recursive: true });
    return join(path, name);
  };
  const textOf = (file: string): string => (existsSync(file) ? readFileSync(file, "utf8") : "");
  const pidText = (name: string): string => textOf(`${fileOf(name)}.pid`);
  return {
    marking(name, waits = false) {
      const file = fileOf(name);
      const wait = waits ? `echo $$ >${file}.pid; until [ -e ${file}.go ]; do sleep 0.05; done; ` : "";
      const command = `echo start >>${file}; ${wait}echo end >>${file}; echo done-${name}`;
      // OpenClaw would leave what takes longer to the background.
      return call("exec", { command, yieldMs: 120_000 });
    },
    marks: (name) => textOf(fileOf(name)).replaceAll("\n", " ").trim(),
    running: (name) => waitFor(`${name} to run`, () => pidText(name).endsWith("\n")),
    pidOf: (name) => Number(pidText(name)),
    go: (name) => writeFileSync(`${fileOf(name)}.go`, ""),
  };
}
