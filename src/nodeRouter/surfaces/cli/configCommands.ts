// `rule`, `tag` and `remove`: edits of the config by names.
import { type EditCommand, editUsageProblem, runEdit } from "./editCommand.ts";
import { EDIT_OPTIONS } from "./flags.ts";
import type { Verb } from "./verb.ts";

function editing(command: EditCommand): Pick<Verb, "problem" | "run"> {
  return {
    problem: (options, canAsk) => editUsageProblem(command, options, canAsk),
    run: ({ options, ask, out }) => runEdit(command, options, ask, out),
  };
}

export const ruleVerb: Verb = {
  description: "Add, move or take out a rule by its name; shows what changes for calls before it writes",
  argument: ["<action>", "add, move or rm"],
  second: ["<name>", "name of the rule"],
  options: [
    ["--agents <list>", "add: agents that it speaks for, with commas"],
    ["--require <selector>", 'add: nodes that it means, for example "region=sg"; default: every node'],
    ["--before <rule>", "where it stands: the first rule that matches decides"],
    ["--after <rule>", "behind this one"],
    ["--first", "before all others"],
    ["--last", "behind all others (the default of add)"],
    ...EDIT_OPTIONS,
  ],
  examples: ["rule add singapore --agents worker-sg --require region=sg", "rule move singapore --first"],
  ...editing("rule"),
};

export const tagVerb: Verb = {
  description: "Set and drop tags of a node",
  argument: ["<node>", "name of a node"],
  second: ["<changes...>", "key=value or key sets a tag, key- drops it"],
  options: EDIT_OPTIONS,
  examples: ["tag mac-sg region=sg gpu", "tag mac-sg gpu-"],
  ...editing("tag"),
};

export const removeVerb: Verb = {
  description: "Take a node out of the config; what is on the machine stays there",
  argument: ["<node>", "inventory name of a node"],
  options: [["--force", "also while files of sessions are on it"], ...EDIT_OPTIONS],
  examples: ["remove studio-hk --dry-run"],
  ...editing("remove"),
};
