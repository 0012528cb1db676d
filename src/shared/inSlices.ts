// Long work a slice at a time, so that the process does other things in between.
import { setImmediate as nextTurn } from "node:timers/promises";

/**
 * @param steps gives way where it could stop for a moment. @param sliceMs how long it runs at a time; one step is longest.
 * @param between what ends it by throwing, asked after each slice.
 * @returns what the steps come to. Rejects with what they throw.
 */
export async function inSlices<T>(
  steps: Generator<void, T>,
  sliceMs: number,
  between: () => void = () => {},
): Promise<T> {
  for (let beganMs = performance.now(); ; ) {
    const step = steps.next();
    if (step.done === true) return step.value;
    if (performance.now() - beganMs < sliceMs) continue;
    between();
    await nextTurn();
    beganMs = performance.now();
  }
}
