// Names that are no text: every one has a spelling of its own, comes back as it was, and is never taken for another.
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import {
  bytesOf,
  hasRawBytes,
  nameOf,
  nameProblem,
} from "../../../../src/nodeRouter/workspace/files/fileNames.ts";
import { hostTools, loadToolFactory } from "./hostTools.ts";
import { type LocalNode, localNode, USERLANDS } from "./localNode.ts";

const latin1 = (text: string) => Buffer.from(text, "latin1");

describe("the spelling of a name", () => {
  test("is the text itself where the bytes are UTF-8, and \\udc80 to \\udcff for bytes that are not", () => {
    expect(nameOf(Buffer.from("é😀\n"))).toBe("é😀\n");
    expect(nameOf(latin1("caf\xe9"))).toBe("caf\udce9");
    // Cut off, overlong, half of a pair, beyond the last character: none of them is UTF-8.
    expect(nameOf(latin1("\xf0\x9f\x98"))).toBe("\udcf0\udc9f\udc98");
    expect(nameOf(latin1("\xc0\xaf"))).toBe("\udcc0\udcaf");
    expect(nameOf(latin1("\xed\xa0\x80"))).toBe("\udced\udca0\udc80");
    expect(nameOf(latin1("\xf5\x80\x80\x80"))).toBe("\udcf5\udc80\udc80\udc80");
    // The real character U+FFFD is a name like any other.
    expect(nameOf(Buffer.from("\ufffd"))).toBe("\ufffd");
  });

  test("leads back to the same bytes, whatever they are, also through JSON", () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc.array(fc.constantFrom(0xc3, 0xa9, 0xf0, 0x9f, 0x98, 0x80, 0x61, 0xed, 0xff), { maxLength: 12 }),
    );
    fc.assert(
      fc.property(bytes, (given) => {
        const raw = Buffer.from(given);
        const name = nameOf(raw);
        expect(bytesOf(name)).toEqual(raw);
        expect(bytesOf(String(JSON.parse(JSON.stringify(name))))).toEqual(raw);
      }),
      { numRuns: 2000 },
    );
  });

  test("is the only one: no two texts stand for the same bytes", () => {
    const unit = fc.oneof(
      fc.integer({ min: 0xdc00, max: 0xdcff }),
      fc.integer({ min: 0xd800, max: 0xdfff }),
      fc.integer({ min: 0x20, max: 0xff }),
    );
    fc.assert(
      fc.property(fc.array(unit, { maxLength: 8 }), (units) => {
        const name = String.fromCharCode(...units);
        const bytes = bytesOf(name);
        if (bytes !== null) expect(nameOf(bytes)).toBe(name);
        expect(hasRawBytes(name) || bytes !== null).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  test("a text that no file can be called is refused", () => {
    for (const name of ["a\ud83d", "\udc00", "\udc2f", "\udc7f", "\udd00", "\udcc3\udca9"]) {
      expect(bytesOf(name)).toBeNull();
      expect(nameProblem(name, "look")?.[0]).toMatch(/half of a character/);
    }
    for (const name of ["a", "é", "e\u0301", "😀", "\udce9", " a ", "\n"]) {
      expect(nameProblem(name, "change")).toBeNull();
    }
    expect(nameProblem("a\ufffd", "look")).toBeNull();
    expect(nameProblem("a\ufffd", "change")?.[0]).toMatch(/U\+FFFD/);
  });
});

/** The bytes of every name in a folder of the node. */
const rawNames = (node: LocalNode, ...folder: readonly string[]): readonly string[] =>
  readdirSync(Buffer.from(join(node.root, ...folder)), { encoding: "buffer" })
    .map((name) => name.toString("latin1"))
    .sort();

describe.each(USERLANDS)("with $name, a file whose name is no UTF-8", (userland) => {
  test("is listed, read, changed, copied, renamed and removed by the name that the listing has", async () => {
    using node = localNode({ userland });
    mkdirSync(node.root);
    const at = (name: string) => Buffer.concat([Buffer.from(`${node.root}/`), latin1(name)]);
    writeFileSync(at("caf\xe9 \\0101%s"), "before");
    const listed = await node.bridge.readDirectory({ filePath: "." });
    expect(listed).toEqual([{ name: "caf\udce9 \\0101%s", isDirectory: false }]);
    const filePath = listed[0]?.name ?? "";
    const { bridge } = node;
    await node.call(async () => {
      expect(await bridge.stat({ filePath })).toMatchObject({ type: "file", size: 6 });
      expect((await bridge.readFileWithSource({ filePath })).canonicalPath).toBe(`${node.root}/${filePath}`);
      await bridge.writeFile({ filePath, data: "after" });
    });
    expect(readFileSync(at("caf\xe9 \\0101%s"), "utf8")).toBe("after");
    expect(rawNames(node)).toEqual(["caf\xe9 \\0101%s"]);
    await bridge.copyFile({ sourcePath: filePath, destinationPath: "\udcff/\udcfe\n" });
    await bridge.rename({ from: filePath, to: "plain" });
    expect(rawNames(node)).toEqual(["plain", "\xff"]);
    expect(await bridge.readDirectory({ filePath: "." })).toContainEqual({
      name: "\udcff",
      isDirectory: true,
    });
    expect(await bridge.readDirectory({ filePath: "\udcff" })).toEqual([
      { name: "\udcfe\n", isDirectory: false },
    ]);
    expect(await bridge.createFileExclusive({ filePath: "\udcff/\udcfe\n", data: "x" })).toBe("exists");
    await bridge.remove({ filePath: "\udcff", recursive: true });
    await bridge.mkdirp({ filePath: "a/\udc80" });
    expect(rawNames(node)).toEqual(["a", "plain"]);
    expect(rawNames(node, "a")).toEqual(["\x80"]);
  });
});

describe("a name as other tools show it", () => {
  test("with U+FFFD makes no second file, and says where the right name is", async () => {
    using node = localNode();
    mkdirSync(node.root);
    writeFileSync(Buffer.concat([Buffer.from(`${node.root}/`), latin1("caf\xe9")]), "before");
    const filePath = "caf\ufffd";
    const { bridge } = node;
    await expect(bridge.readFile({ filePath })).rejects.toMatchObject({ code: "ENOENT" });
    for (const change of [
      () => bridge.writeFile({ filePath, data: "x" }),
      () => bridge.createFileExclusive({ filePath: `${filePath}/new/x`, data: "x" }),
      () => bridge.mkdirp({ filePath }),
      () => bridge.rename({ from: "a", to: filePath }),
      () => bridge.copyFile({ sourcePath: "a", destinationPath: filePath }),
    ]) {
      await expect(change()).rejects.toThrow(
        /PATH_NOT_ALLOWED: .*holds U\+FFFD, .*another file is meant; take the name from ls, .* or use exec/,
      );
    }
    expect(rawNames(node)).toEqual(["caf\xe9"]);
    // A file that is really called so can be read.
    writeFileSync(join(node.root, filePath), "really");
    expect((await bridge.readFile({ filePath })).toString()).toBe("really");
  });

  test("with half of a character is refused by every step, and nothing is sent", async () => {
    using node = localNode();
    for (const filePath of ["a\ud83d", "\udc2e\udc2e/x", "dir\udd00/x"]) {
      await expect(node.bridge.stat({ filePath })).rejects.toThrow(/PATH_NOT_ALLOWED: .*half of a character/);
      await expect(node.bridge.writeFile({ filePath, data: "x" })).rejects.toThrow(/PATH_NOT_ALLOWED/);
      await expect(node.bridge.readDirectory({ filePath })).rejects.toThrow(/PATH_NOT_ALLOWED/);
    }
    expect(node.requests).toEqual([]);
  });

  test("cannot lead out of the workspace: no byte below 0x80 can be spelled, and links are followed by the node", async () => {
    using node = localNode();
    writeFileSync(node.at("outside", "secret"), "secret");
    mkdirSync(node.root);
    symlinkSync(join(node.folder, "outside"), Buffer.concat([Buffer.from(`${node.root}/`), latin1("\xfe")]));
    await expect(node.bridge.readFile({ filePath: "\udcfe/secret" })).rejects.toThrow(/PATH_NOT_ALLOWED/);
    await expect(node.bridge.writeFile({ filePath: "\udcfe/secret", data: "x" })).rejects.toThrow(
      /PATH_NOT_ALLOWED/,
    );
  });

  test("composed and decomposed are two files where the node says so", async () => {
    using node = localNode();
    await node.bridge.writeFile({ filePath: "e\u0301", data: "decomposed" });
    if ((await node.bridge.stat({ filePath: "\u00e9" })) === null) {
      await node.bridge.writeFile({ filePath: "\u00e9", data: "composed" });
    }
    expect((await node.bridge.readFile({ filePath: "e\u0301" })).toString()).toBe("decomposed");
    expect(rawNames(node)).toEqual(
      readdirSync(node.root)
        .map((name) => Buffer.from(name).toString("latin1"))
        .sort(),
    );
  });
});

describe("the host's tools", () => {
  let factory: Awaited<ReturnType<typeof loadToolFactory>>;
  beforeAll(async () => {
    factory = await loadToolFactory();
  }, 60_000);

  test("list a name that is no UTF-8 as JSON, and take it from there", async () => {
    using node = localNode();
    const tools = hostTools(factory, { root: node.root, bridge: node.bridge });
    mkdirSync(node.root);
    const file = Buffer.concat([Buffer.from(`${node.root}/`), latin1("caf\xe9.txt")]);
    writeFileSync(file, "b = 2\n");
    const { text } = await tools.call("ls", {});
    expect(text).toBe('"caf\\udce9.txt"');
    const path = String(JSON.parse(text));
    expect((await tools.call("read", { path })).text).toContain("b = 2");
    await tools.call("edit", { path, edits: [{ oldText: "b = 2", newText: "b = 3" }] });
    expect(readFileSync(file, "utf8")).toBe("b = 3\n");
    await tools.call("write", { path, content: "all new" });
    expect(readFileSync(file, "utf8")).toBe("all new");
    await tools.call("apply_patch", {
      input: `*** Begin Patch\n*** Update File: ${path}\n@@\n-all new\n+newer\n*** End Patch`,
    });
    expect(readFileSync(file, "utf8")).toContain("newer");
    await expect(tools.call("write", { path: "caf\ufffd.txt", content: "x" })).rejects.toThrow(/U\+FFFD/);
    expect(rawNames(node)).toEqual(["caf\xe9.txt"]);
  });

  test("keep names with line ends and spaces at their ends", async () => {
    using node = localNode();
    const tools = hostTools(factory, { root: node.root, bridge: node.bridge });
    for (const path of [" a", "a ", "a\n", "\ta", "\u00a0a"]) {
      await tools.call("write", { path: `./${path}`, content: path });
      expect(readFileSync(join(node.root, path), "utf8")).toBe(path);
      expect((await tools.call("read", { path: `./${path}` })).text).toContain(path.trim());
    }
    expect((await tools.call("ls", {})).text).toContain('"a\\n"');
  });
});
