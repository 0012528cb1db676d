// What an invitation is made of, and what speaks against it before anything is written.
import { sshNameProblem } from "../../../config/checks/sshName.ts";
import { CONFIG_PATH, formatPath } from "../../../config/problems/path.ts";
import type { ResolvedConfig } from "../../../config/resolve.ts";
import { NodeRouterError } from "../../../shared/errors.ts";
import { type Refusal, refusal } from "../../../shared/refusal.ts";
import { quote } from "../../../shared/safeText.ts";
import { type Invite, inviteBook, secretHash } from "../../delegation/invite/inviteBook.ts";
import { newSeed } from "../../delegation/invite/keyPair.ts";
import { section } from "../../host/hostConfig.ts";
import type { Door } from "../../tunnels/gatewayDoor.ts";
import { editRefused } from "../edit/editRefusal.ts";
import { newProblems, peerValues } from "./peerChange.ts";

export interface InviteWishes {
  /** What this gateway calls the other one. */
  readonly peer: string;
  readonly agents: readonly string[];
  readonly forMs: number;
  /** Null: over SSH. */
  readonly url: string | null;
  /** Names or addresses at which the other gateway finds this machine's sshd; empty: this machine's own. */
  readonly hosts: readonly string[];
  /** Null: as OpenClaw knows it. */
  readonly sshPort: number | null;
}

export interface InviteNeeds {
  readonly config: () => ResolvedConfig;
  /** The plugin's, as it is in force with its secrets. */
  readonly written: () => unknown;
  /** Null: nobody can tell. */
  readonly agents: () => readonly string[] | null;
  /** Changes openclaw.json as it is written. */
  readonly changeConfig: (change: (draft: unknown) => void) => Promise<void>;
  /** OpenClaw's. */
  readonly stateFolder: string;
  readonly home: string;
  readonly user: string;
  /** Of this gateway. */
  readonly gateway: string;
  /** Where it listens on loopback, and why nobody is let near that. */
  readonly door: Door;
  readonly ownHosts: () => Promise<readonly string[]>;
  readonly usualSshPort: number;
  /** Fingerprint of the host key that the sshd on that port of this machine shows. @throws NodeRouterError: there is none */
  readonly hostKey: (port: number) => Promise<string>;
  /** Whether the key opens the gateway's port through that sshd. Null: it does. */
  readonly tryKey: (
    key: string,
    port: number,
    hostKey: string,
    gatewayPort: number,
  ) => Promise<Refusal | null>;
  /** Epoch ms. */
  readonly now: () => number;
}

/** Longer than that nobody watches for who uses it. */
export const MAX_INVITE_MS = 7 * 86_400_000;

/** @returns the gateway's port. @throws NodeRouterError what speaks against it */
export async function checkInvite(
  needs: InviteNeeds,
  { peer, agents, forMs, url, hosts }: InviteWishes,
): Promise<number> {
  if (!(forMs >= 60_000 && forMs <= MAX_INVITE_MS))
    throw editRefused("an invitation counts for at least 1 minute and at most 7 days", "Give another --for");
  const listed = needs.agents();
  const unknown = agents.filter((agent) => listed !== null && !listed.includes(agent)).map(quote);
  if (unknown.length > 0)
    throw new NodeRouterError(refusal("AGENT_UNKNOWN", `no agent ${unknown.join(", ")} is configured`));
  const wrong = hosts.find((host) => sshNameProblem(host) !== null);
  if (wrong !== undefined)
    throw editRefused(`${quote(wrong)} ${sshNameProblem(wrong)}`, "Give another --host");
  // SECURITY: the key leads to the gateway's whole port, so the gateway must ask whoever comes who they are.
  if (url === null && !needs.door.ok) throw new NodeRouterError(needs.door);
  if (needs.config().peers.get(peer)?.accept != null && (await openInvite(needs, peer)) === null)
    throw editRefused(
      `peer ${quote(peer)} is accepted here already`,
      `Invite it under another name, or take it out first: openclaw config unset ${formatPath(["peers", peer, "accept"])}`,
    );
  const config = needs.written();
  const problems = newProblems(config, acceptValues(config, { peer, agents }, newSeed()));
  if (problems.length > 0) throw editRefused(`the config would be wrong: ${problems.join("; ")}`);
  return needs.door.ok ? needs.door.port : 0;
}

/** Whether the peer was invited and has not come; null: it was not, or what is accepted is not the invitation's. */
export async function openInvite(
  { stateFolder, now, config }: InviteNeeds,
  peer: string,
): Promise<Invite | null> {
  const all = await inviteBook(stateFolder, now).all();
  const open = all.find((invite) => invite.peer === peer && invite.usedBy === null) ?? null;
  const token = config().peers.get(peer)?.accept?.token;
  return token === undefined || isTokenOf(open, token) ? open : null;
}

export function isTokenOf(invite: Invite | null, token: unknown): boolean {
  return invite !== null && typeof token === "string" && secretHash(token) === invite.token;
}

export async function hostsOf(
  { ownHosts }: InviteNeeds,
  { hosts }: InviteWishes,
): Promise<readonly string[]> {
  const all = hosts.length > 0 ? hosts : await ownHosts();
  return [...new Set(all)].filter((host) => sshNameProblem(host) === null).slice(0, 8);
}

/** What the operator had set of `accept` beside the two stays. */
export function acceptValues(
  config: unknown,
  { peer, agents }: Pick<InviteWishes, "peer" | "agents">,
  token: string,
): ReturnType<typeof peerValues> {
  const accept = { ...section(config, "peers", peer, "accept"), token, agents };
  return peerValues(config, { peer, entry: { accept }, node: null, rule: null });
}

/** The plugin's config in a draft of openclaw.json. */
export function writtenIn(draft: unknown): Readonly<Record<string, unknown>> {
  return section(draft, ...CONFIG_PATH.split("."));
}
