// A minute of chaos with a fixed seed: what was told of every call agrees with the marks that it left on real machines.
import { afterAll, beforeAll, expect, test } from "vitest";
import { runSeed } from "../../chaos/chaos.ts";
import { type Fleet, startFleet } from "../../chaos/fleet.ts";
import { OF_CI } from "../../chaos/plan.ts";
import { emptiness, verdictRows, verdictText } from "../../chaos/verdict.ts";
import { processesOf } from "../support/leftovers.ts";
import { skipWithoutSshd } from "../support/ssh/sshd.ts";
import { waitFor } from "../support/wait.ts";

/** Without an sshd the seed means other faults: the paired nodes are then tried alone. */
skipWithoutSshd("the part over SSH of test/e2e/chaos");

/** Minutes are of plan; it waits while the gateway starts. `sshFaults` and `presence` have the black hole. */
const { seed, minutes } = OF_CI;

let fleet: Fleet;

beforeAll(async () => {
  fleet = await startFleet();
});

afterAll(async () => {
  const homes = [fleet?.gateway.home, ...[...(fleet?.machines.values() ?? [])].map(({ home }) => home)];
  await fleet?.stop();
  for (const home of homes)
    if (home !== undefined) await waitFor("nothing to be left", () => processesOf(home.dir).length === 0);
});

test("what ran left one mark where it ran, what was refused left none, and nothing is missing from the record", {
  timeout: 900_000,
}, async () => {
  const report = await runSeed(fleet, seed, minutes * 60_000, (line) => console.log(line));
  console.table(verdictRows(report));
  const text = verdictText(report, `npm run chaos -- --minutes ${minutes} --seed ${seed}`);
  console.log(text);
  expect(report.violations, text).toEqual([]);
  expect(emptiness(report)).toBeNull();
});
