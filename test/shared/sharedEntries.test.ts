// Several processes write one file of entries: each says its own, and none drops another's.
import { expect, test } from "vitest";
import { createSharedEntries, withTheirs } from "../../src/shared/sharedEntries.ts";
import type { SharedStore } from "../../src/shared/stateFile.ts";

interface Disk {
  text: string | null;
  fails: boolean;
}

function storeOf(disk: Disk): SharedStore {
  return {
    file: "entries.json",
    alone: (work) => work(),
    read: async () => disk.text,
    async write(text) {
      if (disk.fails) throw new Error("ENOSPC");
      disk.text = text;
    },
  };
}

/** One process, with what it knows by key. */
function process(disk: Disk) {
  const known = new Map<string, number>();
  const entries = createSharedEntries(
    (text) => {
      const kept: [string, number][] = Object.entries(text === null ? {} : JSON.parse(text));
      for (const [key, value] of kept) if (!entries.isSaid(key)) known.set(key, value);
    },
    () => JSON.stringify(Object.fromEntries(known)),
  );
  return {
    known,
    entries,
    says(key: string, value: number | null): void {
      if (value === null) known.delete(key);
      else known.set(key, value);
      entries.said(key);
    },
    write: () => entries.write(storeOf(disk)),
  };
}

const read = ({ text }: Disk): unknown => JSON.parse(text ?? "null");

test("what two processes say stays, and of the same key what was written last", async () => {
  const disk: Disk = { text: null, fails: false };
  const [a, b] = [process(disk), process(disk)];
  a.says("of a", 1);
  a.says("both", 1);
  await a.write();
  b.says("of b", 2);
  b.says("both", 2);
  await b.write();
  a.says("of a", 3);
  await a.write();
  expect(read(disk)).toEqual({ "of a": 3, "of b": 2, both: 2 });
});

test("what one says is gone does not come back from the file, and what another one has put since is not taken for gone", async () => {
  const disk: Disk = { text: JSON.stringify({ old: 1 }), fails: false };
  const [a, b] = [process(disk), process(disk)];
  await a.write();
  b.says("new", 2);
  await b.write();
  a.says("old", null);
  await a.write();
  expect(read(disk)).toEqual({ new: 2 });
});

test("what could not be written is said again with the next write, what was taken back is not", async () => {
  const disk: Disk = { text: JSON.stringify({ a: 0, b: 0 }), fails: true };
  const one = process(disk);
  one.says("a", 1);
  one.says("b", 1);
  await expect(one.write()).rejects.toThrow("ENOSPC");
  disk.fails = false;
  one.entries.unsaid("b");
  await one.write();
  expect(read(disk)).toEqual({ a: 1, b: 0 });
});

test("a file that nobody can read is written anew", async () => {
  const disk: Disk = { text: "{", fails: false };
  const one = process(disk);
  one.says("a", 1);
  await one.write();
  expect(read(disk)).toEqual({ a: 1 });
});

test("theirs stand where we said nothing, in our order, and what only they have comes first", () => {
  const ours = new Map([
    ["a", 1],
    ["b", 1],
  ]);
  const theirs = new Map([
    ["b", 2],
    ["c", 2],
  ]);
  expect(withTheirs(ours, theirs)).toEqual([2, 1, 2]);
  expect(withTheirs(ours, new Map())).toEqual([1, 1]);
});
