// The node transport of one gateway process: a link a node, made at first use.
import { refusal } from "../../../../shared/refusal.ts";
import { quote } from "../../../../shared/safeText.ts";
import type { NodeTransport, PairedNode } from "../../nodeTransport.ts";
import { requestProblem } from "../../requestProblem.ts";
import type { CommandJournal } from "./commandJournal.ts";
import type { NodeCalls } from "./nodeCalls.ts";
import { NodeCommand } from "./nodeCommand.ts";
import { NodeLink } from "./nodeLink.ts";
import { notBegun } from "./nodeRefusals.ts";
import { endOrphans, type OnOrphan } from "./orphans.ts";

export interface NodeTransportOptions {
  readonly calls: NodeCalls;
  readonly journal: CommandJournal;
  /** Told of each command that an earlier life of the gateway left. */
  readonly onOrphan: OnOrphan;
}

/** Asks nodes only what became of commands that an earlier life of the gateway left there. */
export function createNodeTransport({ calls, journal, onOrphan }: NodeTransportOptions): NodeTransport {
  const links = new Map<string, NodeLink>();
  const running = new Set<Promise<unknown>>();
  let isClosed = false;
  const linkTo = ({ nodeId }: Pick<PairedNode, "nodeId">): NodeLink => {
    const link = links.get(nodeId) ?? new NodeLink(nodeId, calls);
    links.set(nodeId, link);
    return link;
  };
  // They run there, too, until they are ended.
  const linkToOrphan = (nodeId: string): NodeLink => {
    const link = linkTo({ nodeId });
    link.running += 1;
    return link;
  };
  void endOrphans(journal, linkToOrphan, (entry, outcome) => {
    linkTo(entry).running -= 1;
    onOrphan(entry, outcome);
  });
  return {
    start(node, request) {
      const link = linkTo(node);
      const command = new NodeCommand(node, request, link, journal);
      const problem = requestProblem(request);
      if (problem !== null) {
        const nothingRan = `on node ${quote(node.name)} nothing ran`;
        command.notStarted(refusal("NOT_STARTED", problem, { nothingRan, advice: "Change the command" }));
      } else if (request.abortSignal?.aborted === true) {
        command.notStarted(notBegun(node.name, "it was cancelled before it began"));
      } else if (isClosed) {
        command.notStarted(notBegun(node.name, "no more commands are begun, because the gateway stops"));
      } else {
        link.running += 1;
        running.add(command.outcome);
        void command.outcome.then(() => {
          link.running -= 1;
          running.delete(command.outcome);
        });
        void command.live();
      }
      return command;
    },
    warm: (node) => void linkTo(node).host(node.name),
    hello: (node, timeoutMs) => linkTo(node).hello(node.name, timeoutMs),
    publicAddress: (node, url) => linkTo(node).publicAddress(url),
    counters: (nodeId) => {
      const link = links.get(nodeId);
      return link === undefined ? null : { running: link.running };
    },
    async close() {
      isClosed = true;
      await Promise.all(running);
    },
  };
}
