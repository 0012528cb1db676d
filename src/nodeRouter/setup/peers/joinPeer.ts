// The gateway that was invited: what it would change, whom it asks, and how it becomes a peer by the line.
import { createHash } from "node:crypto";
import { rm } from "node:fs/promises";
import { Check } from "@sinclair/typebox/value";
import { resolveConfig } from "../../../config/resolve.ts";
import type { ConfiguredNode } from "../../../config/resolveNodes.ts";
import { NodeRouterError } from "../../../shared/errors.ts";
import { isoTime } from "../../../shared/isoTime.ts";
import { refusal } from "../../../shared/refusal.ts";
import { quote, safe } from "../../../shared/safeText.ts";
import { stateFile } from "../../../shared/stateFile.ts";
import { createPeerClient, type PeerAnswer } from "../../delegation/carrier/peerClient.ts";
import { JoinAnswerSchema, type JoinParams } from "../../delegation/invite/acceptJoin.ts";
import type { InviteLine } from "../../delegation/invite/inviteLine.ts";
import { keyPairOf } from "../../delegation/invite/keyPair.ts";
import { JOIN_METHOD, PEER_PATH } from "../../delegation/protocol/wire.ts";
import { writeValues } from "../configChange.ts";
import { writtenIn } from "./invitePlan.ts";
import {
  anew,
  changeOf,
  fault,
  type JoinNeeds,
  type JoinPeerWishes,
  type JoinPlan,
  type PeerWay,
  planOf,
} from "./joinPlan.ts";
import { HIDDEN, peerChangeText, peerValues } from "./peerChange.ts";

export interface JoinLook {
  readonly peer: string;
  /** What would be written, one line a value; empty: this line was used here, and all is there. */
  readonly lines: readonly string[];
  readonly fact: string;
}

export interface Joined {
  readonly fact: string;
}

const CALL_MS = 20_000;
/** While the other gateway takes in what its invitation wrote. */
const TRIES = 8;
const RETRY_MS = 1_500;

/** @throws NodeRouterError what speaks against it; nothing was changed and nobody was asked. */
export async function lookAtJoin(needs: JoinNeeds, wishes: JoinPeerWishes): Promise<JoinLook> {
  const plan = await planOf(needs, wishes);
  const { line, peer, ways } = plan;
  const words = ways.map((way) => way.words).join(" or ");
  const agents = line.agents.map(quote).join(", ");
  const fact = `gateway ${quote(line.name)} at ${words} invites this one as ${quote(line.peer)} to ask ${agents}`;
  if (plan.isJoined) return { peer, lines: [], fact: `${fact}; it was accepted` };
  const [way] = ways;
  const lines =
    way === undefined ? [] : peerChangeText(peerValues(needs.written(), changeOf(plan, way, HIDDEN)));
  return { peer, lines, fact: `${fact}, until ${isoTime(line.expiresAtMs)}` };
}

/** Uses the invitation, and writes what it gave. @throws NodeRouterError why not, with what holds then */
export async function joinPeer(needs: JoinNeeds, wishes: JoinPeerWishes): Promise<Joined> {
  const plan = await planOf(needs, wishes);
  const { line, peer, seed, keyFile, isFresh } = plan;
  await stateFile(keyFile).write(keyPairOf(seed).file);
  const { answer, way } = await askAll(needs, plan);
  const read = answer.is === "result" && Check(JoinAnswerSchema, answer.result) ? answer.result : null;
  if (read === null || read.gateway !== line.gateway) {
    // Where the answer was lost the same key may ask again, and it alone.
    if (isFresh && !isDoubtful(answer)) await rm(keyFile, { force: true });
    throw read === null
      ? whyNot(plan, answer)
      : fault(`gateway ${quote(read.gateway)} answered, which is not the one of the line`);
  }
  await needs.changeConfig((draft) => {
    writeValues(draft, peerValues(writtenIn(draft), changeOf(plan, way, read.token)));
  });
  const offers = read.agents.map(quote).join(", ");
  return { fact: `${quote(read.name)} at ${way.words} is peer ${quote(peer)}, and offers ${offers}` };
}

/** One way and key after the other, while it is certain that nothing was sent. */
async function askAll(
  needs: JoinNeeds,
  plan: JoinPlan,
): Promise<{ readonly answer: PeerAnswer; readonly way: PeerWay }> {
  const { line, ways, seed, isFresh } = plan;
  const failed: string[] = [];
  let last: { readonly answer: PeerAnswer; readonly way: PeerWay } | null = null;
  for (const way of ways) {
    // The other gateway may have let our own key in already, and the answer was lost.
    const keys = way.host === null ? [null] : [line.ssh?.seed ?? null, ...(isFresh ? [] : [seed])];
    for (const key of keys) {
      const answer = await askBy(needs, plan, way, key);
      if (answer.is !== "not-sent") return { answer, way };
      failed.push(answer.why.fact);
      last = { answer, way };
    }
  }
  if (last === null) throw fault("the invitation says no way to its gateway", anew(line));
  const why = refusal("PEER_UNREACHABLE", [...new Set(failed)].join("; "));
  return { ...last, answer: { is: "not-sent", why } };
}

async function askBy(
  needs: JoinNeeds,
  plan: JoinPlan,
  way: PeerWay,
  key: string | null,
): Promise<PeerAnswer> {
  const { line, peer, seed } = plan;
  const params: JoinParams = {
    claim: createHash("sha256").update(`node-router-join ${seed}`).digest("base64url"),
    gateway: needs.gateway,
    key: way.host === null ? null : keyPairOf(seed).line,
  };
  const road = needs.roadTo(peer, nodeOf(needs, plan, way, key), {
    port: line.ssh?.gatewayPort ?? 0,
    url: way.url ?? "",
  });
  const path = `${way.url === null ? "" : new URL(way.url).pathname.replace(/\/$/, "")}${PEER_PATH}`;
  const client = createPeerClient({ peer, road, path, token: () => line.secret });
  try {
    for (let tries = 1; ; tries++) {
      const answer = await client.call(JOIN_METHOD, params, { timeoutMs: CALL_MS });
      if (!isDoubtful(answer) || tries >= TRIES) return answer;
      await needs.sleep(RETRY_MS);
    }
  } finally {
    client.close();
  }
}

/** @param key seed; null: as the node is configured. */
function nodeOf(
  { config }: JoinNeeds,
  { line, keyFile }: JoinPlan,
  way: PeerWay,
  key: string | null,
): ConfiguredNode | null {
  if (way.node === null) return null;
  if (way.host === null || key === null) return config().nodes.get(way.node) ?? null;
  const { identityFile, ...ssh } = { ...way.host, identityFile: keyFile, hostKey: line.ssh?.hostKey };
  const entry = { node: false, ssh: { ...ssh, identityData: keyPairOf(key).file } };
  return resolveConfig({ nodes: { [way.node]: entry } }).nodes.get(way.node) ?? null;
}

/** The other gateway may have let us in: it was asked, and nobody knows what became of it. */
function isDoubtful(answer: PeerAnswer): boolean {
  return answer.is === "no-answer" || (answer.is === "status" && answer.status >= 500);
}

function whyNot({ line, peer }: JoinPlan, answer: PeerAnswer): NodeRouterError {
  const who = `gateway ${quote(line.name)}`;
  switch (answer.is) {
    case "not-sent":
      return fault(
        `${answer.why.fact}; nobody was asked`,
        `See that ${who} is up and can be reached from here, or name it with --ssh [user@]host[:port]. A key that is not let in: the invitation was used, withdrawn or expired`,
      );
    case "no-answer":
      return doubt(line, `its answer was lost: ${answer.why.fact}`);
    case "status":
      if (answer.status >= 500)
        return doubt(line, `it does not know what became of that (HTTP ${answer.status})`);
      if (answer.status === 401)
        return fault(
          `${who} knows no such invitation: it was withdrawn, or another gateway answers there`,
          anew(line),
        );
      return fault(
        `${who} answered with HTTP ${answer.status}, and took no invitation`,
        "See that its plugin is up: openclaw node-router status",
      );
    case "rejected":
      return fault(`${who} says that ${safe(answer.message.slice(0, MAX_WORDS))}`, anew(line));
    case "result":
      return fault(
        `${who} answered with what is no acceptance of peer ${quote(peer)}`,
        "See that both run the same version of node-router",
      );
  }
}

const MAX_WORDS = 300;

function doubt({ name, expiresAtMs }: InviteLine, how: string): NodeRouterError {
  return new NodeRouterError(
    refusal("SETUP_FAILED", `gateway ${quote(name)} was asked, and ${how}`, {
      nothingRan: "nothing was changed here",
      advice: `Run the same command again until ${isoTime(expiresAtMs)}: the invitation still counts for this gateway`,
    }),
  );
}
