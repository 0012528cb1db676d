// What is wrong with a task before anybody is asked to do it. Pure.
import { type Refusal, refusal } from "../../../shared/refusal.ts";

/** The same that the peer refuses, told before it is sent; null: nothing. @param maxBytes of its text */
export function taskProblem(task: string, maxBytes: number): Refusal | null {
  if (task.trim() === "") return wrong("the task is empty", "Say what is to be done");
  if (task.includes("\0") || !task.isWellFormed())
    return wrong("the task has a NUL character or half a surrogate pair", "Leave that out");
  // The host there would take it for a command of a person.
  if (task.trimStart().startsWith("/"))
    return wrong('the task begins with "/", as commands of people do', "Write it as a sentence");
  const bytes = Buffer.byteLength(task);
  if (bytes <= maxBytes) return null;
  const fact = `the task has ${bytes} bytes, more than plugins.entries.node-router.config.delegation.maxTaskKiB allows (${maxBytes})`;
  return wrong(fact, "Make it shorter: name where the data is instead of sending it");
}

/** A delegated run may give on what it was given only so far. */
export function tooManyHops(hops: number, maxHops: number): Refusal | null {
  if (hops <= maxHops) return null;
  const fact = `the task would go through ${hops} gateways, and plugins.entries.node-router.config.delegation.maxHops, here or at a gateway that it came through, allows ${maxHops}`;
  return wrong(fact, "Do it here");
}

function wrong(fact: string, advice: string): Refusal {
  return refusal("DELEGATION_REFUSED", fact, { advice });
}
