// The oracle finds every planted violation, and nothing in a run that is as promised.
import { describe, expect, test } from "vitest";
import {
  type Asked,
  type Broken,
  type Claim,
  type Evidence,
  judge,
  type Mark,
  type World,
} from "../../chaos/oracle.ts";

const ID = "1.exec-a.00001.0.7";
const asked = (more: Partial<Asked> = {}): Asked => ({
  id: ID,
  agent: "exec-a",
  kind: "quick",
  fromMs: 0,
  untilMs: 1_000,
  told: true,
  isAnswered: true,
  ...more,
});
const claim = (outcome: Claim["outcome"], node: string | null = null, source = "result"): Claim => ({
  id: ID,
  source,
  outcome,
  node,
  rule: null,
});
const on = (...machines: string[]): Mark[] => machines.map((machine) => ({ id: ID, machine, lines: null }));
const OPEN: World = {
  allowed: () => new Set(["pair-1", "pair-2"]),
  allowedByRule: () => new Set(["pair-1", "pair-2"]),
  mostAtOnce: () => Number.POSITIVE_INFINITY,
  isClosed: () => false,
  mustHave: () => false,
};
const brokenIn = (evidence: Partial<Evidence>, world: Partial<World> = {}): readonly Broken[] =>
  judge(
    { asked: [asked()], claims: [], marks: [], sources: ["result"], ...evidence },
    { ...OPEN, ...world },
  ).map(({ broken }) => broken);

describe("a call that is as promised breaks nothing:", () => {
  test.each<readonly [string, Evidence["claims"], Evidence["marks"]]>([
    ["it ran, with one mark on the node that is named", [claim("ran", "pair-1")], on("pair-1")],
    ["it was refused, without a mark", [claim("refused")], []],
    ["it was not started, without a mark", [claim("not-started", "pair-1")], []],
    ["its outcome is unknown, with one mark", [claim("unknown", "pair-1")], on("pair-1")],
    ["its outcome is unknown, without a mark", [claim("unknown", "pair-1")], []],
    [
      "unknown at first, and then it is on record that it ran",
      [claim("unknown"), claim("ran", "pair-1", "audit")],
      on("pair-1"),
    ],
    ["nothing was told, with one mark", [], on("pair-2")],
    [
      "it ran on in the background, and its end is on record",
      [claim("running", "pair-1"), claim("ran", "pair-1", "audit")],
      on("pair-1"),
    ],
    ["its end is not on record, and nobody was told that it runs on", [claim("open")], on("pair-1")],
    [
      "it was to run on in the background, and it is on record that it was never begun",
      [claim("running", "pair-1"), claim("not-started", "pair-1", "audit")],
      [],
    ],
  ])("%s", (_, claims, marks) => {
    expect(brokenIn({ claims, marks })).toEqual([]);
  });
});

describe("a planted violation is found:", () => {
  test.each<readonly [Broken, Evidence["claims"], Evidence["marks"]]>([
    ["ran twice", [claim("ran", "pair-1")], on("pair-1", "pair-1")],
    ["ran twice", [claim("unknown", "pair-1")], on("pair-1", "pair-1")],
    ["ran twice", [], on("pair-2", "pair-2")],
    ["ran, and left no mark", [claim("ran", "pair-1")], []],
    ["ran, and left no mark", [claim("left", "pair-1")], []],
    ["ran, and its mark is elsewhere", [claim("ran", "pair-1")], on("pair-2")],
    ["ran, and its mark is elsewhere", [claim("unknown", "pair-1")], on("pair-2")],
    ["ran, and its mark is elsewhere", [claim("running", "pair-1")], on("pair-2")],
    ["runs in the background, and left no mark", [claim("running", "pair-1")], []],
    [
      "ran in the background, and its end is nowhere",
      [claim("running", "pair-1"), claim("open", "pair-1", "audit")],
      on("pair-1"),
    ],
    [
      "did not run, and left a mark",
      [claim("running", "pair-1"), claim("not-started", "pair-1", "audit")],
      on("pair-1"),
    ],
    ["did not run, and left a mark", [claim("refused")], on("pair-1")],
    ["did not run, and left a mark", [claim("not-started", "pair-1")], on("pair-1")],
  ])("%s: %j, %j", (broken, claims, marks) => {
    expect(brokenIn({ claims, marks })).toEqual([broken]);
  });

  test("two sources that contradict each other", () => {
    const claims = [claim("not-started"), claim("ran", "pair-1", "audit")];
    expect(brokenIn({ claims, marks: on("pair-1") })).toEqual([
      "two outcomes",
      "did not run, and left a mark",
    ]);
  });

  test("a mark on a machine that no rule in force allowed, whatever was told", () => {
    expect(brokenIn({ claims: [claim("unknown")], marks: on("gateway") })).toEqual([
      "a place that no rule in force allowed",
    ]);
  });

  test("a mark on a machine that was cordoned all the time", () => {
    const isClosed = (machine: string) => machine === "pair-1";
    const claims = [claim("ran", "pair-1")];
    expect(brokenIn({ claims, marks: on("pair-1") }, { isClosed })).toEqual(["a place that was cordoned"]);
    expect(brokenIn({ claims: [claim("ran", "pair-2")], marks: on("pair-2") }, { isClosed })).toEqual([]);
  });

  test("a mark where the rule that is named did not allow it, though another rule did", () => {
    const allowedByRule = (rule: string) => new Set(rule === "first" ? ["pair-1"] : ["pair-2"]);
    const by = (rule: string) => [{ ...claim("ran", "pair-2"), rule }];
    expect(brokenIn({ claims: by("first"), marks: on("pair-2") }, { allowedByRule })).toEqual([
      "a place that the rule it names did not allow",
    ]);
    expect(brokenIn({ claims: by("next"), marks: on("pair-2") }, { allowedByRule })).toEqual([]);
  });

  test("a call that a source must know and does not", () => {
    const mustHave: World["mustHave"] = (source) => source === "audit";
    const evidence = { claims: [claim("ran", "pair-1")], marks: on("pair-1"), sources: ["result", "audit"] };
    expect(brokenIn(evidence, { mustHave })).toEqual(["no record"]);
    const recorded = { ...evidence, claims: [...evidence.claims, claim("ran", "pair-1", "audit")] };
    expect(brokenIn(recorded, { mustHave })).toEqual([]);
  });

  test("a mark of a call that nobody asked for", () => {
    expect(brokenIn({ asked: [], marks: on("pair-1") })).toEqual(["a mark that nobody asked for"]);
  });
});

describe("of three calls on a machine, two of them at the same time,", () => {
  const ids = ["1.exec-a.00001.0.7", "1.exec-a.00001.1.8", "1.exec-a.00001.2.9"];
  const lines = [
    { begin: 0, end: 2 },
    { begin: 1, end: 3 },
    { begin: 4, end: 5 },
  ];
  const three = (more: { outcome?: Claim["outcome"]; untilMs?: number } = {}): Evidence => ({
    asked: ids.map((id, at) => asked({ id, ...(at === 1 ? { untilMs: more.untilMs ?? 1_000 } : {}) })),
    claims: ids.map((id, at) => ({
      ...claim(at === 1 ? (more.outcome ?? "ran") : "ran", "pair-1"),
      id,
    })),
    marks: ids.map((id, at) => ({ id, machine: "pair-1", lines: lines[at] ?? null })),
    sources: [],
  });
  const most = (count: number) => ({ mostAtOnce: () => count });

  test("the second is one too many where one may run", () => {
    const violations = judge(three(), { ...OPEN, ...most(1) });
    expect(violations).toMatchObject([{ broken: "more at once than the machine may run", id: ids[1] }]);
  });

  test.each<readonly [string, Evidence, Partial<World>]>([
    ["nothing is wrong where two may run", three(), most(2)],
    ["nothing is said of one whose end nobody was told", three({ outcome: "unknown" }), most(1)],
    [
      "nothing is said while another limit may have held",
      three({ untilMs: 2_000 }),
      { mostAtOnce: (_from, untilMs) => (untilMs > 1_000 ? Number.POSITIVE_INFINITY : 1) },
    ],
  ])("%s", (_, evidence, world) => {
    expect(brokenIn(evidence, world)).toEqual([]);
  });
});

test("one call's violation is no other call's", () => {
  const other = asked({ id: "1.exec-a.00002.0.8" });
  const violations = judge(
    { asked: [asked(), other], claims: [claim("ran", "pair-1")], marks: [], sources: [] },
    OPEN,
  );
  expect(violations.map(({ id }) => id)).toEqual([ID]);
});
