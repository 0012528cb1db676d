// The names of the gate's variables that belong to this process. The host evaluates the module several times, so the
// instance that reads a result need not be the one whose gate stopped the start.
import { createHash } from "node:crypto";
import { definePart, processMemory } from "../shared/processMemory.ts";

/** More instances than any gateway makes between two starts. */
const MAX_NAMES = 1_000;

/** SECURITY: hashes, since whoever knows a name before could set a variable of it and so open the gate. */
const GATE_NAMES = definePart("gate-names", 1, () => new Set<string>());

/** Makes a name one of this process's. */
export function ownGateName(name: string): string {
  const known = processMemory().part(GATE_NAMES);
  const [oldest] = known;
  if (known.size >= MAX_NAMES && oldest !== undefined) known.delete(oldest);
  known.add(hashOf(name));
  return name;
}

/** Whether an instance of this process gave its gate this name. */
export function isOwnGateName(name: string): boolean {
  return processMemory().part(GATE_NAMES).has(hashOf(name));
}

function hashOf(name: string): string {
  return createHash("sha256").update(name).digest("hex");
}
