// The tree of commands as commander has it: what shells are offered, and what help says. Commander is the host's own.
import { Command } from "commander";
import { expect, test } from "vitest";
import { HABITS, habitHint } from "../../../../src/nodeRouter/surfaces/cli/habits.ts";
import { offeredNames } from "../../../../src/nodeRouter/surfaces/cli/optionValues.ts";
import { buildCommands } from "../../../../src/nodeRouter/surfaces/cli/program.ts";
import { VERBS } from "../../../../src/nodeRouter/surfaces/cli/verbs.ts";

const CONFIG = {
  agents: { entries: { "worker-sg": {}, "worker-cn": {} } },
  plugins: {
    entries: {
      "node-router": {
        config: {
          nodes: { "mac-sg": {}, "$(reboot)": {}, "two words": {} },
          rules: [{ name: "singapore" }, { name: 'x"; reboot' }, null],
        },
      },
    },
  },
};

async function tree(): Promise<Command> {
  const program = new Command("openclaw");
  await buildCommands(program as never, "node-router", "what it is", () => CONFIG);
  const [root] = program.commands;
  if (root === undefined) throw new Error("no command was made");
  return root;
}

test("shells are offered agents, nodes and rules of the config, and the words that an option takes", async () => {
  const { commands } = await tree();
  const offered = (name: string, long: string) =>
    commands.find((one) => one.name() === name)?.options.find((option) => option.long === long)?.argChoices;
  expect(offered("explain", "--agent")).toEqual(["worker-sg", "worker-cn"]);
  expect(offered("probe", "--node")).toEqual(["mac-sg"]);
  expect(offered("calls", "--rule")).toEqual(["singapore"]);
  expect(offered("nodes", "--output")).toEqual(["json", "yaml", "wide", "name", "tsv"]);
  expect(offered("doctor", "--output")).toEqual(["json", "yaml"]);
  expect(offered("top", "--sort")).toContain("load:desc");
  expect(offered("wait", "--for")).toContain("cordoned");
  expect(offered("usage", "--by")).toEqual(["agent", "node", "region", "model"]);
  expect(offered("cordon", "--for")).toBeUndefined();
});

test("nothing that a shell would run is offered, whatever the config has for names", () => {
  expect(offeredNames(CONFIG)).toEqual({
    agents: ["worker-sg", "worker-cn"],
    nodes: ["mac-sg"],
    rules: ["singapore"],
    peers: [],
  });
  for (const odd of [
    null,
    7,
    { plugins: [] },
    { plugins: { entries: { "node-router": { config: { rules: {} } } } } },
  ])
    expect(offeredNames(odd).rules).toEqual([]);
});

test("a value that was not offered is not refused by the parser: the gateway says which name is near", async () => {
  const root = await tree();
  const explain = root.commands.find((one) => one.name() === "explain");
  const { unknown } = explain?.parseOptions(["--agent", "brand-new"]) ?? { unknown: ["?"] };
  expect(unknown).toEqual([]);
  expect(explain?.opts().agent).toBe("brand-new");
});

test("a word of other tools leads to the command that is meant, and every command of a hint exists", async () => {
  const names = (await tree()).commands.map((command) => command.name());
  expect(habitHint("logs")).toBe("here it is: openclaw node-router calls --follow");
  expect(habitHint("LABEL")).toContain("tag <node>");
  // What the parser itself finds near, or nobody knows, has none; and none hides a command.
  for (const word of ["stauts", "", "constructor", ...names]) expect(habitHint(word)).toBeNull();
  for (const [words, command] of HABITS) {
    expect(words).toMatch(/^[a-z ]+$/);
    expect(names).toContain(/^[a-z]+/.exec(command)?.[0]);
  }
});

test("help names no agent, and has its examples and the docs below; every example can be parsed", async () => {
  const root = await tree();
  for (const command of root.commands) {
    let help = "";
    command.configureOutput({ writeOut: (text) => (help += text) });
    command.outputHelp();
    expect(help).not.toContain("choices:");
    expect(help).not.toContain("worker-cn");
    expect(help).toContain("\nExamples:\n  openclaw node-router ");
    expect(help).toContain(`docs/cli.md#${command.name()}\n`);
  }
  expect(root.commands.map((command) => command.name())).toEqual(Object.keys(VERBS));
  for (const [name, { examples }] of Object.entries(VERBS))
    for (const example of examples) {
      const command = root.commands.find((one) => one.name() === name);
      const words = [...example.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(
        ([, a, b, c]) => a ?? b ?? c ?? "",
      );
      const { unknown, operands } = command?.parseOptions(words.slice(1)) ?? {
        unknown: [name],
        operands: [],
      };
      expect([example, unknown]).toEqual([example, []]);
      const taken = command?.registeredArguments ?? [];
      const most = taken.some(({ variadic }) => variadic) ? operands.length : taken.length;
      expect(operands.length).toBeLessThanOrEqual(most);
    }
});
