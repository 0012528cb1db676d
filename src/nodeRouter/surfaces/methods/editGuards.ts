// The guard's part in an edit of the config: what `init` writes for it, what `guard --undo` unsets, and what is to be known of both.
import { CONFIG_PATH } from "../../../config/problems/path.ts";
import { problemsForAgent } from "../../../config/problems/problem.ts";
import { resolveConfig } from "../../../config/resolve.ts";
import { NODE_READER } from "../../../presence/sources/gateway/nodeReader.ts";
import { normalizeAgentId } from "../../../shared/hostNames.ts";
import { quote } from "../../../shared/safeText.ts";
import { section } from "../../host/hostConfig.ts";
import { snapshotBy } from "../../inventory/currentSnapshot.ts";
import { NODE_NAMES } from "../../inventory/nodeNames.ts";
import { agentPolicy } from "../../policy/agentPolicy.ts";
import type { RouterDeps } from "../../process/deps.ts";
import type { ConfigEdit, EditKnown } from "../../setup/edit/configEdit.ts";
import { noSuchAgent } from "../../setup/edit/editRefusal.ts";
import { type GuardPlan, planGuard } from "../guard/guardPlan.ts";
import { planGuardUndo } from "../guard/undoPlan.ts";

/** What changes, a line a setting. */
export function settingTexts(guards: readonly GuardPlan[]): readonly string[] {
  return guards.flatMap(({ changes }) =>
    changes.map(
      ({ path, value, current }) =>
        `${path}: ${String(value ?? "(unset)")} (now ${String(current ?? "unset")})`,
    ),
  );
}

/** `init` guards the agents that it routes; its undoing is an edit of its own. @param after the config as it would be. */
export function guardsOf(
  deps: RouterDeps,
  edit: ConfigEdit,
  known: EditKnown,
  after: unknown,
): readonly GuardPlan[] {
  if (edit.kind === "undoGuard") {
    const agents = edit.agents?.map(normalizeAgentId) ?? null;
    for (const agent of agents ?? [])
      if (known.agents !== null && !known.agents.includes(agent)) throw noSuchAgent(agent, known.agents);
    const isForeign = foreignIn(after);
    return planGuardUndo(after, agents).filter((plan) => agents !== null || !isForeign(plan));
  }
  if (edit.kind !== "init") return [];
  const routed = edit.rules.flatMap(({ agents }) => agents.map(normalizeAgentId));
  const { memory } = deps;
  const config = resolveConfig(writtenConfig(after));
  const snapshot = snapshotBy(deps, config, memory.part(NODE_READER).last(), memory.part(NODE_NAMES).known());
  return planGuard(config, after, snapshot).filter(({ agent }) => routed.includes(agent));
}

/** Whether no rule routes the agent and its exec alone is bound, as by hand: guard writes for rules only. */
function foreignIn(hostConfig: unknown): (plan: GuardPlan) => boolean {
  const config = resolveConfig(writtenConfig(hostConfig));
  return ({ agent, changes }) =>
    agentPolicy(config, hostConfig, agent).execRule === null &&
    problemsForAgent(config.problems, agent).length === 0 &&
    changes.every(({ path }) => !path.includes(".sandbox."));
}

/** @param host the gateway's config before the edit. */
export function guardNotes(edit: ConfigEdit, guards: readonly GuardPlan[], host: unknown): readonly string[] {
  if (edit.kind === "undoGuard") {
    const left = edit.agents !== null ? [] : planGuardUndo(host, null).filter(foreignIn(host));
    const names = left.map(({ agent }) => agent);
    return [
      ...(guards.length === 0
        ? []
        : [
            "nobody keeps what stood there before guard: the settings are unset, and OpenClaw's own defaults hold",
          ]),
      ...(names.length === 0
        ? []
        : [
            `no rule routes ${names.map(quote).join(", ")}: what binds their exec to a node may be yours, and stays; to unset it too: openclaw node-router guard --undo --agent ${names.join(",")}`,
          ]),
    ];
  }
  return guards.flatMap(({ agent, note }) => (note === null ? [] : [`guard of ${agent}: ${note}`]));
}

/** An agent that no rule routes any more stays bound by the guard. */
export function leftGuarded(before: unknown, after: unknown): readonly string[] {
  const [was, is] = [before, after].map((host) => {
    const config = resolveConfig(writtenConfig(host));
    return (agent: string) => agentPolicy(config, host, agent).execRule !== null;
  });
  const left = planGuardUndo(after, null).flatMap(({ agent }) =>
    was?.(agent) === true && is?.(agent) === false ? [agent] : [],
  );
  if (left.length === 0) return [];
  return [
    `no rule routes ${left.map(quote).join(", ")} then, and the guard's settings stay: openclaw node-router guard --undo --agent ${left.join(",")}`,
  ];
}

/** The command that takes back the guard of an `init`. */
export function undoGuardOf({ rules }: Extract<ConfigEdit, { kind: "init" }>): string {
  return `guard --undo --agent ${rules.flatMap(({ agents }) => agents).join(",")}`;
}

/** As written, or with secrets resolved in it where the gateway's own is given. */
export function writtenConfig(hostConfig: unknown): Readonly<Record<string, unknown>> {
  return section(hostConfig, ...CONFIG_PATH.split("."));
}
