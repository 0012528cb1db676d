// The persona files of one turn: how often the node is asked, how old an answer may be, and what is enough.
import { expect, test } from "vitest";
import type { ReadOutcome } from "../../../../src/nodeRouter/workspace/files/readMany.ts";
import { createTurnReads, type TurnReads } from "../../../../src/nodeRouter/workspace/persona/turnReads.ts";

const NAMES = ["AGENTS.md", "SOUL.md", "IDENTITY.md", "USER.md", "BOOTSTRAP.md", "MEMORY.md"];

interface Node {
  readonly asked: (readonly string[])[];
  clockMs: number;
  /** What every content says. */
  text: string;
  /** ms that a trip takes. */
  slow: number;
  fault: Error | null;
}

function arrange(): { node: Node; reads: TurnReads; read(file: string): Promise<string> } {
  const node: Node = { asked: [], clockMs: 1_000_000, text: "first", slow: 0, fault: null };
  const reads = createTurnReads(
    async (files) => {
      node.asked.push(files);
      node.clockMs += node.slow;
      if (node.fault !== null) throw node.fault;
      return files.map(
        (file): ReadOutcome => ({
          ok: true,
          source: { data: Buffer.from(`${node.text} ${file}`), canonicalPath: `/ws/${file}` },
        }),
      );
    },
    () => node.clockMs,
  );
  return { node, reads, read: async (file) => (await reads.read(file, 1024)).data.toString() };
}

test("the six files of a prompt are one trip, also when they are asked for at once", async () => {
  const { node, read } = arrange();
  const texts = await Promise.all(NAMES.map(read));
  expect(texts).toEqual(NAMES.map((name) => `first ${name}`));
  for (const name of NAMES) await read(name);
  expect(node.asked).toEqual([NAMES, NAMES]);
});

test("whoever asks for a file again gets it as it is then, and no answer is given twice", async () => {
  const { node, read } = arrange();
  expect(await read("AGENTS.md")).toBe("first AGENTS.md");
  node.text = "changed";
  expect(await read("AGENTS.md")).toBe("changed AGENTS.md");
  expect(await read("SOUL.md")).toBe("changed SOUL.md");
});

test("an answer that nobody took within five seconds is asked for again", async () => {
  const { node, read } = arrange();
  await read("AGENTS.md");
  node.text = "changed";
  node.clockMs += 4_999;
  expect(await read("SOUL.md")).toBe("first SOUL.md");
  node.clockMs += 2;
  expect(await read("MEMORY.md")).toBe("changed MEMORY.md");
});

test("a file that is none of the six is a trip of its own, and takes no answer away", async () => {
  const { node, read } = arrange();
  await read("AGENTS.md");
  await read("users/one/USER.md");
  await read("SOUL.md");
  expect(node.asked).toEqual([NAMES, ["users/one/USER.md"]]);
});

test("a node that does not answer is asked once for all six, and each of them says why", async () => {
  const { node, read } = arrange();
  node.fault = new Error("the node is away");
  for (const name of NAMES) await expect(read(name)).rejects.toThrow("the node is away");
  expect(node.asked).toHaveLength(1);
  node.fault = null;
  expect(await read("AGENTS.md")).toBe("first AGENTS.md");
});

test("a turn waits thirty seconds for all of it, not for each; after a quiet minute it may ask again", async () => {
  const { node, reads, read } = arrange();
  node.slow = 14_000;
  for (const at of [1, 2, 3]) await read(`docs/${at}/AGENTS.md`);
  await expect(read("docs/4/AGENTS.md")).rejects.toThrow(
    /^WORKSPACE_UNAVAILABLE: the node took 42 s and 3 trips for the prompt's files already\. Look/,
  );
  await expect(reads.count(async () => "listed")).rejects.toThrow(/^WORKSPACE_UNAVAILABLE/);
  expect(node.asked).toHaveLength(3);
  node.clockMs += 60_001;
  expect(await read("AGENTS.md")).toBe("first AGENTS.md");
});

test("folders without end come to an end", async () => {
  const { reads } = arrange();
  let listed = 0;
  const walk = async (): Promise<void> => {
    for (;;) await reads.count(async () => void listed++);
  };
  await expect(walk()).rejects.toThrow(/100 trips/);
  expect(listed).toBe(100);
});
