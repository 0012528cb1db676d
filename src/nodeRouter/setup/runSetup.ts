// Runs the steps of a set-up one after the other, and takes back what it began where one fails or a person stops it.
import { messageOf, NodeRouterError } from "../../shared/errors.ts";
import { type Refusal, refusal, refusalLine } from "../../shared/refusal.ts";
import type { SetupStep, StepFault, StepLook, StepResult } from "./setupStep.ts";

export interface StepReport {
  readonly step: string;
  /** `there`: nothing had to be done. */
  readonly state: "there" | "done" | "failed";
  readonly fact: string;
  readonly ms: number;
}

export interface SetupReport {
  readonly ok: boolean;
  readonly steps: readonly StepReport[];
  /** Why it ended early, with its code; null when it did not. */
  readonly problem: string | null;
  /** What was taken back, the last step first. */
  readonly undone: readonly string[];
  /** What could not be taken back, with the reason. */
  readonly left: readonly string[];
}

export interface SetupRun {
  /** Aborted when the person wants it to end. */
  readonly stop: AbortSignal;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
  /** A step begins. */
  readonly begins?: (step: string) => void;
  readonly ended?: (report: StepReport) => void;
  readonly undoing?: () => void;
}

/** Never rejects. A step that finds everything there is never undone. */
export async function runSetup(steps: readonly SetupStep[], run: SetupRun): Promise<SetupReport> {
  const reports: StepReport[] = [];
  const begun: SetupStep[] = [];
  const tell = (report: StepReport): void => {
    reports.push(report);
    run.ended?.(report);
  };
  let why: StepFault | null = null;
  for (const step of steps) {
    const startedMs = run.now();
    const ms = () => run.now() - startedMs;
    if (!run.stop.aborted) {
      run.begins?.(step.name);
      const look = await settled<StepLook>(step.name, () => step.look());
      if (look.ok && look.value.state === "done") {
        tell({ step: step.name, state: "there", fact: look.value.fact, ms: ms() });
        continue;
      }
      if (!look.ok) why = look.why;
      else if (look.value.state === "impossible") why = look.value.why;
    }
    if (why === null && !run.stop.aborted) {
      begun.push(step);
      const result = await settled<StepResult>(step.name, () => step.act());
      if (result.ok && result.value.ok) {
        tell({ step: step.name, state: "done", fact: result.value.fact, ms: ms() });
        continue;
      }
      why = result.ok ? (result.value.ok ? null : result.value.why) : result.why;
    }
    if (run.stop.aborted) why = interrupted(step.name);
    if (why !== null) tell({ step: step.name, state: "failed", fact: faultText(why), ms: ms() });
    break;
  }
  // A stop during the last step comes too late: all is there.
  if (why === null) return { ok: true, steps: reports, problem: null, undone: [], left: [] };
  if (begun.some(({ undo }) => undo !== undefined)) run.undoing?.();
  return { ok: false, steps: reports, problem: faultText(why), ...(await undoAll(begun)) };
}

async function undoAll(begun: readonly SetupStep[]): Promise<Pick<SetupReport, "undone" | "left">> {
  const undone: string[] = [];
  const left: string[] = [];
  for (const step of begun.toReversed()) {
    try {
      const fact = (await step.undo?.()) ?? null;
      if (fact !== null) undone.push(fact);
    } catch (error) {
      left.push(`${step.name}: ${messageOf(error)}`);
    }
  }
  return { undone, left };
}

type Settled<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly why: StepFault };

async function settled<T>(step: string, work: () => Promise<T>): Promise<Settled<T>> {
  try {
    return { ok: true, value: await work() };
  } catch (error) {
    if (error instanceof NodeRouterError) return { ok: false, why: error.refusal };
    return { ok: false, why: refusal("SETUP_FAILED", `${step}: ${messageOf(error)}`) };
  }
}

function interrupted(step: string): Refusal {
  return refusal("SETUP_FAILED", `${step}: it was interrupted`);
}

function faultText(why: StepFault): string {
  return typeof why === "string" ? why : refusalLine(why);
}
