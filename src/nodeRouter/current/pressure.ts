// Which nodes take no more calls for the moment: those that run as many as they may, and those to which calls failed.
import type { ResolvedConfig } from "../../config/resolve.ts";
import { onceFor } from "../../shared/once.ts";
import type { Memory } from "../../shared/processMemory.ts";
import type { Job } from "../jobs/jobRecord.ts";
import { JOBS } from "../jobs/jobs.ts";
import type { NodePressure, NodeSnapshot } from "../placement/model/snapshot.ts";
import { OUTLIERS } from "../state/outliers.ts";
import { RUNNING } from "../state/running.ts";

/** Calls that hold a place, and detached commands whose end is not known, also those of an earlier life. */
export function runningOn(memory: Memory, node: string): number {
  return memory.part(RUNNING).on(node) + memory.part(JOBS).on(node).length;
}

/** The nodes of the config that may not run any number of calls, with the number. */
const limited = onceFor(
  ({ nodes }: ResolvedConfig): ReadonlyMap<string, number> =>
    new Map(
      [...nodes.values()].flatMap(({ name, maxRunning }) =>
        maxRunning === null ? [] : [[name, maxRunning]],
      ),
    ),
);

/** How full a node is that may not run any number of calls, or that is ejected. */
export interface BusyNode {
  readonly node: string;
  readonly running: number;
  /** Null: any number. */
  readonly maxRunning: number | null;
  /** Null: it is not ejected. */
  readonly ejectedForMs: number | null;
}

/** By name, those alone of which there is something to tell. */
export function busyNodes(memory: Memory, config: ResolvedConfig): readonly BusyNode[] {
  const ejected = memory.part(OUTLIERS).ejected();
  const most = limited(config);
  return [...new Set([...most.keys(), ...ejected.keys()])].sort().map((node) => ({
    node,
    running: runningOn(memory, node),
    maxRunning: most.get(node) ?? null,
    ejectedForMs: ejected.get(node) ?? null,
  }));
}

/** In one pass: a node on which nothing runs is not looked at. */
function fullNodes(memory: Memory, config: ResolvedConfig): readonly string[] {
  const running = memory.part(RUNNING).counts();
  const jobs = memory.part(JOBS).open();
  const counts = jobs.length === 0 ? running : withJobs(running, jobs);
  const full: string[] = [];
  const most = limited(config);
  for (const [name, count] of counts)
    if (count >= (most.get(name) ?? Number.POSITIVE_INFINITY)) full.push(name);
  return full;
}

function withJobs(running: ReadonlyMap<string, number>, jobs: readonly Job[]): ReadonlyMap<string, number> {
  const counts = new Map(running);
  for (const { nodeName } of jobs) counts.set(nodeName, (counts.get(nodeName) ?? 0) + 1);
  return counts;
}

const FULL: NodePressure = { full: true, ejectedForMs: null };

/** The same snapshot, or one that says so of the nodes. */
export function withPressure(memory: Memory, config: ResolvedConfig, snapshot: NodeSnapshot): NodeSnapshot {
  const ejected = memory.part(OUTLIERS).ejected();
  const full = limited(config).size === 0 ? [] : fullNodes(memory, config);
  if (full.length === 0 && ejected.size === 0) return snapshot;
  const pressure = new Map<string, NodePressure>();
  for (const name of full) pressure.set(name, FULL);
  // At most half of all nodes: where more fail, it is not the nodes.
  const most = Math.max(1, Math.floor(snapshot.nodes.length / 2));
  for (const [name, ejectedForMs] of [...ejected].slice(0, most)) {
    pressure.set(name, { full: pressure.get(name)?.full === true, ejectedForMs });
  }
  return { ...snapshot, pressure };
}
