// `openclaw node-router delegations`: the list, or one that is shown, canceled, written off or given anew.
import { hostname, userInfo } from "node:os";
import { knownFields } from "../../../shared/knownFields.ts";
import { DELEGATION_STATES } from "../../delegation/model/delegation.ts";
import { TASK_PHASES } from "../../delegation/protocol/wire.ts";
import type { DelegationReport, DelegationsReport } from "../reports/delegationsReport.ts";
import type { PeersReport } from "../reports/peersReport.ts";
import { delegationDetails, delegationsText } from "./delegationsText.ts";
import { actionProblem, LIMIT, listOptions, strayProblem } from "./flags.ts";
import { selectedPeers } from "./listedPeers.ts";
import { LISTINGS, listed } from "./listing.ts";
import { wordsProblem } from "./optionProblem.ts";
import { type CommandUse, tell, tellList, type Verb } from "./verb.ts";

const METHODS: Readonly<Record<string, string>> = {
  show: "noderouter.delegation",
  cancel: "noderouter.cancelDelegation",
  end: "noderouter.endDelegation",
  retry: "noderouter.retryDelegation",
};

/** Words of `--state`. */
export const DELEGATION_WORDS: readonly string[] = [...new Set([...DELEGATION_STATES, ...TASK_PHASES])];

/** Of which actions an option is; "": of the list. */
const OPTIONS_OF = {
  peer: [""],
  state: [""],
  agent: [""],
  open: [""],
  limit: [""],
  again: ["retry"],
  reason: ["end"],
} as const;

/** As many as one answer has: the gateway does not know `-l`. */
const MOST = 1_000;
const DEFAULT_LIMIT = 50;

/** Ends that the exit code calls a finding. */
const BAD: readonly string[] = ["failed", "interrupted", "lost", "rejected", "not-accepted"];

export const delegationsVerb: Verb = {
  description: "Tasks that were given to peers, or taken from them, the newest first",
  argument: ["[action]", "show, cancel, end or retry one"],
  second: ["[id]", "id of a delegation, or its beginning"],
  options: [
    ["--peer <name>", "only to and from this peer"],
    ["--state <word>", "only those that are so, for example working, completed or unknown"],
    ["--agent <id>", "only those that this agent asked for or does"],
    ["--open", "only those that have not ended"],
    LIMIT,
    ["--again", "with retry: also where something of it may have run"],
    ["--reason <text>", "with end: why its peer, of which nothing is known, is asked no more"],
    ...listOptions("delegations"),
  ],
  examples: ["delegations --open", "delegations show 9f2c41d0"],
  problem(options) {
    const wrong =
      actionProblem("delegations", Object.keys(METHODS), "id", options) ??
      strayProblem("delegations", OPTIONS_OF, options) ??
      wordsProblem("state", options.state, DELEGATION_WORDS);
    if (wrong !== null || options.node?.trim() !== "end" || options.reason?.trim()) return wrong;
    return "delegations end needs a reason: openclaw node-router delegations end <id> --reason <text>";
  },
  run: runDelegations,
  list: "delegations",
  actions: Object.keys(METHODS),
};

async function listOf({ options, ask }: CommandUse, query: object): Promise<DelegationsReport> {
  const { selector } = options;
  const sort = options.sort?.trim() ?? null;
  const limit = options.limit === undefined ? undefined : Number(options.limit);
  const peers = selector === undefined ? null : await ask<PeersReport>("noderouter.peers", {});
  const asked = peers === null ? limit : MOST;
  const all = await ask<DelegationsReport>("noderouter.delegations", {
    ...query,
    ...knownFields({ limit: asked }),
  });
  if (peers === null) return listed(LISTINGS.delegations, all, { nodes: null, sort });
  const { delegations } = listed(LISTINGS.delegations, all, {
    nodes: selectedPeers(peers, selector),
    sort: null,
  });
  // The newest, as the gateway gives them without a selector; then the order.
  const shown = delegations.slice(0, limit ?? DEFAULT_LIMIT);
  const report = { delegations: shown, left: delegations.length - shown.length };
  return listed(LISTINGS.delegations, report, { nodes: null, sort });
}

async function runDelegations(call: CommandUse): Promise<number> {
  const { options, ask } = call;
  const { node: action = "", id, peer, state, agent, open, again, reason } = options;
  if (action.trim() === "") {
    const query = knownFields({
      peer: peer?.trim(),
      state: state?.trim(),
      agent: agent?.trim(),
      open,
    });
    return tellList(call, LISTINGS.delegations, await listOf(call, query), delegationsText);
  }
  const isEnd = action.trim() === "end";
  const why = isEnd ? { reason: reason?.trim(), by: `${userInfo().username}@${hostname()}` } : {};
  const query = knownFields({ id: id?.trim(), again, ...why });
  const report = await ask<DelegationReport>(METHODS[action.trim()] ?? "", query);
  return tell(call, report, delegationDetails, (one) => isEnd || !BAD.includes(one.state));
}
