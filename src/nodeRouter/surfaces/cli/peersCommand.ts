// `peers`: other gateways: the list, one that is asked now, or one that is let in.
import type { PeerReport, PeersReport } from "../reports/peersReport.ts";
import { actionProblem, listOptions, spanProblem, strayProblem } from "./flags.ts";
import { selectedPeers } from "./listedPeers.ts";
import { LISTINGS, listed } from "./listing.ts";
import { peerSetupProblem, runPeerSetup } from "./peerSetupCommand.ts";
import { peersText } from "./peersText.ts";
import { tell, tellList, type Verb } from "./verb.ts";

const ACTIONS = ["probe", "invite", "join"];

/** Of which actions an option is. */
const OPTIONS_OF = {
  agents: ["invite", "join"],
  for: ["invite"],
  host: ["invite"],
  sshPort: ["invite"],
  peerUrl: ["invite", "join"],
  name: ["join"],
  ssh: ["join"],
  country: ["join"],
  tags: ["join"],
  yes: ["invite", "join"],
} as const;

export const peersVerb: Verb = {
  description:
    "Other gateways: whether they are there, what they offer, and what goes to and comes from them",
  argument: [
    "[action]",
    "probe: ask one of them now; invite: let another gateway give tasks; join: be let in",
  ],
  second: ["[peer]", "name of a peer; of join the line of the invitation, or - to read it from stdin"],
  options: [
    ["--agents <list>", "invite: agents here that it may ask; join: agents here whose tasks may go there"],
    ["--for <time>", "invite: how long the line counts: 10m, 1h (the default), 1d"],
    ["--host <list>", "invite: where the other gateway finds this machine's sshd; default: its own names"],
    ["--ssh-port <port>", "invite: of this machine's sshd; default: OPENCLAW_SSH_PORT, or 22"],
    ["--peer-url <url>", "instead of SSH: address of the inviting gateway, https or on the tailnet"],
    ["--name <peer>", "join: what the other gateway is called here; default: its own name"],
    ["--ssh <node>", "join: a node of the inventory, or [user@]host[:port], in place of what the line says"],
    ["--country <code>", 'join: where the other gateway is, for example "SG"'],
    ["--tags <list>", 'join: tags of it with commas, for example "region=sg"'],
    ["--yes", "write without asking"],
    ...listOptions("peers"),
  ],
  examples: ["peers", "peers probe gw-sg", "peers invite gw-cn --agents worker-sg"],
  isLong: true,
  list: "peers",
  actions: ACTIONS,
  problem(options, canAsk) {
    const isSetup = ["invite", "join"].includes(options.node?.trim() ?? "");
    const wrong = isSetup
      ? peerSetupProblem(options, canAsk)
      : actionProblem("peers", ACTIONS, "peer", options);
    return wrong ?? strayProblem("peers", OPTIONS_OF, options) ?? spanProblem(options);
  },
  async run(use) {
    const { options, ask, out, machine } = use;
    if (!options.node?.trim()) {
      const all = await ask<PeersReport>("noderouter.peers", {});
      const wanted = { nodes: selectedPeers(all, options.selector), sort: options.sort?.trim() ?? null };
      const report = listed(LISTINGS.peers, all, wanted);
      return tellList(use, LISTINGS.peers, report, peersText, ({ peers }) =>
        peers.every(({ state }) => state !== "offline" && state !== "unusable"),
      );
    }
    if (options.node.trim() !== "probe") return runPeerSetup(options, ask, out, machine);
    const peer = await ask<PeerReport>("noderouter.probePeer", { peer: options.id?.trim() });
    return tell(
      use,
      peer,
      (one, columns) => peersText({ gateway: null, peers: [one] }, columns),
      ({ state }) => state === "online",
    );
  },
};
