// The persona files of one turn: all of them in one trip, each answer used once, and an end to what they may cost.
import { NodeRouterError } from "../../../shared/errors.ts";
import { refusal } from "../../../shared/refusal.ts";
import { PERSONA_FILES } from "../../host/workspaceAccessApi.ts";
import type { FileSource } from "../files/fileBridge.ts";
import type { ReadOutcome } from "../files/readMany.ts";

/** The host reads the six right after each other. */
const FRESH_MS = 5_000;

/** For all that a turn reads with less than a minute in between: nobody waits longer for a prompt. */
const MOST_MS = 30_000;
const QUIET_MS = 60_000;

/** Files and folders, of patterns for more files. A node could have folders without end. */
const MOST_TRIPS = 100;

export interface TurnReads {
  /** @throws NodeRouterError, and the file's own error */
  read(file: string, maxBytes: number): Promise<FileSource>;
  /** Counts what else the turn asks of the node. @throws NodeRouterError when it was enough */
  count<T>(step: () => Promise<T>): Promise<T>;
}

/**
 * An answer is given once: who asks for a file again gets it as it is then.
 * @param readMany reads some files in one trip; `maxBytes` is of each
 * @param now epoch ms
 */
export function createTurnReads(
  readMany: (files: readonly string[], maxBytes: number) => Promise<readonly ReadOutcome[]>,
  now: () => number,
): TurnReads {
  let waiting: { readonly outcomes: Map<string, Promise<ReadOutcome>>; atMs: number } | null = null;
  let spentMs = 0;
  let trips = 0;
  let lastMs = 0;

  const count = async <T>(step: () => Promise<T>): Promise<T> => {
    const beganMs = now();
    if (beganMs - lastMs > QUIET_MS) [spentMs, trips] = [0, 0];
    lastMs = beganMs;
    trips += 1;
    if (trips > MOST_TRIPS || spentMs >= MOST_MS) {
      const fact = `the node took ${Math.round(spentMs / 1000)} s and ${trips - 1} trips for the prompt's files already`;
      const advice = "Look at the node, or at hooks.internal.entries.bootstrap-extra-files";
      throw new NodeRouterError(refusal("WORKSPACE_UNAVAILABLE", fact, { advice }));
    }
    try {
      return await step();
    } finally {
      lastMs = now();
      spentMs += lastMs - beganMs;
    }
  };

  const take = (file: string): Promise<ReadOutcome> | undefined => {
    if (waiting === null || now() - waiting.atMs > FRESH_MS) return undefined;
    const outcome = waiting.outcomes.get(file);
    waiting.outcomes.delete(file);
    return outcome;
  };

  return {
    count,
    async read(file, maxBytes) {
      let outcome = take(file);
      if (outcome === undefined) {
        const files = PERSONA_FILES.some((name) => name === file) ? PERSONA_FILES : [file];
        const all = count(() => readMany(files, maxBytes)).catch(
          // Nobody asks the node six times for one silence.
          (error: Error) => files.map((): ReadOutcome => ({ ok: false, error })),
        );
        const outcomes = new Map(
          files.map((name, at) => [name, all.then((each) => each[at] ?? lost(name))] as const),
        );
        outcome = outcomes.get(file);
        outcomes.delete(file);
        if (files.length > 1) {
          const pass = { outcomes, atMs: now() };
          waiting = pass;
          await all;
          pass.atMs = now();
        }
      }
      const read = (await outcome) ?? lost(file);
      if (!read.ok) throw read.error;
      return read.source;
    },
  };
}

function lost(file: string): ReadOutcome {
  return { ok: false, error: new Error(`no answer about ${file}`) };
}
