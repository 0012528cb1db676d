// Presence source "ssh:ping": asks every node that is reached over SSH whether it is there, every two seconds.
import { type Asked, askInterval, createAsker } from "../../asker.ts";
import type { PresenceSource } from "../../record.ts";
import type { AskSsh, SshPingAnswer } from "./askSsh.ts";

export interface SshPingOptions {
  readonly ask: AskSsh;
  /** Epoch ms. */
  readonly now: () => number;
}

/** Asks every node with SSH over its pooled connection. Its id is `ssh:ping`. */
export function createSshPing({ ask, now }: SshPingOptions): PresenceSource {
  const asker = createAsker({
    transport: "ssh",
    now,
    ask: async ({ name }, timeoutMs) => asked(await ask(name, timeoutMs), timeoutMs),
  });
  return {
    id: "ssh:ping",
    intervalMs: askInterval,
    // To begin to ask them all; each answer has its own time.
    timeoutMs: 5 * 60_000,
    round: (targets, sink, signal) =>
      asker.round(
        targets.filter(({ ssh }) => ssh),
        sink,
        signal,
      ),
  };
}

/** Pure. */
function asked(answer: SshPingAnswer, timeoutMs: number): Asked {
  switch (answer.kind) {
    case "up":
      return { result: "up", rttMs: answer.rttMs, reason: null };
    case "silent":
      return { result: "silent", rttMs: null, reason: `no answer within ${timeoutMs / 1_000} s` };
    default:
      return { result: answer.kind, rttMs: null, reason: answer.reason };
  }
}
