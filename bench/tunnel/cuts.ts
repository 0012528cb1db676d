// How soon a node behind a kept tunnel answers again after its link was cut.
import type { Gateway } from "../../test/support/gateway.ts";
import { listNodes } from "../../test/support/nodeHost.ts";
import { pause, waitFor } from "../../test/support/wait.ts";
import type { CutMachine } from "./deployment.ts";

export interface CutRow {
  readonly cutSeconds: number;
  readonly runs: number;
  /** From the healing until the node answers a call. */
  readonly medianMs: number;
  readonly p95Ms: number;
  readonly maxMs: number;
}

/** Between two cuts: the longest is then no successor of another. */
const REST_MS = 12_000;
const BETWEEN_KEEPALIVES_MS = 3_000;
const ASK_MS = 1_000;
const ASK_EVERY_MS = 100;

/**
 * On all places at once, each with one cut at a time.
 * @param cuts seconds of each cut, and how often
 * @param cut gives the ms from the healing until the node is back
 */
export async function cutAll<Place>(
  places: readonly Place[],
  cuts: readonly (readonly [seconds: number, times: number])[],
  cut: (place: Place, seconds: number) => Promise<number>,
): Promise<readonly CutRow[]> {
  const back = new Map<number, number[]>(cuts.map(([seconds]) => [seconds, []]));
  // The longest first, so that all places are busy until the end.
  const left = cuts
    .flatMap(([seconds, times]) => new Array<number>(times).fill(seconds))
    .sort((a, b) => b - a);
  const work = async (place: Place): Promise<void> => {
    for (let seconds = left.shift(); seconds !== undefined; seconds = left.shift()) {
      await pause(REST_MS + Math.random() * BETWEEN_KEEPALIVES_MS);
      back.get(seconds)?.push(await cut(place, seconds));
    }
  };
  await Promise.all(places.map(work));
  return cuts.map(([cutSeconds]) => {
    const sorted = (back.get(cutSeconds) ?? []).sort((a, b) => a - b);
    const at = (share: number): number => sorted[Math.ceil(sorted.length * share) - 1] ?? Number.NaN;
    return { cutSeconds, runs: sorted.length, medianMs: at(0.5), p95Ms: at(0.95), maxMs: at(1) };
  });
}

/** Of real node hosts: until the node answers a call. */
export function measureCuts(
  gateway: Gateway,
  machines: readonly CutMachine[],
  cuts: readonly (readonly [seconds: number, times: number])[],
): Promise<readonly CutRow[]> {
  return cutAll(machines, cuts, async (machine, seconds) => {
    const ms = await cut(gateway, machine, seconds);
    console.error(`${machine.node.name}: ${seconds} s away, back after ${Math.round(ms)} ms`);
    return ms;
  });
}

async function cut(gateway: Gateway, { machine, node }: CutMachine, seconds: number): Promise<number> {
  await waitFor(`${node.name} to be there before the cut`, () => answers(gateway, node.id));
  machine.cut();
  await pause(seconds * 1_000);
  machine.heal();
  const fromMs = performance.now();
  let backMs: number | null = null;
  let askedOf: number | null = null;
  await waitFor(
    `${node.name} to answer`,
    async () => {
      // OpenClaw keeps a question to a node that is away for a second: many of them would be the load that is measured.
      const row = (await listNodes(gateway)).find(({ nodeId }) => nodeId === node.id);
      const connection = row?.connected ? (row.connectedAtMs ?? 0) : null;
      if (backMs === null && connection !== null && connection !== askedOf) {
        askedOf = connection;
        void answers(gateway, node.id).then((isBack) => {
          if (isBack) backMs ??= performance.now() - fromMs;
          else if (askedOf === connection) askedOf = null;
        });
      }
      return backMs;
    },
    { everyMs: ASK_EVERY_MS },
  );
  return backMs ?? Number.NaN;
}

function answers(gateway: Gateway, nodeId: string): Promise<boolean> {
  const params = { bins: ["sh"] };
  const key = `${performance.now()}-${Math.random()}`;
  return gateway
    .rpc("node.invoke", { nodeId, command: "system.which", params, timeoutMs: ASK_MS, idempotencyKey: key })
    .then(
      () => true,
      () => false,
    );
}
