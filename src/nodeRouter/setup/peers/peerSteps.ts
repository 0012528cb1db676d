// The steps of `peers invite` and of `peers join`, as a person sees them; each asks the gateway.
import { refusal } from "../../../shared/refusal.ts";
import { quote } from "../../../shared/safeText.ts";
import { waitFor } from "../commonSteps.ts";
import type { SetupContext } from "../setupContext.ts";
import { acted, done, failed, type SetupStep, todo } from "../setupStep.ts";
import type { Joined, JoinLook } from "./joinPeer.ts";
import type { InviteLook, MadeInvite } from "./makeInvite.ts";

/** What the steps ask; each may reject with what the gateway's client throws. */
export interface InviteGateway {
  look(): Promise<InviteLook>;
  make(): Promise<MadeInvite>;
  /** @returns what was taken back */
  takeBack(): Promise<readonly string[]>;
  /** Whether the route for peers answers with the invitation in force. */
  isOpen(): Promise<boolean>;
}

export interface JoinGateway {
  look(): Promise<JoinLook>;
  join(): Promise<Joined>;
  /** Of a look at the peer now: why it is not there; null: it is. */
  problem(peer: string): Promise<string | null>;
}

export interface PeerStepContext extends Pick<SetupContext, "stop" | "sleep"> {
  /** Whether that may be written. @param lines one a value. */
  readonly agree: (lines: readonly string[]) => Promise<boolean>;
}

/** The config is in force some seconds after it was written; a restart of the gateway takes longer. */
const IN_FORCE_MS = 60_000;
const NOT_AGREED = refusal("SETUP_FAILED", "the change was not agreed to", {
  nothingRan: "nothing was changed",
  advice: null,
});

/** @param made told what is to be printed. */
export function inviteSteps(
  context: PeerStepContext,
  gateway: InviteGateway,
  made: (invite: MadeInvite) => unknown,
): readonly SetupStep[] {
  let look: InviteLook | null = null;
  // Before that an earlier invitation of the same name is somebody's.
  let isBegun = false;
  const nothing = async () => acted("");
  return [
    {
      name: "gateway",
      async look() {
        look = await gateway.look();
        return done(look.fact);
      },
      act: nothing,
    },
    {
      name: "invite",
      look: async () => todo,
      async act() {
        if (!(await context.agree(look?.lines ?? []))) return failed(NOT_AGREED);
        isBegun = true;
        const invite = await gateway.make();
        made(invite);
        return acted(`written; it counts once, until ${invite.expires}`);
      },
      async undo() {
        return isBegun ? (await gateway.takeBack()).join("; ") || null : null;
      },
    },
    {
      name: "route",
      look: async () => todo,
      async act() {
        if (await waitFor(context, IN_FORCE_MS, () => gateway.isOpen()))
          return acted("the gateway answers peers");
        const fact = `the gateway did not take over the change within ${IN_FORCE_MS / 1_000} s`;
        return failed(refusal("SETUP_FAILED", fact));
      },
    },
  ];
}

export function peerJoinSteps(context: PeerStepContext, gateway: JoinGateway): readonly SetupStep[] {
  let look: JoinLook | null = null;
  return [
    {
      name: "line",
      async look() {
        look = await gateway.look();
        return done(look.fact);
      },
      act: async () => acted(""),
    },
    {
      name: "join",
      async look() {
        return look?.lines.length === 0 ? done("this line was used here, and all is there") : todo;
      },
      async act() {
        if (!(await context.agree(look?.lines ?? []))) return failed(NOT_AGREED);
        return acted((await gateway.join()).fact);
      },
    },
    {
      name: "card",
      look: async () => todo,
      // What was joined stays: the other gateway's half cannot be taken back from here.
      async act() {
        const peer = look?.peer ?? "";
        let problem: string | null = null;
        const isThere = async (): Promise<boolean> => {
          problem = await gateway.problem(peer);
          return problem === null;
        };
        if (await waitFor(context, IN_FORCE_MS, isThere)) return acted(`peer ${quote(peer)} is online`);
        const fact = `peer ${quote(peer)} is in the config, and does not answer yet: ${problem ?? "nobody can say why"}`;
        const advice = `Look again with: openclaw node-router peers probe ${quote(peer)}`;
        return failed(refusal("SETUP_FAILED", fact, { nothingRan: null, advice }));
      },
    },
  ];
}
