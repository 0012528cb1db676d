// What is said of a command that did not begin on a paired node, or whose end was not seen. Pure.
import { TELL_USER } from "../../../../shared/errorCatalogue.ts";
import { INSTALL_PLUGIN } from "../../../../shared/pluginOnNode.ts";
import { type Refusal, refusal } from "../../../../shared/refusal.ts";
import { quote, safe } from "../../../../shared/safeText.ts";
import type { Outcome } from "../../transport.ts";
import { workdirRefusal } from "../../workdirRefusal.ts";
import { LEASE_MS, type RefusedAnswer, WIRE_PROTOCOL, WORKSPACE_COMMAND } from "../wire.ts";
import type { Unsent } from "./delivery.ts";
import type { OtherProtocol } from "./readReply.ts";

const NOTHING_RAN = "nothing ran";

/** The host's own word that nothing was sent. */
export function unsentRefusal(node: string, { why, fact }: Unsent): Refusal {
  switch (why) {
    case "away":
      return refusal("NODE_UNREACHABLE", `node ${quote(node)} is not connected to the gateway`, {
        nothingRan: NOTHING_RAN,
        advice: "See whether its node host runs and reaches the gateway; trying again is safe",
      });
    case "missing":
      return noPlugin(node);
    case "barred": {
      const what = `the gateway does not let ${WORKSPACE_COMMAND} go to node ${quote(node)}: ${safe(fact)}`;
      return refusal("WORKSPACE_UNAVAILABLE", what, {
        nothingRan: NOTHING_RAN,
        advice: `Take ${WORKSPACE_COMMAND} out of gateway.nodes.commands.deny`,
      });
    }
    case "passing":
      return notBegun(node, `the command could not be sent: ${safe(fact)}`);
  }
}

/** The commands that put the plugin on the node. */
export function noPlugin(node: string): Refusal {
  const fact = `node ${quote(node)} is paired, and does not offer what a workspace needs: node-router is not installed there, or the gateway has not approved what it brought`;
  return refusal("WORKSPACE_UNAVAILABLE", fact, {
    nothingRan: NOTHING_RAN,
    advice: `To put it there, ${INSTALL_PLUGIN}`,
  });
}

export function otherProtocol(node: string, { protocol, version }: OtherProtocol): Refusal {
  const isOlder = protocol < WIRE_PROTOCOL;
  const fact = `node-router ${quote(version)} on node ${quote(node)} speaks protocol ${protocol}, and the gateway's ${WIRE_PROTOCOL}: the node's is the ${isOlder ? "older" : "newer"} one`;
  const update = '"openclaw plugins update node-router"';
  const advice = isOlder
    ? `Run ${update} on the node and restart its node host`
    : `Run ${update} on the gateway`;
  return refusal("WORKSPACE_UNAVAILABLE", fact, { nothingRan: NOTHING_RAN, advice });
}

/** Its answer is none of this protocol. */
export function unreadableNode(node: string): Refusal {
  const fact = `node ${quote(node)} answered ${WORKSPACE_COMMAND} with what node-router does not read`;
  const advice =
    "See whether the machine is what it should be, and install the same version of node-router there";
  return refusal("WORKSPACE_UNAVAILABLE", fact, { nothingRan: NOTHING_RAN, advice });
}

export function noAnswer(node: string, fact: string): Refusal {
  const what = `node ${quote(node)} did not answer: ${safe(fact)}`;
  return refusal("NODE_UNREACHABLE", what, {
    nothingRan: NOTHING_RAN,
    advice: "Trying again is safe",
  });
}

/** Proven not to have begun, for a reason that may pass. */
export function notBegun(node: string, fact: string): Refusal {
  const nothingRan = "nothing ran, and trying again is safe";
  return refusal("NOT_STARTED", `on node ${quote(node)} ${fact}`, { nothingRan, advice: null });
}

/** The node's own word that it did not begin. @param cwd that was asked for */
export function refusedRun(node: string, { why, fact }: RefusedAnswer, cwd: string | null): Refusal {
  const said = fact === "" ? "" : `: ${safe(fact)}`;
  const never = (what: string, advice: string): Refusal =>
    refusal("NOT_STARTED", `on node ${quote(node)} ${what}${said}`, { nothingRan: NOTHING_RAN, advice });
  switch (why) {
    case "cwd-missing":
      return workdirRefusal("missing", cwd ?? "", node);
    case "cwd-not-a-directory":
      return workdirRefusal("not-a-directory", cwd ?? "", node);
    case "cwd-denied":
      return workdirRefusal("denied", cwd ?? "", node);
    case "denied":
      return refusal("RUN_NOT_ALLOWED", `node ${quote(node)} refused the command${said}`, {
        advice: 'Let the owner of the node see "openclaw approvals get" there, or use another node',
        agentAdvice: TELL_USER,
      });
    case "full":
      return refusal("NODE_BUSY", `node ${quote(node)} takes no more commands now${said}`);
    case "platform": {
      const what = `node ${quote(node)} cannot hold a workspace${said}`;
      const advice = "Give the agent a Linux or macOS node, or bind its exec alone";
      return refusal("WORKSPACE_UNAVAILABLE", what, { nothingRan: NOTHING_RAN, advice });
    }
    case "pty":
      return never("no terminal can be made", "Leave pty out");
    case "spawn":
      return never("the system started no process", "See what keeps it from that (memory, limits, its logs)");
    case "request":
      return never("the request was not understood", "Install the same version of node-router on both sides");
    case "boot":
    case "forgotten":
      return notBegun(node, "the node host did not take the command");
  }
}

/**
 * The end of a command that nobody saw.
 * @param processGroup null: its start was not seen either
 * @param what how the sentence begins: `the node host on node "mac-sg" ended`
 */
export function unknownOutcome(processGroup: number | null, what: string): Outcome {
  const begun =
    processGroup === null ? "may have begun there" : `had begun there (process group ${processGroup})`;
  const fact = `${what}, after the command ${begun}, and how it ended was not seen`;
  return { kind: "unknown", processGroup, ...refusal("OUTCOME_UNKNOWN", fact) };
}

/** Proven by the node: it began nothing of it, and never will. */
export function neverArrived(node: string): Outcome {
  const why = notBegun(node, "the command never arrived: the connection was lost as it was sent");
  return { kind: "notStarted", ...why };
}

/** In words, for what is longer than the lease. */
export const LEASE_WORDS = `${LEASE_MS / 60_000} minutes`;
