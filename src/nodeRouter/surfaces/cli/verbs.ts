// Every command of `openclaw node-router`, in the order of its help. A new one is a line in its group here, and a file.

import { removeVerb, ruleVerb, tagVerb } from "./configCommands.ts";
import { cordonVerb, drainVerb, uncordonVerb } from "./cordonCommands.ts";
import { delegationsVerb } from "./delegationsCommand.ts";
import { describeVerb } from "./describeCommand.ts";
import { explainVerb } from "./explainCommand.ts";
import { exportVerb } from "./exportCommand.ts";
import { guardVerb } from "./guardCommand.ts";
import { doctorVerb, ledgerVerb, probeVerb, testVerb } from "./healthCommands.ts";
import { callsVerb, eventsVerb, nodesVerb, statusVerb, topVerb } from "./listCommands.ts";
import { addVerb, initVerb, joinVerb } from "./machineCommands.ts";
import { peersVerb } from "./peersCommand.ts";
import { pingVerb } from "./pingCommand.ts";
import { checkVerb, planVerb } from "./planCommands.ts";
import { trustVerb } from "./trustCommand.ts";
import { usageVerb } from "./usageCommand.ts";
import type { Verb } from "./verb.ts";
import { waitVerb } from "./waitCommand.ts";

type Verbs = Readonly<Record<string, Verb>>;

const LOOK = {
  status: statusVerb,
  nodes: nodesVerb,
  top: topVerb,
  events: eventsVerb,
  calls: callsVerb,
  usage: usageVerb,
  describe: describeVerb,
} satisfies Verbs;

const ASK_WHY = {
  explain: explainVerb,
  doctor: doctorVerb,
  check: checkVerb,
  plan: planVerb,
  test: testVerb,
  ledger: ledgerVerb,
} satisfies Verbs;

const SET_UP = {
  init: initVerb,
  add: addVerb,
  join: joinVerb,
  rule: ruleVerb,
  tag: tagVerb,
  remove: removeVerb,
  guard: guardVerb,
  export: exportVerb,
} satisfies Verbs;

const OPERATE = {
  cordon: cordonVerb,
  drain: drainVerb,
  uncordon: uncordonVerb,
  wait: waitVerb,
  ping: pingVerb,
  probe: probeVerb,
  trust: trustVerb,
} satisfies Verbs;

const GATEWAYS = {
  peers: peersVerb,
  delegations: delegationsVerb,
} satisfies Verbs;

/** What the help calls them. */
export const GROUPS: readonly (readonly [heading: string, verbs: Verbs])[] = [
  ["Look:", LOOK],
  ["Ask why, and what if:", ASK_WHY],
  ["Set up and change:", SET_UP],
  ["Operate nodes:", OPERATE],
  ["Other gateways:", GATEWAYS],
];

export const VERBS = { ...LOOK, ...ASK_WHY, ...SET_UP, ...OPERATE, ...GATEWAYS };

export type CommandName = keyof typeof VERBS;

export const COMMAND_NAMES = Object.keys(VERBS) as CommandName[];
