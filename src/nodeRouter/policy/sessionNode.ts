// On which node a session's workspace is: the rules choose, and the session then stays where its files are. Pure.

import type { ConfiguredNode } from "../../config/resolveNodes.ts";
import type { NodePresence } from "../../presence/record.ts";
import { isoTime } from "../../shared/isoTime.ts";
import { refusal } from "../../shared/refusal.ts";
import { quote, safe } from "../../shared/safeText.ts";
import type { Transport } from "../../shared/types.ts";
import type { KnownNow } from "../explain/agentAdvice.ts";
import { fitLine, noNodeFits, overText } from "../explain/message.ts";
import { OFFLINE } from "../placement/filters/presence.ts";
import type { Candidate, PlacementDecision } from "../placement/model/decision.ts";
import type { KeptPlace } from "../state/sessionNodes.ts";
import type { AgentPolicy } from "./agentPolicy.ts";
import type { LastNodesView, Refused, SessionPlace, Via, World } from "./callDecision.ts";
import { pluginAdvice } from "./nodePlugin.ts";
import { toolPlacement } from "./toolPlacement.ts";

/**
 * Chooses the session's node. It stays on the one it has while that one fits its rule. When that one cannot be
 * used for the moment (offline, too little free, a fact that nobody knows now), its calls are refused: its files are
 * there. Only when the rule or the config no longer means it, the rule chooses anew. The way to it stays too: where the
 * config has taken that away, another way may lead to another machine or user, so the session is refused.
 *
 * `mode: "shadow"` changes nothing here: it is about calls that would otherwise run elsewhere, and this agent's
 * own sandbox settings leave no other place. `onUnavailable: "gateway"` does not help either, for the same reason.
 * @param kept the node that its files are on; null: it has none yet.
 * @param startsNothing the call begins no command, so a full node that holds its files is as good as any.
 */
export function decideSession(
  policy: AgentPolicy,
  kept: KeptPlace | null,
  { snapshot, presence }: Pick<World, "snapshot" | "presence">,
  memory: LastNodesView,
  startsNothing = false,
): SessionPlace {
  if (policy.invalid !== null) return { ok: false, refusal: policy.invalid };
  const choose = (here: string | null): PlacementDecision =>
    toolPlacement({ ...policy, binding: "workspace" }, "exec", snapshot, memory, {
      kept: here,
      startsNothing,
    });
  let placement = choose(kept?.node ?? null);
  // Its node is away for the moment. When it is gone, or its rules mean it no longer, they choose anew.
  const away = [placement, ...(placement.before ?? [])].find((one) => one.away !== undefined);
  const { away: own, waitMs } = away ?? {};
  if (kept !== null && own?.passing != null) {
    if (own.transport === null || own.transport === kept.over)
      return { ...awayFor(own, own.passing, choose(null), presence.get(own.node), kept.over), waitMs };
    placement = choose(null);
  }
  if (kept !== null && placement.node?.name === kept.node && placement.transport !== kept.over)
    return otherWay(kept);
  if (placement.node === null) return nothingFits(placement, { presence, nowMs: snapshot.takenAtMs });
  const node = policy.config.nodes.get(placement.node.name);
  const via = viaOf(placement);
  // The filters should have kept such nodes away.
  if (node === undefined || via === null || !node.workspace?.startsWith("/")) {
    const { name } = placement.node;
    const path = `plugins.entries.node-router.config.nodes.${safe(name)}`;
    const fact = `node ${quote(name)} cannot hold a workspace: it needs an absolute ${path}.workspace`;
    return { ok: false, refusal: refusal("WORKSPACE_UNAVAILABLE", fact) };
  }
  return { ok: true, node, via, root: node.workspace, placement };
}

/** Null: there is no way to it. */
function viaOf({ transport, node }: PlacementDecision): Via | null {
  if (transport === "ssh") return { over: "ssh" };
  const nodeId = node?.nodeId ?? null;
  return transport === null || nodeId === null ? null : { over: "node", nodeId };
}

/**
 * The node that a session is or would be on, from what is known now, without asking anybody. Null: none.
 * @param kept the node that its files are on; null: it has none yet.
 */
export function knownRoot(
  policy: AgentPolicy,
  kept: KeptPlace | null,
  world: Pick<World, "snapshot" | "presence">,
  memory: LastNodesView,
): { readonly node: ConfiguredNode; readonly root: string } | null {
  const place = decideSession(policy, kept, world, memory, true);
  if (place.ok) return place;
  const last = policy.config.nodes.get(kept?.node ?? "");
  return last?.workspace?.startsWith("/") === true ? { node: last, root: last.workspace } : null;
}

/** SECURITY: the same name may lead to another machine there, or to another user's files. */
function otherWay({ node, over }: KeptPlace): Refused {
  const name = quote(node);
  const other = overText(over === "ssh" ? "node" : "ssh");
  const fact = `node ${name}, which holds the files of this session, is reached ${overText(over)} in it, and by the config now only ${other}`;
  const nothingRan = "nothing ran, and the session does not change its way, because its files are there";
  const agentAdvice = `Trying again does not help: tell your user. A new session goes ${other}`;
  const advice = `Start a new session, which goes ${other}, or set plugins.entries.node-router.config.nodes.${safe(node)} back`;
  return { ok: false, refusal: refusal("NODE_UNREACHABLE", fact, { nothingRan, advice, agentAdvice }) };
}

/** SECURITY: another node would have other files, or an older state of the same ones. */
function awayFor(
  { node: kept, reason, detail }: Candidate,
  fact: string,
  { node, rule }: PlacementDecision,
  record: NodePresence | undefined,
  over: Transport,
): Refused {
  const known =
    reason?.filter === OFFLINE.filter && record !== undefined
      ? presenceText(record, over)
      : detail === undefined
        ? ""
        : ` (${detail})`;
  const elsewhere =
    node === null
      ? `no other node fits rule ${quote(rule ?? "")} now`
      : `a new session goes to node ${quote(node.name)}`;
  const text = `node ${quote(kept)}, which holds the files of this session, ${fact}${known}`;
  const nothingRan = "nothing ran, and the session does not move, because its files are there";
  const advice = `Try again when the node is back; ${elsewhere}`;
  return {
    ok: false,
    refusal: refusal("NODE_UNREACHABLE", text, { nothingRan, advice, agentAdvice: advice }),
  };
}

/** ` (connection refused; it last answered at 2026-01-31T08:00:00.000Z)`; empty when nobody knows more. */
function presenceText({ reach }: NodePresence, over: Transport): string {
  const { reason = null, lastAnswerMs = null } = (over === "peer" ? null : reach[over]) ?? {};
  const time = isoTime(lastAnswerMs);
  const last = time === null ? null : `it last answered at ${time}`;
  const parts = [reason === null ? null : safe(reason), last].filter((part) => part !== null);
  return parts.length === 0 ? "" : ` (${parts.join("; ")})`;
}

function nothingFits(decision: PlacementDecision, known: KnownNow): Refused {
  if (decision.outcome === "refused") {
    const { waitMs } = decision;
    const why = noNodeFits(decision, pluginAdvice(decision), known);
    return { ok: false, refusal: why, waitMs, placement: decision };
  }
  if (decision.rule === null) {
    const fact = `the workspace of agent ${quote(decision.request.agent)} is on a node (sandbox.backend: "node-router"), and no rule names the agent`;
    const advice = "add one to plugins.entries.node-router.config.rules";
    return { ok: false, refusal: refusal("NO_NODE_FITS", fact, { advice }) };
  }
  const fact = `${fitLine(decision)}; onUnavailable: "gateway" does not hold for an agent whose workspace is on a node`;
  return { ok: false, refusal: refusal("NO_NODE_FITS", fact, { advice: null }) };
}
