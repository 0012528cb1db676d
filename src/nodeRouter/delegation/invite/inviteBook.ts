// The invitations that this gateway gave: what is kept of each, and who used it. Its secret is not kept.
import { createHash, timingSafeEqual } from "node:crypto";
import { join } from "node:path";
import * as Type from "@sinclair/typebox";
import { Check } from "@sinclair/typebox/value";
import { withFileLock } from "../../../shared/fileLock.ts";
import { readJson } from "../../../shared/jsonParts.ts";
import { stateFile } from "../../../shared/stateFile.ts";

const InviteSchema = Type.Object({
  id: Type.String(),
  /** The peer that is invited. */
  peer: Type.String(),
  /** SHA-256 of the secret, hex. */
  hash: Type.String(),
  /** The same of the token that it wrote into the config. */
  token: Type.String(),
  expiresAtMs: Type.Integer(),
  /** Port that its key leads to; null: it is not reached over SSH. */
  port: Type.Union([Type.Integer(), Type.Null()]),
  /** Null: nobody has. */
  usedBy: Type.Union([Type.Null(), Type.Object({ claim: Type.String(), gateway: Type.String() })]),
});
const BookSchema = Type.Object({
  version: Type.Literal(1),
  invites: Type.Array(InviteSchema, { maxItems: 200 }),
});

export type Invite = Type.Static<typeof InviteSchema>;

/** What stands before an invitation's secret, so that nothing else is ever looked up as one. */
export const SECRET_PREFIX = "nri_";

/** Somebody may still ask why it does not count any more. A used one is kept: its key is found by it. */
const KEPT_MS = 7 * 86_400_000;
const MAX_INVITES = 100;

export interface InviteBook {
  /** Newest last. @throws Error where the file cannot be read */
  all(): Promise<readonly Invite[]>;
  /** In place of every other one of that peer. Old ones are forgotten. */
  put(invite: Invite): Promise<void>;
  /** @returns those that were there */
  remove(peer: string): Promise<readonly Invite[]>;
  /** The one with that secret, whatever became of it; null: none has it. */
  find(secret: string): Promise<Invite | null>;
  /**
   * Uses it up, on the disk before anybody goes on. Whoever used it may do so again until it expires: an answer can be
   * lost. @param claim secret of who asks, by which it is known again.
   */
  claim(secret: string, claim: string, gateway: string): Promise<Invite | "unknown" | "expired" | "used">;
}

/** @param now epoch ms. */
export function inviteBook(stateFolder: string, now: () => number): InviteBook {
  const path = join(stateFolder, "node-router", "peer-invites.json");
  const file = stateFile(path);
  const read = async (): Promise<readonly Invite[]> => {
    const text = await file.read();
    if (text === null) return [];
    const book = readJson(text);
    if (!Check(BookSchema, book)) throw new Error(`${path} cannot be read; move it away, and invite anew`);
    return book.invites;
  };
  const change = (edit: (invites: readonly Invite[]) => readonly Invite[]): Promise<void> =>
    withFileLock(path, async () => {
      const isKept = ({ expiresAtMs, usedBy }: Invite) => usedBy !== null || now() - expiresAtMs < KEPT_MS;
      const kept = (await read()).filter(isKept);
      const invites = edit(kept).slice(-MAX_INVITES);
      await file.write(JSON.stringify({ version: 1, invites }));
    });
  return {
    all: read,
    // SECURITY: these alone, whatever the caller's object has more.
    put: ({ id, peer, hash, token, expiresAtMs, port, usedBy }) =>
      change((all) => [
        ...all.filter((one) => one.peer !== peer),
        { id, peer, hash, token, expiresAtMs, port, usedBy },
      ]),
    async remove(name) {
      let removed: readonly Invite[] = [];
      await change((all) => {
        removed = all.filter(({ peer }) => peer === name);
        return all.filter(({ peer }) => peer !== name);
      });
      return removed;
    },
    find: async (secret) => withSecret(await read(), secret),
    async claim(secret, claim, gateway) {
      let outcome: Invite | "unknown" | "expired" | "used" = "unknown";
      await change((all) => {
        const invite = withSecret(all, secret);
        if (invite === null) return all;
        if (now() >= invite.expiresAtMs) outcome = "expired";
        else if (invite.usedBy !== null && !isSame(invite.usedBy.claim, secretHash(claim))) outcome = "used";
        else {
          outcome = { ...invite, usedBy: { claim: secretHash(claim), gateway } };
          const used = outcome;
          return all.map((one) => (one.id === invite.id ? used : one));
        }
        return all;
      });
      return outcome;
    },
  };
}

/** Hex. */
export function secretHash(secret: string): string {
  return createHash("sha256").update(secret).digest("hex");
}

function withSecret(invites: readonly Invite[], secret: string): Invite | null {
  const hash = secretHash(secret);
  let found: Invite | null = null;
  // SECURITY: each is compared, in the same time.
  for (const invite of invites) if (isSame(invite.hash, hash)) found = invite;
  return found;
}

function isSame(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}
