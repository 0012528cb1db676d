// What `add` and `join` show in a terminal, step by step. Pure but for colour.
import { padEnd } from "../../../shared/displayWidth.ts";
import type { SetupReport, StepReport } from "../../setup/runSetup.ts";
import { paint, textLines } from "./output.ts";

const WIDTH = { state: 8, step: 10 };

/** `done      config    5 values written`; `there` is what needed nothing. A line of its own where no width is known. */
export function stepLine({ step, state, fact }: StepReport, columns?: number): string {
  const color = state === "failed" ? "red" : state === "done" ? "green" : "dim";
  const left = WIDTH.state + WIDTH.step;
  // The problem is told in full at the end.
  const [first = "", ...rest] = state === "failed" ? [] : lines(fact, columns, left);
  const head = `${paint(color, padEnd(state, WIDTH.state))}${padEnd(step, WIDTH.step)}${first}`.trimEnd();
  return [head, ...rest.map((line) => " ".repeat(left) + line)].join("\n");
}

/** For a step at which it waits. */
export function slowLine(step: string): string {
  return paint("dim", `${padEnd("…", WIDTH.state)}${step}`);
}

/** What was taken back, and what could not be. */
export function undoneLines({ undone, left }: SetupReport, columns?: number): readonly string[] {
  const texts = [...undone.map((fact) => `undone: ${fact}`), ...left.map((fact) => `NOT undone: ${fact}`)];
  return texts.flatMap((text) => lines(text, columns));
}

/** Whether an agent that was named can be placed on the node. */
export function agentLine(
  { fits, message }: { readonly fits: boolean; readonly message: string },
  columns?: number,
): string {
  const not = "not placed there";
  const [first = "", ...rest] = lines(fits ? message : `${not}: ${message}`, columns);
  return [fits ? first : first.replace(not, paint("yellow", not)), ...rest].join("\n");
}

/** @param columns absent: a pipe, where a fact is a line. @param left columns that are taken already. */
function lines(text: string, columns: number = Number.POSITIVE_INFINITY, left = 0): readonly string[] {
  return textLines(text, Math.max(20, columns - left));
}
