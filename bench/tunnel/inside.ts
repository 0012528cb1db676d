// The part of the tunnel bench that runs in a network namespace of its own: prints its result as JSON on the last line.
import { execFileSync } from "node:child_process";
import type { InsideOptions, TunnelBench } from "../tunnel.bench.ts";
import { measureCuts } from "./cuts.ts";
import { startTunnels } from "./deployment.ts";
import { measureTrips } from "./trips.ts";

const { archive, rttMs, cuts, machines, trips } = JSON.parse(process.argv[2] ?? "") as InsideOptions;
execFileSync("ip", ["link", "set", "lo", "up"]);
const tunnels = await startTunnels(archive, rttMs / 2, machines, trips);
try {
  const rows = tunnels.ways === null ? [] : await measureTrips(tunnels.gateway, tunnels.ways);
  const back = await measureCuts(tunnels.gateway, tunnels.cutMachines, cuts);
  const result: TunnelBench = { trips: rows, cuts: back };
  console.log(JSON.stringify(result));
} finally {
  await tunnels.stop();
}
