// The operator's word is kept: over restarts, for every process, whatever the clock does, and never lost in silence.
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import {
  type CordonRecord,
  parseCordons,
  serializeCordons,
} from "../../../src/nodeRouter/inventory/cordonRecord.ts";
import { type Cordons, createCordons, withCordons } from "../../../src/nodeRouter/inventory/cordons.ts";
import { sharedFile } from "../../../src/shared/stateFile.ts";
import { makeNode } from "../../support/makeNode.ts";

const folder = mkdtempSync(join(tmpdir(), "node-router-cordons-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;
const newFile = () => join(folder, `${++files}`, "cordons.json");

const T0 = 1_700_000_000_000;
const HOUR = 3_600_000;

function record(node: string, changes: Partial<CordonRecord> = {}): CordonRecord {
  return {
    node,
    by: "alice",
    reason: "disk",
    atMs: T0,
    untilMs: null,
    drain: false,
    move: false,
    ...changes,
  };
}

/** A process with its own clocks, which a test moves. */
function openProcess(file: string | null, wallMs = T0) {
  const clock = { wallMs, monotonicMs: 0 };
  const cordons = createCordons(
    () => clock.wallMs,
    () => clock.monotonicMs,
  );
  if (file !== null) cordons.keepIn(sharedFile(file));
  return { clock, cordons };
}

const put = (cordons: Cordons, one: CordonRecord) =>
  cordons.update((records) => new Map([...records, [one.node, one]]));
const names = (cordons: Cordons) => [...cordons.view().records.keys()];

describe("a cordon", () => {
  test("outlives the process, with who, when, why and until when", async () => {
    const file = newFile();
    const first = openProcess(file);
    await put(first.cordons, record("mac-sg", { untilMs: T0 + HOUR }));
    const second = openProcess(file);
    await second.cordons.ready();
    expect(second.cordons.view()).toEqual({
      records: new Map([["mac-sg", record("mac-sg", { untilMs: T0 + HOUR })]]),
      problem: null,
    });
  });

  test("of one process is seen by another within a second, and both can change them without losing any", async () => {
    const file = newFile();
    const [a, b] = [openProcess(file), openProcess(file)];
    await Promise.all([a.cordons.ready(), b.cordons.ready()]);
    await Promise.all([
      ...["n1", "n2", "n3"].map((node) => put(a.cordons, record(node))),
      ...["n4", "n5", "n6"].map((node) => put(b.cordons, record(node))),
    ]);
    for (const { clock, cordons } of [a, b]) {
      clock.monotonicMs += 1_000;
      await cordons.ready();
      expect(names(cordons).sort()).toEqual(["n1", "n2", "n3", "n4", "n5", "n6"]);
    }
  });

  test("view gives the same object until something changes", async () => {
    const { cordons, clock } = openProcess(null);
    await put(cordons, record("mac-sg", { untilMs: T0 + HOUR }));
    const view = cordons.view();
    clock.monotonicMs += HOUR - 1;
    expect(cordons.view()).toBe(view);
    clock.monotonicMs += 1;
    expect(cordons.view().records.size).toBe(0);
  });
});

describe("the end of a cordon", () => {
  test.each([
    ["set forward a year", 365 * 24 * HOUR],
    ["set back a year", -365 * 24 * HOUR],
  ])("comes after its time also when the clock is %s meanwhile", async (_, jump) => {
    const { cordons, clock } = openProcess(newFile());
    await put(cordons, record("mac-sg", { untilMs: T0 + 2 * HOUR }));
    clock.wallMs += jump;
    clock.monotonicMs += 2 * HOUR - 1;
    await cordons.ready();
    expect(names(cordons)).toEqual(["mac-sg"]);
    clock.monotonicMs += 1;
    expect(names(cordons)).toEqual([]);
  });

  test("is never later than it was meant to be after a restart with a clock that was set back", async () => {
    const file = newFile();
    await put(openProcess(file).cordons, record("mac-sg", { untilMs: T0 + 2 * HOUR }));
    const { cordons, clock } = openProcess(file, T0 - 24 * HOUR);
    await cordons.ready();
    expect(names(cordons)).toEqual(["mac-sg"]);
    clock.monotonicMs += 2 * HOUR;
    expect(names(cordons)).toEqual([]);
  });

  test("that came while the gateway was down is one, and one without an end has none", async () => {
    const file = newFile();
    const before = openProcess(file);
    await put(before.cordons, record("mac-sg", { untilMs: T0 + 2 * HOUR }));
    await put(before.cordons, record("mac-cn"));
    const { cordons, clock } = openProcess(file, T0 + 3 * HOUR);
    await cordons.ready();
    clock.monotonicMs += 1_000 * HOUR;
    expect(names(cordons)).toEqual(["mac-cn"]);
  });
});

describe("a file that is not as it was written", () => {
  const whole = serializeCordons(new Map([["mac-sg", record("mac-sg")]]));
  const broken: readonly (readonly [string, string])[] = [
    ["cut", whole.slice(0, -3)],
    ["edited", whole.replace("mac-sg", "mac-cn")],
    ["without its cordons", JSON.stringify({ ...JSON.parse(whole), cordons: [] })],
    ["another version's", whole.replace('"version":1', '"version":2')],
    ["garbage", "\u0000\u0001"],
    ["empty", ""],
    ["a list", "[]"],
  ];

  test.each(broken)(
    "(%s) takes every node for cordoned, says so, and refuses a change until it is begun anew",
    async (_, text) => {
      const file = newFile();
      await put(openProcess(file).cordons, record("mac-sg"));
      writeFileSync(file, text);
      const { cordons } = openProcess(file);
      await cordons.ready();
      expect(cordons.view().problem).toContain("is not as node-router wrote it");
      const snapshot = {
        nodes: [makeNode(), makeNode({ name: "mac-cn" })],
        takenAtMs: 1,
        gatewayLocation: null,
      };
      expect(withCordons(snapshot, cordons.view()).nodes.map(({ cordon }) => cordon)).toEqual([
        "unreadable",
        "unreadable",
      ]);
      await expect(put(cordons, record("mac-cn"))).rejects.toThrow(/^CORDONS_UNREADABLE: .*uncordon --all/);
      expect(readFileSync(file, "utf8")).toBe(text);
      await cordons.update(() => new Map(), true);
      expect(cordons.view()).toEqual({ records: new Map(), problem: null });
      const next = openProcess(file);
      await next.cordons.ready();
      expect(next.cordons.view().problem).toBe(null);
    },
  );

  test("is noticed while the gateway runs, and trusted again once it is put back", async () => {
    const file = newFile();
    const { cordons, clock } = openProcess(file);
    await put(cordons, record("mac-sg"));
    const good = readFileSync(file, "utf8");
    for (const [text, isFine] of [
      ["{", false],
      [good, true],
    ] as const) {
      writeFileSync(file, text);
      clock.monotonicMs += 1_000;
      await cordons.ready();
      expect(cordons.view().problem === null).toBe(isFine);
    }
    expect(names(cordons)).toEqual(["mac-sg"]);
  });

  test("because it is gone loses no cordon of the running gateway", async () => {
    const file = newFile();
    const { cordons, clock } = openProcess(file);
    await put(cordons, record("mac-sg"));
    rmSync(file);
    clock.monotonicMs += 1_000;
    await cordons.ready();
    expect(names(cordons)).toEqual(["mac-sg"]);
    await put(cordons, record("mac-cn"));
    const next = openProcess(file);
    await next.cordons.ready();
    expect(names(next.cordons)).toEqual(["mac-sg", "mac-cn"]);
  });

  test("because it is a folder or cannot be read fails closed, with the system's word", async () => {
    const { cordons } = openProcess(folder);
    await cordons.ready();
    expect(cordons.view().problem).toMatch(/cannot be read: EISDIR/);
  });
});

test("until the file is read every node is taken for cordoned", async () => {
  const { cordons } = openProcess(newFile());
  expect(cordons.view().problem).toContain("is being read");
  await cordons.ready();
  expect(cordons.view().problem).toBe(null);
});

test("a cordon that cannot be written is an error, and does not hold", async () => {
  const store = sharedFile(newFile());
  const clock = () => T0;
  const cordons = createCordons(clock, () => 0);
  cordons.keepIn({ ...store, write: () => Promise.reject(new Error("ENOSPC: no space left on device")) });
  await cordons.ready();
  await expect(put(cordons, record("mac-sg"))).rejects.toThrow(/^STATE_NOT_WRITTEN: .*ENOSPC/);
  expect(names(cordons)).toEqual([]);
});

test("a link in the file's place is replaced, and what it leads to is not written", async () => {
  const file = newFile();
  const { cordons } = openProcess(file);
  await put(cordons, record("mac-sg"));
  const victim = join(folder, "victim");
  writeFileSync(victim, readFileSync(file, "utf8"));
  const before = readFileSync(victim, "utf8");
  rmSync(file);
  symlinkSync(victim, file);
  await put(cordons, record("mac-cn"));
  expect(readFileSync(victim, "utf8")).toBe(before);
});

test("any records come back from their text as they were", () => {
  const texts = fc.string({ unit: "binary", maxLength: 20 });
  const any = fc.record({
    node: texts,
    by: texts,
    reason: fc.option(texts),
    atMs: fc.integer(),
    untilMs: fc.option(fc.integer()),
    drain: fc.boolean(),
    move: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.uniqueArray(any, { selector: ({ node }) => node, maxLength: 5 }), (list) => {
      const records = new Map(list.map((one) => [one.node, one]));
      expect(parseCordons(serializeCordons(records))).toEqual(records);
    }),
  );
});
