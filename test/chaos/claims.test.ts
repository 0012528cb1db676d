// What was told of a call is read out of a result and out of the plugin's record.
import { describe, expect, test } from "vitest";
import { claimOfResult, claimsOfRecords, isNotOffered } from "../../chaos/claims.ts";

const ID = "1.ssh-a.00001.0.7";

describe("a result is read:", () => {
  test.each<readonly [string, string, string, string | null]>([
    [
      "one that ran",
      `did ${ID}\n\n[node-router] ran on ssh-1 (SG, declared) over ssh · rule rule-ssh-a`,
      "ran",
      "ssh-1",
    ],
    [
      "one that runs on",
      "Command still running\n[node-router] runs on ssh-1 (SG, declared) · rule x",
      "running",
      "ssh-1",
    ],
    [
      "one that starts in the background",
      "Command still running\n[node-router] starts in the background on ssh-1 (SG, declared) · rule x",
      "running",
      "ssh-1",
    ],
    [
      "one that may have run",
      "OUTCOME_UNKNOWN: the connection was lost\n[node-router] may have run on ssh-1 (SG, declared) · rule x · outcome unknown",
      "unknown",
      "ssh-1",
    ],
    [
      "one that did not start",
      "NOT_STARTED: x\n[node-router] did not start on ssh-1 (SG, declared) · nothing ran",
      "not-started",
      "ssh-1",
    ],
    [
      "one that a refusal ended on its way",
      "RUN_NOT_ALLOWED: x\n[node-router] did not finish on ssh-1 (SG) · rule x",
      "refused",
      null,
    ],
    [
      "one that the host's own words ended",
      "node gone\n[node-router] did not finish on ssh-1 (SG) · rule x",
      "unknown",
      "ssh-1",
    ],
    ["one that no node fitted", "NO_NODE_FITS: 0/2 nodes fit", "refused", null],
    ["one that a text of the host wraps", "Tool call blocked: CONFIG_INVALID: rules[0]", "refused", null],
    ["a file that was written", "Successfully wrote 3 bytes to a.txt", "ran", null],
    ["a file of which nobody knows", "FILE_FAILED: write of x", "unknown", null],
    ["one without a rule", `did ${ID}`, "left", "gateway"],
    ["one of which nothing is said", "fetch failed", "unknown", null],
  ])("%s", (_, text, outcome, node) => {
    expect(claimOfResult(ID, text)).toMatchObject({ id: ID, source: "result", outcome, node });
  });

  test("the rule that chose the node is read, and a rule that is only spoken of is not", () => {
    const line = "[node-router] ran on ssh-2 (DE, declared) over ssh";
    const ruleIn = (text: string) => claimOfResult(ID, text).rule;
    expect(ruleIn(`${line} · rule rule-ssh-a-next · rule "rule-ssh-a-next" is next, for 0/2 fit`)).toBe(
      "rule-ssh-a-next",
    );
    expect(ruleIn(line)).toBeNull();
    expect(ruleIn("NO_NODE_FITS: 0/2 nodes fit rule rule-ssh-a")).toBeNull();
  });

  test("what a command printed is no line of the plugin's when another one follows", () => {
    const text =
      "[node-router] ran on ssh-2 (DE) · rule x\n[node-router] may have run on ssh-1 (SG) · rule x";
    expect(claimOfResult(ID, text)).toMatchObject({ outcome: "unknown", node: "ssh-1" });
  });
});

test("a tool that the turn does not have is told by the host's words alone", () => {
  expect(isNotOffered("Tool exec not found")).toBe(true);
  expect(isNotOffered("did 1.ssh-a.00001.0.7\nTool exec not found")).toBe(false);
});

describe("the record is read:", () => {
  const line = (record: object) => JSON.stringify({ v: 1, node: "ssh-1", ...record });
  const nobody = () => null;
  const command = `echo "${ID} x" >>marks`;

  test("an end says the outcome, and an announcement without an end that it is open", () => {
    const begin = line({ phase: "begin", id: "a", command });
    expect(claimsOfRecords([begin], nobody)).toEqual([
      { id: ID, source: "record", outcome: "open", node: "ssh-1", rule: null },
    ]);
    const end = line({ phase: "end", id: "a", command, outcome: "ran", rule: "rule-ssh-a" });
    expect(claimsOfRecords([begin, end], nobody)).toEqual([
      { id: ID, source: "record", outcome: "ran", node: "ssh-1", rule: "rule-ssh-a" },
    ]);
  });

  test("a file is known by its path, and other records are none of ours", () => {
    const file = line({ phase: "end", id: "b", path: `/home/work/${ID}.txt`, outcome: "done" });
    const others = [line({ phase: "end", id: "c", path: "/home/work" }), "", "{cut", line({ phase: "note" })];
    expect(claimsOfRecords([file, ...others], nobody)).toEqual([
      { id: ID, source: "record", outcome: "ran", node: "ssh-1", rule: null },
    ]);
  });

  test("a call without a text is known by its tool call, and a refusal counts", () => {
    const refused = line({
      phase: "end",
      id: "d",
      kind: "call",
      toolCallId: "call_7",
      outcome: "refused",
      node: null,
    });
    const idOf = (callId: string) => (callId === "call_7" ? ID : null);
    expect(claimsOfRecords([refused], idOf)).toEqual([
      { id: ID, source: "record", outcome: "refused", node: null, rule: null },
    ]);
    expect(claimsOfRecords([refused], nobody)).toEqual([]);
  });

  test("a file's record names the rule of its run, which counts for nothing later; a call's names its own", () => {
    const end = (kind: string) =>
      line({ phase: "end", id: "f", kind, command, outcome: "ran", rule: "rule-ssh-a" });
    const rules = (kind: string) => claimsOfRecords([end(kind)], nobody).map(({ rule }) => rule);
    expect([rules("file"), rules("call"), rules("command")]).toEqual([
      [null],
      ["rule-ssh-a"],
      ["rule-ssh-a"],
    ]);
  });

  test("a call is ended by the end of its command, which goes on after it; a file's end is another one's", () => {
    const begin = (kind: string) => line({ phase: "begin", id: "e", kind, command });
    const end = (kind: string) => line({ phase: "end", id: "e", kind, command, outcome: "ran" });
    const outcomes = (...lines: string[]) => claimsOfRecords(lines, nobody).map(({ outcome }) => outcome);
    expect(outcomes(begin("call"), begin("command"), end("command"))).toEqual(["ran"]);
    expect(outcomes(begin("call"), begin("command"))).toEqual(["open", "open"]);
    expect(outcomes(begin("call"), end("file"))).toEqual(["open", "ran"]);
  });
});
