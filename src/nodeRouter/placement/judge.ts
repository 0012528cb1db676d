// What one rule says of one node: the way that fits, or what removed the way that came furthest. Pure.
import type { Transport } from "../../shared/types.ts";
import type { WayCheck } from "./filters/filter.ts";
import { FILTERS } from "./filters/registry.ts";
import type { PlacementRequest } from "./model/decision.ts";
import type { Rule } from "./model/rule.ts";
import type { NodePressure, NodeState } from "./model/snapshot.ts";
import { transportsFor } from "./model/way.ts";

/** What is said of one node: the way that fits, or what removed the way that came furthest. */
export interface Verdict {
  readonly transport: Transport | null;
  readonly objection: WayCheck | null;
  /** Of the objection among `Judge.checks`; -1: there is none. */
  readonly at: number;
}

export interface Judge {
  (node: NodeState): Verdict;
  /** In filter order. */
  readonly checks: readonly WayCheck[];
  /** What is asked of a node, where that is all that is said of it; null: it is not. */
  readonly onlyWay: readonly Asked[] | null;
}

/** One question with what it comes to; several, where it asks them at once. */
interface Asked {
  readonly keeps: WayCheck["keeps"];
  readonly removes: readonly Verdict[];
}

/** Nobody knows what runs where. */
export const NO_PRESSURE: ReadonlyMap<string, NodePressure> = new Map();

/** Of every node by this rule. */
export function createJudge(request: PlacementRequest, rule: Rule, pressure = NO_PRESSURE): Judge {
  const checks: WayCheck[] = [];
  const removes = (objection: WayCheck): Verdict => ({
    transport: null,
    objection,
    at: checks.push(objection) - 1,
  });
  const asked = FILTERS.flatMap((filter) => filter({ request, rule, pressure })).map((check) => ({
    over: check.over,
    keeps: check.keeps,
    removes: (check.parts ?? [check]).map(removes),
  }));
  const ways = transportsFor(request.needs).map((transport) => ({
    fits: { transport, objection: null, at: -1 },
    asked: asked.filter(({ over = transport }) => over === transport),
  }));
  const judge = (node: NodeState): Verdict => {
    let verdict = NO_WAY;
    for (const way of ways) {
      const objection = objectionTo(node, way.asked);
      if (objection === null) return way.fits;
      if (objection.at > verdict.at) verdict = objection;
    }
    return verdict;
  };
  const [way, ...others] = ways;
  return Object.assign(judge, { checks, onlyWay: way === undefined || others.length > 0 ? null : way.asked });
}

const NO_WAY: Verdict = { transport: null, objection: null, at: -1 };

/** Of a node that the question removes. */
export function removal(node: NodeState, { removes }: Asked): Verdict {
  const [first = NO_WAY] = removes;
  if (removes.length === 1) return first;
  return removes.find(({ objection }) => objection?.keeps(node) === false) ?? first;
}

const ELSEWHERE: WayCheck = {
  reason: {
    filter: "held",
    one: "did not hold the files of earlier calls",
    many: "did not hold the files of earlier calls",
    about: "node",
  },
  keeps: () => false,
};

/** While the node that holds the files is away, no other one is as good. */
export function withoutOthers(judge: Judge, held: NodeState): Judge {
  const elsewhere: Verdict = { transport: null, objection: ELSEWHERE, at: judge.checks.length };
  const one = (node: NodeState): Verdict => {
    const verdict = judge(node);
    return verdict.objection === null && node !== held ? elsewhere : verdict;
  };
  return Object.assign(one, { checks: [...judge.checks, ELSEWHERE], onlyWay: null });
}

/** Null: there is none. */
function objectionTo(node: NodeState, asked: readonly Asked[]): Verdict | null {
  for (const one of asked) if (!one.keeps(node)) return removal(node, one);
  return null;
}
