// The part of the tunnel bench that runs in a network namespace of its own: prints JSON as its last line.
import { execFileSync } from "node:child_process";
import { measureCuts } from "./cuts.ts";
import { startTunnels } from "./deployment.ts";
import { measureTrips } from "./trips.ts";

const { archive, rttMs, cuts, machines, trips } = JSON.parse(process.argv[2] ?? "");
execFileSync("ip", ["link", "set", "lo", "up"]);
const tunnels = await startTunnels(archive, rttMs / 2, machines, trips);
try {
  const rows = tunnels.ways === null ? [] : await measureTrips(tunnels.gateway, tunnels.ways);
  const back = await measureCuts(tunnels.gateway, tunnels.cutMachines, cuts);
  console.log(JSON.stringify({ trips: rows, cuts: back }));
} finally {
  await tunnels.stop();
}
