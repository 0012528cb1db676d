// Every operation with every shell and set of tools that this machine has: the scripts are for all of them.
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { localNode, USERLANDS } from "./localNode.ts";

const ODD_NAMES = [
  "plain.txt",
  " two  spaces ",
  "-rf",
  "--",
  'it\'s "quoted" `back`',
  `$(touch pwned) $HOME ${"$"}{x}`,
  "*",
  "[ab]?",
  "back\\slash",
  "new\nline",
  "ends with newline\n",
  "tab\there",
  "größe-NFC-\u00e9",
  "NFD-e\u0301",
  "日本語😀",
  "a".repeat(255),
  ".hidden",
  "..three",
  "!",
  "(",
  "x;y&z|w>v",
  "~",
  "#",
  "%s%n",
];

console.info(`userlands on this machine: ${USERLANDS.map(({ name }) => name).join(", ")}`);

describe.each(USERLANDS)("$name", (userland) => {
  test("a written file is read back, listed, renamed, copied and removed, whatever its name", async () => {
    using node = localNode({ userland });
    for (const name of ODD_NAMES) {
      const path = join(node.root, name);
      await node.bridge.writeFile({ filePath: path, data: `content of ${name}` });
      expect((await node.bridge.readFile({ filePath: path })).toString()).toBe(`content of ${name}`);
      expect(readFileSync(path, "utf8")).toBe(`content of ${name}`);
    }
    const listed = await node.bridge.readDirectory({ filePath: "." });
    expect(listed.map((entry) => entry.name).sort()).toEqual([...ODD_NAMES].sort());
    expect(listed.every((entry) => !entry.isDirectory)).toBe(true);
    for (const [index, name] of ODD_NAMES.entries()) {
      const path = join(node.root, name);
      const moved = join(node.root, "moved", `${index}`, name);
      await node.bridge.rename({ from: path, to: moved });
      await node.bridge.copyFile({ sourcePath: moved, destinationPath: path });
      expect(readFileSync(path, "utf8")).toBe(`content of ${name}`);
      await node.bridge.remove({ filePath: moved, force: false });
      expect(existsSync(moved)).toBe(false);
      expect(await node.bridge.createFileExclusive({ filePath: moved, data: "new" })).toBe("created");
      expect(readFileSync(moved, "utf8")).toBe("new");
    }
    expect(await node.bridge.createFileExclusive({ filePath: "plain.txt", data: "newer" })).toBe("exists");
    expect(readFileSync(join(node.root, "plain.txt"), "utf8")).toBe("content of plain.txt");
    await node.bridge.remove({ filePath: "moved", recursive: true });
    expect(readdirSync(node.root).sort()).toEqual([...ODD_NAMES].sort());
  });

  test("stat tells size and time, and directories from files", async () => {
    using node = localNode({ userland });
    writeFileSync(node.at("ws", "file"), "12345");
    mkdirSync(node.at("ws", "dir"));
    const real = statSync(join(node.root, "file"));
    const stat = await node.bridge.stat({ filePath: "file" });
    expect(stat).toMatchObject({ type: "file", size: 5 });
    expect(Math.abs((stat?.mtimeMs ?? 0) - real.mtimeMs)).toBeLessThan(
      userland.name === "busybox alone" ? 1000 : 1,
    );
    expect(await node.bridge.stat({ filePath: "dir" })).toMatchObject({ type: "directory" });
    expect(await node.bridge.stat({ filePath: "." })).toMatchObject({ type: "directory" });
    expect(await node.bridge.stat({ filePath: "none" })).toBeNull();
    expect(await node.bridge.stat({ filePath: "no/such/dir" })).toBeNull();
    expect(await node.bridge.stat({ filePath: "file/below" })).toBeNull();
  });

  test("any bytes go and come back, and the mode stays", async () => {
    using node = localNode({ userland });
    const path = node.at("ws", "blob");
    writeFileSync(path, "old", { mode: 0o750 });
    const data = Buffer.from(Array.from({ length: 70_000 }, (_, index) => (index * 7) % 256));
    await node.bridge.writeFile({ filePath: "blob", data });
    expect(readFileSync(path).equals(data)).toBe(true);
    expect(statSync(path).mode & 0o777).toBe(0o750);
    expect((await node.bridge.readFile({ filePath: "blob" })).equals(data)).toBe(true);
    await node.bridge.writeFile({ filePath: "blob", data: "" });
    expect(statSync(path).size).toBe(0);
    expect((await node.bridge.readFile({ filePath: "blob" })).length).toBe(0);
  });

  test("no symlink leads out, in no place of a path", async () => {
    using node = localNode({ userland });
    writeFileSync(node.at("outside", "secret"), "secret");
    mkdirSync(node.root);
    symlinkSync(join(node.folder, "outside"), join(node.root, "dir-out"));
    symlinkSync(join(node.folder, "outside", "secret"), join(node.root, "file-out"));
    symlinkSync("../outside/new", join(node.root, "dangling-out"));
    symlinkSync("dir-out", join(node.root, "link-to-link"));
    for (const filePath of ["dir-out/secret", "file-out", "link-to-link/secret", "dir-out/deep/er"]) {
      const refusal = { code: "PATH_NOT_ALLOWED" };
      await expect(node.bridge.stat({ filePath })).rejects.toMatchObject(refusal);
      await expect(node.bridge.readFile({ filePath })).rejects.toMatchObject(refusal);
      await expect(node.bridge.writeFile({ filePath, data: "x" })).rejects.toMatchObject(refusal);
    }
    await expect(node.bridge.writeFile({ filePath: "dangling-out", data: "x" })).rejects.toMatchObject({
      code: "PATH_NOT_ALLOWED",
    });
    await expect(node.bridge.readDirectory({ filePath: "dir-out" })).rejects.toMatchObject({
      code: "PATH_NOT_ALLOWED",
    });
    await expect(node.bridge.mkdirp({ filePath: "dir-out/made" })).rejects.toMatchObject({
      code: "PATH_NOT_ALLOWED",
    });
    await expect(node.bridge.remove({ filePath: "dir-out/secret" })).rejects.toMatchObject({
      code: "PATH_NOT_ALLOWED",
    });
    expect(readdirSync(join(node.folder, "outside"))).toEqual(["secret"]);
    expect(readFileSync(join(node.folder, "outside", "secret"), "utf8")).toBe("secret");
  });
});
