// The gateway that invites: what it would change, the change itself with a line that leads to it, and the way back.
import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import { isoTime } from "../../../shared/isoTime.ts";
import { quote } from "../../../shared/safeText.ts";
import { inviteMark, peerMark } from "../../delegation/invite/acceptJoin.ts";
import { authorizedKeysFile, grantKey, keyLine } from "../../delegation/invite/authorizedKeys.ts";
import { inviteBook, SECRET_PREFIX, secretHash } from "../../delegation/invite/inviteBook.ts";
import { type InviteLine, writeInviteLine } from "../../delegation/invite/inviteLine.ts";
import { keyPairOf, newSeed } from "../../delegation/invite/keyPair.ts";
import { section } from "../../host/hostConfig.ts";
import { takeBack, writeValues } from "../configChange.ts";
import { editRefused } from "../edit/editRefusal.ts";
import {
  acceptValues,
  checkInvite,
  hostsOf,
  type InviteNeeds,
  type InviteWishes,
  openInvite,
  writtenIn,
} from "./invitePlan.ts";
import { HIDDEN, peerChangeText } from "./peerChange.ts";

export interface InviteLook {
  /** What would be written, one line a value. */
  readonly lines: readonly string[];
  readonly fact: string;
}

export interface MadeInvite {
  /** Secret until it is used. */
  readonly line: string;
  /** ISO 8601. */
  readonly expires: string;
}

/** @throws NodeRouterError what speaks against it; nothing was changed. */
export async function lookAtInvite(needs: InviteNeeds, wishes: InviteWishes): Promise<InviteLook> {
  const port = await checkInvite(needs, wishes);
  const { peer, url } = wishes;
  const expiresAtMs = needs.now() + wishes.forMs;
  const lines = [...peerChangeText(acceptValues(needs.written(), wishes, HIDDEN))];
  if (url === null) {
    const grant = {
      key: "ssh-ed25519 (a new key)",
      mark: inviteMark("(a new id)"),
      name: peer,
      port,
      expiresAtMs,
    };
    lines.push(`${authorizedKeysFile(needs.home)}, one more: ${keyLine(grant)}`);
  }
  const way = url ?? `sshd of ${needs.user}@${(await hostsOf(needs, wishes)).join(" or ")}`;
  return { lines, fact: `${quote(peer)} is to come by ${way}, until ${isoTime(expiresAtMs)}` };
}

/** Writes all of it, or nothing. @throws as `lookAtInvite`, and where something cannot be written */
export async function makeInvite(needs: InviteNeeds, wishes: InviteWishes): Promise<MadeInvite> {
  const port = await checkInvite(needs, wishes);
  const { peer, forMs, url } = wishes;
  const id = randomBytes(8).toString("hex");
  const secret = `${SECRET_PREFIX}${newSeed()}`;
  const token = newSeed();
  const expiresAtMs = needs.now() + forMs;
  const name = needs.config().gatewayName ?? hostname();
  const about = { id, gateway: needs.gateway, name, peer, agents: [...wishes.agents], expiresAtMs, secret };
  // An earlier line that nobody used goes, and with it what it had written where this one fails.
  const before = await openInvite(needs, peer);
  let written = before?.token ?? null;
  await forget(needs, peer);
  try {
    const book = inviteBook(needs.stateFolder, needs.now);
    const hashes = { hash: secretHash(secret), token: secretHash(token) };
    await book.put({ id, peer, ...hashes, expiresAtMs, port: url === null ? port : null, usedBy: null });
    const way = url === null ? { ssh: await letIn(needs, wishes, id, port, expiresAtMs) } : { url };
    // Last: it reloads the plugin.
    await needs.changeConfig((draft) => {
      written = secretHash(token);
      writeValues(draft, acceptValues(writtenIn(draft), wishes, token));
    });
    return { line: writeInviteLine({ ...about, ...way }), expires: isoTime(expiresAtMs) ?? "" };
  } catch (error) {
    await forget(needs, peer);
    if (written !== null) await refuseAgain(needs, peer, written);
    throw error;
  }
}

/** A new key in authorized_keys, tried as the other gateway will. */
async function letIn(
  needs: InviteNeeds,
  wishes: InviteWishes,
  id: string,
  port: number,
  expiresAtMs: number,
): Promise<NonNullable<InviteLine["ssh"]>> {
  const sshPort = wishes.sshPort ?? needs.usualSshPort;
  const { user, home } = needs;
  const hostKey = await needs.hostKey(sshPort);
  const seed = newSeed();
  const { file, line } = keyPairOf(seed);
  await grantKey(home, [], { key: line, mark: inviteMark(id), name: wishes.peer, port, expiresAtMs });
  const why = await needs.tryKey(file, sshPort, hostKey, port);
  if (why !== null)
    throw editRefused(
      `sshd on port ${sshPort} of this machine does not lead a key of ${authorizedKeysFile(home)} to 127.0.0.1:${port}: ${why.fact}`,
      "See that it is the gateway's user's file that sshd reads (AuthorizedKeysFile), that AllowTcpForwarding is yes or local, and that no Match of sshd_config says otherwise; or invite with --peer-url",
    );
  const hosts = [...(await hostsOf(needs, wishes))];
  return { hosts, port: sshPort, user, hostKey, seed, gatewayPort: port };
}

/** Takes an invitation back that nobody has used, with what it let in. @returns what was taken back, in words */
export async function takeInviteBack(needs: InviteNeeds, peer: string): Promise<readonly string[]> {
  const all = await inviteBook(needs.stateFolder, needs.now).all();
  const open = all.find((invite) => invite.peer === peer && invite.usedBy === null);
  if (open === undefined) return [];
  await refuseAgain(needs, peer, open.token);
  await forget(needs, peer);
  return [`the invitation of ${quote(peer)} was withdrawn, with its key and what it accepted`];
}

/** Takes `peers.<peer>.accept` out where that is its token, and an entry that had nothing else. */
async function refuseAgain({ changeConfig }: InviteNeeds, peer: string, tokenHash: string): Promise<void> {
  await changeConfig((draft) => {
    const entry = section(writtenIn(draft), "peers", peer);
    const { token } = section(entry, "accept");
    if (typeof token !== "string" || secretHash(token) !== tokenHash) return;
    const isAlone = Object.keys(entry).length === 1;
    const path = ["peers", peer, ...(isAlone ? [] : ["accept"])];
    takeBack(draft, [{ path, after: isAlone ? entry : entry.accept }]);
  });
}

/** Every invitation of that peer with its keys, and the keys of those that expired. */
async function forget({ stateFolder, home, now }: InviteNeeds, peer: string): Promise<void> {
  const book = inviteBook(stateFolder, now);
  const marks = (await book.all()).flatMap(({ id, peer: name, expiresAtMs, usedBy }) => [
    ...(name === peer || (usedBy === null && expiresAtMs <= now()) ? [inviteMark(id)] : []),
    ...(name === peer ? [peerMark(id)] : []),
  ]);
  if (marks.length === 0) return;
  await grantKey(home, marks, null);
  await book.remove(peer);
}
