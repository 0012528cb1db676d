// Since when the ledger has records: of what was before it says nothing.
import { dirname } from "node:path";
import { fieldOf, readJson } from "../../shared/jsonParts.ts";
import type { LedgerFs } from "./ledgerFs.ts";

/** Far more than one record has. */
const MAX_BYTES = 256 * 1024;

/** Epoch ms of the oldest record; null: there is none, or it cannot be read. */
export async function firstRecordMs(
  fs: Pick<LedgerFs, "numbered" | "read">,
  file: string,
): Promise<number | null> {
  const oldest = (await fs.numbered(dirname(file), file)).at(-1);
  let text = "";
  try {
    for await (const chunk of fs.read(oldest === undefined ? file : `${file}.${oldest}`)) {
      text += chunk.toString("utf8");
      if (text.includes("\n") || text.length > MAX_BYTES) break;
    }
  } catch {
    return null;
  }
  const ms = Date.parse(String(fieldOf(readJson(text.split("\n", 1)[0] ?? ""), "start")));
  return Number.isNaN(ms) ? null : ms;
}
