// `npm run chaos [-- --minutes 20] [--seed n]`: real machines, random faults, and a proof that nothing ran twice or where it must not.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { allHomes, ROOT, removeAllHomes } from "../test/support/environment.ts";
import { endAllProcesses } from "../test/support/process.ts";
import { type ChaosReport, runSeed } from "./chaos.ts";
import { startFleet } from "./fleet.ts";
import { ALL_NODES, faultText, planFaults } from "./plan.ts";
import { emptiness, verdictRows, verdictText } from "./verdict.ts";

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "20" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    plan: { type: "boolean", default: false },
  },
});
const minutes = Number(values.minutes);
const seed = Number(values.seed);
if (!(minutes > 0) || !Number.isSafeInteger(seed) || seed < 0) {
  console.error(
    "usage: npm run chaos -- [--minutes 20] [--seed n] [--plan]\n--plan prints the faults and ends",
  );
  process.exit(2);
}
const durationMs = minutes * 60_000;
const repeat = `npm run chaos -- --minutes ${minutes} --seed ${seed}`;

/** Everything that was seen, for a look afterwards. */
function keepReport(report: ChaosReport): string {
  const folder = join(ROOT, ".tmp", "chaos");
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `seed-${seed}.json`);
  writeFileSync(file, JSON.stringify({ ...report, texts: Object.fromEntries(report.texts) }, null, 1));
  return file;
}

async function chaos(): Promise<boolean> {
  console.log(`${repeat}\nstarting a gateway, two node hosts and two sshds ...`);
  const fleet = await startFleet();
  if (fleet.missing !== null) console.log(`without machines over SSH: ${fleet.missing}`);
  const report = await runSeed(fleet, seed, durationMs, (line) => console.log(line));
  console.table(verdictRows(report));
  console.log(verdictText(report, repeat));
  console.log(`all that was seen: ${keepReport(report)}`);
  const empty = emptiness(report);
  if (empty !== null) console.log(`this proves nothing: ${empty}`);
  const isGood = report.violations.length === 0 && empty === null;
  if (!isGood) process.env.NODE_ROUTER_KEEP = "1"; // the logs must outlive us
  if (!isGood) for (const { logFile } of allHomes()) console.log(`log: ${logFile}`);
  await fleet.stop();
  return isGood;
}

const cleanUp = async (): Promise<void> => {
  await endAllProcesses();
  removeAllHomes();
};

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, async () => {
    await cleanUp();
    process.exit(130);
  });
}

if (values.plan) {
  console.log(planFaults(seed, durationMs, ALL_NODES).map(faultText).join("\n"));
} else {
  try {
    const isGood = await chaos();
    await cleanUp();
    console.log(`node-router: chaos ${isGood ? "passed" : "FAILED"}`);
    process.exit(isGood ? 0 : 1);
  } catch (error) {
    process.env.NODE_ROUTER_KEEP = "1";
    console.error(error instanceof Error ? error.message : error);
    for (const { logFile } of allHomes()) console.error(`log: ${logFile}`);
    await cleanUp();
    process.exit(1);
  }
}
