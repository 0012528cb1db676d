// Which peer a delegation is offered to next: the rules' choice among those that have not refused it.
import type { DelegationSettings } from "../../../config/resolvePeers.ts";
import { type Refusal, refusal } from "../../../shared/refusal.ts";
import { quote, safe } from "../../../shared/safeText.ts";
import { parseSelector } from "../../placement/selector/parser.ts";
import type { Selector } from "../../placement/selector/selector.ts";
import type { Delegation } from "../model/delegation.ts";
import { triedPeers } from "../model/outgoing.ts";
import type { PeerChoice, TaskRequest } from "../peers/choosePeer.ts";
import type { KnownPeer } from "../peers/knownPeers.ts";
import { askCard } from "../protocol/askPeer.ts";
import { readCard } from "../protocol/card.ts";
import type { ReachedPeer } from "./askAbout.ts";
import type { PeerOffer } from "./drive.ts";

export interface OfferDeps {
  readonly settings: () => DelegationSettings;
  readonly choose: (request: TaskRequest) => Promise<PeerChoice>;
  readonly peerOf: (name: string) => ReachedPeer | null;
  readonly knownOf: (peer: string) => KnownPeer;
  /** Peer that has the conversation; null: it is new. */
  readonly heldBy: (context: string) => string | null;
  /** Epoch ms. */
  readonly now: () => number;
}

const CARD_MS = 10_000;

/** Asks peers for nothing but which agents they offer, and that only where nobody has named one. */
export async function offerTo(delegation: Delegation, deps: OfferDeps): Promise<PeerOffer> {
  const tried = triedPeers(delegation, "all");
  const barred = triedPeers(delegation, "barred");
  const first = await chooseFrom(delegation, deps, tried);
  if ("is" in first) return first;
  const { reason, rule } = first;
  let mayWait = first.mayQueue;
  // Who was full a while ago is asked again; who has refused it for ever is not.
  if (isQueue(deps, rule) && tried.size > barred.size) {
    if (isFresh(delegation, deps.now())) mayWait = true;
    else {
      const second = await chooseFrom(delegation, deps, barred);
      if ("is" in second) return second;
      mayWait ||= second.mayQueue;
    }
  }
  if (mayWait && rule !== null) return { is: "wait", reason, rule };
  return { is: "event", event: { is: "no-peer", reason, isFinal: true } };
}

function isQueue({ settings }: OfferDeps, rule: string | null): boolean {
  return settings().rules.find(({ name }) => name === rule)?.onUnavailable === "queue";
}

interface NoOffer {
  readonly reason: Refusal;
  readonly rule: string | null;
  readonly mayQueue: boolean;
}

async function chooseFrom(
  delegation: Delegation,
  deps: OfferDeps,
  tried: ReadonlyMap<string, string>,
): Promise<PeerOffer | NoOffer> {
  const declined = new Map(tried);
  for (;;) {
    const request = requestOf(delegation, deps, declined);
    if ("fact" in request) return { reason: request, rule: null, mayQueue: false };
    const choice = await deps.choose(request);
    if (choice.kind === "refused") {
      // Of a single peer its own words say more than that it did not take it.
      const own = choice.decision?.total === 1 ? delegation.attempts.at(-1)?.reason : null;
      return { reason: own ?? choice.refusal, rule: choice.rule, mayQueue: choice.mayQueue };
    }
    const { peer, rule } = choice;
    const reached = deps.peerOf(peer);
    const weaker = reached?.config.protocol === "a2a";
    const agent = choice.agent ?? (weaker ? "" : await onlyAgent(peer, reached));
    if (typeof agent !== "string") {
      declined.set(peer, agent.fact);
      continue;
    }
    const { card, clockOffsetMs } = deps.knownOf(peer);
    const acceptBeforeMs = isQueue(deps, rule) ? null : deps.now() + deps.settings().acceptWithinMs;
    const gateway = card?.gateway ?? null;
    const known = { acceptBeforeMs, clockOffsetMs, gateway };
    return { is: "event", event: { is: "chosen", peer, agent, rule, weaker, ...known } };
  }
}

/** A moment between two rounds over the same peers. */
const ROUND_MS = 10_000;

function isFresh({ attempts }: Delegation, nowMs: number): boolean {
  const last = attempts.at(-1);
  return last !== undefined && nowMs - last.atMs < ROUND_MS;
}

/** Why it may not go to its peer any more, by the rules as they are now; null: it may. What passes by itself bars nothing. */
export async function barredFrom(delegation: Delegation, deps: OfferDeps): Promise<Refusal | null> {
  const { peer } = delegation;
  const request = requestOf(delegation, deps, new Map());
  if ("fact" in request) return request;
  const choice = await deps.choose({ ...request, heldBy: peer });
  if (choice.kind === "chosen") return null;
  const candidate = choice.decision?.candidates().find(({ node }) => node === peer);
  return candidate !== undefined && candidate.passing !== null ? null : choice.refusal;
}

function requestOf(
  { requester, asked, context, agent, attempts }: Delegation,
  { heldBy }: OfferDeps,
  declined: ReadonlyMap<string, string>,
): TaskRequest | Refusal {
  const to = readTo(asked.to);
  if (to !== null && "fact" in to) return to;
  const holder = heldBy(context);
  // The agent of the conversation: another one does not know it.
  const agentThere = asked.agent ?? (holder !== null && attempts.length === 0 && agent !== "" ? agent : null);
  return { agent: requester.agent, agentThere, to, heldBy: holder, declined };
}

/** Null: nothing is asked. */
export function readTo(text: string | null): Selector | Refusal | null {
  if (text === null) return null;
  const parsed = parseSelector(text);
  if (parsed.ok) return parsed.selector;
  const fact = `to is ${quote(text.slice(0, 200))}, which is no selector: ${safe(parsed.message)}`;
  return refusal("DELEGATION_REFUSED", fact, { advice: "Leave it out, or write tags as region=sg,gpu" });
}

/** Of a peer that was not asked yet. */
async function onlyAgent(peer: string, reached: ReachedPeer | null): Promise<string | Refusal> {
  const { method, params } = askCard();
  const answer = await reached?.client.call(method, params, { timeoutMs: CARD_MS });
  const offered = answer?.is === "result" ? (readCard(answer.result)?.agents ?? null) : null;
  if (offered === null)
    return refusal("PEER_UNREACHABLE", `peer ${quote(peer)} does not say which agents it offers`);
  const ours = reached?.config.agents ?? null;
  const agents = ours === null ? offered : offered.filter((agent) => ours.includes(agent));
  const [only] = agents;
  if (only !== undefined && agents.length === 1) return only;
  const names = agents.map(quote).join(", ") || "none";
  return refusal(
    "DELEGATION_REFUSED",
    `peer ${quote(peer)} offers several agents or none, and none was named: ${names}`,
  );
}
