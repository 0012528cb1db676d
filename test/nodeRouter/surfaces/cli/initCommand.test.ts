// `init` on the command line: what it asks and of whom, that a guess counts only once a person agrees, and what comes of it.
import { describe, expect, test } from "vitest";
import { type CommandOptions, runCommand } from "../../../../src/nodeRouter/surfaces/cli/commands.ts";
import type { Params } from "../../../../src/nodeRouter/surfaces/methods/params.ts";
import { MACHINE, run } from "./arrange.ts";

const node = (name: string, more: object = {}) => ({
  name,
  nodeId: `id-of-${name}`,
  state: "ready",
  os: "darwin",
  place: null,
  location: null,
  tags: { "node.name": name, "tailscale.prod": "" },
  ...more,
});
const guessed = (country: string, city?: string) => {
  const place = { country, ...(city === undefined ? {} : { city }), source: "derp" };
  return { place, location: place };
};
const declared = (country: string) => ({
  place: { country, source: "declared" },
  location: { country, source: "declared" },
});
const NODES = [
  node("mac-cn", { ...declared("CN"), tags: { region: "cn", "node.name": "mac-cn" } }),
  node("mac-hk", declared("HK")),
  node("mac-sg", guessed("SG", "Singapore")),
  node("studio"),
];
const AGENTS = [
  { agent: "master", rule: null, outcome: "unrouted" },
  { agent: "worker-cn", rule: "china", outcome: "placed" },
  { agent: "worker-sg", rule: null, outcome: "unrouted" },
];

const REPORT = {
  changes: ["one"],
  settings: ["a setting"],
  notes: [],
  undo: ["rule rm region-sg"],
  effects: { valid: true, changes: [], more: 0, sessions: [], guards: [], tests: [] },
  patch: { plugins: {} },
};

interface Fake {
  /** Answers in place of the usual ones, by method. */
  readonly answers?: Readonly<Record<string, unknown>>;
  readonly nodes?: readonly object[];
}

/** A gateway on which what is written is in force at once. */
function gateway({ answers = {}, nodes = NODES }: Fake = {}) {
  let routed: readonly string[] = [];
  return (method: string, params: Params): unknown => {
    if (Object.hasOwn(answers, method)) return answers[method];
    switch (method) {
      case "noderouter.nodes":
        return { nodes };
      case "noderouter.status":
        return { agents: AGENTS.map((one) => (routed.includes(one.agent) ? { ...one, rule: "new" } : one)) };
      case "noderouter.edit": {
        const edit = params.edit as { nodes: unknown[]; rules: { agents: string[] }[] };
        if (edit.nodes.length + edit.rules.length === 0)
          return { ...REPORT, applied: false, changes: [], settings: [], undo: [], effects: null, patch: {} };
        if (params.dryRun === true) return { ...REPORT, applied: false };
        routed = edit.rules.flatMap(({ agents }) => agents);
        return { ...REPORT, applied: true, effects: null };
      }
      case "noderouter.explain":
        return { node: "mac-sg", transport: "node", message: "runs there" };
      case "node.invoke":
        return { ok: true, payload: { exitCode: 0, stdout: "mac-sg.local\n", stderr: "" } };
      case "noderouter.probe":
        return { ok: true, problem: null };
      default:
        throw new Error(`nobody expected ${method}`);
    }
  };
}

/** The edit that was asked for. */
function editOf(asked: readonly string[]): unknown {
  const first = asked.find((line) => line.startsWith("noderouter.edit "));
  return first === undefined ? null : JSON.parse(first.slice("noderouter.edit ".length)).edit;
}

/** At a terminal at which a person types one answer after the other. */
async function typed(
  answers: readonly string[],
  options: CommandOptions = {},
  fake: Fake = {},
  machine = MACHINE,
  onQuestion: (count: number) => void = () => {},
) {
  const left = [...answers];
  const [printed, failed, asked, questions]: [string[], string[], string[], string[]] = [[], [], [], []];
  const answer = gateway(fake);
  const out = {
    print: (text: string) => void printed.push(text),
    fail: (text: string) => void failed.push(text),
    question: async (text: string) => {
      onQuestion(questions.push(text));
      return left.shift() ?? "";
    },
  };
  const ask = async <T>(method: string, params: Params) => {
    asked.push(`${method} ${JSON.stringify(params)}`);
    return answer(method, params) as T;
  };
  const code = await runCommand("init", options, ask, out, machine);
  return {
    code,
    printed: printed.join("\n"),
    failed: failed.join("\n"),
    asked,
    questions,
    edit: editOf(asked),
  };
}

describe("wrong usage, for which the gateway is not asked", () => {
  const cases: readonly (readonly [string, CommandOptions, RegExp])[] = [
    ["a place without a node", { place: ["SG"] }, /--place takes <node>=<country>/],
    ["a place that is no country", { place: ["mac-sg=Singapore"] }, /--place takes/],
    ["two places of one node", { place: ["mac-sg=SG", "mac-sg=HK"] }, /--place says twice where "mac-sg" is/],
    [
      "two places for one agent, of which the wider must not win",
      { route: ["worker-sg=region=sg", "Worker-SG=any"] },
      /--route says twice where "worker-sg" may run/,
    ],
    ["a tag that is none", { tag: ["mac-sg=a b"] }, /--tag: tag "a b"/],
    ["no tag", { tag: ["mac-sg="] }, /--tag takes/],
    ["a route without a place", { route: ["worker-sg"] }, /--route takes/],
    [
      "a route to a selector that is none",
      { route: ["worker-sg=region in sg"] },
      /--route: selector "region in sg"/,
    ],
  ];
  test.each(cases)("%s", async (_, options, told) => {
    const ran = await run("init", { ...options, yes: true }, gateway());
    expect([ran.code, ran.stdout, ran.asked]).toEqual([2, "", []]);
    expect(ran.stderr).toMatch(told);
  });

  test("nobody to ask, and none of --yes, --dry-run and --print", async () => {
    for (const options of [{}, { json: true }]) expect((await run("init", options, gateway())).code).toBe(2);
    expect((await run("init", { print: true }, gateway())).code).toBe(0);
    expect((await run("init", { dryRun: true }, gateway())).code).toBe(1);
  });
});

describe("a person at the terminal", () => {
  test("is asked only what nobody has said, with guesses as defaults, and Enter agrees to them", async () => {
    const ran = await typed(["", "", "", "hk/Hong Kong", "", "-", "", "y"]);
    expect(ran.questions.map((text) => text.split(/ \(/)[0])).toEqual([
      "Tags of mac-hk? [region=hk]",
      "Where is mac-sg, ready, darwin? [SG/Singapore, by SG Singapore",
      "Tags of mac-sg? [region=sg]",
      "Where is studio, ready, darwin?",
      "Tags of studio? [region=hk]",
      "Where may master run its commands?",
      "Where may worker-sg run its commands? [region=sg]",
      "Write that? [y/N] ",
    ]);
    expect(ran.edit).toEqual({
      kind: "init",
      nodes: [
        { name: "mac-hk", location: null, tags: ["region=hk"] },
        { name: "mac-sg", location: { country: "SG", city: "Singapore" }, tags: ["region=sg"] },
        { name: "studio", location: { country: "HK", city: "Hong Kong" }, tags: ["region=hk"] },
      ],
      rules: [{ agents: ["worker-sg"], require: "region=sg" }],
    });
    expect(ran.code).toBe(0);
  });

  test("who says nothing leaves it so: no place, no tag of a guess, no rule", async () => {
    const ran = await typed(["-", "-", "", "", "", "-", "-"]);
    expect(ran.edit).toEqual({ kind: "init", nodes: [], rules: [] });
    expect(ran.printed).toContain("Nothing to change");
    expect(ran.code).toBe(0);
  });

  test("is asked again after an answer that is none, with what is wrong with it", async () => {
    const ran = await typed(["-", "Singapore", "sg", "a b", "gpu", "", "", "", "region in sg", "any", "y"]);
    expect(ran.printed).toMatch(/a place is two letters[\s\S]*tag "a b"[\s\S]*selector "region in sg"/);
    expect(ran.edit).toMatchObject({
      nodes: [{ name: "mac-sg", location: { country: "SG" }, tags: ["gpu"] }],
      rules: [{ agents: ["worker-sg"], require: null }],
    });
  });

  test("who answers yes or no to where an agent may run means no tag of that name", async () => {
    const agreed = await typed(["-", "", "", "", "", "n", "-", "yes", "y"]);
    expect(agreed.edit).toMatchObject({ rules: [{ agents: ["worker-sg"], require: "region=sg" }] });
    expect(agreed.questions.filter((text) => text.includes("master"))).toHaveLength(2);
  });

  test("who does not agree in the end has written nothing", async () => {
    const ran = await typed(["", "", "", "", "", "", "", "n"]);
    expect([ran.code, ran.failed]).toEqual([1, "nothing was written"]);
    expect(ran.asked.filter((line) => line.startsWith("noderouter.edit")).length).toBe(1);
  });

  test("who stops it with Ctrl-C is asked no more, and nothing is planned or written", async () => {
    const stop = new AbortController();
    const ran = await typed(["", "", ""], {}, {}, { ...MACHINE, stop: stop.signal }, (count) => {
      if (count === 2) stop.abort();
    });
    expect([ran.code, ran.failed]).toEqual([1, "interrupted: nothing was written"]);
    expect([ran.questions.length, ran.edit]).toEqual([2, null]);
  });

  test("is not asked for what an option says", async () => {
    const ran = await typed(["-", "", "-", "-", "y"], {
      place: ["mac-sg=SG"],
      tag: ["mac-sg=gpu"],
      route: ["worker-sg=gpu"],
    });
    expect(ran.questions.join()).not.toMatch(/mac-sg|worker-sg run/);
    expect(ran.edit).toMatchObject({
      nodes: [{ name: "mac-sg", location: { country: "SG" }, tags: ["gpu", "region=sg"] }],
      rules: [{ agents: ["worker-sg"], require: "gpu" }],
    });
  });
});

describe("with --yes, where nobody is asked", () => {
  test("a guess is written neither as a place nor as a tag, and an agent is not routed by its name", async () => {
    const ran = await run("init", { yes: true }, gateway());
    expect(editOf(ran.asked)).toEqual({
      kind: "init",
      // Its place is declared: its region is no guess.
      nodes: [{ name: "mac-hk", location: null, tags: ["region=hk"] }],
      rules: [],
    });
  });

  test("all that is left to say is told: no agent is routed", async () => {
    const ran = await run("init", { yes: true }, gateway({ nodes: [NODES[0] ?? {}] }));
    expect([ran.code, ran.stdout]).toEqual([0, expect.stringContaining("--route <agent>=<selector>")]);
  });

  test("without a node, or with one that waits for approval, says what is to be done first", async () => {
    const none = await run("init", { yes: true }, gateway({ nodes: [] }));
    expect(none.stdout).toContain("No node is known: pair one");
    const pending = [node("mac-new", { approval: "pending" }), node("mac-sg", { approval: "approved" })];
    const ran = await run("init", { yes: true }, gateway({ nodes: pending }));
    expect(ran.stdout).toContain('node "mac-new" waits for approval: see "openclaw nodes pending"');
    expect(ran.stdout).not.toMatch(/"mac-sg" waits|No node is known/);
  });

  test("names an agent as OpenClaw does, however it is typed", async () => {
    const ran = await run("init", { yes: true, route: ["Worker SG=any"] }, gateway());
    expect(editOf(ran.asked)).toMatchObject({ rules: [{ agents: ["worker-sg"], require: null }] });
  });

  test("what options name and nobody knows goes to the gateway, which refuses it with the names", async () => {
    const ran = await run("init", { yes: true, place: ["mac-sq=SG"], route: ["worker-sq=any"] }, gateway());
    expect(editOf(ran.asked)).toMatchObject({
      nodes: [{ name: "mac-hk" }, { name: "mac-sq", location: { country: "SG" } }],
      rules: [{ agents: ["worker-sq"], require: null }],
    });
  });

  test("an agent that has a rule is refused, and nothing is written", async () => {
    const ran = await run("init", { yes: true, route: ["worker-cn=any"] }, gateway());
    expect(ran.code).toBe(1);
    expect(ran.stderr).toMatch(
      /SETUP_FAILED: agent "worker-cn" has rule "china" already; nothing was changed/,
    );
    expect(editOf(ran.asked)).toBeNull();
  });
});

describe("what was written", () => {
  const ROUTE: CommandOptions = { yes: true, json: true, route: ["worker-sg=region=sg"] };

  test("is tried with one hostname for each agent that it routes, over the protocol of its calls", async () => {
    const ran = await run("init", ROUTE, gateway());
    expect(ran.code).toBe(0);
    expect(JSON.parse(ran.stdout)).toMatchObject({
      applied: true,
      inForce: true,
      trials: [{ agent: "worker-sg", node: "mac-sg", ok: true, said: "mac-sg.local", problem: null }],
    });
    const runs = ran.asked.filter((line) => line.startsWith("node.invoke"));
    expect(runs).toEqual([expect.stringContaining('"nodeId":"id-of-mac-sg"')]);
    expect(runs[0]).toContain('"rawCommand":"hostname"');
    expect(runs[0]).toContain('"agentId":"worker-sg"');

    const overSsh = { "noderouter.explain": { node: "mac-sg", transport: "ssh", message: "" } };
    const ssh = await run("init", ROUTE, gateway({ answers: overSsh }));
    expect(JSON.parse(ssh.stdout)).toMatchObject({ trials: [{ node: "mac-sg", ok: true, said: null }] });
    expect(ssh.asked.filter((line) => line.startsWith("node.invoke"))).toEqual([]);
  });

  test.each([
    [
      "a node that does not let it",
      { "node.invoke": { payload: { exitCode: 1, stdout: "", stderr: "SYSTEM_RUN_DENIED" } } },
      "SYSTEM_RUN_DENIED",
    ],
    ["a node without a result", { "node.invoke": { ok: true } }, "it gave no result"],
    [
      "an agent that is refused",
      { "noderouter.explain": { node: null, transport: null, message: "NO_NODE_FITS: x" } },
      "NO_NODE_FITS: x",
    ],
  ])("is told to fail on %s, is exit code 1, and is tried once", async (_, answers, problem) => {
    const ran = await run("init", ROUTE, gateway({ answers }));
    expect(ran.code).toBe(1);
    expect(JSON.parse(ran.stdout)).toMatchObject({ applied: true, trials: [{ ok: false, problem }] });
    expect(ran.asked.filter((line) => line.startsWith("node.invoke")).length).toBeLessThan(2);
  });

  test("and is not in force within a minute is said so, is exit code 1, and is not tried", async () => {
    const ran = await run("init", ROUTE, gateway({ answers: { "noderouter.status": { agents: AGENTS } } }));
    expect([ran.code, JSON.parse(ran.stdout).inForce, JSON.parse(ran.stdout).trials]).toEqual([1, false, []]);
    expect(ran.stderr).toContain("did not take over the change");
  });

  test("is told in a terminal with how to take it back", async () => {
    const ran = await run("init", { ...ROUTE, json: false }, gateway());
    expect(ran.stdout).toMatch(/trial +worker-sg: hostname on mac-sg says mac-sg\.local/);
    expect(ran.stdout).toContain("to undo: openclaw node-router rule rm region-sg");
  });
});

test("--print gives the change as a patch and nothing else, and writes nothing", async () => {
  const ran = await run("init", { print: true, route: ["worker-sg=any"] }, gateway());
  expect([ran.code, ran.stdout]).toEqual([0, JSON.stringify({ plugins: {} }, null, 2)]);
  expect(ran.asked.filter((line) => line.startsWith("noderouter.edit"))).toEqual([
    expect.stringContaining('"dryRun":true'),
  ]);
});

describe("a place that an option says of a node whose place is declared", () => {
  test("is refused where it is another one: neither it nor a tag of it is written", async () => {
    const ran = await run("init", { place: ["mac-hk=SG"], yes: true }, gateway());
    expect([ran.code, ran.asked.some((line) => line.startsWith("noderouter.edit"))]).toEqual([1, false]);
    expect(ran.stderr).toMatch(
      /SETUP_FAILED: node "mac-hk" is declared to be in HK already; nothing was changed. Change .*nodes.mac-hk.location/,
    );
  });

  test("is none where it says the same, or more", async () => {
    for (const place of ["mac-hk=HK", "mac-hk=HK/Kowloon"])
      expect((await run("init", { place: [place], yes: true }, gateway())).code).toBe(0);
  });
});

test("tags of a node in several options are all of them", async () => {
  const ran = await run("init", { tag: ["studio=gpu", "studio=disk=ssd"], yes: true }, gateway());
  const studio = { name: "studio", location: null, tags: ["gpu", "disk=ssd"] };
  expect(editOf(ran.asked)).toMatchObject({ nodes: expect.arrayContaining([studio]) });
});
