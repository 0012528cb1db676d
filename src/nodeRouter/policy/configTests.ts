// The config's own tests: what must become of a call while all nodes are up but those that a test takes down. Pure.
import type { ConfiguredTest, ResolvedConfig } from "../../config/resolve.ts";
import { finish } from "../../shared/finishSteps.ts";
import { refusalLine } from "../../shared/refusal.ts";
import { quote } from "../../shared/safeText.ts";
import { UNKNOWN_PLACE } from "../placement/filters/residency.ts";
import type { NodeSnapshot } from "../placement/model/snapshot.ts";
import { NO_LAST_NODES } from "../state/lastNodes.ts";
import type { Decision } from "./callDecision.ts";
import { lookAhead, nodeOf, outcomeOf } from "./explainTool.ts";
import { allUp, withDown } from "./whatIf.ts";
import { worldOf } from "./world.ts";

export interface TestResult {
  readonly name: string;
  readonly passed: boolean;
  /** What became of the call. */
  readonly why: string;
  /** It may be otherwise once the nodes have told what they are: a fact that the rule or the test asks for is not known. */
  readonly undecided: boolean;
  readonly test: ConfiguredTest;
}

/**
 * Every test, in order.
 * @param snapshot of this config; of its nodes only what they are counts, not how they are.
 */
export function runConfigTests(
  config: ResolvedConfig,
  hostConfig: unknown,
  snapshot: NodeSnapshot,
): readonly TestResult[] {
  return finish(configTestSteps(config, hostConfig, snapshot));
}

/** The same, one test a step. */
export function* configTestSteps(
  config: ResolvedConfig,
  hostConfig: unknown,
  snapshot: NodeSnapshot,
): Generator<void, readonly TestResult[]> {
  // A test that failed before must not be the reason why it fails again.
  const problems = config.problems.filter(({ code }) => code !== "TEST_FAILED");
  const untested = problems.length === config.problems.length ? config : { ...config, problems };
  const up = allUp(snapshot, config);
  const results: TestResult[] = [];
  for (const test of config.tests) {
    const known = { snapshot: withDown(up, test.down), hostNodes: [], presence: new Map(), apiProblem: null };
    const world = worldOf(untested, hostConfig, known);
    const decision = lookAhead(world.agent(test.agent), test.tool, world, NO_LAST_NODES);
    const passed = holds(test.expect, decision);
    const why = `${quote(test.agent)} expects ${test.expect}, and ${test.tool} is ${becomes(decision)}`;
    const undecided = !passed && isOpen(test.expect, decision);
    const open = undecided ? "; a fact of a node on which that depends is not known" : "";
    results.push({ name: test.name, passed, why: `${why}${open}`, undecided, test });
    yield;
  }
  return results;
}

function holds(expect: string, decision: Decision): boolean {
  const [, kind = "", wanted = ""] = /^(node|place):(.*)$/.exec(expect) ?? [];
  const { placement } = decision;
  if (kind === "node") return nodeOf(decision) === wanted;
  if (kind === "place") return nodeOf(decision) !== null && placement?.node?.location?.country === wanted;
  return outcomeOf(decision) === expect;
}

function isOpen(expect: string, decision: Decision): boolean {
  const candidates = decision.placement?.candidates() ?? [];
  // A node that the config places nowhere may be placed by the tailnet's policy.
  if (
    candidates.some(
      ({ passing, reason }) =>
        reason === UNKNOWN_PLACE || (passing !== null && reason?.filter === "selector"),
    )
  )
    return true;
  return (
    expect.startsWith("place:") &&
    nodeOf(decision) !== null &&
    decision.placement?.node?.location?.country === undefined
  );
}

function becomes(decision: Decision): string {
  const node = nodeOf(decision);
  if (node !== null) {
    const country = decision.placement?.node?.location?.country;
    return `placed on ${quote(node)}${country === undefined ? "" : ` (${country})`}`;
  }
  return decision.kind === "refuse" ? `refused: ${refusalLine(decision.refusal)}` : "left to OpenClaw";
}
