// A gateway among several on one folder: records so many calls as fast as it can, and says how many it lost.
import { createLedger } from "../../../src/nodeRouter/ledger/createLedger.ts";
import { command, RAN } from "./arrange.ts";

const [, , folder = "", name = "", calls = "0"] = process.argv;
const log = { warn() {}, info() {} };
const limits = () => ({ agentBytes: 1e9, keepMs: 1e12, maxBytes: 0 });
const audit = createLedger({
  mode: () => "best-effort",
  keepText: () => false,
  folder,
  now: Date.now,
  log,
  limits,
  maxFileBytes: 20_000,
});

for (let index = 0; index < Number(calls); index++) {
  audit.end(command({ id: `${name}-${index}` }), RAN);
  if (index % 5 === 0) await audit.flush();
}
await audit.close();
const { written, failed, waiting } = audit.state();
process.stdout.write(JSON.stringify({ written, failed, waiting }));
