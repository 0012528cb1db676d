// `npm run bench`: prints tables, and the same as JSON on the last line. `npm run bench -- place`, `exec`, `ssh`, `node`, `tunnel`,
// `hostile`, `presence`, `start`, `ledger` or `delegation` runs one part; `ssh --transport` leaves the tool calls out; `ssh --full` gives OpenClaw's own ssh backend 20 calls at 70 ms too, which takes an hour;
// `tunnel --full` cuts more often.
import { availableParallelism, loadavg } from "node:os";
import { benchDecide } from "./decide.bench.ts";
import { benchDelegation } from "./delegation.bench.ts";
import { benchExec } from "./exec.bench.ts";
import { benchHostile } from "./hostile.bench.ts";
import { benchLedger } from "./ledger.bench.ts";
import { benchNode } from "./node.bench.ts";
import { benchPlace } from "./place.bench.ts";
import { benchPlan } from "./plan.bench.ts";
import { benchCuts, benchPresenceLoad, benchTailnet } from "./presence.bench.ts";
import { benchSshMemory } from "./sshMemory.bench.ts";
import { benchSshTools } from "./sshTools.bench.ts";
import { benchSshStreams, benchSshTransport } from "./sshTransport.bench.ts";
import { benchStart } from "./start.bench.ts";
import { benchTunnel } from "./tunnel.bench.ts";

const PARTS = [
  "place",
  "decide",
  "exec",
  "ssh",
  "node",
  "tunnel",
  "hostile",
  "presence",
  "start",
  "ledger",
  "delegation",
];
const given = process.argv.slice(2).map((argument) => argument.replace(/^--/, ""));
const only = given.filter((argument) => PARTS.includes(argument));
const wants = (part: string): boolean => only.length === 0 || only.includes(part);
const full = given.includes("full");
/** The row with two decimals, as it is printed. */
const round = (row: object): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(row).map(([key, value]) => [
      key,
      typeof value === "number" ? Math.round(value * 100) / 100 : value,
    ]),
  );

const report: Record<string, unknown> = { node: process.version };

if (wants("place")) {
  console.log("place(): one decision, first call of every rule included");
  report.place = (await benchPlace()).map(round);
  console.table(report.place);
}

if (wants("decide")) {
  console.log(
    "decide: one call in the hook on a snapshot that no call has seen (goal at 50, 500, 10,000 nodes: p99 100, 500, 5,000 us; with policies at most 1.3 times as long)",
  );
  report.decide = (await benchDecide()).map(round);
  console.table(report.decide);
  console.log("plan: another config for a fleet, with each node down once (goal: 5,000 ms)");
  report.plan = round(benchPlan());
  console.table([report.plan]);
}

if (wants("ledger")) {
  console.log(
    "ledger: goals: the newest 50 of 100,000 records 200 ms; a call 300 us in best-effort, one flush of the disk in strict; the same at 1,000,000",
  );
  report.ledger = (await benchLedger()).map(round);
  console.table(report.ledger);
}

if (wants("start")) {
  console.log("start: the import of the built plugin in a process that has node:http (goal: 50 ms, 9 MB)");
  const { start, sizes } = await benchStart(15);
  report.start = start.map(round);
  console.table(report.start);
  console.log("start: what is in the package, the largest files first");
  console.table(sizes.rows.filter(({ kB }) => kB >= 10).map(round));
  report.size = round({ ...sizes, rows: sizes.rows.length });
  console.table([report.size]);
}

if (wants("delegation")) {
  const rttMs = 70;
  console.log(`delegation: two real gateways, ${rttMs} ms apart; p50 beside its goal`);
  const { rows, parallel } = await benchDelegation(rttMs);
  report.delegation = rows.map(round);
  console.table(report.delegation);
  console.log("delegation: many at once (goal: none lost, none twice)");
  report.delegationParallel = round(parallel);
  console.table([report.delegationParallel]);
}

if (wants("exec")) {
  console.log("exec: one whole tool call on a real gateway and node host, both kinds in turn");
  const { rows, ratio, unguardedRatio } = await benchExec();
  report.exec = rows.map(round);
  report.routedOverNative = Math.round(ratio * 1000) / 1000;
  console.table(report.exec);
  report.unguardedOverNative = Math.round(unguardedRatio * 1000) / 1000;
  console.log(
    `routed/native ratio of medians: ${report.routedOverNative} with the guard, ${report.unguardedOverNative} without (goal: at most 1.05)`,
  );
}

if (wants("ssh")) {
  console.log("ssh: one command, near and 70 ms away (a delaying proxy; the TCP handshake is not delayed)");
  report.sshTransport = (await benchSshTransport([0, 70])).map(round);
  console.table(report.sshTransport);
  console.log(
    "ssh: streams of commands back to back at 70 ms (goals: 1 stream p90 88 ms; 8 streams p50 88 ms, 1.9 x ControlMaster; 32 streams 4 x, p90 280 ms)",
  );
  report.sshStreams = (await benchSshStreams(70, [1, 8, 32])).map(round);
  console.table(report.sshStreams);
}

if (wants("ssh") && !given.includes("transport")) {
  console.log("ssh: whole tool calls of an agent whose workspace is on the node");
  report.sshTools = (
    await benchSshTools({
      roundTrips: [0, 70],
      runs: 25,
      builtInRuns: 20,
      builtInFarRuns: full ? 20 : 2,
    })
  ).map(round);
  console.table(report.sshTools);
  const sshMemory = round(await benchSshMemory(50));
  report.sshMemory = sshMemory;
  console.log(`ssh: 50 connected nodes take ${sshMemory.perAllMb} MB (goal: under 100)`);
}

if (wants("node")) {
  console.log(
    "node: whole tool calls 70 ms away (goals over the gateway: exec 1 RTT + 40 ms, read 1 RTT + 60, write 2 RTT + 60; 8 MB of output 1.3 s; 10 MB of memory)",
  );
  const { rows, memory } = await benchNode(70);
  report.nodeTools = rows.map(round);
  console.table(report.nodeTools);
  report.nodeMemory = round(memory);
  console.table([report.nodeMemory]);
}

if (wants("tunnel")) {
  console.log(
    "tunnel: node hosts 70 ms away, each by its own way to the gateway; then the time from the healing of a cut to the node's first answer (goals: exec 1.8 x faster than by ssh -L; back in p95 4 s)",
  );
  const times = full ? [20, 20, 5] : [6, 6, 1];
  const cuts = [10, 25, 150].map((seconds, at) => [seconds, times[at] ?? 0] as const);
  const found = await benchTunnel({ rttMs: 70, cuts, machines: full ? 6 : 3, trips: true });
  if (typeof found === "string") console.log(`tunnel: left out: ${found}`);
  else {
    report.tunnelTrips = found.trips.map(round);
    console.table(report.tunnelTrips);
    report.tunnelCuts = found.cuts.map(round);
    console.table(report.tunnelCuts);
    console.log(`tunnel: load ${loadavg()[0]?.toFixed(1)} on ${availableParallelism()} cores`);
  }
}

if (wants("hostile")) {
  console.log(
    "hostile: one node attacks for 15 s, and another runs commands (goal: 200 ms, 64 MB, twice the p99)",
  );
  report.hostile = (await benchHostile()).map(round);
  console.table(report.hostile);
}

if (wants("presence")) {
  console.log("presence: simulated nodes, half of them with SSH as well, for a minute each");
  report.presenceLoad = (await benchPresenceLoad([10, 100, 1_000], 60)).map(round);
  console.table(report.presenceLoad);
  report.tailnet = round(await benchTailnet(5_000, 20));
  console.log("presence: one status of a large tailnet");
  console.table([report.tailnet]);
  console.log("presence: from the cut to offline, and from the healing to ready");
  report.cuts = (await benchCuts(20, 3)).map(round);
  console.table(report.cuts);
}

console.log(JSON.stringify(report));
