// What was written is there after any end of the process, what cannot be read is never guessed, and one gateway at a time goes on.
import { spawnSync } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { GONE_MS, takeOwnership } from "../../../../src/nodeRouter/delegation/journal/folderOwner.ts";
import { gatewayIdIn } from "../../../../src/nodeRouter/delegation/journal/gatewayId.ts";
import { openRecords } from "../../../../src/nodeRouter/delegation/journal/recordFolder.ts";
import { fieldOf } from "../../../../src/shared/jsonParts.ts";

const root = mkdtempSync(join(tmpdir(), "node-router-journal-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let folders = 0;
const newFolder = () => join(root, `${++folders}`, "in");

const KEEP_MS = 1_000_000;
const readNumber = (value: unknown): number | null => {
  const n = fieldOf(value, "n");
  return typeof n === "number" ? n : null;
};
const openIn = (folder: string, now = Date.now) =>
  openRecords({ folder, read: readNumber, keepMs: KEEP_MS, now });
/** As a record is written. */
const n = (value: number) => ({ n: value }) as unknown as number;

describe("records", () => {
  test("are there again as they were last put, and not once they were removed", async () => {
    const folder = newFolder();
    const records = await openIn(folder);
    await Promise.all([records.put("a", n(1)), records.put("b", n(1)), records.put("a", n(2))]);
    await records.remove("b");
    expect([...(await openIn(folder)).kept]).toEqual([["a", 2]]);
    expect(readdirSync(folder)).toEqual(["a.json"]);
  });

  test("of one name are written in the order of the calls", async () => {
    const folder = newFolder();
    const records = await openIn(folder);
    for (let i = 0; i < 50; i++) void records.put("a", n(i));
    await records.flush();
    expect((await openIn(folder)).kept.get("a")).toBe(49);
  });

  test.each(["", "{", '{"n":"1"}', "null"])(
    "that read %j are put aside, named, and nothing is known of them",
    async (text) => {
      const folder = newFolder();
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, "a.json"), text);
      writeFileSync(join(folder, "b.json"), '{"n":7}');
      const first = await openIn(folder);
      expect(first.unreadable).toEqual(["a"]);
      expect([...first.kept]).toEqual([["b", 7]]);
      expect(readFileSync(join(folder, "a.json.unreadable"), "utf8")).toBe(text);
      // And so the next time, until it is too old to matter.
      expect((await openIn(folder)).unreadable).toEqual(["a"]);
      expect((await openIn(folder, () => Date.now() + KEEP_MS + 5_000)).unreadable).toEqual([]);
      expect(readdirSync(folder)).toEqual(["b.json"]);
    },
  );

  test("that were half written are none", async () => {
    const folder = newFolder();
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "a.json.0.part"), '{"n":');
    const { kept, unreadable } = await openIn(folder);
    expect([kept.size, unreadable]).toEqual([0, []]);
    expect(readdirSync(folder)).toEqual([]);
  });

  test("cannot be put on a disk that refuses, and the call says so; others go on", async () => {
    const folder = newFolder();
    const records = await openIn(folder);
    mkdirSync(join(folder, "a.json", "in-the-way"), { recursive: true });
    await expect(records.put("a", n(1))).rejects.toThrow();
    await records.put("b", n(2));
    expect(readdirSync(folder).sort()).toEqual(["a.json", "b.json"]);
  });

  test.each(["../a", "a/b", "", "a.b", "a".repeat(65)])("are never named %j", async (name) => {
    const records = await openIn(newFolder());
    await expect(records.put(name, n(1))).rejects.toThrow("no name of a record");
  });

  test("of a folder that cannot be read are no empty folder", async () => {
    const folder = newFolder();
    mkdirSync(join(folder, ".."), { recursive: true });
    writeFileSync(folder, "a file");
    await expect(openIn(folder)).rejects.toThrow();
  });
});

describe("the owner of a folder", () => {
  const take = (folder: string, life: string, now = Date.now) =>
    takeOwnership({ folder, life, now, onLost: () => {} });
  const written = (folder: string, owner: object, atMs = Date.now()) => {
    mkdirSync(folder, { recursive: true });
    const file = join(folder, "owner.json");
    writeFileSync(file, JSON.stringify(owner));
    utimesSync(file, atMs / 1_000, atMs / 1_000);
  };
  const deadPid = () => spawnSync(process.execPath, ["-e", ""]).pid;

  test("is this process, again after a reload of the plugin", async () => {
    const folder = newFolder();
    const first = await take(folder, "one");
    const again = await take(folder, "one");
    expect([first, again]).toEqual([{ release: expect.any(Function) }, { release: expect.any(Function) }]);
  });

  test("stays another process that lives, here or on another machine", async () => {
    const folder = newFolder();
    written(folder, { life: "x", pid: process.ppid, host: hostname() });
    expect(await take(folder, "one")).toEqual({ heldBy: `process ${process.ppid} on ${hostname()}` });
    written(folder, { life: "x", pid: 1, host: "another" });
    expect(await take(folder, "one")).toEqual({ heldBy: "process 1 on another" });
  });

  test("is at once who comes after one that died, also with its process id", async () => {
    for (const pid of [deadPid(), process.pid]) {
      const folder = newFolder();
      written(folder, { life: "x", pid, host: hostname() });
      expect(await take(folder, "one")).toHaveProperty("release");
    }
  });

  test("is who comes after one that has stood still for long, and that one is told", async () => {
    const folder = newFolder();
    written(folder, { life: "x", pid: process.ppid, host: hostname() }, Date.now() - GONE_MS - 1_000);
    expect(await take(folder, "one")).toHaveProperty("release");
    expect(readFileSync(join(folder, "owner.json"), "utf8")).toContain('"life":"one"');
  });
});

describe("the gateway's id", () => {
  test("is made once, whoever asks at the same time", async () => {
    const folder = newFolder();
    const ids = await Promise.all([gatewayIdIn(folder), gatewayIdIn(folder), gatewayIdIn(folder)]);
    expect(new Set([...ids, await gatewayIdIn(folder)]).size).toBe(1);
    expect(ids[0]).toMatch(/^gw-[\da-f-]{36}$/);
  });

  test("is not written through a link", async () => {
    const folder = newFolder();
    mkdirSync(folder, { recursive: true });
    const victim = join(folder, "victim");
    writeFileSync(victim, "mine");
    symlinkSync(victim, join(folder, "gateway-id"));
    await gatewayIdIn(folder);
    expect(readFileSync(victim, "utf8")).toBe("mine");
  });
});
