// What an agent asks for next: a pure function of seed, agent and number. Every call leaves its id where it runs.
import type { ChaosAgent } from "./rules.ts";
import { type Seeded, seeded } from "./seeded.ts";

/** One tool call. `mark`: the command appends it to `~/marks`; `file`: the file is the mark. */
export interface Call {
  /** Unique, and no other's beginning. */
  readonly id: string;
  readonly leaves: "mark" | "file";
  readonly kind: CallKind;
  /** A line for the scripted model. */
  readonly line: string;
}

export type CallKind = "quick" | "slow" | "background" | "named" | "write";

/** One turn of the agent: its calls go out together when there are several. */
export interface Ask {
  readonly calls: readonly Call[];
  readonly script: string;
  /** In a new session, or in the one before. */
  readonly isNew: boolean;
  /** Ms before it. */
  readonly pauseMs: number;
}

const EXEC_KINDS = { quick: 9, slow: 5, background: 2, named: 2 };
const WORKSPACE_KINDS = { quick: 8, slow: 5, background: 2, write: 4 };
const PLAIN_KINDS = { quick: 1 };
const SEVERAL = 0.2;
const NEW = 0.6;

/** @param elsewhere a machine that the model names itself in a call of kind `named`. */
export function askOf(seed: number, agent: ChaosAgent, number: number, elsewhere: string): Ask {
  const chance = seeded(`${seed}/${agent.id}/${number}`);
  const isPlain = agent.region === "none" || agent.binding === "none";
  const weights: Readonly<Record<string, number>> = isPlain
    ? PLAIN_KINDS
    : agent.binding === "exec"
      ? EXEC_KINDS
      : WORKSPACE_KINDS;
  const count = !isPlain && chance.next() < SEVERAL ? chance.int(2, 4) : 1;
  const calls = Array.from({ length: count }, (_, at): Call => {
    const kind = chance.weighted(weights) as CallKind;
    const id = `${seed}.${agent.id}.${String(number).padStart(5, "0")}.${at}`;
    return {
      id,
      kind,
      leaves: kind === "write" ? "file" : "mark",
      line: lineOf(kind, id, chance, elsewhere),
    };
  });
  const lines = calls.map(({ line }) => line);
  return {
    calls,
    script: (count === 1 ? lines : ["PARALLEL", ...lines, "END"]).join("\n"),
    isNew: chance.next() < NEW,
    pauseMs: isPlain ? chance.int(1_000, 4_000) : chance.int(0, 1_200),
  };
}

/** Names of files must not look like paths out of the folder: an id has letters, digits, `-` and `.`. */
export const fileOf = (id: string): string => `${id}.txt`;

/** The mark comes first: whatever ends the command, that it began is seen. */
const markOf = (id: string): string => `echo "${id} $(cat "$HOME/whoami")" >>"$HOME/marks"; echo did ${id}`;

function lineOf(kind: CallKind, id: string, chance: Seeded, elsewhere: string): string {
  const exec = (rest: string, more: object = {}) =>
    `CALL exec ${JSON.stringify({ command: `${markOf(id)}${rest}`, ...more })}`;
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
