// A process that records commands until it is killed, and prints the id of each that strict let through.
import { createLedger } from "../../../src/nodeRouter/ledger/createLedger.ts";
import { command, RAN } from "./arrange.ts";

const [, , folder = ""] = process.argv;
const log = { warn() {}, info() {} };
const audit = createLedger({ mode: () => "strict", keepText: () => true, folder, now: Date.now, log });

// Ends by itself should nobody kill it.
for (let index = 0; index < 100_000; index++) {
  await Promise.all(
    [1, 2, 3].map(async (part) => {
      const subject = command({ id: `${index}.${part}`, command: "x".repeat(1_000 * part) });
      await audit.begin(subject);
      process.stdout.write(`${subject.id}\n`);
      audit.end(subject, RAN);
    }),
  );
}
