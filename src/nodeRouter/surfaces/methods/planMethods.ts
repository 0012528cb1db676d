// The gateway methods that try a config before it holds: `plan`, and `test` for the tests of the config in force.
import { resolveConfig } from "../../../config/resolve.ts";
import { NODE_READER } from "../../../presence/sources/gateway/nodeReader.ts";
import { NodeRouterError } from "../../../shared/errors.ts";
import { inSlices } from "../../../shared/inSlices.ts";
import { definePart } from "../../../shared/processMemory.ts";
import { refusal } from "../../../shared/refusal.ts";
import { quote } from "../../../shared/safeText.ts";
import { testedConfig, testedNow } from "../../current/testedConfig.ts";
import { worldNow } from "../../current/worldNow.ts";
import { agentIds } from "../../host/hostConfig.ts";
import { currentSnapshot, snapshotBy } from "../../inventory/currentSnapshot.ts";
import { NODE_NAMES } from "../../inventory/nodeNames.ts";
import { type Change, type PlanSide, planSteps } from "../../policy/configPlan.ts";
import { configTestSteps, type TestResult } from "../../policy/configTests.ts";
import { planSessions, type SessionChange } from "../../policy/planSessions.ts";
import type { RouterDeps } from "../../process/deps.ts";
import { LAST_NODES } from "../../state/lastNodes.ts";
import { SESSION_NODES } from "../../state/sessionNodes.ts";
import { planGuard } from "../guard/guardPlan.ts";
import { type Params, readTextParam, UsageError, unknownName } from "./params.ts";
import { NOT_LOADED, PLANNED_AS, type PlannedAs, type PlannedConfig, readPlanned } from "./plannedConfig.ts";

export interface TestReport {
  readonly tests: readonly { readonly name: string; readonly passed: boolean; readonly why: string }[];
}

export interface PlanReport extends TestReport {
  readonly valid: boolean;
  /** As what the document was read. */
  readonly took: string;
  readonly changes: readonly Change[];
  /** Changes beside those that are listed. */
  readonly more: number;
  readonly sessions: readonly SessionChange[];
  /** Agents whose guard is right now and would be no longer, with what guard would write. */
  readonly guards: readonly { readonly agent: string; readonly why: string }[];
  /** Errors and warnings of the new config. */
  readonly problems: readonly {
    readonly severity: string;
    readonly path: string;
    readonly message: string;
  }[];
  /** Scenarios beside the nodes as they are. */
  readonly scenarios: number;
  /** What else is to be known. */
  readonly notes: readonly string[];
}

type Deps = Pick<RouterDeps, "memory" | "listNodes" | "now" | "hostConfig">;

const MAX_CHANGES = 1_000;
const MAX_DOWN = 64;
/** The gateway does other things after so many ms of planning, and gives up after so many. */
const SLICE_MS = 20;
const MAX_MS = 30_000;

/** Seconds of work each: one at a time in a process, and no more than so many that are asked for. */
const PLANNING = definePart("planning", 1, () => ({ asked: 0, last: Promise.resolve<unknown>(null) }));
const MAX_ASKED = 4;

/**
 * @param params `{ document, as?, down?, oneByOne? }`: the parsed file; names of nodes that are down together; whether
 *   each node's going is looked at.
 * @throws UsageError; NodeRouterError INVENTORY_UNAVAILABLE, NOT_STARTED: others were asked for before
 */
export function planDocument(deps: Deps, params: Params): Promise<PlanReport> {
  return inTurn(deps, () => plan(deps, params));
}

/** The same for a config that was made here of the one in force. @throws as `planDocument` */
export function planMade(deps: Deps, planned: PlannedConfig): Promise<PlanReport> {
  return inTurn(deps, () => compare(deps, planned, {}));
}

/** The config's tests with all that is known of the nodes now. @throws as `planDocument` */
export function tryTests(deps: Deps): Promise<TestReport> {
  return inTurn(deps, async () => {
    const config = testedNow(deps) ?? resolveConfig({});
    const snapshot = await currentSnapshot(deps, config, 0);
    return { tests: testsOf(await workedOut(configTestSteps(config, deps.hostConfig(), snapshot))) };
  });
}

export async function inTurn<T>({ memory }: Deps, work: () => Promise<T>): Promise<T> {
  const planning = memory.part(PLANNING);
  if (planning.asked >= MAX_ASKED) {
    const fact = `${planning.asked} plans or tests of a config are being worked out or wait for that, and it takes no more`;
    throw new NodeRouterError(refusal("NOT_STARTED", fact, { nothingRan: "this one was not begun" }));
  }
  planning.asked += 1;
  const mine = planning.last.then(work);
  planning.last = mine.catch(() => {});
  try {
    return await mine;
  } finally {
    planning.asked -= 1;
  }
}

async function plan(deps: Deps, params: Params): Promise<PlanReport> {
  const as = readTextParam(params, "as");
  if (as !== null && !PLANNED_AS.includes(as))
    throw new UsageError(`as takes ${PLANNED_AS.join(", ")}, not ${quote(as)}`);
  const planned = readPlanned(params.document, deps.hostConfig(), as as PlannedAs | null);
  if (typeof planned === "string") return nothing({ took: "nothing", problems: [problem("", planned)] });
  return compare(deps, planned, params);
}

async function compare(deps: Deps, planned: PlannedConfig, params: Params): Promise<PlanReport> {
  const { memory } = deps;
  const hostConfig = deps.hostConfig();
  const current = testedNow(deps) ?? resolveConfig({});
  const snapshot = await currentSnapshot(deps, current, 0);
  const before: PlanSide = { config: current, hostConfig, snapshot };
  const resolved = resolveConfig(planned.isOn ? planned.pluginConfig : {});
  // Remembers no name: nobody uses that config yet.
  const nodes = snapshotBy(deps, resolved, memory.part(NODE_READER).last(), memory.part(NODE_NAMES).known());
  const results = await workedOut(configTestSteps(resolved, planned.hostConfig, nodes));
  const config = testedConfig(resolved, results);
  const after: PlanSide = { config, hostConfig: planned.hostConfig, snapshot: nodes };
  const down = namesIn(params.down, [...snapshot.nodes, ...nodes.nodes]);
  const all = [...new Set([...snapshot.nodes, ...nodes.nodes].map(({ name }) => name))];
  const scenarios = [
    ...(down.length === 0 ? [] : [down]),
    ...(params.oneByOne === true ? all.map((name) => [name]) : []),
  ];
  const told = {
    took: planned.took,
    tests: testsOf(results),
    problems: config.problems.map(({ severity, path, message }) => ({ severity, path, message })),
    notes: planned.isOn ? [] : [NOT_LOADED],
    scenarios: scenarios.length,
  };
  if (config.problems.some(({ severity }) => severity === "error")) return nothing(told);

  await memory.part(SESSION_NODES).ready();
  const { hostNodes, presence, apiProblem } = worldNow(deps, current, snapshot);
  const known = { hostNodes, presence, apiProblem };
  const lastNodes = memory.part(LAST_NODES);
  const agents = [...new Set([...agentIds(hostConfig), ...agentIds(planned.hostConfig)])];
  const input = { before, after, agents, known, memory: lastNodes, scenarios, limit: MAX_CHANGES };
  const { changes, more } = await workedOut(planSteps(input));
  return {
    ...told,
    valid: true,
    changes,
    more,
    sessions: planSessions({ before, after, known, memory: lastNodes }, memory.part(SESSION_NODES).all()),
    guards: guardsLost(before, after),
  };
}

function testsOf(results: readonly TestResult[]): TestReport["tests"] {
  return results.map(({ name, passed, why }) => ({ name, passed, why }));
}

function guardsLost(before: PlanSide, after: PlanSide): PlanReport["guards"] {
  const plans = ({ config, hostConfig, snapshot }: PlanSide) => planGuard(config, hostConfig, snapshot);
  const right = new Set(plans(before).flatMap(({ agent, changes }) => (changes.length === 0 ? [agent] : [])));
  return plans(after).flatMap(({ agent, changes }) =>
    right.has(agent) && changes.length > 0
      ? [
          {
            agent,
            why: `guard would write ${changes.map(({ path, value }) => `${path} = ${String(value ?? "(unset)")}`).join(", ")}`,
          },
        ]
      : [],
  );
}

/** @throws UsageError: it takes too long */
export function workedOut<T>(steps: Generator<void, T>): Promise<T> {
  const endMs = performance.now() + MAX_MS;
  return inSlices(steps, SLICE_MS, () => {
    if (performance.now() > endMs)
      throw new UsageError(`the plan takes more than ${MAX_MS / 1_000} s; ask for fewer scenarios`);
  });
}

/** @param value of the parameter `down`. @throws UsageError for a name that no node has. */
export function namesIn(value: unknown, nodes: readonly { readonly name: string }[]): readonly string[] {
  const names: readonly unknown[] = value === undefined ? [] : Array.isArray(value) ? value : [value];
  if (names.length > MAX_DOWN) throw new UsageError(`at most ${MAX_DOWN} nodes can be named`);
  return names.map((name) => {
    if (typeof name === "string" && nodes.some((node) => node.name === name)) return name;
    throw unknownName(
      "node",
      String(name),
      nodes.map((node) => node.name),
    );
  });
}

function problem(path: string, message: string): PlanReport["problems"][number] {
  return { severity: "error", path, message };
}

function nothing(told: Partial<PlanReport> & Pick<PlanReport, "took">): PlanReport {
  const empty = {
    changes: [],
    more: 0,
    sessions: [],
    guards: [],
    problems: [],
    scenarios: 0,
    notes: [],
    tests: [],
  };
  return { ...empty, ...told, valid: false };
}
