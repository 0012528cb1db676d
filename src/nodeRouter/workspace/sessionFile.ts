// The file of the sessions' nodes: `<state folder>/node-router/sessions.json`, replaced as a whole.
import { mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { SessionStore } from "./sessionNodes.ts";

/** @param stateFolder the host's: `api.runtime.state.resolveStateDir()`. */
export function sessionFile(stateFolder: string): SessionStore {
  const file = join(stateFolder, "node-router", "sessions.json");
  return {
    async read() {
      try {
        return await readFile(file, "utf8");
      } catch (error) {
        if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
        throw error;
      }
    },
    async write(text) {
      await mkdir(dirname(file), { recursive: true, mode: 0o700 });
      const part = `${file}.${process.pid}.part`;
      try {
        // Session keys can name people, so nobody else reads them.
        const handle = await open(part, "w", 0o600);
        try {
          await handle.writeFile(text);
          await handle.sync();
        } finally {
          await handle.close();
        }
        await rename(part, file);
      } catch (error) {
        await rm(part, { force: true });
        throw error;
      }
    },
  };
}
