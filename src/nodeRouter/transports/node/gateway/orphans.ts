// What became of the commands that an earlier life of the gateway left running: asked, ended, and told.
import type { Outcome } from "../../transport.ts";
import { ALL_READ, LEASE_MS, type Request } from "../wire.ts";
import type { CommandJournal, JournalEntry } from "./commandJournal.ts";
import type { NodeLink } from "./nodeLink.ts";
import { neverArrived, unknownOutcome } from "./nodeRefusals.ts";
import type { ReadReply } from "./readReply.ts";

/** Told once of each, when it is over or nobody can tell any more. */
export type OnOrphan = (entry: JournalEntry, outcome: Outcome) => void;

/** Resolves when all of them are told. @param linkTo the link of a node, by its id; asked for once for each of them */
export async function endOrphans(
  journal: CommandJournal,
  linkTo: (nodeId: string) => Pick<NodeLink, "ask" | "back">,
  onOrphan: OnOrphan,
): Promise<void> {
  const left = await journal.left();
  await Promise.all(
    left.map(async (entry) => {
      const { key } = entry;
      const answer = answers(linkTo(entry.nodeId));
      const state = await answer({ op: "pull", key, out: ALL_READ, err: ALL_READ, max: 0, waitMs: 0 });
      // What runs on is ended, as nobody would hear of it.
      const last = await answer({ op: "forget", key });
      onOrphan(entry, orphanOutcome(entry, state, last));
      journal.end(key);
    }),
  );
}

/**
 * What is true of such a command.
 * @param state what the node said of it, then `last`, to `forget`. Null: it stayed away.
 */
export function orphanOutcome(
  { boot, node }: Pick<JournalEntry, "boot" | "node">,
  state: ReadReply | null,
  last: ReadReply | null,
): Outcome {
  const after = "the gateway was restarted";
  if (state?.kind === "state") {
    if (state.end !== null) return { kind: "ran", ...state.end };
    return unknownOutcome(state.processGroup, `${after} and had it ended`);
  }
  if (state === null) return unknownOutcome(null, `${after}, and the node stayed away`);
  if (state.kind === "gone" && state.boot !== boot) {
    return unknownOutcome(null, `${after}, and the node host ended meanwhile`);
  }
  const isNever = last?.kind === "gone" && last.boot === boot;
  return isNever ? neverArrived(node) : unknownOutcome(null, after);
}

/** Asks until the node answers; null: it stays away for longer than anything runs there unasked. */
function answers(link: Pick<NodeLink, "ask" | "back">): (request: Request) => Promise<ReadReply | null> {
  const untilMs = performance.now() + LEASE_MS;
  return async (request) => {
    for (;;) {
      const said = await link.ask(request);
      if (said.kind === "answer") return said.reply;
      const leftMs = untilMs - performance.now();
      if (said.kind === "garbled" || leftMs <= 0 || !(await link.back(leftMs))) return null;
    }
  };
}
