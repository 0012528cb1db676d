// Whatever is done in whatever order, the node's files are those of a simple map, and what the bridge remembers never shows.
import { readdirSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { FileBridge } from "../../../../src/nodeRouter/workspace/files/fileBridge.ts";
import { localNode } from "./localNode.ts";

const NAMES = [
  "a",
  "-b",
  " ",
  "*",
  "new\n",
  "\u00e9",
  "e\u0301",
  "$(x)",
  "it's",
  "dir/a",
  "dir/-b",
  "deep/er/~",
];
const name = fc.constantFrom(...NAMES);
const content = fc.oneof(
  fc.constantFrom("", "x", "\0", "line\n"),
  fc.string({ unit: "binary", maxLength: 50 }),
);

type Step =
  | { readonly do: "write" | "create"; readonly name: string; readonly content: string }
  | { readonly do: "read" | "remove" | "stat"; readonly name: string }
  | { readonly do: "rename"; readonly name: string; readonly to: string }
  | { readonly do: "copy"; readonly name: string; readonly to: string };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constantFrom("write" as const, "create" as const), name, content }),
  fc.record({ do: fc.constantFrom("read" as const, "remove" as const, "stat" as const), name }),
  fc.record({ do: fc.constant("rename" as const), name, to: name }),
  fc.record({ do: fc.constant("copy" as const), name, to: name }),
);

test("a sequence of steps is that sequence on a map of names", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
      using node = localNode();
      const model = new Map<string, string>();
      for (const each of steps) {
        expect(await onNode(node.bridge, each)).toEqual(onModel(model, each));
      }
      for (const each of NAMES) {
        const expected = onModel(model, { do: "read", name: each });
        expect(await onNode(node.bridge, { do: "read", name: each })).toEqual(expected);
      }
      const listed = await node.bridge.readDirectory({ filePath: "." });
      expect(listed.map((entry) => entry.name).sort()).toEqual(readdirSync(node.root).sort());
    }),
    { numRuns: 25 },
  );
});

/** What a step came to: a value, or the error's code. */
async function onNode(bridge: FileBridge, step: Step): Promise<unknown> {
  const { name: filePath } = step;
  try {
    switch (step.do) {
      case "write":
        await bridge.writeFile({ filePath, data: step.content });
        return "written";
      case "create":
        return await bridge.createFileExclusive({ filePath, data: step.content });
      case "read":
        return (await bridge.readFile({ filePath })).toString();
      case "stat":
        return (await bridge.stat({ filePath }))?.size ?? null;
      case "remove":
        await bridge.remove({ filePath, force: false });
        return "removed";
      case "rename":
        await bridge.rename({ from: filePath, to: step.to });
        return "renamed";
      case "copy":
        await bridge.copyFile({ sourcePath: filePath, destinationPath: step.to });
        return "copied";
    }
  } catch (error) {
    return error instanceof Error && "code" in error ? error.code : error;
  }
}

function onModel(files: Map<string, string>, step: Step): unknown {
  const current = files.get(step.name);
  if (step.do === "write" || step.do === "create") {
    // What is not text becomes U+FFFD on the way, as it does in any file that is written as text.
    const stored = Buffer.from(step.content).toString();
    if (step.do === "create" && current !== undefined) return "exists";
    files.set(step.name, stored);
    return step.do === "write" ? "written" : "created";
  }
  if (step.do === "stat") return current === undefined ? null : Buffer.byteLength(current);
  if (current === undefined) return "ENOENT";
  switch (step.do) {
    case "read":
      return current;
    case "remove":
      files.delete(step.name);
      return "removed";
    case "rename":
      files.delete(step.name);
      files.set(step.to, current);
      return "renamed";
    case "copy":
      files.set(step.to, current);
      return "copied";
  }
}
