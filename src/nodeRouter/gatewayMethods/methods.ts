// What the gateway methods answer. The CLI and every other client ask these, never a second copy of the logic.

import { type ResolvedConfig, resolveConfig } from "../../config/resolve.ts";
import { currentSnapshot } from "../currentSnapshot.ts";
import type { RouterDeps } from "../deps.ts";
import { type DoctorReport, runDoctor } from "../doctor/doctor.ts";
import type { ExplainReport } from "../explain/report.ts";
import { explainTool } from "../explainTool.ts";
import { type GuardPlan, planGuard } from "../guard/plan.ts";
import { bindingOf } from "../hostConfig.ts";
import { hookLiveness } from "../liveness.ts";
import { createNodesReport, type NodesReport } from "../reports/nodesReport.ts";
import { sshStatus } from "../reports/sshStatus.ts";
import { createStatusReport, type StatusReport } from "../reports/statusReport.ts";
import { type Params, readText, UsageError } from "./params.ts";

export { type Params, UsageError } from "./params.ts";

export interface GuardReport {
  readonly agents: readonly GuardPlan[];
  /** Whether the changes were written now. */
  readonly applied: boolean;
}

/** Writes the changes into the gateway's config file. */
export type WriteGuard = (plans: readonly GuardPlan[]) => Promise<void>;

/** A list this fresh is read for every report: an operator asks how it is now. */
const NOW = 0;

export interface Methods {
  status(): Promise<StatusReport>;
  nodes(): Promise<NodesReport>;
  explain(params: Params): Promise<ExplainReport>;
  doctor(): Promise<DoctorReport>;
  guard(params: Params): Promise<GuardReport>;
}

/** @throws NodeRouterError INVENTORY_UNAVAILABLE, UsageError */
export function createMethods(deps: RouterDeps, version: string, writeGuard: WriteGuard): Methods {
  const config = (): ResolvedConfig => deps.state.config ?? resolveConfig({});
  return {
    async status() {
      return createStatusReport({
        version,
        config: config(),
        hostConfig: deps.hostConfig(),
        snapshot: await currentSnapshot(deps, config(), NOW),
        hooks: hookLiveness(deps.state, deps.now()),
        counters: deps.state.counters,
        ssh: sshStatus(deps.state.workspace.transport),
        audit: deps.state.workspace.audit?.state() ?? null,
        nowMs: deps.now(),
      });
    },

    async nodes() {
      return createNodesReport(await currentSnapshot(deps, config(), NOW), deps.now());
    },

    async explain(params) {
      const agent = readText(params, "agent");
      if (agent === null) throw new UsageError("explain needs an agent");
      const tool = readText(params, "tool") ?? "exec";
      const snapshot = await currentSnapshot(deps, config(), NOW);
      const binding = bindingOf(deps.hostConfig(), agent);
      return explainTool(config(), { agent, tool, binding }, snapshot, deps.now());
    },

    async doctor() {
      const snapshot = await currentSnapshot(deps, config(), NOW);
      return runDoctor({
        config: config(),
        hostConfig: deps.hostConfig(),
        snapshot,
        hostNodes: deps.state.reader.last()?.nodes ?? [],
        hooks: hookLiveness(deps.state, deps.now()),
        counters: deps.state.counters,
        missedAgents: deps.state.missedAgents,
        audit: deps.state.workspace.audit?.state() ?? null,
        workspace: { apiProblem: deps.state.workspace.apiProblem },
      });
    },

    async guard(params) {
      const plans = planGuard(config(), deps.hostConfig(), await currentSnapshot(deps, config(), NOW));
      const wanted = plans.some((plan) => plan.changes.length > 0) && params.dryRun !== true;
      if (wanted) await writeGuard(plans);
      return { agents: plans, applied: wanted };
    },
  };
}
