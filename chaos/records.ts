// The plugin's own records of the calls: the one place that knows where they are.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Gateway } from "../test/support/gatewayTypes.ts";
import { AUDIT, claimsOfAudit, RESULT } from "./claims.ts";
import type { Asked, Claim } from "./oracle.ts";
import { AGENTS } from "./rules.ts";

/** Sources of claims that the oracle holds against the marks. */
export const SOURCES: readonly string[] = [RESULT, AUDIT];

/** What is on record of the calls. */
export function readRecords(gateway: Gateway): readonly Claim[] {
  const folder = join(gateway.home.stateDir, "node-router", "audit");
  const files = existsSync(folder) ? readdirSync(folder).filter((name) => name.startsWith("audit")) : [];
  return claimsOfAudit(files.flatMap((name) => readFileSync(join(folder, name), "utf8").split("\n")));
}

/** Whether the source must know the call; `marks`: how many it left. */
export function mustHave(source: string, call: Asked, marks: number): boolean {
  if (source === RESULT) return call.isAnswered;
  // Strict: what began in a workspace was announced before. The rest has no audit.
  return marks > 0 && AGENTS.find(({ id }) => id === call.agent)?.binding === "workspace";
}
