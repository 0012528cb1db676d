// One seed on one fleet: agents and faults side by side, then the oracle.
import { pause, waitFor } from "../test/support/wait.ts";
import { act, type Diary, writeLate } from "./actors.ts";
import { configureOrRestart, putFaultsIn } from "./faults.ts";
import type { Fleet } from "./fleet.ts";
import { type Asked, type Claim, judge, type Mark, type Violation } from "./oracle.ts";
import { ALL_NODES, type Fault, planFaults } from "./plan.ts";
import { type Ending, inOneLife, mustHave, readRecords, SOURCES } from "./records.ts";
import { createTimeline } from "./timeline.ts";

export interface ChaosReport {
  readonly seed: number;
  readonly plan: readonly Fault[];
  readonly asked: readonly Asked[];
  readonly claims: readonly Claim[];
  readonly marks: readonly Mark[];
  readonly violations: readonly Violation[];
  readonly lostTurns: number;
  /** By id: what the model read. */
  readonly texts: ReadonlyMap<string, string>;
}

/** Longest wait for what still runs when nobody asks any more. */
const SETTLE_MS = 120_000;
/** Records are written behind the calls. */
const BEHIND_MS = 5_000;

/** @param say one line of progress. */
export async function runSeed(
  fleet: Fleet,
  seed: number,
  durationMs: number,
  say: (line: string) => void,
): Promise<ChaosReport> {
  const { gateway } = fleet;
  const plan = planFaults(seed, durationMs, nodesOf(fleet));
  const originMs = performance.now();
  const nowMs = () => performance.now() - originMs;
  const timeline = createTimeline("base");
  const diary: Diary = { asked: new Map(), callIds: new Map(), claims: [], texts: new Map(), lostTurns: 0 };
  const endings: Ending[] = [];
  const faults = putFaultsIn({ fleet, plan, timeline, nowMs, say, endings });
  let isHealed = false;
  // Agents go on until the last fault is healed: what comes after a fault is part of it.
  const isOver = () => nowMs() >= durationMs && isHealed;
  const options = { fleet, seed, originMs, isOver, diary };
  const actors = fleet.agents.map((agent) => act(agent, options));
  await faults;
  isHealed = true;
  await Promise.all(actors);
  say(`${(nowMs() / 1000).toFixed(1).padStart(7)} s  the last turn has ended; what still runs ends`);
  await configureOrRestart({ fleet, nowMs, endings, say }, "base");
  await settle(fleet, say);
  writeLate(options);
  const asked = [...diary.asked.values()];
  const prefix = `${seed}.`;
  const records = readRecords(gateway, (callId) => diary.callIds.get(callId) ?? null);
  const claims = [...diary.claims, ...records.claims.filter(({ id }) => id.startsWith(prefix))];
  const marks = fleet.marks(prefix);
  const evidence = { asked, claims, marks, sources: SOURCES };
  const world = { ...timeline, mustHave: mustHave(records.isLedger, endings) };
  const violations = judge(evidence, { ...world, mostAtOnce: inOneLife(timeline.mostAtOnce, endings) });
  const { lostTurns, texts } = diary;
  return { seed, plan, asked, claims, marks, violations, lostTurns, texts };
}

/** In one order: in which order they started is no matter of the seed. */
const nodesOf = ({ machines }: Fleet): readonly string[] => ALL_NODES.filter((name) => machines.has(name));

/** Resolves when the plugin knows of nothing that runs, or after a while. */
async function settle(fleet: Fleet, say: (line: string) => void): Promise<void> {
  const isQuiet = (node: string): Promise<boolean> =>
    fleet.gateway
      .rpc<{ done: boolean; jobs: readonly unknown[] }>("noderouter.drained", { node })
      .then(({ done, jobs }) => done && jobs.length === 0);
  const wait = (node: string): Promise<unknown> =>
    waitFor(`${node} to be quiet`, () => isQuiet(node), { timeoutMs: SETTLE_MS, everyMs: 250 }).catch(
      (error: unknown) => say(`${" ".repeat(11)}${String(error)}`),
    );
  await Promise.all(nodesOf(fleet).map(wait));
  await pause(BEHIND_MS);
}
