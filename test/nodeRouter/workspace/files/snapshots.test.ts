// What is remembered of a node's answers, and above all what is not.
import { expect, test } from "vitest";
import {
  createSnapshots,
  KEEP_MS,
  PAGE_MS,
  type Seen,
} from "../../../../src/nodeRouter/workspace/files/snapshots.ts";

const STAT = { type: "file", size: 3, mtimeMs: 1 } as const;
const SEEN: Seen = { kind: "there", stat: STAT, physical: "/ws/a", content: Buffer.from("abc") };

function arrange() {
  let clock = 0;
  const snapshots = createSnapshots(() => clock);
  return {
    snapshots,
    wait: (ms: number) => {
      clock += ms;
    },
    look: (file = "/ws/a", seen: Seen = SEEN) => snapshots.begin(file).settled(seen, false),
  };
}

test("the content that came with a stat serves the read behind it, not the next stat", () => {
  const { snapshots, look } = arrange();
  look();
  expect(snapshots.statOf("/ws/a")).toBeNull();
  expect(snapshots.read("/ws/a")).toBe(SEEN);
});

test("pages of one read come from one answer, a later read does not", () => {
  const { snapshots, look, wait } = arrange();
  look();
  for (let page = 0; page < 5; page++) {
    expect(snapshots.read("/ws/a")).toBe(SEEN);
    wait(PAGE_MS);
    expect(snapshots.statOf("/ws/a")).toBe(STAT);
  }
  expect(snapshots.read("/ws/a")).toBe(SEEN);
  wait(PAGE_MS + 1);
  expect(snapshots.statOf("/ws/a")).toBeNull();
  expect(snapshots.read("/ws/a")).toBeNull();
});

test("an answer is forgotten after a second even when it is read on and on", () => {
  const { snapshots, look, wait } = arrange();
  look();
  for (let page = 0; page < KEEP_MS / PAGE_MS; page++) {
    snapshots.read("/ws/a");
    wait(PAGE_MS);
  }
  expect(snapshots.read("/ws/a")).toBe(SEEN);
  wait(1);
  expect(snapshots.read("/ws/a")).toBeNull();
});

test("a write of the file, a clearing and age each make an answer void", () => {
  for (const end of ["forget", "wrote", "clear", "age"] as const) {
    const { snapshots, look, wait } = arrange();
    look();
    if (end === "forget") snapshots.forget("/ws/a");
    if (end === "wrote") snapshots.wrote("/ws/link", "/ws/a", null);
    if (end === "clear") snapshots.clear();
    if (end === "age") wait(KEEP_MS + 1);
    expect(snapshots.read("/ws/a")).toBeNull();
  }
});

test("a write elsewhere leaves it", () => {
  const { snapshots, look } = arrange();
  look();
  snapshots.wrote("/ws/b", "/ws/b", null);
  expect(snapshots.read("/ws/a")).toBe(SEEN);
});

test("an answer that was under way while something changed is not kept", () => {
  for (const change of ["forget", "wrote", "clear"] as const) {
    const { snapshots } = arrange();
    const look = snapshots.begin("/ws/a");
    if (change === "forget") snapshots.forget("/ws/a");
    if (change === "wrote") snapshots.wrote("/ws/link", "/ws/a", null);
    if (change === "clear") snapshots.clear();
    look.settled(SEEN, false);
    expect(snapshots.read("/ws/a")).toBeNull();
  }
});

test("what a write left behind is given out once: one stat, one read", () => {
  const { snapshots } = arrange();
  const content = Buffer.from("new");
  snapshots.wrote("/ws/a", "/ws/a", { stat: STAT, content });
  expect(snapshots.statOf("/ws/a")).toBe(STAT);
  expect(snapshots.statOf("/ws/a")).toBeNull();
  expect(snapshots.read("/ws/a")).toMatchObject({ kind: "there", content });
  expect(snapshots.read("/ws/a")).toBeNull();
  expect(snapshots.statOf("/ws/a")).toBeNull();
});

test("what a write left behind is void when the same file is written by another name", () => {
  const { snapshots } = arrange();
  snapshots.wrote("/ws/a", "/ws/a", { stat: STAT, content: Buffer.from("new") });
  snapshots.wrote("/ws/link", "/ws/a", null);
  expect(snapshots.statOf("/ws/a")).toBeNull();
});

test("a directory is known from what is in it, and from nothing else", () => {
  const { snapshots, look } = arrange();
  look("/ws/dir/a");
  look("/ws/new/deep/b", { kind: "missing", parent: "makeable" });
  look("/ws/empty/c", { kind: "missing", parent: "there" });
  look("/ws/closed/d", { kind: "missing", parent: "closed" });
  expect(snapshots.directory("/ws/dir")).toBe("there");
  expect(snapshots.directory("/ws/empty")).toBe("there");
  expect(snapshots.directory("/ws/new/deep")).toBe("makeable");
  expect(snapshots.directory("/ws/new")).toBeNull();
  expect(snapshots.directory("/ws/closed")).toBeNull();
  expect(snapshots.directory("/ws")).toBeNull();
});
