// What one tool call remembers, and above all what no other call gets of it.
import { expect, test } from "vitest";
import { createCallMemories, type SeenFile } from "../../../../src/nodeRouter/workspace/files/callMemory.ts";
import { cksum } from "../../../../src/nodeRouter/workspace/files/cksum.ts";

const FACTS = "3 1700000000 644 0:0";
const STAT = { type: "file", size: 3, mtimeMs: 1 } as const;
const seen = (text: string, physical = "/ws/a"): SeenFile => ({
  kind: "there",
  stat: { ...STAT, size: text.length },
  facts: FACTS,
  physical,
  content: Buffer.from(text),
});

function arrange() {
  let call: object | null = null;
  const memories = createCallMemories(() => call);
  return {
    memories,
    enter(next: object | null, isFileTool = true) {
      call = next;
      if (isFileTool) memories.announce();
      return memories.current();
    },
  };
}

async function baseOf(memory: ReturnType<ReturnType<typeof arrange>["enter"]>, file = "/ws/a") {
  const base = memory.base(file);
  return base?.kind === "content" ? { size: base.size, sum: await base.sum() } : base;
}

test("what a call has seen answers its own steps, however many, and no other call's", () => {
  const { enter } = arrange();
  const one = {};
  enter(one).saw("/ws/a", seen("abc"));
  for (let step = 0; step < 100; step++) expect(enter(one).seen("/ws/a")).toEqual(seen("abc"));
  expect(enter({}).seen("/ws/a")).toBeNull();
  expect(enter(null).seen("/ws/a")).toBeNull();
  expect(enter(one).seen("/ws/a")).toEqual(seen("abc"));
  expect(enter(one).seen("/ws/b")).toBeNull();
});

test("code that runs in a call's context without being a file tool asks the node at every step", () => {
  const { enter } = arrange();
  const spawn = {};
  enter(spawn, false).saw("/ws/a", seen("abc"));
  expect(enter(spawn, false).seen("/ws/a")).toBeNull();
  expect(enter(spawn, false).answers).toBe(false);
  expect(enter(spawn, true).answers).toBe(true);
});

test("a write has to find what its call was given, not what it has merely seen", async () => {
  const { enter } = arrange();
  const memory = enter({});
  memory.saw("/ws/a", seen("abc"));
  expect(memory.base("/ws/a")).toBeNull();
  memory.gave("/ws/a", seen("abc"));
  expect(await baseOf(memory)).toEqual({ size: 3, sum: cksum(Buffer.from("abc")) });
  memory.gave("/ws/new", { kind: "missing", parent: "there" });
  expect(memory.base("/ws/new")).toEqual({ kind: "missing" });
  expect(enter({}).base("/ws/a")).toBeNull();
});

test("a write that was sent makes what was seen void; what was given stays until a write has ended well", async () => {
  const { enter } = arrange();
  const memory = enter({});
  memory.saw("/ws/a", seen("abc"));
  memory.gave("/ws/a", seen("abc"));
  memory.forget("/ws/a");
  expect(memory.seen("/ws/a")).toBeNull();
  expect(await baseOf(memory)).toMatchObject({ size: 3 });
  const content = Buffer.from("defg");
  memory.wrote("/ws/a", { physical: "/ws/a", stat: { ...STAT, size: 4 }, facts: FACTS, sum: 7, content });
  expect(memory.seen("/ws/a")).toMatchObject({ content });
  expect(await baseOf(memory)).toEqual({ size: 4, sum: 7 });
  memory.wrote("/ws/a", null);
  expect(memory.seen("/ws/a")).toBeNull();
  expect(memory.base("/ws/a")).toBeNull();
});

test("a write of a file makes void what was seen of it by another name", () => {
  const { enter } = arrange();
  const memory = enter({});
  memory.saw("/ws/link", seen("abc"));
  memory.saw("/ws/other", seen("xyz", "/ws/other"));
  const content = Buffer.from("new");
  memory.wrote("/ws/a", { physical: "/ws/a", stat: STAT, facts: FACTS, sum: 7, content });
  expect(memory.seen("/ws/link")).toBeNull();
  expect(memory.seen("/ws/other")).not.toBeNull();
});

test("after a refused write every further step of the call on this file fails with the refusal", () => {
  const { enter } = arrange();
  const call = {};
  const error = new Error("changed");
  enter(call).refused("/ws/a", error);
  expect(() => enter(call).seen("/ws/a")).toThrow(error);
  expect(() => enter(call).base("/ws/a")).toThrow(error);
  expect(enter(call).seen("/ws/b")).toBeNull();
  expect(enter({}).seen("/ws/a")).toBeNull();
});

test("steps that cannot be told apart are held to what was read last, once", async () => {
  const { enter } = arrange();
  const loose = enter(null);
  loose.saw("/ws/a", seen("abc"));
  loose.gave("/ws/a", seen("abc"));
  expect(await baseOf(loose)).toEqual({ size: 3, sum: cksum(Buffer.from("abc")) });
  // A new look begins anew.
  loose.saw("/ws/a", seen("abcd"));
  expect(loose.base("/ws/a")).toBeNull();
  loose.gave("/ws/a", seen("abcd"));
  loose.wrote("/ws/a", { physical: "/ws/a", stat: STAT, facts: FACTS, sum: 7, content: Buffer.from("new") });
  expect(loose.base("/ws/a")).toBeNull();
  expect(loose.seen("/ws/a")).toBeNull();
  loose.refused("/ws/a", new Error("changed"));
  expect(loose.seen("/ws/a")).toBeNull();
});

test("steps that cannot be told apart are remembered for 64 files", () => {
  const { enter } = arrange();
  const loose = enter(null);
  for (let index = 0; index < 65; index++) loose.gave(`/ws/${index}`, { kind: "missing", parent: "there" });
  expect(loose.base("/ws/0")).toBeNull();
  expect(loose.base("/ws/1")).toEqual({ kind: "missing" });
  expect(loose.base("/ws/64")).toEqual({ kind: "missing" });
});

test("a directory is known from what the call saw in it, and from nothing else", () => {
  const { enter } = arrange();
  const memory = enter({});
  memory.saw("/ws/dir/a", seen("abc"));
  memory.saw("/ws/new/deep/b", { kind: "missing", parent: "makeable" });
  memory.saw("/ws/empty/c", { kind: "missing", parent: "there" });
  memory.saw("/ws/closed/d", { kind: "missing", parent: "closed" });
  expect(memory.directory("/ws/dir")).toBe("there");
  expect(memory.directory("/ws/empty")).toBe("there");
  expect(memory.directory("/ws/new/deep")).toBe("makeable");
  expect(memory.directory("/ws/new")).toBeNull();
  expect(memory.directory("/ws/closed")).toBeNull();
  expect(memory.directory("/ws")).toBeNull();
  expect(enter({}).directory("/ws/dir")).toBeNull();
});
