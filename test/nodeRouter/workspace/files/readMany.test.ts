// Several files in one trip: each has its own content or its own error, whatever the others are.
import { spawnSync } from "node:child_process";
import { mkdirSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createPathResolver } from "../../../../src/nodeRouter/workspace/files/paths.ts";
import { type ReadOutcome, readMany } from "../../../../src/nodeRouter/workspace/files/readMany.ts";
import { type Arrangement, GATEWAY_WORKSPACE, type LocalNode, localNode, USERLANDS } from "./localNode.ts";

const LIMIT = 2 * 1024 * 1024;

function read(
  node: LocalNode,
  files: readonly string[],
  { maxBytes = LIMIT, paths = [] }: { maxBytes?: number; paths?: readonly string[] } = {},
): Promise<readonly ReadOutcome[]> {
  const place = { node: "mac-sg", root: node.root };
  const resolver = createPathResolver({ ...place, workspaceDir: GATEWAY_WORKSPACE, paths });
  return readMany({ ...place, run: node.run, paths: resolver }, files, maxBytes, undefined);
}

/** Content, or code and the first words of the error. */
function told(outcome: ReadOutcome | undefined): string {
  if (outcome === undefined) return "nothing";
  return outcome.ok ? outcome.source.data.toString() : outcome.error.message;
}

describe.each(USERLANDS)("$name", (userland) => {
  test("files that are there, missing, a folder, a pipe, too large, empty, outside by a symlink: one trip, one answer each", async () => {
    using node = localNode({ userland });
    writeFileSync(node.at("ws", "AGENTS.md"), "who I am\n");
    writeFileSync(node.at("ws", "empty"), "");
    writeFileSync(node.at("ws", "a", "b", "deep name"), "deep");
    mkdirSync(node.at("ws", "folder"));
    spawnSync("mkfifo", [node.at("ws", "pipe")]);
    writeFileSync(node.at("ws", "large"), "");
    truncateSync(node.at("ws", "large"), LIMIT + 1);
    writeFileSync(node.at("secret"), "not for prompts");
    symlinkSync(node.at("secret"), node.at("ws", "out"));
    symlinkSync("AGENTS.md", node.at("ws", "alias"));

    const files = [
      "AGENTS.md",
      "missing",
      "folder",
      "pipe",
      "large",
      "empty",
      "out",
      "a/b/deep name",
      "none/deep",
      "alias",
    ];
    const outcomes = await read(node, files);
    expect(node.requests.length).toBe(1);
    expect(outcomes.map(told)).toEqual([
      "who I am\n",
      expect.stringMatching(/^FILE_NOT_FOUND: read of ".*missing"/),
      expect.stringMatching(/^FILE_FAILED: .*it is a directory/),
      expect.stringMatching(/^FILE_FAILED: .*device, a pipe or a socket/),
      expect.stringMatching(/^FILE_TOO_LARGE: /),
      "",
      expect.stringMatching(/^PATH_NOT_ALLOWED: .*through a symlink/),
      "deep",
      expect.stringMatching(/^FILE_NOT_FOUND: /),
      "who I am\n",
    ]);
    const sources = outcomes.flatMap((outcome) => (outcome.ok ? [outcome.source] : []));
    expect(sources.map(({ workspaceRelativePath }) => workspaceRelativePath)).toEqual([
      "AGENTS.md",
      "empty",
      "a/b/deep name",
      "AGENTS.md",
    ]);
    expect(sources[3]?.canonicalPath).toBe(sources[0]?.canonicalPath);
    expect(outcomes[1]).toMatchObject({ error: { code: "ENOENT" } });
  });

  test("content of every byte comes whole", async () => {
    using node = localNode({ userland });
    const all = Buffer.from(Array.from({ length: 70_000 }, (_, at) => at % 256));
    writeFileSync(node.at("ws", "bytes"), all);
    const [outcome] = await read(node, ["bytes"]);
    expect(outcome?.ok === true && outcome.source.data.equals(all)).toBe(true);
  });
});

test("any contents are told apart", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.uint8Array({ maxLength: 50 }), { minLength: 1, maxLength: 6 }),
      async (all) => {
        using node = localNode();
        for (const [at, data] of all.entries()) writeFileSync(node.at("ws", `f${at}`), data);
        const outcomes = await read(
          node,
          all.map((_, at) => `f${at}`),
        );
        expect(outcomes.map((outcome) => (outcome.ok ? [...outcome.source.data] : null))).toEqual(
          all.map((data) => [...data]),
        );
      },
    ),
    { numRuns: 12 },
  );
});

test("a workspace that is not there yet has no files, and is not made", async () => {
  using node = localNode();
  const outcomes = await read(node, ["AGENTS.md", "SOUL.md"]);
  expect(outcomes.map((outcome) => !outcome.ok && "code" in outcome.error && outcome.error.code)).toEqual([
    "ENOENT",
    "ENOENT",
  ]);
});

test("a file in a directory of `paths` is read by its symlink, and is no file of the workspace", async () => {
  using node = localNode();
  writeFileSync(node.at("shared", "SOUL.md"), "shared soul");
  mkdirSync(node.root);
  symlinkSync(node.at("shared", "SOUL.md"), node.at("ws", "SOUL.md"));
  const [outcome] = await read(node, ["SOUL.md"], { paths: [node.at("shared")] });
  expect(told(outcome)).toBe("shared soul");
  expect(outcome?.ok === true && "workspaceRelativePath" in outcome.source).toBe(false);
});

test.each(["../secret", "/etc/passwd", "two\nlines", "."])(
  "a path like %j is refused before anything is sent",
  async (file) => {
    using node = localNode();
    await expect(read(node, ["AGENTS.md", file])).rejects.toThrow(/^PATH_NOT_ALLOWED/);
    expect(node.requests).toEqual([]);
  },
);

describe("a node that answers otherwise", () => {
  const answering = (change: (stdout: Buffer) => Buffer): Arrangement => ({
    intercept: async (_request, run) => {
      const collected = await run();
      return { ...collected, stdout: change(collected.stdout) };
    },
  });

  test.each<[string, (stdout: Buffer) => Buffer]>([
    ["cut short", (stdout) => stdout.subarray(0, -5)],
    ["empty", () => Buffer.alloc(0)],
    ["of another question", () => Buffer.from(`\0${"0".repeat(32)} 0\0`)],
    ["with one file more", (stdout) => Buffer.concat([stdout, stdout])],
  ])("is refused when it is %s", async (_what, change) => {
    using node = localNode(answering(change));
    writeFileSync(node.at("ws", "AGENTS.md"), "who I am\n");
    await expect(read(node, ["AGENTS.md"])).rejects.toThrow(/^FILE_FAILED: .*cut short or mixed/);
  });

  test("cannot make a content of more bytes than were asked for", async () => {
    using node = localNode();
    writeFileSync(node.at("ws", "AGENTS.md"), "12345");
    expect(told((await read(node, ["AGENTS.md"], { maxBytes: 4 }))[0])).toMatch(/^FILE_TOO_LARGE/);
    expect(told((await read(node, ["AGENTS.md"], { maxBytes: 5 }))[0])).toBe("12345");
  });
});
