// `describe call <id>`: one call of the ledger, by its id or the beginning of it.
import { padEnd } from "../../../shared/displayWidth.ts";
import { quote, safe } from "../../../shared/safeText.ts";
import type { CallsReport } from "../methods/ledgerMethods.ts";
import { COLUMNS, EXIT_FINDING, textLines } from "./output.ts";
import { type CommandUse, tell } from "./verb.ts";

type Call = CallsReport["calls"][number];

/** As many as one answer has. */
const NEWEST = 1_000;
const WIDTH = 11;

/** @returns the exit code: 1 where it is not among the newest, or several begin so */
export async function describeCall(use: CommandUse, id: string): Promise<number> {
  const { calls } = await use.ask<CallsReport>("noderouter.calls", { limit: NEWEST, reasons: true });
  const found = calls.filter((call) => call.id === id || call.id.startsWith(id));
  const one = found.find((call) => call.id === id) ?? (found.length === 1 ? found[0] : undefined);
  if (one !== undefined) return tell(use, one, callText);
  const fact =
    found.length === 0
      ? `no call ${quote(id)} is among the newest ${NEWEST}`
      : `${found.length} calls begin with ${quote(id)}`;
  use.out.fail(`${fact}; ids are those of "openclaw node-router calls -o name"`);
  return EXIT_FINDING;
}

/** @param columns width of the terminal. */
export function callText(call: Call, columns: number = COLUMNS): string {
  const { place } = call;
  const facts = { ...call, place: place === null ? null : `${place.country} (${place.source})` };
  return Object.entries(facts)
    .flatMap(([key, value]) => {
      const text = value == null ? "-" : safe(String(value));
      const [first = "", ...rest] = textLines(text, columns - WIDTH);
      return [padEnd(key, WIDTH) + first, ...rest.map((line) => " ".repeat(WIDTH) + line)];
    })
    .join("\n");
}
