// Doctor: routed agents that OpenClaw itself would not hold back if the plugin were missing.

import { agentKey } from "../../host/hostConfig.ts";
import { guardChangeText } from "../guard/change.ts";
import { type GuardPlan, planGuard } from "../guard/guardPlan.ts";
import { type DoctorCheck, type Finding, finding } from "./finding.ts";

export const checkGuard: DoctorCheck = ({ config, hostConfig, snapshot }) => {
  if (config.mode === "shadow") return [];
  return planGuard(config, hostConfig, snapshot).flatMap((plan): readonly Finding[] => {
    // A config error is a finding of its own, and the guard comes after it.
    if (plan.rule === null) return [];
    const path = pathOf(hostConfig, plan);
    if (plan.state === "unguarded") {
      const settings = plan.changes.map(guardChangeText);
      const message = `agent "${plan.agent}" has no complete guard: without the plugin OpenClaw would not keep its commands to rule "${plan.rule}" (missing: ${settings.join(", ")})`;
      return [finding("guard-missing", "warning", message, 'run "openclaw node-router guard"', path)];
    }
    if (plan.state === "partial" || plan.state === "impossible") {
      const message = `the guard of agent "${plan.agent}" cannot be complete: ${plan.note}`;
      const fix = "nothing to do, unless the rule can be made to mean one node";
      return [finding("guard-incomplete", "info", message, fix, path)];
    }
    return [];
  });
};

/** The section that the plan is about. */
function pathOf(hostConfig: unknown, { agent, changes }: GuardPlan): string {
  const entry = `agents.entries.${agentKey(hostConfig, agent)}`;
  return changes.some(({ path }) => path.startsWith(`${entry}.sandbox.`))
    ? `${entry}.sandbox`
    : `${entry}.tools.exec`;
}
