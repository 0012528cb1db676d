// What the line of an invitation means here: under which name, by which ways, with which key, and what would be written.
import { join } from "node:path";
import { nodeNameProblem } from "../../../config/checks/nodes.ts";
import { formatPath } from "../../../config/problems/path.ts";
import type { ResolvedConfig } from "../../../config/resolve.ts";
import type { ConfiguredNode } from "../../../config/resolveNodes.ts";
import { DEFAULT_TUNNEL_PORT } from "../../../config/schema/defaults.ts";
import { NodeRouterError } from "../../../shared/errors.ts";
import { isoTime } from "../../../shared/isoTime.ts";
import { refusal } from "../../../shared/refusal.ts";
import { quote, safe } from "../../../shared/safeText.ts";
import { stateFile } from "../../../shared/stateFile.ts";
import type { Road } from "../../delegation/carrier/road.ts";
import { type InviteLine, readInviteLine } from "../../delegation/invite/inviteLine.ts";
import { newSeed, seedOf } from "../../delegation/invite/keyPair.ts";
import { readTarget } from "../setupTarget.ts";
import { newProblems, type PeerChange, peerValues } from "./peerChange.ts";

/** What the person said; null: nothing. */
export interface JoinPeerWishes {
  /** Secret. */
  readonly line: string;
  readonly name: string | null;
  /** A node of the inventory, or `[user@]host[:port]`. */
  readonly ssh: string | null;
  readonly url: string | null;
  readonly country: string | null;
  readonly tags: readonly string[];
  /** Agents here whose tasks may go there. */
  readonly agents: readonly string[];
}

export interface JoinNeeds {
  readonly config: () => ResolvedConfig;
  /** The plugin's, as it is in force with its secrets. */
  readonly written: () => unknown;
  /** Null: nobody can tell. */
  readonly agents: () => readonly string[] | null;
  readonly changeConfig: (change: (draft: unknown) => void) => Promise<void>;
  /** OpenClaw's. */
  readonly stateFolder: string;
  /** Of this gateway. */
  readonly gateway: string;
  /** @param node null: the url leads there. */
  readonly roadTo: (peer: string, node: ConfiguredNode | null, to: { port: number; url: string }) => Road;
  readonly sleep: (ms: number) => Promise<unknown>;
  /** Epoch ms. */
  readonly now: () => number;
}

/** A clock that goes wrong by so much is not to stop anybody: the other gateway's counts. */
const CLOCK_MS = 10 * 60_000;

/** One way by which the other gateway may be reached. */
export interface PeerWay {
  readonly words: string;
  /** Null: a url, or a node that is in the config already. */
  readonly host: { readonly host: string; readonly port: number; readonly user: string } | null;
  /** Of the inventory; null: not over SSH. */
  readonly node: string | null;
  readonly url: string | null;
}

export interface JoinPlan {
  readonly line: InviteLine;
  readonly peer: string;
  readonly wishes: JoinPeerWishes;
  /** At least one; in the order in which they are tried. */
  readonly ways: readonly PeerWay[];
  /** Secret, and where its key is kept. */
  readonly seed: string;
  readonly keyFile: string;
  /** This line was never used here. */
  readonly isFresh: boolean;
  readonly isJoined: boolean;
}

/** @throws NodeRouterError what speaks against it; nobody was asked. */
export async function planOf(needs: JoinNeeds, wishes: JoinPeerWishes): Promise<JoinPlan> {
  const line = readInviteLine(wishes.line);
  if (typeof line === "string") throw fault(`the text ${line}`, null);
  if (line.gateway === needs.gateway)
    throw fault("the invitation is this gateway's own", "Run it on the other one");
  const peer = wishes.name ?? line.name;
  const problem = nodeNameProblem(peer, "peer");
  if (problem !== null) throw fault(problem, "Give it another name with --name");
  const listed = needs.agents();
  const unknown = wishes.agents.filter((agent) => listed !== null && !listed.includes(agent)).map(quote);
  if (unknown.length > 0)
    throw new NodeRouterError(refusal("AGENT_UNKNOWN", `no agent ${unknown.join(", ")} is configured`));
  const keyFile = join(needs.stateFolder, "node-router", "peer-keys", line.id);
  const kept = seedOf((await stateFile(keyFile).read()) ?? "");
  const isPeer = needs.config().peers.get(peer)?.token != null;
  if (isPeer && kept === null)
    throw fault(
      `peer ${quote(peer)} has a token already`,
      `Give this one another name with --name, or take that one out first: openclaw config unset ${formatPath(["peers", peer, "token"])}`,
    );
  if (!isPeer && line.expiresAtMs + CLOCK_MS < needs.now())
    throw fault(`the invitation expired at ${isoTime(line.expiresAtMs)}`, anew(line));
  const seed = kept ?? newSeed();
  const ways = waysOf(needs, line, peer, wishes);
  const plan = { line, peer, wishes, ways, seed, keyFile, isFresh: kept === null, isJoined: isPeer };
  const [way] = ways;
  if (way === undefined) throw fault("the invitation says no way to its gateway", anew(line));
  const config = needs.written();
  const problems = isPeer ? [] : newProblems(config, peerValues(config, changeOf(plan, way, newSeed())));
  if (problems.length > 0)
    throw fault(`the config would be wrong: ${problems.join("; ")}`, "Give it another name with --name");
  return plan;
}

function waysOf(
  needs: JoinNeeds,
  line: InviteLine,
  peer: string,
  wishes: JoinPeerWishes,
): readonly PeerWay[] {
  const url = wishes.url ?? (wishes.ssh === null ? (line.url ?? null) : null);
  if (url !== null) return [{ words: url, host: null, node: null, url }];
  const { ssh } = line;
  if (ssh === undefined) throw fault("the invitation is for a url, and not for SSH", "Leave --ssh out");
  const { hosts, port, user } = ssh;
  if (wishes.ssh !== null && needs.config().nodes.get(wishes.ssh)?.ssh != null)
    return [{ words: `node ${wishes.ssh}`, host: null, node: wishes.ssh, url: null }];
  const node = `${peer}-ssh`;
  const over = (host: string, given = { user, port }): PeerWay => ({
    words: `${given.user}@${host}:${given.port}`,
    host: { host, ...given },
    node,
    url: null,
  });
  if (wishes.ssh === null) return hosts.map((host) => over(host));
  const target = readTarget(wishes.ssh, null);
  if (typeof target === "string") throw fault(target, "Give another --ssh");
  return [over(target.host, { user: target.user ?? user, port: target.port ?? port })];
}

/** @param token of the peer, or what stands for it where the change is only looked at. */
export function changeOf({ line, peer, wishes, keyFile }: JoinPlan, way: PeerWay, token: string): PeerChange {
  const { country, tags, agents } = wishes;
  const gatewayPort = line.ssh?.gatewayPort ?? DEFAULT_TUNNEL_PORT;
  const [only, ...others] = line.agents;
  return {
    peer,
    entry: {
      ...(way.url !== null ? { url: way.url } : { ssh: way.node }),
      ...(way.url !== null || gatewayPort === DEFAULT_TUNNEL_PORT ? {} : { port: gatewayPort }),
      token,
      ...(tags.length === 0 ? {} : { tags }),
      ...(country === null ? {} : { location: { country } }),
    },
    node:
      way.host === null || way.node === null
        ? null
        : { name: way.node, entry: nodeEntry(line, way.host, keyFile) },
    rule:
      agents.length === 0
        ? null
        : {
            name: peer,
            agents,
            require: `node.name=${peer}`,
            ...(others.length === 0 ? { agent: only } : {}),
          },
  };
}

/** It is there for its SSH settings alone: no call is to be placed there, and nobody is to ask its shell how it is. */
function nodeEntry(
  { ssh }: InviteLine,
  to: NonNullable<PeerWay["host"]>,
  identityFile: string,
): Readonly<Record<string, unknown>> {
  return {
    node: false,
    tailscale: false,
    transport: "node",
    taints: ["peer:NoExecute"],
    ssh: { ...to, identityFile, ...(ssh === undefined ? {} : { hostKey: ssh.hostKey }) },
  };
}

/** What to do for a new line. */
export function anew({ peer, agents }: InviteLine): string {
  return `Have a new one made there: openclaw node-router peers invite ${quote(peer)} --agents ${agents.map(safe).join(",")}`;
}

/** An end before this gateway changed anything. */
export function fault(fact: string, advice: string | null = null): NodeRouterError {
  return new NodeRouterError(
    refusal("SETUP_FAILED", fact, { nothingRan: "nothing was changed here", advice }),
  );
}
