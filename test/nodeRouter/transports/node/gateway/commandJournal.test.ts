// Which commands run, in a file: what one life of the gateway writes, the next one finds.
import { expect, test } from "vitest";
import {
  createCommandJournal,
  type JournalEntry,
} from "../../../../../src/nodeRouter/transports/node/gateway/commandJournal.ts";

const entry = (key: string): JournalEntry => ({
  key,
  nodeId: "5a5a",
  node: "mac-sg",
  boot: "boot-1",
  auditRecord: `{"id":"${key}"}`,
});

/** A file that takes as long as it is told to. */
function disk(text: string | null = null) {
  const state = { text, writes: 0, fails: null as Error | null, faults: [] as unknown[] };
  let gate: Promise<void> = Promise.resolve();
  const store = {
    read: async () => state.text,
    async write(next: string) {
      state.writes += 1;
      await gate;
      if (state.fails !== null) throw state.fails;
      state.text = next;
    },
  };
  const open = () => createCommandJournal(store, (error) => void state.faults.push(error));
  const hold = (): (() => void) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    gate = promise;
    return resolve;
  };
  return { state, open, hold, journal: open() };
}

test("a command is in the file when it may be sent, and the next life finds it", async () => {
  const { journal, open } = disk();
  await journal.begin(entry("one"));
  expect(await open().left()).toEqual([entry("one")]);
});

test("one that ended is found by nobody", async () => {
  const { journal, open } = disk();
  await journal.begin(entry("one"));
  await journal.begin(entry("two"));
  journal.end("one");
  await journal.flush();
  expect((await open().left()).map(({ key }) => key)).toEqual(["two"]);
});

test("many that begin at once share two writes: the one under way, and the one that takes all the others", async () => {
  const { journal, state, hold } = disk();
  await journal.left();
  const release = hold();
  const all = Array.from({ length: 50 }, (_, at) => journal.begin(entry(`cmd-${at}`)));
  await new Promise((resolve) => setImmediate(resolve));
  release();
  await Promise.all(all);
  expect(state.writes).toBeLessThanOrEqual(2);
  expect(JSON.parse(state.text ?? "").commands).toHaveLength(50);
});

test("what the earlier life left stays in the file until it is told, whatever begins meanwhile", async () => {
  const { state, open } = disk(JSON.stringify({ v: 1, commands: [entry("old")] }));
  const journal = open();
  await journal.begin(entry("new"));
  expect(JSON.parse(state.text ?? "").commands.map(({ key }: JournalEntry) => key)).toEqual(["old", "new"]);
  journal.end("old");
  await journal.flush();
  expect(JSON.parse(state.text ?? "").commands.map(({ key }: JournalEntry) => key)).toEqual(["new"]);
});

test("a disk that takes nothing stops no command, is told once, and once more after it worked again", async () => {
  const { journal, state } = disk();
  state.fails = new Error("ENOSPC");
  await journal.begin(entry("one"));
  await journal.begin(entry("two"));
  expect(state.faults).toHaveLength(1);
  state.fails = null;
  await journal.begin(entry("three"));
  state.fails = new Error("ENOSPC");
  await journal.begin(entry("four"));
  expect(state.faults).toHaveLength(2);
});

test.each(["", "no JSON", "[]", '{"v":2,"commands":[]}', '{"v":1,"commands":[{"key":"one"},7,null]}'])(
  "a file with %j tells of no command",
  async (text) => {
    expect(await disk(text).open().left()).toEqual([]);
  },
);
