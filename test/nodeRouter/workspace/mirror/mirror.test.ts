// The mirror against real shells: what arrives, what it costs in round trips, and what it never touches.
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ASK_AGAIN_MS } from "../../../../src/nodeRouter/workspace/mirror/mirror.ts";
import { createMirrorMemory } from "../../../../src/nodeRouter/workspace/mirror/mirrorMemory.ts";
import { arrange, SHELLS, SKILLS, tree } from "./arrange.ts";

const SLOW = 60_000;

/** Names that a shell, a list or a tar could trip over. */
const ODD_NAMES = [
  "a b",
  "-rf",
  "'q' \"qq\"",
  "$HOME",
  "`id`",
  "back\\slash",
  "line\nfeed",
  "*",
  "~",
  "新加坡.md",
  "é",
  "#x",
  "a;b|c&d",
  "tab\t",
  " lead",
  "trail ",
  "...",
  "x".repeat(200),
];

describe.for(SHELLS.map((shell) => [shell.join(" "), shell] as const))("under %s", ([, shell]) => {
  test("first all, then nothing, then only what changed; what is gone goes", { timeout: SLOW }, async () => {
    using arranged = arrange(shell);
    const target = join(arranged.node, SKILLS);
    arranged.put("skills/a/SKILL.md", "one");
    arranged.put("skills/a/run.sh", "#!/bin/sh\n", 0o755);
    arranged.put("skills/b/deep/er/x.bin", Buffer.from([0, 1, 2, 255, 10, 13]));
    const mirror = arranged.mirror();
    await mirror.ensure();
    expect(arranged.trips()).toBe(2);
    expect(tree(target)).toEqual(tree(arranged.local));
    expect(statSync(join(target, "skills/a/run.sh")).mode & 0o111).not.toBe(0);
    expect(statSync(join(target, "skills/a/SKILL.md")).mode & 0o111).toBe(0);

    await mirror.ensure();
    await mirror.ensure();
    expect(arranged.trips()).toBe(0);

    arranged.bytes();
    arranged.put("skills/a/SKILL.md", "another");
    chmodSync(join(arranged.local, "skills/a/run.sh"), 0o644);
    await mirror.ensure();
    expect(arranged.trips()).toBe(1);
    expect(arranged.bytes()).toBeLessThan(11_000);
    expect(tree(target)).toEqual(tree(arranged.local));
    expect(statSync(join(target, "skills/a/run.sh")).mode & 0o111).toBe(0);

    arranged.remove("skills/b");
    await mirror.ensure();
    expect(arranged.trips()).toBe(1);
    expect(tree(target)).toEqual(tree(arranged.local));
    expect(existsSync(join(target, "skills/b"))).toBe(false);
    expect(readdirSync(target).filter((name) => name.includes("incoming"))).toEqual([]);
  });

  test("odd names and empty files arrive as they are", { timeout: SLOW }, async () => {
    using arranged = arrange(shell);
    for (const name of ODD_NAMES) {
      arranged.put(`skills/${name}/${name}`, `of ${name}`);
      arranged.put(name === "..." ? "x..." : name, "");
    }
    const mirror = arranged.mirror();
    await mirror.ensure();
    expect(tree(join(arranged.node, SKILLS))).toEqual(tree(arranged.local));
    for (const name of ODD_NAMES) arranged.remove(`skills/${name}`);
    await arranged.mirror().ensure();
    expect(tree(join(arranged.node, SKILLS))).toEqual(tree(arranged.local));
    expect(mirror.skipped()).toEqual([]);
  });

  test("an attachment is added in one command, and what the user has there stays", {
    timeout: SLOW,
  }, async () => {
    using arranged = arrange(shell);
    const inbound = { what: "attachments", mode: "add", remoteDir: "media/inbound" } as const;
    const target = join(arranged.node, "media/inbound");
    arranged.put("openclaw-staged-1/input-a.txt", "from the gateway");
    const mirror = arranged.mirror(inbound);
    await mirror.ensure();
    expect(arranged.trips()).toBe(2);
    writeFileSync(join(target, "openclaw-staged-1/input-a.txt"), "changed by the agent");
    writeFileSync(join(target, "own.txt"), "the user's");
    mkdirSync(join(target, "openclaw-staged-2"));
    writeFileSync(join(target, "openclaw-staged-2/input-b.txt"), "already there");

    arranged.put("openclaw-staged-2/input-b.txt", "from the gateway");
    arranged.put("openclaw-staged-2/input-c.txt", "from the gateway");
    await mirror.ensure();
    expect(arranged.trips()).toBe(1);
    const expected = {
      "openclaw-staged-1/input-a.txt": "changed by the agent",
      "openclaw-staged-2/input-b.txt": "already there",
      "openclaw-staged-2/input-c.txt": "from the gateway",
      "own.txt": "the user's",
    };
    expect(tree(target)).toEqual(expected);

    // Gone on the gateway is not gone on the node, also not for a new process.
    arranged.remove("openclaw-staged-1");
    await mirror.ensure();
    expect(arranged.trips()).toBe(0);
    await arranged.mirror(inbound).ensure();
    expect(arranged.trips()).toBe(1);
    expect(tree(target)).toEqual(expected);
  });

  test("a node that was wiped or touched is noticed when it is asked again", { timeout: SLOW }, async () => {
    using arranged = arrange(shell);
    const target = join(arranged.node, SKILLS);
    arranged.put("skills/a", "one");
    arranged.put("skills/b", "two");
    const mirror = arranged.mirror();
    await mirror.ensure();
    rmSync(arranged.node, { recursive: true });
    await mirror.ensure();
    // Not asked yet: that is what makes it cost nothing.
    expect(existsSync(target)).toBe(false);
    arranged.clock.ms += ASK_AGAIN_MS;
    arranged.trips();
    await mirror.ensure();
    expect(arranged.trips()).toBe(2);
    expect(tree(target)).toEqual(tree(arranged.local));

    rmSync(join(target, "skills/a"));
    writeFileSync(join(target, "skills/b"), "owt");
    const later = new Date(Date.now() + 60_000);
    utimesSync(join(target, "skills/b"), later, later);
    mirror.forget();
    await mirror.ensure();
    expect(tree(target)).toEqual(tree(arranged.local));
    expect(arranged.trips()).toBe(2);
    // Mended, and not taken for touched again.
    mirror.forget();
    await mirror.ensure();
    expect(arranged.trips()).toBe(1);
  });

  test("a new process asks once, sends nothing that is there, and removes what went meanwhile", {
    timeout: SLOW,
  }, async () => {
    using arranged = arrange(shell);
    const target = join(arranged.node, SKILLS);
    arranged.put("skills/a", "one");
    arranged.put("skills/b", "two");
    await arranged.mirror().ensure();
    arranged.trips();
    await arranged.mirror().ensure();
    expect(arranged.trips()).toBe(1);
    arranged.remove("skills/b");
    writeFileSync(join(target, "skills/mine"), "not the mirror's");
    await arranged.mirror().ensure();
    expect(tree(target)).toEqual({ "skills/a": "one", "skills/mine": "not the mirror's" });
  });

  test("a file becomes a folder and a folder a file", { timeout: SLOW }, async () => {
    using arranged = arrange(shell);
    arranged.put("x", "file");
    arranged.put("y/z", "in a folder");
    const mirror = arranged.mirror();
    await mirror.ensure();
    arranged.remove("x");
    arranged.remove("y");
    arranged.put("x/z", "in a folder");
    arranged.put("y", "file");
    await mirror.ensure();
    expect(tree(join(arranged.node, SKILLS))).toEqual({ "x/z": "in a folder", y: "file" });
  });

  test("a link that an agent put into the way is refused, and what it points to stays", {
    timeout: SLOW,
  }, async () => {
    using arranged = arrange(shell);
    const elsewhere = join(arranged.node, "..", "elsewhere");
    mkdirSync(join(elsewhere, "skills"), { recursive: true });
    writeFileSync(join(elsewhere, "skills/a"), "precious");
    arranged.put("skills/a", "one");
    mkdirSync(join(arranged.node, ".openclaw"), { recursive: true });
    symlinkSync(elsewhere, join(arranged.node, SKILLS));
    await expect(arranged.mirror().ensure()).rejects.toThrow("leads through a symbolic link");
    rmSync(join(arranged.node, SKILLS));
    mkdirSync(join(arranged.node, SKILLS));
    symlinkSync(join(elsewhere, "skills"), join(arranged.node, SKILLS, "skills"));
    await expect(arranged.mirror().ensure()).rejects.toThrow("is a symbolic link");
    rmSync(join(arranged.node, SKILLS, "skills"));
    mkdirSync(join(arranged.node, SKILLS, "skills"));
    symlinkSync(join(elsewhere, "skills"), join(arranged.node, SKILLS, "skills/a"));
    await arranged.mirror().ensure();
    expect(tree(join(arranged.node, SKILLS))).toEqual({ "skills/a": "one" });
    expect(tree(elsewhere)).toEqual({ "skills/a": "precious" });
  });
});

test("200 files come with one command", { timeout: SLOW }, async () => {
  using arranged = arrange();
  for (let index = 0; index < 200; index++)
    arranged.put(`skills/s${index % 20}/f${index}`, `${index}`.repeat(50));
  const mirror = arranged.mirror();
  await mirror.ensure();
  expect(arranged.trips()).toBe(2);
  expect(tree(join(arranged.node, SKILLS))).toEqual(tree(arranged.local));
});

test("a 20 MB attachment and 40 MB of small ones come whole, in a few commands", {
  timeout: SLOW,
}, async () => {
  using arranged = arrange();
  const big = Buffer.alloc(20 * 1024 * 1024, "0123456789abcdef\n");
  arranged.put("big", big);
  for (let index = 0; index < 10; index++) arranged.put(`part${index}`, big.subarray(index, 4 * 1024 * 1024));
  await arranged.mirror({ mode: "add", remoteDir: "in" }).ensure();
  expect(arranged.trips()).toBeLessThanOrEqual(6);
  expect(readFileSync(join(arranged.node, "in/big")).equals(big)).toBe(true);
  expect(readdirSync(join(arranged.node, "in"))).toHaveLength(11);
});

test("calls at one time share a run, and one that comes later does not miss what is new", {
  timeout: SLOW,
}, async () => {
  using arranged = arrange();
  arranged.put("a", "one");
  const mirror = arranged.mirror();
  const calls = Array.from({ length: 50 }, () => mirror.ensure());
  arranged.put("b", "two");
  calls.push(mirror.ensure());
  await Promise.all(calls);
  expect(arranged.trips()).toBeLessThanOrEqual(3);
  expect(tree(join(arranged.node, SKILLS))).toEqual({ a: "one", b: "two" });
});

test("a source that is missing is empty, and no command is needed to add nothing", async () => {
  using arranged = arrange();
  await arranged.mirror({ mode: "add", localDir: join(arranged.local, "nowhere") }).ensure();
  expect(arranged.trips()).toBe(0);
  arranged.put("a", "one");
  const mirror = arranged.mirror();
  await mirror.ensure();
  rmSync(arranged.local, { recursive: true });
  await mirror.ensure();
  expect(tree(join(arranged.node, SKILLS))).toEqual({});
});

test("while the source is being rewritten nothing is removed, and afterwards what is gone goes", async () => {
  using arranged = arrange();
  arranged.put("skills/.openclaw-sync.json", "{}");
  arranged.put("skills/a", "one");
  arranged.put("skills/b", "two");
  const mirror = arranged.mirror({ completeMark: "skills/.openclaw-sync.json" });
  await mirror.ensure();
  const target = join(arranged.node, SKILLS);
  expect(tree(target)).toEqual({ "skills/a": "one", "skills/b": "two" });
  arranged.remove("skills/.openclaw-sync.json");
  arranged.remove("skills/a");
  arranged.put("skills/c", "three");
  await mirror.ensure();
  expect(tree(target)).toEqual({ "skills/a": "one", "skills/b": "two", "skills/c": "three" });
  arranged.put("skills/.openclaw-sync.json", "{ }");
  await mirror.ensure();
  expect(tree(target)).toEqual({ "skills/b": "two", "skills/c": "three" });
  arranged.trips();
  arranged.put("skills/.openclaw-sync.json", "{  }");
  await mirror.ensure();
  // The mark itself is not brought.
  expect(arranged.trips()).toBe(0);
});

test("as long as the mark is untouched the folder is not looked through again, unless the node is to be asked", async () => {
  using arranged = arrange();
  const mark = "skills/.openclaw-sync.json";
  arranged.put(mark, "{}");
  arranged.put("skills/a", "one");
  const mirror = arranged.mirror({ completeMark: mark });
  await mirror.ensure();
  const target = join(arranged.node, SKILLS);
  arranged.put("skills/a", "changed without the mark");
  await mirror.ensure();
  expect(tree(target)).toEqual({ "skills/a": "one" });
  arranged.put(mark, "{}");
  await mirror.ensure();
  expect(tree(target)).toEqual({ "skills/a": "changed without the mark" });
  arranged.put("skills/a", "again");
  mirror.forget();
  await mirror.ensure();
  expect(tree(target)).toEqual({ "skills/a": "again" });
});

test("what another owner replaced is brought again although the mark is untouched", async () => {
  using one = arrange();
  using other = arrange();
  const memory = createMirrorMemory();
  const completeMark = "mark";
  for (const { put } of [one, other]) put("mark", "");
  one.put("a", "one's");
  other.put("a", "other's");
  const first = one.mirror({ completeMark }, { memory, owner: "one" });
  const second = one.mirror({ completeMark, localDir: other.local }, { memory, owner: "other" });
  for (let round = 0; round < 2; round++) {
    await first.ensure();
    expect(tree(join(one.node, SKILLS))).toEqual({ a: "one's" });
    await second.ensure();
    expect(tree(join(one.node, SKILLS))).toEqual({ a: "other's" });
  }
});

describe("two agents with one workspace on the node", () => {
  test("each keeps what it brought, and shares what is the same", async () => {
    using one = arrange();
    using other = arrange();
    const memory = createMirrorMemory();
    for (const { put } of [one, other]) put("skills/common", "the same");
    one.put("skills/one", "1");
    other.put("skills/other", "2");
    const first = one.mirror({}, { memory, owner: "one" });
    const second = one.mirror({ localDir: other.local }, { memory, owner: "other" });
    await first.ensure();
    one.bytes();
    await second.ensure();
    expect(tree(join(one.node, SKILLS))).toEqual({
      "skills/common": "the same",
      "skills/one": "1",
      "skills/other": "2",
    });
    one.remove("skills/common");
    one.remove("skills/one");
    await first.ensure();
    expect(tree(join(one.node, SKILLS))).toEqual({ "skills/common": "the same", "skills/other": "2" });
    one.trips();
    await second.ensure();
    expect(one.trips()).toBe(0);
  });

  test("what one replaced the other brings again before its next command", async () => {
    using one = arrange();
    using other = arrange();
    const memory = createMirrorMemory();
    one.put("skills/a", "one's");
    other.put("skills/a", "other's");
    const first = one.mirror({}, { memory, owner: "one" });
    const second = one.mirror({ localDir: other.local }, { memory, owner: "other" });
    const file = join(one.node, SKILLS, "skills/a");
    for (let round = 0; round < 2; round++) {
      await first.ensure();
      expect(readFileSync(file, "utf8")).toBe("one's");
      await second.ensure();
      expect(readFileSync(file, "utf8")).toBe("other's");
    }
    // Two lists that contradict each other: a new process trusts neither.
    await one.mirror({}, { owner: "one" }).ensure();
    expect(readFileSync(file, "utf8")).toBe("one's");
  });
});
