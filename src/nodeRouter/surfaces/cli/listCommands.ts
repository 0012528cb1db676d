// `status`, `nodes`, `events`, `calls` and `top`: lists, once or watched.

import { LIMIT, listOptions, SINCE, WATCHED } from "./flags.ts";
import { STATE, statesProblem } from "./nodeStates.ts";
import { runList } from "./runList.ts";
import type { Verb } from "./verb.ts";

export const statusVerb: Verb = {
  description: "Agents by rule, node, transport and presence; whether the plugin is in force",
  options: [...listOptions("status"), WATCHED],
  examples: ["status", "status --sort tokens:desc", "status -l region=sg -o name", "status --watch"],
  list: "status",
  run: (call) => runList("status", call),
};

export const nodesVerb: Verb = {
  description: "Every known node: state, address, place, round trip, load, free memory and disk, agents",
  options: [STATE, ...listOptions("nodes"), WATCHED],
  examples: [
    "nodes",
    "nodes -l 'region in (sg, hk)' --sort rtt",
    "nodes --state offline,stale --watch",
    "nodes -o wide",
  ],
  list: "nodes",
  problem: statesProblem,
  run: (call) => runList("nodes", call),
};

export const eventsVerb: Verb = {
  description: "Changes of the nodes' states, the newest last",
  argument: ["[node]", "only of this node"],
  options: [
    SINCE,
    ["--node <name>", "the same as [node]"],
    ["-f, --follow", "go on with each change that comes, until interrupted"],
    WATCHED,
    ...listOptions("events"),
  ],
  examples: ["events mac-sg --since 2h", "events --follow"],
  list: "events",
  run: (call) => runList("events", call),
};

export const callsVerb: Verb = {
  description: "What was decided of each call, where it ran and how it ended, the newest first",
  options: [
    ["--agent <id>", "only of this agent"],
    ["--node <name>", "only on this node"],
    ["--rule <name>", "only by this rule"],
    ["--outcome <word>", "only these: ran, refused, not-started, unknown, running or left"],
    SINCE,
    LIMIT,
    ["-f, --follow", "go on with each call that comes or ends, until interrupted"],
    WATCHED,
    ...listOptions("calls"),
  ],
  examples: ["calls --agent worker-sg --since 1h", "calls --outcome refused", "calls --follow"],
  list: "calls",
  run: (call) => runList("calls", call),
};

export const topVerb: Verb = {
  description: "How busy every node is, the busiest first",
  options: [STATE, ...listOptions("nodes"), WATCHED],
  examples: ["top", "top --watch", "top -l region=sg --sort memory"],
  list: "nodes",
  problem: statesProblem,
  run: (call) => runList("top", call),
};
