// What people and scripts read of the ledger in a terminal.
import { describe, expect, test } from "vitest";
import type { VerifyReport } from "../../../../src/nodeRouter/ledger/verify.ts";
import { callLine, callsText, verifyText } from "../../../../src/nodeRouter/surfaces/cli/callsText.ts";
import { MACHINE, run } from "./arrange.ts";

const CALL = {
  id: "a",
  at: "2026-11-30T01:31:11.482Z",
  agent: "worker-sg",
  session: "s",
  tool: "exec",
  rule: "singapore",
  outcome: "ran",
  node: "mac-sg",
  transport: "node",
  place: { country: "SG", source: "declared" },
  code: null,
  ms: 143,
  reason: null,
} as const;
const REFUSED = {
  ...CALL,
  id: "b",
  outcome: "refused",
  node: null,
  transport: null,
  place: null,
  code: "NO_NODE_FITS",
  ms: 1,
  reason: "0/2 nodes fit\u001b[2J",
} as const;
const REPORT: VerifyReport = {
  ok: true,
  files: 1,
  records: 12,
  unsealed: 0,
  torn: 0,
  forks: 0,
  head: { n: 12, hash: "h".repeat(43) },
  findings: [],
  found: 0,
};
const FINDING = {
  kind: "changed",
  file: "audit.jsonl",
  line: 7,
  record: 7,
  text: "record 7 was changed",
} as const;

test("a call is a row with its node, place and transport; a refusal with its words, and nothing repaints the terminal", () => {
  const text = callsText({ calls: [REFUSED, CALL] }, 140);
  expect(text).toMatch(/^TIME +AGENT +TOOL +OUTCOME +NODE +MS +WHY\n/);
  expect(text).toContain("NO_NODE_FITS · 0/2 nodes fit\\u001b[2J");
  expect(text).toMatch(
    /2026-11-30 01:31:11Z +worker-sg +exec +ran +mac-sg \(SG, declared\) over node +143 +rule singapore/,
  );
  expect(callsText({ calls: [] })).toBe("No such call is in the ledger.");
  expect(callLine(REFUSED)).toBe(
    "2026-11-30 01:31:11Z  worker-sg  exec  refused  - in 1 ms  rule singapore · NO_NODE_FITS · 0/2 nodes fit\\u001b[2J",
  );
});

test("a check says what holds and what it cannot know, and what does not hold with its place", () => {
  expect(verifyText(REPORT)).toMatch(/^12 records in 1 file\nhead 12 h{43}\nThe chain holds\. Whether/);
  const text = verifyText({
    ...REPORT,
    ok: false,
    torn: 1,
    unsealed: 2,
    forks: 3,
    findings: [FINDING],
    found: 4,
  });
  expect(text).toMatch(
    /^"audit\.jsonl", line 7: record 7 was changed\nand 3 more\n\n12 records in 1 file · /,
  );
  expect(text).toContain("1 torn line, as a crash or a full disk leaves");
  expect(text).toMatch(/The chain does not hold\.$/);
});

test.each([
  [true, 0],
  [false, 1],
])("ledger verify of a chain that holds (%j) is %i, in text and in JSON", async (ok, code) => {
  for (const json of [false, true]) {
    const ran = await run("ledger", { node: "verify", json, head: "h".repeat(43) }, () => ({
      ...REPORT,
      ok,
    }));
    expect([ran.code, ran.asked]).toEqual([code, [`noderouter.ledger {"head":"${"h".repeat(43)}"}`]]);
    if (json) expect(JSON.parse(ran.stdout)).toEqual({ ...REPORT, ok });
  }
});

test.each([
  ["ledger", {}],
  ["ledger", { node: "check" }],
  ["calls", { limit: "0" }],
  ["calls", { limit: "1001" }],
  ["calls", { limit: "many" }],
  ["calls", { since: "soon" }],
] as const)("%s with %j is wrong usage", async (name, options) => {
  const ran = await run(name, options, () => ({ calls: [] }));
  expect([ran.code, ran.asked]).toEqual([2, []]);
});

test("calls asks for what it was told, for reasons where people read them, and JSON has the answer as it is", async () => {
  const options = { agent: "worker-sg", node: "mac-sg", outcome: "ran", since: "2h", limit: "7" };
  const text = await run("calls", options, () => ({ calls: [CALL] }));
  expect(text.asked).toEqual([
    'noderouter.calls {"agent":"worker-sg","node":"mac-sg","outcome":"ran","since":"2h","limit":7,"reasons":true}',
  ]);
  const { reason: _reason, ...row } = CALL;
  const json = await run("calls", { json: true }, () => ({ calls: [row] }));
  expect(json.asked).toEqual(["noderouter.calls {}"]);
  expect(JSON.parse(json.stdout)).toEqual({ calls: [row] });
});

test("--follow prints a call when it comes and when it ends, each once, and nothing that was older", async () => {
  const stop = new AbortController();
  const { reason: _reason, ...row } = CALL;
  const running = { ...row, id: "c", at: "2026-11-30T01:31:12.000Z", outcome: "running", ms: null };
  const ended = { ...running, outcome: "ran", ms: 20 };
  const answers = [[row], [running, row], [running, row], [ended, row]];
  let asked = 0;
  const machine = {
    ...MACHINE,
    stop: stop.signal,
    sleep: async () => {
      if (asked === answers.length) stop.abort();
    },
  };
  const ran = await run("calls", { follow: true, json: true }, () => ({ calls: answers[asked++] }), machine);
  expect(ran.code).toBe(0);
  expect(ran.stdout.split("\n").map((line) => JSON.parse(line))).toEqual([row, running, ended]);
  expect(ran.asked.at(-1)).toBe('noderouter.calls {"limit":1000,"since":"2026-11-30T01:31:11.482Z"}');
});

describe("describe call", () => {
  const row = (id: string) => ({
    ...{ id, at: "2026-11-22T08:00:00.000Z", agent: "worker-sg", session: null, tool: "exec" },
    ...{ rule: "singapore", outcome: "refused", node: null, transport: null },
    ...{ place: { country: "SG", source: "declared" }, code: "NO_NODE_FITS", ms: null },
    reason: `1 was offline\u001b[2J ${"and so on ".repeat(20)}`,
  });
  const answer = () => ({ calls: [row("3f2a-1"), row("3f2b-2"), row("3f2b-22")] });

  test("shows one by its id or the beginning of it, every fact on a line that fits", async () => {
    const ran = await run("describe", { argument: "call", id: "3f2a" }, answer, undefined, 60);
    expect([ran.code, ran.stderr]).toEqual([0, ""]);
    expect(ran.stdout).toMatch(/^id +3f2a-1\nat +2026-.*\nagent +worker-sg\nsession +-\n/);
    expect(ran.stdout).toContain("\nplace      SG (declared)\n");
    for (const line of ran.stdout.split("\n")) expect(line.length).toBeLessThanOrEqual(60);
    const json = await run("describe", { argument: "call", id: "3f2b-2", json: true }, answer);
    expect(JSON.parse(json.stdout)).toEqual(row("3f2b-2"));
  });

  test.each([
    ["3f2b", '2 calls begin with "3f2b"; ids are those of "openclaw node-router calls -o name"'],
    ["9", 'no call "9" is among the newest 1000; ids are those of "openclaw node-router calls -o name"'],
  ])("of %s it is 1, and says why", async (id, stderr) => {
    const ran = await run("describe", { argument: "call", id }, answer);
    expect(ran).toMatchObject({ code: 1, stdout: "", stderr });
  });
});

/** `--follow` with one answer a round; an Error is thrown. */
async function followed(answers: readonly (readonly object[] | Error)[], nowMs: number) {
  const stop = new AbortController();
  let asked = 0;
  const machine = {
    ...MACHINE,
    now: () => nowMs,
    stop: stop.signal,
    sleep: async () => {
      if (asked === answers.length) stop.abort();
    },
  };
  const answer = () => {
    const calls = answers[asked++];
    if (calls instanceof Error) throw calls;
    return { calls };
  };
  const ran = await run("calls", { follow: true, json: true }, answer, machine);
  return { ...ran, ids: ran.stdout.split("\n").flatMap((line) => (line === "" ? [] : JSON.parse(line).id)) };
}

test("--follow of an empty ledger shows the first call, whatever the clock of this machine says", async () => {
  const { reason: _reason, ...row } = CALL;
  const { ids, asked } = await followed([[], [], [row], [row]], Date.parse("2099-01-01"));
  expect(ids).toEqual([row.id]);
  expect(asked.join()).not.toContain("2099");
});

test("--follow goes on while the gateway restarts, says so once, and shows what came meanwhile", async () => {
  const { reason: _reason, ...row } = CALL;
  const next = { ...row, id: "next", at: "2026-11-30T01:40:00.000Z" };
  const lost = new Error("closed");
  const ran = await followed([[row], lost, lost, [next, row]], 0);
  expect([ran.code, ran.ids]).toEqual([0, [row.id, "next"]]);
  expect(ran.stderr.split("\n")).toEqual([
    "the gateway does not answer, this goes on: closed",
    "the gateway answers again",
  ]);
  expect((await followed([lost], 0)).code).toBe(1);
});

test("--follow ends with 1 at a no that stays", async () => {
  const { reason: _reason, ...row } = CALL;
  const lasting = new Error("gateway closed (1008): unauthorized: gateway token mismatch");
  const { code, ids, stderr } = await followed([[row], lasting, [row]], 0);
  expect([code, ids]).toEqual([1, [row.id]]);
  expect(stderr).toMatch(/^GATEWAY_UNREACHABLE: .*token mismatch; name the right one with --token/);
});
