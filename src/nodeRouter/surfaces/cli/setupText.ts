// What `add` and `join` show in a terminal, step by step. Pure but for colour.
import { padEnd } from "../../../shared/displayWidth.ts";
import { safe } from "../../../shared/safeText.ts";
import type { SetupReport, StepReport } from "../../setup/runSetup.ts";
import { paint } from "./output.ts";

const WIDTH = { state: 8, step: 10 };

/** `done      config    5 values written`; `there` is what needed nothing. */
export function stepLine({ step, state, fact }: StepReport): string {
  const color = state === "failed" ? "red" : state === "done" ? "green" : "dim";
  // The problem is told in full at the end.
  const words = state === "failed" ? "" : safe(fact);
  return `${paint(color, padEnd(state, WIDTH.state))}${padEnd(step, WIDTH.step)}${words}`.trimEnd();
}

/** For a step at which it waits. */
export function slowLine(step: string): string {
  return paint("dim", `${padEnd("…", WIDTH.state)}${step}`);
}

/** What was taken back, and what could not be. */
export function undoneLines({ undone, left }: SetupReport): readonly string[] {
  return [
    ...undone.map((fact) => `undone: ${safe(fact)}`),
    ...left.map((fact) => `NOT undone: ${safe(fact)}`),
  ];
}

/** Whether an agent that was named can be placed on the node. */
export function agentLine({ fits, message }: { readonly fits: boolean; readonly message: string }): string {
  return fits ? safe(message) : `${paint("yellow", "not placed there")}: ${safe(message)}`;
}
