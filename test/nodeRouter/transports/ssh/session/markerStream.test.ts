import { Readable } from "node:stream";
import fc from "fast-check";
import { expect, test } from "vitest";
import { MarkerStream } from "../../../../../src/nodeRouter/transports/ssh/session/markerStream.ts";

const MARKER = "6d61726b6572";

async function read(chunks: readonly Uint8Array[]) {
  const lines: string[] = [];
  const excess: string[] = [];
  const stream = Readable.from(chunks, { objectMode: false }).pipe(
    new MarkerStream(
      MARKER,
      (rest) => lines.push(rest),
      (fact) => excess.push(fact),
    ),
  );
  const out: Buffer[] = [];
  for await (const chunk of stream) out.push(Buffer.from(chunk as Uint8Array));
  return { text: Buffer.concat(out), lines, excess };
}

test("what comes before the marker's line is dropped, what comes after it is passed on", async () => {
  const { text, lines } = await read([Buffer.from(`Welcome!\n${MARKER} start\nhello\n`)]);
  expect(text.toString()).toBe("hello\n");
  expect(lines).toEqual(["start"]);
});

test("without the marker nothing is passed on, however much there is", async () => {
  const { text, lines } = await read([Buffer.alloc(300_000, "x"), Buffer.from("no marker\n")]);
  expect(text.length).toBe(0);
  expect(lines).toEqual([]);
});

test("a marker without the end of its line is not yet a marker", async () => {
  expect(await read([Buffer.from(`${MARKER} start`)])).toMatchObject({ lines: [] });
});

test("the marker is found behind a greeting longer than what is held", async () => {
  const { text, lines } = await read([
    Buffer.alloc(200_000, "m"),
    Buffer.from(MARKER.slice(0, 5)),
    Buffer.from(`${MARKER.slice(5)} start\nout`),
  ]);
  expect(text.toString()).toBe("out");
  expect(lines).toEqual(["start"]);
});

test("a marker whose line does not end is an excess, told once, and nothing is passed on", async () => {
  const { text, lines, excess } = await read([
    Buffer.from(MARKER),
    ...Array.from({ length: 50 }, () => Buffer.alloc(100, "x")),
    Buffer.from(`\n${MARKER} start\nout`),
  ]);
  expect({ text: text.toString(), lines, excess }).toEqual({
    text: "",
    lines: [],
    excess: ["the command's first line does not end"],
  });
});

test("more than a megabyte before the marker is an excess; less is none", async () => {
  const [megabyte, marker] = [Buffer.alloc(1 << 20, "x"), Buffer.from(`${MARKER} start\nout`)];
  expect(await read([megabyte, Buffer.from("x"), marker])).toMatchObject({
    lines: [],
    excess: ["it printed more than 1024 KiB before the command's first line"],
  });
  expect(await read([megabyte, marker])).toMatchObject({ lines: ["start"], excess: [] });
});

test("a second marker is the command's own output", async () => {
  const { text, lines } = await read([Buffer.from(`${MARKER}\na\n${MARKER} cwd missing\nb\n`)]);
  expect(text.toString()).toBe(`a\n${MARKER} cwd missing\nb\n`);
  expect(lines).toEqual([""]);
});

test("any bytes come through whole, wherever the pieces are cut", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ maxLength: 400 }),
      fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 12 }),
      async (output, sizes) => {
        const whole = Buffer.concat([Buffer.from(`noise\n${MARKER} start\n`), output]);
        const chunks: Buffer[] = [];
        for (let at = 0, turn = 0; at < whole.length; turn += 1) {
          const size = sizes[turn % sizes.length] ?? 1;
          chunks.push(whole.subarray(at, at + size));
          at += size;
        }
        const { text, lines } = await read(chunks);
        expect(text).toEqual(Buffer.from(output));
        expect(lines).toEqual(["start"]);
      },
    ),
    { numRuns: 60 },
  );
});
