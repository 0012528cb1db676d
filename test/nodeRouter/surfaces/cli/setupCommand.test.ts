// `add` and `join` on the command line: what is wrong usage, what is asked, what is printed, and the exit code.
import { describe, expect, test } from "vitest";
import { type CommandOptions, runCommand } from "../../../../src/nodeRouter/surfaces/cli/commands.ts";
import type { Params } from "../../../../src/nodeRouter/surfaces/methods/params.ts";
import { MACHINE, type Ran, run } from "./arrange.ts";

const KEY = {
  type: "ssh-ed25519",
  bits: null,
  fingerprint: "SHA256:right",
  state: "trusted",
  source: "known_hosts:1",
};
const ENTRY = {
  node: false,
  tags: ["region=sg"],
  location: { country: "SG" },
  workspace: "/w",
  ssh: { tunnel: true },
};

/** A gateway on which all is there already; `changes` by op or method. */
function gateway(changes: Record<string, unknown> = {}) {
  return (method: string, params: Params): unknown => {
    const key = method === "noderouter.setup" ? String(params.op) : method;
    if (Object.hasOwn(changes, key)) return changes[key];
    switch (key) {
      case "look":
        return {
          ...{
            version: "0.1.0",
            openclaw: "2026.9.6",
            port: 18789,
            entry: ENTRY,
            rules: ["mine"],
            paired: [],
          },
          agents: [{ agent: "worker-sg", exists: true, rule: "mine" }],
          tunnel: null,
        };
      case "plan":
        return { values: [], problems: [] };
      case "trust":
        return {
          node: "mac-new",
          jumpHost: null,
          address: "mac-new:22",
          name: "mac-new",
          keys: [KEY],
          problem: null,
        };
      case "probe":
        return { node: "mac-new", way: "mac-new:22", ok: true, steps: [], problem: null };
      case "task":
        return { ok: true, stdout: "", problem: null };
      case "noderouter.guardPlan":
        return { agents: [], applied: false };
      case "noderouter.explain":
        return { message: "runs on mac-new", candidates: [{ node: "mac-new", fits: true }] };
      case "noderouter.doctor":
        return { ok: true, findings: [] };
      default:
        throw new Error(`nobody expected ${key}`);
    }
  };
}

const YES = { node: "claw@mac-new", agents: "worker-sg", yes: true };

describe("wrong usage, for which the gateway is not asked", () => {
  const cases: readonly (readonly [string, CommandOptions, RegExp])[] = [
    ["no machine", { yes: true }, /needs a machine/],
    ["a machine with a space", { ...YES, node: "mac new" }, /write it as for ssh/],
    [
      "a machine that would be an option of ssh",
      { ...YES, node: "-oProxyCommand=x" },
      /must not begin with "-"/,
    ],
    ["a port that is none", { ...YES, node: "mac-new:70000" }, /no port from 1 to 65535/],
    ["a country in words", { ...YES, country: "Singapore" }, /two letters/],
    ["a city without its country", { ...YES, city: "Singapore" }, /--city needs --country/],
    ["a workspace that is not absolute", { ...YES, workspace: "work" }, /absolute directory/],
    ["a tunnel's port in words", { ...YES, tunnelPort: "http" }, /--tunnel-port/],
    ["nobody to ask, and no --yes", { node: "mac-new" }, /here is no terminal: add --yes/],
    ["--json, which asks nobody, and no --yes", { node: "mac-new", json: true }, /--json: add --yes/],
  ];
  test.each(cases)("%s", async (_, options, told) => {
    for (const name of ["add", "join"] as const) {
      const ran = await run(name, options, gateway());
      expect([ran.code, ran.stdout, ran.asked]).toEqual([2, "", []]);
      expect(ran.stderr).toMatch(told);
    }
  });

  test("a terminal to ask at needs no --yes, and what is right usage is not refused", async () => {
    const out = { print: () => undefined, fail: () => undefined, question: async () => "" };
    const ask = async <T>(method: string, params: Params) => gateway()(method, params) as T;
    expect(
      await runCommand("add", { node: "mac-new", country: "sg", city: "Singapore" }, ask, out, MACHINE),
    ).toBe(0);
  });
});

describe("a set-up for which all is there", () => {
  test("is exit code 0, with a line a step and the words of explain for each agent", async () => {
    const ran = await run("add", YES, gateway());
    expect([ran.code, ran.stderr]).toEqual([0, ""]);
    const steps = ran.stdout.split("\n").map((line) => line.split(/ +/, 2).join(" "));
    expect(steps.slice(0, 6)).toEqual(
      ["gateway", "trust", "login", "place", "config", "guard"].map((s) => `there ${s}`),
    );
    expect(ran.stdout).toContain("runs on mac-new");
  });

  test("is one JSON document with --json and nothing else", async () => {
    const ran = await run("add", { ...YES, json: true }, gateway());
    expect([ran.code, ran.stderr]).toEqual([0, ""]);
    expect(JSON.parse(ran.stdout)).toMatchObject({
      ...{ node: "mac-new", ok: true, problem: null, undone: [], left: [], findings: [] },
      agents: [{ agent: "worker-sg", fits: true }],
    });
  });

  test("is exit code 1 when a rule of the agent does not choose the node, with the reason", async () => {
    const explain = { message: "runs on mac-cn", candidates: [{ node: "mac-new", fits: false }] };
    const ran = await run("add", YES, gateway({ "noderouter.explain": explain }));
    expect(ran.code).toBe(1);
    expect(ran.stdout).toContain("not placed there: runs on mac-cn");
  });
});

test("a step that fails is exit code 1, with its code on stderr and in the JSON, and its keys' secrets nowhere", async () => {
  const unknown = { ...KEY, state: "unknown", source: null };
  const trust = {
    node: "mac-new",
    jumpHost: null,
    address: "mac-new:22",
    name: "mac-new",
    keys: [unknown],
    problem: null,
  };
  const ran: Ran = await run("add", { ...YES, json: true }, gateway({ trust }));
  expect(ran.code).toBe(1);
  expect(ran.stderr).toMatch(/^HOST_KEY_UNKNOWN: mac-new:22 offers ssh-ed25519 SHA256:right/);
  expect(ran.stderr).toContain("--host-key");
  expect(JSON.parse(ran.stdout)).toMatchObject({ ok: false, agents: [] });
});

describe("what a person at the terminal is asked", () => {
  const unknown = { ...KEY, state: "unknown", source: null };
  const offer = (key: object) => ({
    node: "mac-new",
    jumpHost: null,
    address: "mac-new:22",
    name: "mac-new",
    keys: [key],
    tailscale: null,
    recorded: null,
    file: null,
    problem: null,
  });

  /** Answers in their order; what is asked beyond them is answered with nothing. */
  async function talk(answers: readonly string[], changes: Record<string, unknown> = {}) {
    const [asked, printed, sent]: [string[], string[], Params[]] = [[], [], []];
    const left = [...answers];
    let isTrusted = false;
    const value = { path: ["nodes", "mac-new", "tags"], after: ["gpu"] };
    let isWritten = false;
    const look = gateway()("noderouter.setup", { op: "look" }) as object;
    const answer = gateway({
      look: { ...look, entry: { ssh: {} } },
      guess: { guess: { country: "SG", why: "time zone Asia/Singapore" } },
      ...changes,
    });
    const out = {
      print: (text: string) => void printed.push(text),
      fail: (text: string) => void printed.push(text),
      question: async (text: string) => {
        asked.push(text);
        return left.shift() ?? "";
      },
    };
    const ask = async <T>(method: string, params: Params) => {
      sent.push(params);
      if (params.op === "trust") {
        if (params.fingerprint === KEY.fingerprint) isTrusted = true;
        return offer(isTrusted ? KEY : unknown) as T;
      }
      if (params.op === "plan") return { values: isWritten ? [] : [value], problems: [] } as T;
      if (params.op === "write") isWritten = true;
      return (params.op === "write" ? { values: [value] } : answer(method, params)) as T;
    };
    const code = await runCommand("add", { node: "mac-new" }, ask, out, MACHINE);
    return { code, asked, printed: printed.join("\n"), sent, isWritten, isTrusted };
  }

  test("host key, place and change, one after the other; a yes to all of them writes", async () => {
    const { code, asked, isWritten, printed, sent } = await talk(["yes", "yes", "y"]);
    expect([code, asked.length, isWritten]).toEqual([0, 3, true]);
    expect(asked[1]).toContain('a guess is SG, from time zone Asia/Singapore: "yes" for that');
    expect(printed).toContain("This is not proof of who answers");
    expect(sent.find(({ op }) => op === "write")).toMatchObject({
      change: { entry: { location: { country: "SG" } } },
    });
  });

  test.each([
    ["no answer to the host key", [""], 1, false],
    ["another fingerprint than the machine's", ["SHA256:other"], 8, false],
    ["no answer to the change", ["yes", "", ""], 3, true],
  ] as const)("%s writes nothing", async (_, answers, questions, isTrusted) => {
    const ran = await talk(answers);
    expect([ran.code, ran.isWritten, ran.isTrusted]).toEqual([1, false, isTrusted]);
    expect(ran.asked.length).toBeLessThanOrEqual(questions);
  });

  test("a place that nobody said is not written, and one that is no country is asked for again", async () => {
    const { sent, asked } = await talk(["yes", "Singapore", "", "y"]);
    expect(asked).toHaveLength(4);
    expect(JSON.stringify(sent.find(({ op }) => op === "write"))).not.toContain("country");
  });
});

describe("join --print", () => {
  const code = {
    setupId: "1",
    expiresAtMs: 1_700_000_600_000,
    setupCode: "long",
    joinUrl: "http://127.0.0.1:18790/j/abc",
  };
  const there = {
    "device.pair.setupCode": code,
    package: { file: "/state/openclaw-node-router-0.1.0.tgz", address: "mac-cn", sshPort: 2222, user: "gw" },
  };

  test("asks for a code of a node and for loopback, and says when it ends", async () => {
    const ran = await run("join", { node: "far", print: true, tunnelPort: "18790" }, gateway(there));
    expect([ran.code, ran.stderr]).toEqual([0, ""]);
    expect(ran.asked.at(-1)).toBe(
      'device.pair.setupCode {"publicUrl":"http://127.0.0.1:18790","joinUrl":true,"bootstrapProfile":"node","includeQr":false}',
    );
    expect(ran.stdout).toContain("scp -P 2222 gw@mac-cn:/state/openclaw-node-router-0.1.0.tgz");
    expect(ran.stdout).toContain("-L 18790:127.0.0.1:18789 gw@mac-cn");
    expect(ran.stdout).toContain("2023-11-14T22:23:20.000Z (10 minutes)");
  });

  test("never prints a line that would replace an entry that is there", async () => {
    const look = gateway()("noderouter.setup", { op: "look" });
    const isSet = /config set/;
    const absent = gateway({ ...there, look: { ...(look as object), entry: null } });
    expect((await run("join", { node: "far", print: true }, gateway(there))).stdout).not.toMatch(isSet);
    expect((await run("join", { node: "far", print: true }, absent)).stdout).toMatch(isSet);
  });
});
