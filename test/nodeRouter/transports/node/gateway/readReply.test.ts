// What a node answers is read as the wire has it, or not at all.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readReply } from "../../../../../src/nodeRouter/transports/node/gateway/readReply.ts";

const STATE = { kind: "state", boot: "b", fresh: true, processGroup: 7, out: "YQ==", err: "", end: null };
const MAX = 100;

describe("a state", () => {
  test("is read whole, and what a newer node adds is left out", () => {
    expect(readReply({ ...STATE, more: 1 }, MAX)).toEqual(STATE);
  });

  test.each([
    ["TERM", "SIGTERM"],
    ["SIGKILL", "SIGKILL"],
    ["\u001b[31mX", "SIGUNKNOWN"],
    ["constructor", "SIGUNKNOWN"],
  ])("that ended by %j ended by %s", (signal, name) => {
    expect(readReply({ ...STATE, end: { exitCode: null, signal } }, MAX)).toMatchObject({
      end: { exitCode: null, signal: name },
    });
  });

  test.each<[string, object]>([
    ["more output than was asked for", { out: Buffer.alloc(MAX + 1).toString("base64") }],
    ["too much in both together", { out: "a".repeat(80), err: "b".repeat(80) }],
    ["no output at all", { out: null }],
    ["no process group", { processGroup: -1 }],
    ["an end that is none", { end: {} }],
    ["an exit code that is none", { end: { exitCode: 1.5, signal: null } }],
    ["no boot", { boot: "" }],
    ["a boot without end", { boot: "b".repeat(1_000) }],
    ["another kind", { kind: "states" }],
  ])("with %s is none", (_, change) => {
    expect(readReply({ ...STATE, ...change }, MAX)).toBe(null);
  });
});

describe("a refusal", () => {
  test("keeps one line of its fact, and not more than a sentence", () => {
    const fact = `${"long ".repeat(200)}\nsecond`;
    const read = readReply({ kind: "refused", boot: "b", why: "denied", fact }, MAX);
    expect(read).toMatchObject({ kind: "refused", why: "denied" });
    expect(JSON.stringify(read)).not.toContain("second");
    expect(JSON.stringify(read).length).toBeLessThan(400);
  });

  test("for a reason that this version does not know is none: it does not say that nothing began", () => {
    expect(readReply({ kind: "refused", boot: "b", why: "other", fact: "" }, MAX)).toBe(null);
  });
});

describe("a hello", () => {
  const hello = { kind: "hello", boot: "b", protocol: 1, version: "1.2.3", platform: "linux", load1: 0 };

  test("that leaves facts out is one all the same; a load of 0 is a load", () => {
    expect(readReply(hello, MAX)).toMatchObject({ platform: "linux", hostname: "", cores: 0, load1: 0 });
    expect(readReply({ ...hello, load1: null }, MAX)).toMatchObject({ load1: null });
    expect(readReply({ ...hello, load1: -1 }, MAX)).toMatchObject({ load1: null });
  });

  test("of another protocol is read no further", () => {
    expect(readReply({ ...hello, protocol: 2, platform: 7 }, MAX)).toEqual({
      kind: "other",
      protocol: 2,
      version: "1.2.3",
    });
  });
});

test("nothing that a node can send makes it throw", () => {
  fc.assert(
    fc.property(
      fc.jsonValue(),
      fc.constantFrom("state", "hello", "refused", "gone", "done"),
      (value, kind) => {
        readReply(value, MAX);
        if (typeof value === "object") readReply({ ...value, kind, boot: "b" }, MAX);
      },
    ),
  );
});
