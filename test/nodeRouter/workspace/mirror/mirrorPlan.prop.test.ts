// What holds of every plan, whatever is on the node and whoever brought it.
import fc from "fast-check";
import { expect, test } from "vitest";
import { readManifest, writeManifest } from "../../../../src/nodeRouter/workspace/mirror/manifest.ts";
import { filesByLists, planAdd, planMirror } from "../../../../src/nodeRouter/workspace/mirror/mirrorPlan.ts";

const path = fc.constantFrom("a", "b", "c/d", "c/e", "f");
const content = fc.constantFrom<string>("1", "2", "2x");
const files = fc
  .dictionary(path, content, { noNullPrototype: true })
  .map((record) => new Map(Object.entries(record)));
const owner = fc.constantFrom("me", "you", "them");
const lists = fc
  .dictionary(owner, files, { noNullPrototype: true })
  .map((record) => new Map(Object.entries(record)));

const any = fc.record({ wanted: files, files: fc.option(files), lists, isComplete: fc.boolean() });
type Any = typeof any extends fc.Arbitrary<infer Value> ? Value : never;

function carriedOut({ wanted, files: before, lists: listsBefore, isComplete }: Any) {
  const plan = planMirror(wanted, { files: before, lists: listsBefore }, "me", isComplete);
  const after = new Map(before ?? []);
  for (const gone of plan.remove) after.delete(gone);
  for (const sent of plan.send) after.set(sent, wanted.get(sent) ?? "");
  const listsAfter = plan.list === null ? listsBefore : new Map([...listsBefore, ["me", plan.list]]);
  return { plan, files: after, lists: listsAfter };
}

test("afterwards the node has all that is wanted, and the same plan has nothing left to do", () => {
  fc.assert(
    fc.property(any, (state) => {
      const after = carriedOut(state);
      for (const [name, text] of state.wanted) expect(after.files.get(name)).toBe(text);
      const again = planMirror(state.wanted, after, "me", state.isComplete);
      expect(again.send.size).toBe(0);
      expect(again.remove).toEqual([]);
      expect(again.list).toBeNull();
    }),
  );
});

test("only what we brought and nobody else has is removed, and nothing while the source is incomplete", () => {
  fc.assert(
    fc.property(any, (state) => {
      const { plan } = carriedOut(state);
      for (const gone of plan.remove) {
        expect(state.isComplete).toBe(true);
        expect(state.wanted.has(gone)).toBe(false);
        expect(state.lists.get("me")?.has(gone)).toBe(true);
        for (const [other, list] of state.lists) if (other !== "me") expect(list.has(gone)).toBe(false);
      }
    }),
  );
});

test("what was brought stays known as ours until it is removed", () => {
  fc.assert(
    fc.property(any, (state) => {
      const after = carriedOut({ ...state, isComplete: false });
      const own = after.lists.get("me");
      for (const name of state.lists.get("me")?.keys() ?? []) expect(own?.has(name)).toBe(true);
    }),
  );
});

test("nothing that is there is sent to be added, and everything else is", () => {
  fc.assert(
    fc.property(files, fc.option(files), (wanted, known) => {
      const { send, remove, list } = planAdd(wanted.keys(), { files: known });
      expect([...wanted.keys()].filter((name) => !send.has(name))).toEqual(
        [...wanted.keys()].filter((name) => known?.has(name)),
      );
      expect(remove).toEqual([]);
      expect(list).toBeNull();
    }),
  );
});

test("a file is only believed to be what every list says, and not when it changed since", () => {
  fc.assert(
    fc.property(lists, fc.array(path), (byOwner, changed) => {
      const manifests = [...byOwner].map(([name, listed]) => ({ owner: name, files: listed }));
      for (const [name, text] of filesByLists(manifests, new Set(changed))) {
        expect(changed).not.toContain(name);
        for (const listed of byOwner.values()) expect(listed.get(name) ?? text).toBe(text);
      }
    }),
  );
});

test("a list reads back as it was written, on one line, whatever the names", () => {
  const name = fc
    .array(
      fc.string({ unit: "binary", minLength: 1 }).filter((part) => !/^\.{0,2}$|[/\0]/.test(part)),
      {
        minLength: 1,
        maxLength: 3,
      },
    )
    .map((parts) => parts.join("/"))
    .filter((text) => text.isWellFormed());
  fc.assert(
    fc.property(fc.string(), fc.array(fc.tuple(name, content)), (by, entries) => {
      const manifest = { owner: by, files: new Map(entries) };
      const text = writeManifest(manifest);
      expect(text.indexOf("\n")).toBe(text.length - 1);
      expect(readManifest(text)).toEqual(manifest);
    }),
  );
});
