// What a person is shown before a command runs on a node: true, whole or marked as cut, and within the host's limits.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { approvalText } from "../../../src/nodeRouter/approval/question.ts";

const NODE = {
  name: "mac-sg",
  location: { country: "SG", source: "declared" },
  workspace: "/node/ws",
} as const;
const text = (command: string, changes: Partial<Parameters<typeof approvalText>[0]> = {}) =>
  approvalText({
    agent: "worker-sg",
    node: NODE,
    over: "ssh",
    rule: "singapore",
    workdir: null,
    command,
    ...changes,
  });
const points = (shown: string) => [...shown].length;

test("names the agent, the node with its place, the rule, the directory and the whole command", () => {
  expect(text("rm -rf build && make")).toEqual({
    title: "Run a command on mac-sg",
    description:
      'Agent "worker-sg" wants to run a command on node "mac-sg" (SG, declared) over SSH, rule "singapore", in "/node/ws":\n"rm -rf build && make"',
  });
  expect(text("ls", { workdir: "/etc", over: "node" }).description).toMatch(
    /\(SG, declared\) over the node protocol, .* in "\/etc":/,
  );
});

test("a line end, a quote and an escape sequence are shown as such: no second line can pretend to be ours", () => {
  const { description } = text('echo "a"\n\u001b[2Jrm -rf /\u202e');
  expect(description.split("\n")).toHaveLength(2);
  expect(description).toContain('"echo \\"a\\"\\n\\u001b[2Jrm -rf /\\u{202e}"');
});

test.each(["\ufe0f", "\u034f", "\u180b", "\u2800", "\u{e0100}", "\u{e0041}", "\u3164", "\u200d"])(
  "%j, which no screen shows, is written out",
  (hidden) => {
    const { description } = text(`rm a${hidden}b`);
    expect(description).toContain(`"rm a\\u{${hidden.codePointAt(0)?.toString(16)}}b"`);
    expect(text("rm äé漢🙂").description).toContain('"rm äé漢🙂"');
  },
);

describe("a command that is too long", () => {
  const long = `echo begin; ${"x".repeat(5_000)}; rm -rf /important`;

  test("shows its beginning and its end, and says how much is not shown", () => {
    const { description } = text(long);
    expect(description).toContain('"echo begin; xxx');
    expect(description).toMatch(/ … \d+ characters NOT SHOWN … "x+; rm -rf \/important"$/);
    const hidden = Number(/ (\d+) characters NOT SHOWN/.exec(description)?.[1]);
    expect(hidden).toBeGreaterThan(long.length - 400);
  });

  test("one that just fits is shown whole", () => {
    expect(text("y".repeat(300)).description).toContain(`"${"y".repeat(300)}"`);
    expect(text("y".repeat(300)).description).not.toContain("NOT SHOWN");
  });
});

const INVISIBLE =
  /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\u00A0\u1680\u2000-\u200A\u202F\u205F\u3000\u115F\u1160\u3164\uFFA0]/u;

test("no command, name or directory breaks the host's limits or hides anything", () => {
  const any = fc.string({ unit: "binary", maxLength: 700 });
  fc.assert(
    fc.property(any, any, any, any, (command, name, workdir, agent) => {
      const { title, description } = text(command, { node: { ...NODE, name }, workdir, agent });
      expect(points(description)).toBeLessThanOrEqual(512);
      expect(points(title)).toBeLessThanOrEqual(80);
      expect(INVISIBLE.test(description.replace("\n", ""))).toBe(false);
      expect(INVISIBLE.test(title)).toBe(false);
    }),
  );
});
