// The file of the histories, and what happens when it cannot be used.
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { recordState } from "../../src/presence/history.ts";
import { createSaver, loadRecords } from "../../src/presence/store.ts";
import { createLogger } from "../../src/shared/logger.ts";
import { stateFile, type TextStore } from "../../src/shared/stateFile.ts";

const record = recordState(null, { node: "a", state: "ready", reason: "answers" }, 5);
const records = () => new Map([["a", record]]);
let folder = "";
const warned: string[] = [];
const log = createLogger({ info: () => {}, warn: (text) => void warned.push(text), error: () => {} });

beforeEach(async () => {
  warned.length = 0;
  folder = await mkdtemp(join(tmpdir(), "presence-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe("store", () => {
  test("what was saved is there in the next life, for its user's eyes only", async () => {
    const file = join(folder, "node-router", "presence.json");
    const saver = createSaver(stateFile(file), records, log);
    saver.save();
    await saver.flush();
    expect(await loadRecords(stateFile(file), log)).toEqual(records());
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  test("nothing to save writes nothing", async () => {
    const write = vi.fn(async () => {});
    await createSaver({ read: async () => null, write }, records, log).flush();
    expect(write).not.toHaveBeenCalled();
  });

  test("many changes are one write", async () => {
    const write = vi.fn(async () => {});
    const saver = createSaver({ read: async () => null, write }, records, log);
    for (let i = 0; i < 100; i += 1) saver.save();
    await saver.flush();
    expect(write).toHaveBeenCalledTimes(1);
  });

  test("a full disk loses the history and nothing else, and says so", async () => {
    const full: TextStore = {
      read: async () => null,
      write: async () => {
        throw new Error("ENOSPC: no space left on device");
      },
    };
    const saver = createSaver(full, records, log);
    saver.save();
    await saver.flush();
    expect(warned.join()).toContain("ENOSPC");
    saver.save();
    await saver.flush();
  });

  test("a file that is no JSON is left behind with a word, not with an error", async () => {
    const file = join(folder, "presence.json");
    await writeFile(file, '{"version":1,"nod');
    expect((await loadRecords(stateFile(file), log)).size).toBe(0);
    expect(warned).toHaveLength(1);
    expect(await readFile(file, "utf8")).toBe('{"version":1,"nod');
  });
});
