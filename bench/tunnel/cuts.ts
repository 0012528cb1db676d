// How soon a node behind a kept tunnel answers again after its link was cut.
import type { Gateway } from "../../test/support/gateway.ts";
import type { NodeHost } from "../../test/support/nodeHost.ts";
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
const ASK_MS = 5_000;
const LOOK_EVERY_MS = 50;
const ASK_AGAIN_MS = 500;
const ASK_ANYWAY_MS = 5_000;

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
  const before = connectionsOf(node);
  machine.cut();
  await pause(seconds * 1_000);
  machine.heal();
  console.error(`${new Date().toISOString()} ${node.name} is healed`);
  const fromMs = performance.now();
  let backMs: number | null = null;
  let askedMs = 0;
  await waitFor(
    `${node.name} to answer`,
    async () => {
      // By its own log: to ask the gateway for its nodes all the time would be the load that is measured.
      const pauseMs = connectionsOf(node) > before ? ASK_AGAIN_MS : ASK_ANYWAY_MS;
      // Not one question alone: until the node has published its tools OpenClaw may drop an answer ("node pairing changed").
      if (performance.now() - Math.max(askedMs, fromMs) >= pauseMs) {
        askedMs = performance.now();
        void answers(gateway, node.id).then((isBack) => {
          if (isBack) backMs ??= performance.now() - fromMs;
        });
      }
      return backMs;
    },
    { everyMs: LOOK_EVERY_MS },
  );
  return backMs ?? Number.NaN;
}

function connectionsOf(node: NodeHost): number {
  return node.log().split("node host gateway connected").length;
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
