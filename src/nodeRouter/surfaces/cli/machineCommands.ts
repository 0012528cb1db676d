// `init`, `add` and `join`: from machines and agents to calls that are routed.

import { EDIT_OPTIONS } from "./flags.ts";
import { initUsageProblem, runInit } from "./initCommand.ts";
import { runSetupCommand, setupUsageProblem } from "./setupCommand.ts";
import type { Flag, Verb } from "./verb.ts";

/** Of `add` and `join`. */
const SETUP_OPTIONS: readonly Flag[] = [
  ["--name <node>", "inventory name; default: the host's first label"],
  ["--country <code>", 'where the machine is, for example "SG"; default: you are asked'],
  ["--city <name>", "and in which city"],
  ["--tags <list>", 'tags with commas, for example "region=sg,gpu"; default: region=<country>'],
  ["--agents <list>", "agents that work there from now on: a rule is added for those that have none"],
  ["--workspace <directory>", "absolute directory on the node; default: ~/work there"],
  ["--identity <file>", "private key file on the gateway; default: what ssh there would use"],
  ["--host-key <fingerprint>", "record this host key without asking, if the machine offers it"],
  ["--yes", "write without asking"],
];

export const initVerb: Verb = {
  description: "From an installed plugin to the first routed call: asks, shows, writes once, tries",
  options: [
    ["--place <node=place...>", 'where nodes are, for example "mac-sg=SG/Singapore"; default: you are asked'],
    ["--tag <node=tags...>", 'tags of nodes, for example "mac-sg=gpu,disk=ssd"; default: region=<country>'],
    [
      "--route <agent=where...>",
      'where agents may run, for example "worker-sg=region=sg", or "worker-sg=any"',
    ],
    ["--print", "write nothing: print the change as a JSON merge patch of openclaw.json"],
    ...EDIT_OPTIONS,
  ],
  examples: ["init", "init --dry-run", "init --place mac-sg=SG/Singapore --route worker-sg=region=sg --yes"],
  isLong: true,
  problem: initUsageProblem,
  run: ({ options, ask, out, machine }) => runInit(options, ask, out, machine),
};

export const addVerb: Verb = {
  description: "Make a machine with SSH a node, in one go: trust, login, place, config, guard",
  argument: ["<ssh-host>", "[user@]host[:port], or a Host of ~/.ssh/config on the gateway"],
  options: SETUP_OPTIONS,
  examples: ["add claw@studio-hk --agents worker-hk"],
  isLong: true,
  problem: (options, canAsk) => setupUsageProblem("add", options, canAsk),
  run: ({ options, ask, out, machine }) => runSetupCommand("add", options, ask, out, machine),
};

export const joinVerb: Verb = {
  description:
    "Make a machine with SSH a paired, approved node behind a tunnel that the gateway keeps, in one go",
  argument: ["<node>", "a node of the config, or [user@]host[:port] as for add"],
  options: [
    ...SETUP_OPTIONS,
    ["--tunnel-port <port>", "where the tunnel listens on the node's 127.0.0.1; default: 18789"],
    ["--no-service", "no service keeps the node host: it runs until the machine restarts"],
    ["--print", "write nothing: print what to type on a machine that the gateway cannot reach over SSH"],
  ],
  examples: ["join claw@studio-hk --agents worker-hk", "join studio-hk --print"],
  isLong: true,
  problem: (options, canAsk) => setupUsageProblem("join", options, canAsk),
  run: ({ options, ask, out, machine }) => runSetupCommand("join", options, ask, out, machine),
};
