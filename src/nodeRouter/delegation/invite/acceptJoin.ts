// Answers `node-router/Join`: whoever has an invitation's secret becomes the peer that it was made for, once.
import { hostname } from "node:os";
import * as Type from "@sinclair/typebox";
import { Check } from "@sinclair/typebox/value";
import type { ResolvedConfig } from "../../../config/resolve.ts";
import { parsePublicKey } from "../../transports/ssh/connect/trust/fingerprint.ts";
import { failureOf, RPC, type RpcFailure } from "../protocol/rpc.ts";
import type { JoinReason } from "../protocol/wire.ts";
import { grantKey } from "./authorizedKeys.ts";
import { type InviteBook, secretHash } from "./inviteBook.ts";

const JoinParamsSchema = Type.Object(
  {
    /** Secret of the asking gateway, by which it may ask again. */
    claim: Type.String({ pattern: "^[\\w-]{43}$" }),
    /** Its id. */
    gateway: Type.String({ pattern: "^gw-[\\da-f-]{36}$" }),
    /** `ssh-ed25519 <base64>` that takes the place of the invitation's key; null: it needs none. */
    key: Type.Union([Type.Null(), Type.String({ maxLength: 200 })]),
  },
  { additionalProperties: false },
);
export type JoinParams = Type.Static<typeof JoinParamsSchema>;

export const JoinAnswerSchema = Type.Object({
  gateway: Type.String({ maxLength: 64 }),
  name: Type.String({ maxLength: 253 }),
  /** Secret: what the peer presents from now on, as an invitation makes it. SECURITY: it goes into a config as it is. */
  token: Type.String({ pattern: "^[\\w-]{43}$" }),
  agents: Type.Array(Type.String({ maxLength: 253 }), { maxItems: 1_000 }),
});
export type JoinAnswer = Type.Static<typeof JoinAnswerSchema>;

export interface AcceptNeeds {
  readonly book: InviteBook;
  /** Of the user that runs this gateway. */
  readonly home: string;
  readonly config: () => ResolvedConfig;
  /** This gateway's id. */
  readonly gateway: string;
}

/** The mark of an invitation's key, and of the key that takes its place. */
export const inviteMark = (id: string): string => `node-router-invite:${id}`;
export const peerMark = (id: string): string => `node-router-peer:${id}`;

/** @throws Error where something cannot be written: the same gateway may ask again. */
export async function acceptJoin(
  { book, home, config, gateway }: AcceptNeeds,
  secret: string,
  params: unknown,
): Promise<{ readonly result: JoinAnswer } | RpcFailure> {
  const key = Check(JoinParamsSchema, params) && params.key !== null ? parsePublicKey(params.key) : null;
  if (!Check(JoinParamsSchema, params) || (params.key !== null && key?.type !== "ssh-ed25519"))
    return failureOf(RPC.params, "INVALID_PARAMS", "Join takes { claim, gateway, key }");
  if (params.gateway === gateway) return no("INVITE_OWN", "the invitation is this gateway's own");
  const invited = await book.find(secret);
  const accept = invited === null ? null : (config().peers.get(invited.peer)?.accept ?? null);
  const token = typeof accept?.token === "string" ? accept.token : "";
  // Before it is used up: what it wrote may be in force a moment later. Another token is another one's.
  if (accept === null || secretHash(token) !== invited?.token)
    return no("INVITE_WITHDRAWN", "what the invitation wrote into the config is not in force there");
  const invite = await book.claim(secret, params.claim, params.gateway);
  if (invite === "unknown") return no("INVITE_WITHDRAWN", "the invitation is not known there");
  if (invite === "expired") return no("INVITE_EXPIRED", "the invitation has expired");
  if (invite === "used") return no("INVITE_USED", "another gateway has used the invitation");
  if (invite.port !== null) {
    const { port, id, peer: name } = invite;
    const blob = key?.blob.toString("base64");
    const grant =
      blob === undefined
        ? null
        : { key: `ssh-ed25519 ${blob}`, mark: peerMark(id), name, port, expiresAtMs: null };
    await grantKey(home, [inviteMark(id), peerMark(id)], grant);
  }
  const { gatewayName } = config();
  return {
    result: { gateway, name: gatewayName ?? hostname(), token, agents: [...accept.agents] },
  };
}

function no(reason: JoinReason, message: string): RpcFailure {
  return failureOf(RPC.rejected, reason, message);
}
