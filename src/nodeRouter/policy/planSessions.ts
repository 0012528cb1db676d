// Which sessions another config would take away from the node that their files are on. Pure.
import { agentOfSessionKey } from "../../shared/hostNames.ts";
import { refusalLine } from "../../shared/refusal.ts";
import { quote } from "../../shared/safeText.ts";
import type { KeptPlace } from "../state/sessionNodes.ts";
import type { PlanInput, PlanSide } from "./configPlan.ts";
import { decideSession } from "./sessionNode.ts";
import { worldOf } from "./world.ts";

/** A session whose next call would not find its files where they are. */
export interface SessionChange {
  readonly session: string;
  readonly agent: string;
  /** Name of the node that its files are on. */
  readonly before: string;
  /** Null: its calls are refused, or no longer go to a node. */
  readonly after: string | null;
  readonly why: string;
}

/** @param sessions of agents whose workspace is on a node now, with the node that their files are on and the way to it. */
export function planSessions(
  { before, after, known, memory }: Pick<PlanInput, "before" | "after" | "known" | "memory">,
  sessions: readonly (KeptPlace & { readonly sessionKey: string })[],
): readonly SessionChange[] {
  const sides = [before, after].map(({ config, hostConfig, snapshot }: PlanSide) =>
    worldOf(config, hostConfig, { ...known, snapshot }),
  );
  return sessions.flatMap((session): readonly SessionChange[] => {
    const { sessionKey, node } = session;
    const agent = agentOfSessionKey(sessionKey);
    if (agent === null) return [];
    const [was, will] = sides.map((world) => {
      const policy = world.agent(agent);
      return policy.binding === "workspace" ? decideSession(policy, session, world, memory) : null;
    });
    // What does not go on now is no change of the config.
    if (was?.ok !== true || was.node.name !== node || (will?.ok === true && will.node.name === node))
      return [];
    const name = will?.ok === true ? will.node.name : null;
    const why =
      will == null
        ? "its workspace is on the gateway then"
        : will.ok
          ? `rule ${quote(will.placement.rule ?? "")} no longer means ${quote(node)}, where its files stay`
          : refusalLine(will.refusal);
    return [{ session: sessionKey, agent, before: node, after: name, why }];
  });
}
