// Counts the steps of a backtracking matcher, as JavaScript's are: no clock, so that the answer is always the same.
import type { Node } from "./parse.ts";

type Instruction =
  | { readonly do: "set"; readonly accepts: (character: string) => boolean }
  /** Goes on at `first`, and at `second` when that comes to nothing. */
  | { readonly do: "split"; first: number; second: number }
  | { readonly do: "jump"; to: number }
  | { readonly do: "start" | "end" | "boundary" | "noBoundary" | "match" }
  | {
      readonly do: "look";
      readonly program: readonly Instruction[];
      readonly negative: boolean;
      readonly behind: boolean;
    }
  /** Notes where a round begins, and ends the loop when it took nothing. */
  | { readonly do: "mark"; readonly loop: number }
  | { readonly do: "progress"; readonly loop: number };

export class TooManySteps extends Error {}

/** Whoever refers back matches what it likes here: more steps than there would be, never fewer. */
const ANYTHING: Node = {
  kind: "repeat",
  of: { kind: "set", accepts: () => true, sample: "a" },
  min: 0,
  max: Number.POSITIVE_INFINITY,
  lazy: false,
};

export function compile(pattern: Node): readonly Instruction[] {
  const program: Instruction[] = [];
  let loops = 0;
  const emit = (node: Node): void => {
    switch (node.kind) {
      case "set":
        program.push({ do: "set", accepts: node.accepts });
        return;
      case "sequence":
        for (const part of node.parts) emit(part);
        return;
      case "group":
        emit(node.of);
        return;
      case "same":
        emit(ANYTHING);
        return;
      case "choice": {
        const ends: { do: "jump"; to: number }[] = [];
        for (const [index, option] of node.options.entries()) {
          if (index === node.options.length - 1) emit(option);
          else {
            const split: Instruction = { do: "split", first: program.length + 1, second: 0 };
            program.push(split);
            emit(option);
            const end: Instruction = { do: "jump", to: 0 };
            ends.push(end);
            program.push(end);
            split.second = program.length;
          }
        }
        for (const end of ends) end.to = program.length;
        return;
      }
      case "repeat":
        repeat(node);
        return;
      case "look":
        program.push({ do: "look", program: compile(node.of), negative: node.negative, behind: node.behind });
        return;
      default:
        program.push({ do: node.kind });
    }
  };
  /** Goes into what follows and, otherwise or for a lazy one at first, out of it; returns what sets the way out. */
  const split = (lazy: boolean): ((out: number) => void) => {
    const into = program.length + 1;
    const made = { do: "split" as const, first: into, second: into };
    program.push(made);
    return (out) => {
      if (lazy) made.first = out;
      else made.second = out;
    };
  };
  const repeat = ({ of, min, max, lazy }: Extract<Node, { kind: "repeat" }>): void => {
    for (let count = 0; count < min; count += 1) emit(of);
    if (max === Number.POSITIVE_INFINITY) {
      const loop = loops;
      loops += 1;
      const begin = program.length;
      const leave = split(lazy);
      program.push({ do: "mark", loop });
      emit(of);
      program.push({ do: "progress", loop }, { do: "jump", to: begin });
      leave(program.length);
      return;
    }
    const leaves: ((out: number) => void)[] = [];
    for (let count = min; count < max; count += 1) {
      leaves.push(split(lazy));
      emit(of);
    }
    for (const leave of leaves) leave(program.length);
  };
  emit(pattern);
  program.push({ do: "match" });
  return program;
}

export interface Counted {
  steps: number;
  readonly most: number;
}

/** Where the first match from `from` on ends and begins; null: there is none. @throws TooManySteps */
export function search(
  program: readonly Instruction[],
  text: string,
  from: number,
  multiline: boolean,
  counted: Counted,
): readonly [number, number] | null {
  const [first] = program;
  const isAnchored = first?.do === "start" && !multiline;
  for (let start = from; start <= (isAnchored ? 0 : text.length); start += 1) {
    counted.steps += 1;
    // What cannot begin here is seen at once, as any matcher does.
    if (first?.do === "set" && !first.accepts(text[start] ?? "")) continue;
    const end = matchAt(program, text, start, multiline, counted);
    if (end !== null) return [start, end];
  }
  return null;
}

function matchAt(
  program: readonly Instruction[],
  text: string,
  start: number,
  multiline: boolean,
  counted: Counted,
): number | null {
  /** Pairs of an instruction and a place that are still to be tried. */
  const stack: number[] = [0, start];
  const marks: number[] = [];
  while (stack.length > 0) {
    let at = stack.pop() ?? 0;
    let pc = stack.pop() ?? 0;
    for (;;) {
      counted.steps += 1;
      if (counted.steps > counted.most) throw new TooManySteps();
      const instruction = program[pc];
      if (instruction === undefined) throw new Error("the program has no end");
      if (instruction.do === "match") return at;
      if (instruction.do === "split") {
        stack.push(instruction.second, at);
        pc = instruction.first;
        continue;
      }
      if (instruction.do === "jump") {
        pc = instruction.to;
        continue;
      }
      if (instruction.do === "set") {
        if (at >= text.length || !instruction.accepts(text[at] ?? "")) break;
        at += 1;
      } else if (instruction.do === "mark") marks[instruction.loop] = at;
      else if (instruction.do === "progress") {
        if (marks[instruction.loop] === at) break;
      } else if (instruction.do === "look") {
        const found = instruction.behind
          ? behind(instruction.program, text, at, multiline, counted)
          : matchAt(instruction.program, text, at, multiline, counted) !== null;
        if (found === instruction.negative) break;
      } else if (!holds(instruction.do, text, at, multiline)) break;
      pc += 1;
    }
  }
  return null;
}

/** One character alone is what this project looks back at. */
function behind(
  program: readonly Instruction[],
  text: string,
  at: number,
  multiline: boolean,
  counted: Counted,
): boolean {
  return at > 0 && matchAt(program, text, at - 1, multiline, counted) === at;
}

function holds(
  what: "start" | "end" | "boundary" | "noBoundary",
  text: string,
  at: number,
  multiline: boolean,
): boolean {
  if (what === "start") return at === 0 || (multiline && text[at - 1] === "\n");
  if (what === "end") return at === text.length || (multiline && text[at] === "\n");
  const isWord = (index: number): boolean => /\w/.test(text[index] ?? "");
  return (isWord(at - 1) !== isWord(at)) === (what === "boundary");
}

/** Steps that all matches in the text take. @throws TooManySteps when they are more than `most` */
export function countSteps(
  program: readonly Instruction[],
  flags: string,
  text: string,
  most: number,
): number {
  const counted: Counted = { steps: 0, most };
  for (let from = 0; from <= text.length; ) {
    const isSticky = flags.includes("y");
    const found = isSticky
      ? [from, matchAt(program, text, from, flags.includes("m"), counted)]
      : search(program, text, from, flags.includes("m"), counted);
    const [begin = null, end = null] = found ?? [];
    if (begin === null || end === null || !(isSticky || flags.includes("g"))) break;
    from = end === begin ? end + 1 : end;
  }
  return counted.steps;
}
