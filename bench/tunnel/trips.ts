// What a call to a node takes by each way: small and large, one after the other, with pauses, and many at once.
import type { Gateway } from "../../test/support/gateway.ts";
import { pause } from "../../test/support/wait.ts";
import { type Summary, summary } from "../summary.ts";
import { startToolTimer } from "../toolTimer.ts";
import { HOW, type TunnelDeployment, WAYS, type Way } from "./deployment.ts";

export interface TripRow extends Summary {
  readonly what: string;
  readonly how: string;
  /** Median over the kept tunnel's. */
  readonly overKept: number;
}

/** Milliseconds of each call of one block. */
type Block = (way: Way) => Promise<readonly number[]>;

const ROUNDS = 4;
const IN_A_ROW = 10;
const TOOL_CALLS = 6;
const AT_ONCE = 8;
/** Longer than a round trip and the 40 ms by which an acknowledgement may be late. */
const PAUSE_MS = 250;
const EXEC = 'CALL exec {"command":"true"}';

/** All ways in turn, block by block, so that what else the machine does meets them alike. */
export async function measureTrips(
  gateway: Gateway,
  ways: NonNullable<TunnelDeployment["ways"]>,
): Promise<readonly TripRow[]> {
  const timer = await startToolTimer(gateway);
  const tools =
    (kind: string, tool: string, lines: readonly string[]): Block =>
    async (way) => {
      const { times, results } = await timer(`${kind}-${way}`, tool, lines);
      if (times.length < lines.length) throw new Error(`${HOW[way]}: ${results.join(" | ").slice(0, 2_000)}`);
      return times;
    };
  const which = (bytes: number) => (way: Way) => askWhich(gateway, ways[way].id, bytes);
  const row =
    (bytes: number, pauseMs: number): Block =>
    async (way) => {
      const times: number[] = [];
      for (let at = 0; at < IN_A_ROW; at += 1) {
        times.push(await which(bytes)(way));
        await pause(pauseMs);
      }
      return times;
    };
  const make = "head -c 262144 /dev/zero | tr '\\\\0' x | fold -w 100 > read.txt";
  for (const way of WAYS) {
    await tools("plugin", "exec", [`CALL exec {"command":"${make}"}`, EXEC])(way);
    await tools("native", "exec", [EXEC, EXEC])(way);
  }
  const blocks: readonly (readonly [string, Block])[] = [
    [`system.which, ${PAUSE_MS} ms apart`, row(0, PAUSE_MS)],
    [`the same with 64 KB, ${PAUSE_MS} ms apart`, row(64_000, PAUSE_MS)],
    ["system.which, one after the other", row(0, 0)],
    ["the same with 4 KB", row(4_000, 0)],
    ["the same with 64 KB", row(64_000, 0)],
    [
      `${AT_ONCE} system.which at once`,
      (way) => Promise.all(Array.from({ length: AT_ONCE }, () => which(0)(way))),
    ],
    ["exec true, workspace", tools("plugin", "exec", new Array(TOOL_CALLS).fill(EXEC))],
    ["exec true, OpenClaw's host=node", tools("native", "exec", new Array(TOOL_CALLS).fill(EXEC))],
    ["read 256 KiB, workspace", tools("plugin", "read", new Array(3).fill('CALL read {"path":"read.txt"}'))],
  ];
  const rows: TripRow[] = [];
  for (const [what, block] of blocks) {
    const times = new Map<Way, number[]>(WAYS.map((way) => [way, []]));
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const way of WAYS) times.get(way)?.push(...(await block(way)));
    }
    const keptMs = summary(times.get("kept") ?? []).p50Ms;
    for (const [way, all] of times) {
      const found = summary(all);
      console.error(`${what}, ${HOW[way]}: ${Math.round(found.p50Ms)} ms`);
      rows.push({ what, how: HOW[way], ...found, overKept: found.p50Ms / keptMs });
    }
  }
  return rows;
}

/** One round trip of the node protocol, which starts nothing there. @param bytes that the question is longer by */
async function askWhich(gateway: Gateway, nodeId: string, bytes: number): Promise<number> {
  const fromMs = performance.now();
  await gateway.rpc("node.invoke", {
    nodeId,
    command: "system.which",
    params: { bins: ["sh", ...(bytes > 0 ? ["x".repeat(bytes)] : [])] },
    timeoutMs: 10_000,
    idempotencyKey: `${fromMs}-${Math.random()}`,
  });
  return performance.now() - fromMs;
}
