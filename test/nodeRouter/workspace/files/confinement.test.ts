// The second check, on the node: no symlink leads a file tool out of what is allowed, in no position of a path.
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import type { FileBridge } from "../../../../src/nodeRouter/workspace/files/fileBridge.ts";
import { type Arrangement, type LocalNode, localNode } from "./localNode.ts";

const folders: LocalNode[] = [];
afterEach(() => {
  for (const node of folders.splice(0)) node[Symbol.dispose]();
});

const REFUSED = { code: "PATH_NOT_ALLOWED" };

/** Everything that can be done with a path. */
const STEPS: Readonly<Record<string, (bridge: FileBridge, filePath: string) => Promise<unknown>>> = {
  stat: (bridge, filePath) => bridge.stat({ filePath }),
  readFile: (bridge, filePath) => bridge.readFile({ filePath }),
  readDirectory: (bridge, filePath) => bridge.readDirectory({ filePath }),
  writeFile: (bridge, filePath) => bridge.writeFile({ filePath, data: "planted" }),
  createFileExclusive: (bridge, filePath) =>
    bridge.createFileExclusive({ filePath: `${filePath}/new`, data: "planted" }),
  mkdirp: (bridge, filePath) => bridge.mkdirp({ filePath: `${filePath}/made/deep` }),
  remove: (bridge, filePath) => bridge.remove({ filePath: `${filePath}/kept`, recursive: true }),
  "rename from": (bridge, filePath) => bridge.rename({ from: `${filePath}/kept`, to: "stolen" }),
  "rename to": (bridge, filePath) => bridge.rename({ from: "mine", to: `${filePath}/planted` }),
  "copy from": (bridge, filePath) =>
    bridge.copyFile({ sourcePath: `${filePath}/kept`, destinationPath: "stolen" }),
  "copy to": (bridge, filePath) =>
    bridge.copyFile({ sourcePath: "mine", destinationPath: `${filePath}/planted` }),
};

/** `outside/dir/kept` beside a workspace with `mine` in it. */
function arrange(arrangement: Arrangement = {}): LocalNode {
  const node = localNode(arrangement);
  writeFileSync(node.at("outside", "dir", "kept"), "kept");
  writeFileSync(node.at("ws", "mine"), "mine");
  mkdirSync(node.at("ws", "inner"));
  return node;
}

function untouched(node: LocalNode): void {
  expect(readdirSync(node.at("outside"))).toEqual(["dir"]);
  expect(readdirSync(node.at("outside", "dir"))).toEqual(["kept"]);
  expect(readFileSync(node.at("outside", "dir", "kept"), "utf8")).toBe("kept");
  expect(readFileSync(join(node.root, "mine"), "utf8")).toBe("mine");
}

describe.each(Object.entries(STEPS))("%s", (_name, step) => {
  test.each([
    ["as the last name", "../outside/dir", "link"],
    ["with an absolute target", "/OUTSIDE/dir", "link"],
    ["in the middle", "../outside", "link/dir"],
    ["behind another link", "../outside", "second/dir"],
    ["in a directory of the workspace", "../../outside/dir", "inner/link"],
    ["to a target with a slash at its end", "../outside/dir/", "link"],
    ["to the directory above the workspace", "..", "link/outside/dir"],
    ["to dots", "inner/../../outside/dir/.", "link"],
  ])("does not go through a symlink %s", async (_position, target, path) => {
    using node = arrange();
    const at = path.startsWith("inner/") ? "inner/link" : "link";
    symlinkSync(target.replace("/OUTSIDE", node.at("outside")), join(node.root, at));
    symlinkSync("link", join(node.root, "second"));
    await expect(step(node.bridge, path)).rejects.toMatchObject(REFUSED);
    untouched(node);
  });
});

describe("a symlink", () => {
  test("out that points to nothing is not created through", async () => {
    using node = arrange();
    symlinkSync("../outside/new", join(node.root, "file"));
    symlinkSync("../outside/no/such/dir", join(node.root, "dir"));
    await expect(node.bridge.writeFile({ filePath: "file", data: "x" })).rejects.toMatchObject(REFUSED);
    await expect(node.bridge.writeFile({ filePath: "dir/x", data: "x" })).rejects.toThrow(
      /FILE_FAILED|PATH_NOT_ALLOWED|ENOENT/,
    );
    await expect(node.bridge.mkdirp({ filePath: "dir" })).rejects.toThrow();
    untouched(node);
  });

  test("that stays inside is followed, also through an absolute target", async () => {
    using node = arrange();
    symlinkSync(node.root, join(node.root, "inner", "home"));
    symlinkSync("inner/home/mine", join(node.root, "link"));
    expect((await node.bridge.readFile({ filePath: "link" })).toString()).toBe("mine");
    expect((await node.bridge.readFile({ filePath: "inner/home/inner/home/mine" })).toString()).toBe("mine");
    expect((await node.bridge.readDirectory({ filePath: "inner/home" })).length).toBe(3);
  });

  test("circle ends with an error", async () => {
    using node = arrange();
    symlinkSync("two", join(node.root, "one"));
    symlinkSync("one", join(node.root, "two"));
    await expect(node.bridge.readFile({ filePath: "one" })).rejects.toThrow(
      /FILE_FAILED: .*too many symlinks/,
    );
    await expect(node.bridge.writeFile({ filePath: "one", data: "x" })).rejects.toThrow(/too many symlinks/);
    expect(readlinkSync(join(node.root, "one"))).toBe("two");
  });

  test("into a directory of `paths` is followed, into its neighbour not", async () => {
    const shared = realpathSync(localNodeFolder());
    using node = arrange({ paths: [join(shared, "ok")] });
    mkdirSync(join(shared, "ok"));
    mkdirSync(join(shared, "okay"));
    symlinkSync(join(shared, "ok"), join(node.root, "ok"));
    symlinkSync(join(shared, "okay"), join(node.root, "okay"));
    await node.bridge.writeFile({ filePath: "ok/x", data: "x" });
    expect(readFileSync(join(shared, "ok", "x"), "utf8")).toBe("x");
    await expect(node.bridge.writeFile({ filePath: "okay/x", data: "x" })).rejects.toMatchObject(REFUSED);
    expect(readdirSync(join(shared, "okay"))).toEqual([]);
  });
});

describe("the workspace", () => {
  test("may itself be a symlink, or lie behind one", async () => {
    using node = localNode();
    mkdirSync(node.at("real", "place"), { recursive: true });
    symlinkSync("real/place", node.root);
    await node.bridge.writeFile({ filePath: "a/b", data: "x" });
    expect(readFileSync(node.at("real", "place", "a", "b"), "utf8")).toBe("x");
    expect(await node.bridge.readDirectory({ filePath: "." })).toEqual([{ name: "a", isDirectory: true }]);
    symlinkSync("../elsewhere", node.at("real", "place", "out"));
    mkdirSync(node.at("real", "elsewhere"));
    await expect(node.bridge.writeFile({ filePath: "out/x", data: "x" })).rejects.toMatchObject(REFUSED);
  });

  test("is made on first use, with what is above it, and never filled", async () => {
    using node = localNode();
    expect(await node.bridge.stat({ filePath: "a" })).toBeNull();
    expect(readdirSync(node.root)).toEqual([]);
  });

  test("whose name has a neighbour that begins with it does not include the neighbour", async () => {
    using node = arrange();
    mkdirSync(node.at("ws2"));
    symlinkSync("../ws2", join(node.root, "link"));
    await expect(node.bridge.writeFile({ filePath: "link/x", data: "x" })).rejects.toMatchObject(REFUSED);
  });

  test("is not removed or renamed through a name inside it", async () => {
    using node = arrange({ paths: ["/"] });
    symlinkSync("..", join(node.root, "up"));
    await expect(node.bridge.remove({ filePath: "up/ws", recursive: true })).rejects.toMatchObject(REFUSED);
    await expect(node.bridge.rename({ from: "up/ws", to: "up/other" })).rejects.toMatchObject(REFUSED);
    await expect(node.bridge.remove({ filePath: ".", recursive: true })).rejects.toMatchObject(REFUSED);
    await expect(node.bridge.remove({ filePath: node.folder, recursive: true })).rejects.toMatchObject(
      REFUSED,
    );
    untouched(node);
  });

  test("that cannot be made says which setting to look at", async () => {
    using node = localNode();
    writeFileSync(node.root, "a file");
    await expect(node.bridge.stat({ filePath: "a" })).rejects.toThrow(
      /WORKSPACE_UNAVAILABLE: .*nodes\.mac-sg\.workspace/,
    );
    await expect(node.bridge.writeFile({ filePath: "a", data: "x" })).rejects.toMatchObject({
      code: "WORKSPACE_UNAVAILABLE",
    });
    expect(readFileSync(node.root, "utf8")).toBe("a file");
  });
});

describe("a read-only mount", () => {
  const mounted = (node: string) => ({
    readOnlyMounts: [{ containerRoot: join(node, "ws", "skills"), hostRoot: "/gateway/skills" }],
  });

  /** The mount's place is only known when the folder is. */
  function arrangeMount(): LocalNode {
    const folder = realpathSync(localNodeFolder());
    const node = localNode({ root: join(folder, "ws"), ...mounted(folder) });
    mkdirSync(join(folder, "ws", "skills"), { recursive: true });
    writeFileSync(join(folder, "ws", "skills", "SKILL.md"), "skill");
    symlinkSync("skills", join(folder, "ws", "alias"));
    symlinkSync("skills/SKILL.md", join(folder, "ws", "file"));
    return node;
  }

  test("is read, and by no name written, moved or removed", async () => {
    using node = arrangeMount();
    for (const filePath of ["skills/SKILL.md", "alias/SKILL.md", "file", "/gateway/skills/SKILL.md"]) {
      expect((await node.bridge.readFile({ filePath })).toString()).toBe("skill");
      await expect(node.bridge.writeFile({ filePath, data: "x" })).rejects.toMatchObject(REFUSED);
    }
    for (const filePath of ["skills/new", "alias/new"]) {
      await expect(node.bridge.createFileExclusive({ filePath, data: "x" })).rejects.toMatchObject(REFUSED);
      await expect(node.bridge.mkdirp({ filePath })).rejects.toMatchObject(REFUSED);
    }
    await expect(node.bridge.remove({ filePath: "alias/SKILL.md" })).rejects.toMatchObject(REFUSED);
    await expect(node.bridge.rename({ from: "alias/SKILL.md", to: "x" })).rejects.toMatchObject(REFUSED);
    await expect(node.bridge.remove({ filePath: "skills", recursive: true })).rejects.toMatchObject(REFUSED);
    expect(readFileSync(join(node.root, "skills", "SKILL.md"), "utf8")).toBe("skill");
    await node.bridge.writeFile({ filePath: "skills2", data: "x" });
    // A link to it is not it.
    await node.bridge.remove({ filePath: "alias" });
    expect(readdirSync(node.root).sort()).toEqual(["file", "skills", "skills2"]);
  });
});

test("a directory that turns into a symlink while it is made leads nowhere", async () => {
  const steps = [
    (bridge: FileBridge) => bridge.writeFile({ filePath: "trap/new", data: "planted" }),
    (bridge: FileBridge) => bridge.createFileExclusive({ filePath: "trap/new", data: "planted" }),
    (bridge: FileBridge) => bridge.copyFile({ sourcePath: "mine", destinationPath: "trap/new" }),
    (bridge: FileBridge) => bridge.rename({ from: "mine", to: "trap/new" }),
    (bridge: FileBridge) => bridge.mkdirp({ filePath: "trap" }),
  ];
  for (const step of steps) {
    using node = arrange({
      // The real mkdir, and then what another process could do in that moment.
      tools: { mkdir: 'PATH=$REAL_PATH; mkdir "$@"; rm -r ./trap; ln -s ../outside ./trap' },
    });
    await expect(step(node.bridge)).rejects.toMatchObject(REFUSED);
    untouched(node);
  }
});

test("a directory that takes the file's name at the last moment does not swallow the file", async () => {
  using node = arrange({ tools: { mv: 'PATH=$REAL_PATH; mkdir ./late; exec mv "$@"' } });
  await expect(node.bridge.writeFile({ filePath: "late", data: "x" })).rejects.toMatchObject({
    code: "EISDIR",
  });
  expect(readdirSync(join(node.root, "late"))).toEqual([]);
  expect(readdirSync(node.root).sort()).toEqual(["inner", "late", "mine"]);
});

function localNodeFolder(): string {
  const node = localNode();
  folders.push(node);
  return node.folder;
}
