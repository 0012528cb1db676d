// What an agent asks for next: a pure function of seed, agent and number. Every call leaves its id where it runs.
//
// An id: seed, agent, number of the turn, number of the call, and a number that the scripted model puts in place of ISSUE
// each time that it asks for the call: OpenClaw resumes turns after a restart, and then the model may ask again.
import type { ChaosAgent } from "./rules.ts";
import { type Seeded, seeded } from "./seeded.ts";

export type CallKind = "quick" | "slow" | "background" | "named" | "write";

/** One turn of the agent. */
export interface Ask {
  /** For the scripted model: one call after another, some of them together. */
  readonly script: string;
  /** In a new session, or in the one before. */
  readonly isNew: boolean;
  /** Ms before it. */
  readonly pauseMs: number;
}

const EXEC_KINDS = { quick: 9, slow: 5, background: 2, named: 2 };
const WORKSPACE_KINDS = { quick: 8, slow: 5, background: 2, write: 4 };
const PLAIN_KINDS = { quick: 1 };
/** Share of the steps that are several calls at once, and of the turns that begin a new session. */
const SEVERAL = 0.2;
const NEW = 0.6;
/** A turn costs OpenClaw far more than a call. */
const MOST_STEPS = 5;

/** @param elsewhere a machine that the model names itself in a call of kind `named`. */
export function askOf(seed: number, agent: ChaosAgent, number: number, elsewhere: string): Ask {
  const chance = seeded(`${seed}/${agent.id}/${number}`);
  const isPlain = agent.region === "none" || agent.binding === "none";
  const weights: Readonly<Record<string, number>> = isPlain
    ? PLAIN_KINDS
    : agent.binding === "exec"
      ? EXEC_KINDS
      : WORKSPACE_KINDS;
  let count = 0;
  const line = (): string => {
    const kind = chance.weighted(weights) as CallKind;
    const id = `${seed}.${agent.id}.${String(number).padStart(5, "0")}.${count++}.ISSUE`;
    return lineOf(kind, id, chance, elsewhere);
  };
  const step = (): readonly string[] => {
    if (isPlain || chance.next() >= SEVERAL) return [line()];
    return ["PARALLEL", ...Array.from({ length: chance.int(2, 4) }, line), "END"];
  };
  const steps = isPlain ? 1 : chance.int(2, MOST_STEPS);
  return {
    script: Array.from({ length: steps }, step).flat().join("\n"),
    isNew: chance.next() < NEW,
    pauseMs: isPlain ? chance.int(1_000, 4_000) : chance.int(0, 1_200),
  };
}

/** What a written file's id says: files have no line that tells the kind. */
export const kindOf = (args: string): CallKind => {
  if (args.includes(`.txt"`)) return "write";
  if (args.includes(`"background":true`)) return "background";
  if (args.includes(`"host":"node"`)) return "named";
  return args.includes("; sleep ") ? "slow" : "quick";
};

/** Names of files must not look like paths out of the folder: an id has letters, digits, `-` and `.`. */
export const fileOf = (id: string): string => `${id}.txt`;

/** The mark comes first: whatever ends the command, that it began is seen. */
const markOf = (id: string): string => `echo "${id} $(cat "$HOME/whoami")" >>"$HOME/marks"; echo did ${id}`;
/** The last word of the line of a mark's end. */
export const END = "over";
/** The order of lines in one file shows what ran at once, whatever the clocks say. */
const endOf = (id: string): string => `; echo "${id} ${END}" >>"$HOME/marks"`;

function lineOf(kind: CallKind, id: string, chance: Seeded, elsewhere: string): string {
  const exec = (rest: string, more: object = {}) =>
    `CALL exec ${JSON.stringify({ command: `${markOf(id)}${rest}${endOf(id)}`, ...more })}`;
  switch (kind) {
    case "quick":
      return exec("");
    case "slow":
      return exec(`; sleep ${(chance.int(3, 60) / 10).toFixed(1)}; echo end`);
    case "background":
      return exec(`; sleep ${chance.int(1, 5)}`, { background: true });
    case "named":
      return exec("", { host: "node", node: elsewhere });
    case "write":
      return `CALL write ${JSON.stringify({ path: fileOf(id), content: `${id}\n` })}`;
  }
}
