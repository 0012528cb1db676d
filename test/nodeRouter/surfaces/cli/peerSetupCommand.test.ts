// `peers invite` and `peers join` on the command line: what is wrong usage, what is asked, what is printed, the exit code.
import { describe, expect, test } from "vitest";
import { type CommandOptions, runCommand } from "../../../../src/nodeRouter/surfaces/cli/commands.ts";
import type { Params } from "../../../../src/nodeRouter/surfaces/methods/params.ts";
import { MACHINE, type Ran, run } from "./arrange.ts";

const LOOK = { lines: ["peers.gw-cn: {}"], fact: "gw-cn is to come" };
const JOIN_LOOK = { peer: "gw-sg", lines: ["peers.gw-sg: {}"], fact: "gw-sg invites" };

/** A gateway at which all goes well; `changes` by op or method. */
function gateway(changes: Record<string, unknown> = {}) {
  return (method: string, params: Params): unknown => {
    const key = method === "noderouter.peerSetup" ? String(params.op) : method;
    if (Object.hasOwn(changes, key)) {
      const given = changes[key];
      if (given instanceof Error) throw given;
      return given;
    }
    switch (key) {
      case "inviteLook":
        return LOOK;
      case "invite":
        return { line: "nrpeer1.abc", expires: "2026-11-30T01:00:00.000Z" };
      case "invited":
        return { isOpen: true };
      case "uninvite":
        return { undone: ["the invitation was withdrawn"] };
      case "joinLook":
        return JOIN_LOOK;
      case "join":
        return { fact: "it is peer" };
      case "noderouter.probePeer":
        return { name: "gw-sg", state: "online", why: null };
      default:
        throw new Error(`nobody asks ${key}`);
    }
  };
}

const INVITE: CommandOptions = { node: "invite", id: "gw-cn", agents: "worker-sg, master", yes: true };
const JOIN: CommandOptions = { node: "join", id: "nrpeer1.abc", yes: true };

/** With a person at the terminal who answers so. */
async function withPerson(options: CommandOptions, answer: string): Promise<Ran> {
  const [stdout, stderr, asked]: [string[], string[], string[]] = [[], [], []];
  const answers = gateway();
  const code = await runCommand(
    "peers",
    options,
    async <T>(method: string, params: Record<string, unknown>) => {
      asked.push(String(params.op ?? method));
      return answers(method, params) as T;
    },
    {
      print: (text) => void stdout.push(text),
      fail: (text) => void stderr.push(text),
      question: async () => answer,
    },
    MACHINE,
  );
  return { code, stdout: stdout.join("\n"), stderr: stderr.join("\n"), asked };
}

describe("wrong usage", () => {
  test.each<[string, CommandOptions, string]>([
    ["invite without a name", { ...INVITE, id: undefined }, "peers invite needs a name"],
    ["invite without agents", { ...INVITE, agents: " " }, "peers invite needs the agents"],
    ["a time that is none", { ...INVITE, for: "soon" }, "--for takes a time span"],
    ["a port that is none", { ...INVITE, sshPort: "x" }, "--ssh-port takes a port"],
    ["join without a line", { ...JOIN, id: undefined }, "peers join needs the line"],
    ["a country that is none", { ...JOIN, country: "Singapore" }, "--country takes two letters"],
    ["nobody to ask", { ...JOIN, yes: undefined }, "here is no terminal: add --yes"],
    ["an action that is none", { node: "leave" }, "peers takes probe, invite, join"],
  ])("%s is said, and nobody is asked", async (_what, options, words) => {
    const ran = await run("peers", options, gateway());
    expect([ran.code, ran.asked]).toEqual([2, []]);
    expect(ran.stderr).toContain(words);
  });

  test("a line from stdin leaves nobody to be asked, so that it needs --yes", async () => {
    const ran = await withPerson({ ...JOIN, id: "-", yes: undefined }, "y");
    expect([ran.code, ran.asked]).toEqual([2, []]);
  });
});

describe("invite", () => {
  test("looks, writes, waits for the route, and prints the line with what to do with it", async () => {
    const ran = await run("peers", { ...INVITE, for: "30m", host: "mac-sg", sshPort: "2222" }, gateway());
    expect([ran.code, ran.stderr]).toEqual([0, ""]);
    const params =
      '"peer":"gw-cn","agents":["worker-sg","master"],"hosts":["mac-sg"],"forMs":1800000,"sshPort":2222}';
    expect(ran.asked).toEqual([
      `noderouter.peerSetup {"op":"inviteLook",${params}`,
      `noderouter.peerSetup {"op":"invite",${params}`,
      'noderouter.peerSetup {"op":"invited","peer":"gw-cn"}',
    ]);
    expect(ran.stdout).toContain("openclaw node-router peers join nrpeer1.abc");
    expect(ran.stdout).toContain("openclaw config unset plugins.entries.node-router.config.peers.gw-cn");
  });

  test("that the person does not agree to writes nothing, after they saw what it would be", async () => {
    const ran = await withPerson({ ...INVITE, yes: undefined }, "n");
    expect([ran.code, ran.asked]).toEqual([1, ["inviteLook"]]);
    expect(ran.stdout).toContain("peers.gw-cn: {}");
    expect(ran.stderr).toContain("the change was not agreed to");
  });

  test("whose route does not come is taken back, and no line is printed", async () => {
    const ran = await run("peers", { ...INVITE, json: true }, gateway({ invited: { isOpen: false } }));
    expect(ran.code).toBe(1);
    const result = JSON.parse(ran.stdout);
    expect([result.line, result.undone]).toEqual([null, ["the invitation was withdrawn"]]);
    expect(ran.stdout + ran.stderr).not.toContain("nrpeer1");
  });
});

describe("join", () => {
  test("looks, joins, waits until the peer is online, and says how to undo it", async () => {
    const options = {
      ...JOIN,
      name: "gw-sg",
      country: "SG",
      tags: "region=sg,a",
      agents: "master",
      ssh: "mac-sg",
    };
    const ran = await run("peers", options, gateway());
    expect([ran.code, ran.stderr]).toEqual([0, ""]);
    expect(ran.asked.map((one) => one.slice(0, 90))).toEqual([
      expect.stringContaining('"op":"joinLook","line":"nrpeer1.abc","tags":["region=sg","a"]'),
      expect.stringContaining('"op":"join"'),
      'noderouter.probePeer {"peer":"gw-sg"}',
    ]);
    expect(ran.stdout).toContain("openclaw config unset plugins.entries.node-router.config.peers.gw-sg");
    expect(ran.stdout).not.toContain("nrpeer1");
  });

  test("by a line that was used here joins nobody again", async () => {
    const ran = await run("peers", JOIN, gateway({ joinLook: { ...JOIN_LOOK, lines: [] } }));
    expect([ran.code, ran.asked.filter((one) => one.includes('"op":"join"'))]).toEqual([0, []]);
  });

  test("of a peer that does not answer yet is a finding, and is not taken back", async () => {
    const peer = { name: "gw-sg", state: "unusable", why: "refused our token" };
    const ran = await run("peers", JOIN, gateway({ "noderouter.probePeer": peer }));
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain('peer "gw-sg" is in the config, and does not answer yet: refused our token');
    expect(ran.stderr).not.toMatch(/undone|taking back/);
  });

  test("of a gateway that refuses says its words", async () => {
    const ran = await run(
      "peers",
      JOIN,
      gateway({ join: new Error("SETUP_FAILED: the invitation has expired") }),
    );
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain("the invitation has expired");
  });
});
