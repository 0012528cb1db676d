// People approve what they see: the question has everything of a call that decides what runs, and input is asked about too.
import { describe, expect, test } from "vitest";
import { RUN, workspaceOptions } from "../support/fakeDeps.ts";
import { arranged, paramsOf, questionOf, reasonOf } from "./workspaceArrange.ts";

const asking = (exec: object) => arranged(workspaceOptions({ tools: { exec } }));

describe("the question shows everything that decides what runs", () => {
  const shown = async (params: Record<string, unknown>) =>
    questionOf(await asking({ mode: "ask" }).exec(params)).description;

  test("variables stand in front of the command, as a shell would take them", async () => {
    const env = { GIT_CONFIG_KEY_0: "core.fsmonitor", GIT_CONFIG_VALUE_0: "touch x; 'y'" };
    const text =
      "export GIT_CONFIG_KEY_0='core.fsmonitor'\nexport GIT_CONFIG_VALUE_0='touch x; '\\''y'\\'''\ngit status";
    expect(await shown({ command: "git status", env })).toMatch(/in "\/node\/ws":\n/);
    expect((await shown({ command: "git status", env })).split(":\n").at(-1)).toBe(JSON.stringify(text));
  });

  test("a terminal and the background are said, and their absence needs no word", async () => {
    expect(await shown({ command: "sh", pty: true, background: true })).toContain(
      'in "/node/ws", in a terminal, in the background:\n"sh"',
    );
    expect(await shown({ command: "sh", pty: false })).toContain('in "/node/ws":\n"sh"');
  });

  const many = Object.fromEntries(Array.from({ length: 40 }, (_, n) => [`V${n}`, "1"]));
  test.each([
    ["a long command", { command: `echo ${"x".repeat(400)}; rm -rf /` }],
    ["a long variable", { command: "git status", env: { LD_PRELOAD: "x".repeat(400) } }],
    ["many variables", { command: "make", env: many }],
    ["a long directory", { command: "make", workdir: `/${"x".repeat(200)}` }],
    ["text that only looks short", { command: "\u202e".repeat(100) }],
    ["a parameter that nobody knows", { command: "make", asRoot: true }],
  ])("%s, of which no question shows all, is refused and not asked about", async (_what, params) => {
    const { exec, calls } = asking({ mode: "ask" });
    expect(reasonOf(await exec(params))).toMatch(
      /^APPROVAL_NOT_SHOWN: agents\.entries\.worker-sg\.tools\.exec\.mode "ask" lets a person decide .*; nothing ran\. /,
    );
    expect(calls()).toEqual([]);
  });

  test.each([true, "true", 1, "yes"])(
    "background: %j is said, whatever the host makes of it",
    async (background) => {
      expect(await shown({ command: "sh", background })).toContain(", in the background:");
    },
  );

  const hiding = (kind: "masked" | "unknown", mode = "ask") =>
    arranged({
      ...workspaceOptions({ tools: { exec: { mode } } }),
      masks: (text) =>
        text.includes("token=") ? (kind === "masked" ? { kind } : { kind, fact: "gone" }) : { kind: "shown" },
    });

  test("a command of which the host would hide a part as a secret is refused and not asked about", async () => {
    const { exec, calls } = hiding("masked");
    expect(reasonOf(await exec({ command: "token=$(id) ls" }))).toMatch(
      /^APPROVAL_NOT_SHOWN: .*, and OpenClaw would hide a part of the question that looks to it like a secret; nothing ran\. /,
    );
    expect(reasonOf(await exec({ command: "ls", env: { A: "token=$(id)" } }))).toMatch(
      /^APPROVAL_NOT_SHOWN: /,
    );
    expect(reasonOf(await exec({ command: "ls", workdir: "/token=$(id)" }))).toMatch(/^APPROVAL_NOT_SHOWN: /);
    expect(calls()).toEqual([]);
    questionOf(await exec({ command: "ls" }));
  });

  test("so is one when the host does not tell what it hides", async () => {
    expect(reasonOf(await hiding("unknown").exec({ command: "token=1 ls" }))).toMatch(
      /^APPROVAL_NOT_SHOWN: .* does not tell what it would hide of the question: gone; nothing ran\. /,
    );
  });

  test("where nobody is asked nothing is hidden from anybody", async () => {
    expect(paramsOf(await hiding("masked", "full").exec({ command: "token=1 ls" }))).toMatchObject({
      command: "token=1 ls",
    });
  });

  test("where nobody is asked none of these is refused", async () => {
    const { exec } = asking({ mode: "full" });
    const params = { command: `echo ${"x".repeat(4_000)}`, env: { A: "y".repeat(900) } };
    expect(paramsOf(await exec(params))).toMatchObject({ command: params.command });
  });
});

describe("input to a running command", () => {
  const input = (params: object) => ({
    toolName: "process",
    params: { sessionId: "swift-otter", ...params },
    runId: RUN,
    toolCallId: "p",
  });

  test("is asked about with all of it, because a shell runs what it is sent", async () => {
    const { policy, lastHook } = asking({ mode: "ask" });
    const event = input({ action: "write", data: "rm -rf /\n" });
    const question = questionOf(await policy(event));
    expect(question.title).toBe("Send input to a command on a node");
    expect(question.description).toMatch(/running command "swift-otter".*Action "write":\n"rm -rf \/\\n"$/);
    question.onResolution("allow-once");
    expect(await lastHook(event)).toEqual({ params: event.params });
  });

  test("another plugin that changes it after the yes is not heard", async () => {
    const { policy, lastHook } = asking({ mode: "ask" });
    const event = input({ action: "write", data: "ls\n" });
    questionOf(await policy(event)).onResolution("allow-once");
    const changed = input({ action: "write", data: "rm -rf /\n" });
    expect(await lastHook(changed)).toEqual({ params: event.params });
  });

  test.each([
    [
      { action: "send-keys", keys: ["C-c"], literal: "id" },
      { keys: ["C-c"], literal: "id" },
    ],
    [
      { action: "paste", text: "id", bracketed: false },
      { text: "id", bracketed: false },
    ],
    [
      { action: "write", data: "id", eof: true },
      { data: "id", eof: true },
    ],
    [{ action: "submit" }, {}],
  ])("%j shows %j", async (params, all) => {
    const { policy } = asking({ mode: "ask" });
    const last =
      questionOf(await policy(input(params)))
        .description.split(":\n")
        .at(-1) ?? "";
    expect(JSON.parse(JSON.parse(last))).toEqual(all);
  });

  test("looking and ending need no yes", async () => {
    const { policy } = asking({ mode: "ask" });
    for (const action of ["list", "poll", "log", "kill", "clear", "remove"]) {
      expect(await policy(input({ action }))).toBe(undefined);
    }
  });

  test("input that no question shows whole, or that the policy forbids, is refused", async () => {
    const long = input({ action: "write", data: "x".repeat(600) });
    expect(reasonOf(await asking({ mode: "ask" }).policy(long))).toMatch(/^APPROVAL_NOT_SHOWN: /);
    expect(reasonOf(await asking({ mode: "deny" }).policy(long))).toMatch(/^RUN_NOT_ALLOWED: /);
    expect(await asking({ mode: "full" }).policy(long)).toBe(undefined);
  });

  test("input of which OpenClaw would mask a part is refused", async () => {
    const { policy } = arranged({
      ...workspaceOptions({ tools: { exec: { mode: "ask" } } }),
      masks: (text) => ({ kind: text.includes("token=") ? "masked" : "shown" }),
    });
    expect(reasonOf(await policy(input({ action: "write", data: "token=$(id)\n" })))).toMatch(
      /^APPROVAL_NOT_SHOWN: /,
    );
    questionOf(await policy(input({ action: "write", data: "ls\n" })));
  });

  test("in a chat that was taken out of its sandbox would reach the gateway, and is refused", async () => {
    const session = { sandboxOff: true, sandboxRequired: false, permissionMode: null };
    const { policy } = arranged({ ...workspaceOptions(), session });
    expect(reasonOf(await policy(input({ action: "write", data: "id\n" })))).toMatch(
      /^WORKSPACE_UNAVAILABLE: /,
    );
  });
});

test("the backend is told of the consent itself, and of the parameters that the question was about", async () => {
  const { exec, calls } = asking({ mode: "ask" });
  const answer = await exec({ command: "make" });
  const [call] = calls();
  expect(call?.agreed?.consent.granted).toBe(false);
  questionOf(answer).onResolution("allow-once");
  expect(call?.agreed).toMatchObject({
    consent: { granted: true },
    params: { command: "make", host: "sandbox" },
  });
});
