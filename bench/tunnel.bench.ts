// Node hosts behind a kept tunnel, behind OpenSSH's forwards and behind none, 70 ms away: what a call takes, and how soon a
// node is back after a cut. In network namespaces of its own, where nothing of it reaches this machine's network.
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { packPlugin } from "../test/support/install.ts";
import type { CutRow } from "./tunnel/cuts.ts";
import { farMachinesUnavailable } from "./tunnel/farMachine.ts";
import type { TripRow } from "./tunnel/trips.ts";

export interface TunnelOptions {
  readonly rttMs: number;
  /** Seconds of each cut, and how often. */
  readonly cuts: readonly (readonly [seconds: number, times: number])[];
  /** With a node host each; on all of them links are cut at the same time. */
  readonly machines: number;
  readonly trips: boolean;
}

export interface TunnelBench {
  readonly trips: readonly TripRow[];
  readonly cuts: readonly CutRow[];
}

/** What the part inside is started with, as JSON. */
export interface InsideOptions extends TunnelOptions {
  readonly archive: string;
}

const INSIDE = fileURLToPath(new URL("tunnel/inside.ts", import.meta.url));

/** Text: why it cannot be measured here. */
export async function benchTunnel(options: TunnelOptions): Promise<TunnelBench | string> {
  const reason = farMachinesUnavailable();
  if (reason !== null) return reason;
  const inside: InsideOptions = { ...options, archive: await packPlugin() };
  const child = spawn("unshare", ["-n", "--", process.execPath, INSIDE, JSON.stringify(inside)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => {
    output += chunk.toString();
  });
  const code = await new Promise((resolve) => child.once("close", resolve));
  if (code !== 0) throw new Error(`the tunnel bench ended with ${code}`);
  return JSON.parse(output.trim().split("\n").at(-1) ?? "") as TunnelBench;
}
