// The ledger of a gateway as it stands on its disk.
import { join } from "node:path";
import type { JsonObject } from "../support/config.ts";
import type { Gateway } from "../support/gateway.ts";
import { jsonLines } from "../support/jsonLines.ts";

export function ledgerFile({ home }: Pick<Gateway, "home">): string {
  return join(home.stateDir, "node-router", "audit", "audit.jsonl");
}

/** Its whole records, oldest first, or those whose lines `wanted` takes; none where nothing is recorded yet. */
export function recordsOf(
  gateway: Pick<Gateway, "home">,
  wanted?: (line: string) => boolean,
): readonly JsonObject[] {
  return jsonLines(ledgerFile(gateway), wanted);
}
