// Splitting JSON while it arrives: the same parts however the bytes are cut, and nothing that is only in a string.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createSplitter, type SplitterOptions } from "../../../../src/presence/sources/tailscale/splitter.ts";

interface Parts {
  readonly entries: unknown[];
  readonly documents: unknown[];
}

/** What comes out when the text arrives in pieces of these sizes, again and again. */
function split(
  text: string,
  options: Partial<SplitterOptions> = {},
  sizes: readonly number[] = [Number.MAX_SAFE_INTEGER],
): Parts {
  const parts: Parts = { entries: [], documents: [] };
  const splitter = createSplitter({
    entries: ["Peer"],
    onEntry: (entry) => parts.entries.push(JSON.parse(entry)),
    onDocument: (document) => parts.documents.push(JSON.parse(document)),
    maxBytes: 1_000_000,
    ...options,
  });
  const bytes = Buffer.from(text);
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1;
    splitter.push(bytes.subarray(at, at + size));
    at += size;
  }
  splitter.end();
  return parts;
}

describe("what comes out", () => {
  test("the entries of the one object, and the rest around them", () => {
    const status = { A: 1, Peer: { x: { n: 1 }, y: { n: [{ m: 2 }] } }, User: { z: { Peer: { q: {} } } } };
    expect(split(JSON.stringify(status, null, "\t"))).toEqual({
      entries: [{ n: 1 }, { n: [{ m: 2 }] }],
      documents: [{ ...status, Peer: {} }],
    });
  });

  test.each([
    ["null", { Peer: null, A: {} }],
    ["a list", { Peer: [{ n: 1 }] }],
    ["deeper", { A: { Peer: { x: { n: 1 } } } }],
    ["in a list", { A: ["Peer", { x: { n: 1 } }] }],
    ["a value", { A: "Peer", B: { x: { n: 1 } } }],
    ["another spelling", { peer: { x: { n: 1 } } }],
  ])("nothing where the object is %s", (_, document) => {
    expect(split(JSON.stringify(document))).toEqual({ entries: [], documents: [document] });
  });

  test("entries that are no objects are left out", () => {
    expect(split('{"Peer":{"a":null,"b":7,"c":[{}],"d":"{","e":{}}}').entries).toEqual([{}]);
  });

  test("one document after the other, with a path of two keys and without what nobody reads", () => {
    const options = { entries: ["InitialStatus", "Peer"], omit: ["NetMap"] };
    const text =
      '{"InitialStatus":{"S":1,"Peer":{"a":{"n":1}}}}\n{"NetMap":{"Peers":[{}]},"State":6}\n{"Peer":{"a":{}}}';
    expect(split(text, options)).toEqual({
      entries: [{ n: 1 }],
      documents: [{ InitialStatus: { S: 1, Peer: {} } }, { NetMap: {}, State: 6 }, { Peer: { a: {} } }],
    });
  });

  test("an object of any names and texts, in pieces of any size", () => {
    const text = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.constantFrom("Peer", '"Peer":{', "}]", "\\", '\\"', "{"),
    );
    const value = fc.oneof(text, fc.integer(), fc.constant(null), fc.dictionary(text, text), fc.array(text));
    const status = fc.record({
      Self: value,
      Peer: fc.dictionary(
        text,
        fc.record({ HostName: text, Tags: fc.array(text) }, { noNullPrototype: true }),
      ),
      "Pe er": value,
      User: fc.dictionary(text, value),
    });
    const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(status, sizes, fc.constantFrom(undefined, 2, "\t"), (document, cuts, indent) => {
        // As JSON has it: a key `__proto__` or a lone surrogate is what the parser makes of it.
        const whole = JSON.parse(Buffer.from(JSON.stringify(document, null, indent)).toString());
        expect(split(JSON.stringify(document, null, indent), {}, cuts)).toEqual({
          entries: Object.values(whole.Peer),
          documents: [{ ...whole, Peer: {} }],
        });
      }),
    );
  });
});

describe("what is refused", () => {
  test.each(["", " \n"])("%j is no document", (text) => {
    expect(split(text).documents).toEqual([]);
  });

  test.each(["<html>", "null", "[{}]", '"text"', "{}}", "{}x", "]"])(
    "%j is in no form that can be read",
    (text) => {
      expect(() => split(text)).toThrow("not in a form that can be read");
    },
  );

  test.each(['{"Peer":{', '{"Peer":{"a":{"n":1}', '{"a":"b', "{"])("%j ends in its middle", (text) => {
    expect(() => split(text)).toThrow("ends in its middle");
  });

  test.each(['{"Peer":{"a":{]}}', '{"a" 1}', '{"Peer":{]}'])(
    "%j is refused by who parses the parts",
    (text) => {
      expect(() => split(text)).toThrow();
    },
  );

  test("a document that is too long, also when nobody would read the long part; many short ones are not", () => {
    const long = JSON.stringify({ Peer: { a: 7, b: "x".repeat(100) } });
    expect(() => split(long, { maxBytes: 50 }, [10])).toThrow("longer than 50 bytes");
    expect(split('{"a":1}\n'.repeat(100), { maxBytes: 50 }, [10]).documents).toHaveLength(100);
  });
});
