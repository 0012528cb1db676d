// Whether a workspace tool of this session may go to the agent's node at all, before a node is chosen. Pure.
import { refusal } from "../../shared/refusal.ts";
import { type ExecPolicy, execPolicy } from "../host/execPolicy.ts";
import { sandboxProblem } from "../host/sandboxProblem.ts";
import type { AgentPolicy } from "./agentPolicy.ts";
import type { Call, Refused, World } from "./callDecision.ts";

export type Admission =
  | {
      readonly ok: true;
      /** The setting by which a person has to say yes first, in full; null where none does. */
      readonly askedBy: string | null;
    }
  | Refused;

/** By the host's own config; where that is not looked at, every call may go there. */
export function admitWorkspaceCall(
  { id: agent, hostConfig }: AgentPolicy,
  { tool, params, session }: Call,
  { apiProblem }: Pick<World, "apiProblem">,
): Admission {
  if (hostConfig === null) return { ok: true, askedBy: null };
  const problem =
    apiProblem === null
      ? sandboxProblem(hostConfig, agent, session.key, session.facts)
      : `agent "${agent}" has its workspace on a node, and ${apiProblem}`;
  if (problem !== null)
    return { ok: false, refusal: refusal("WORKSPACE_UNAVAILABLE", problem, { nothingRan: "nothing ran" }) };
  // Of `process` only input comes here, and input to a shell is a command.
  if (tool !== "exec" && tool !== "process") return { ok: true, askedBy: null };
  const policy = execPolicy(hostConfig, agent, session.facts?.permissionMode ?? null, params.ask);
  return policy.kind === "deny" || policy.kind === "allowlist"
    ? policyRefusal(agent, policy)
    : { ok: true, askedBy: policy.kind === "ask" ? policy.source : null };
}

function policyRefusal(agent: string, { kind, source }: Extract<ExecPolicy, { source: string }>): Refused {
  const fact =
    kind === "deny"
      ? `${source} forbids commands of agent "${agent}"`
      : `${source} lets agent "${agent}" run only commands on OpenClaw's allowlist, which names programs of the gateway and can be checked for no command on a node`;
  const wayOut =
    kind === "deny"
      ? "use other tools, or let the operator change it"
      : 'let the operator set mode to "ask" or "full"';
  return { ok: false, refusal: refusal("RUN_NOT_ALLOWED", fact, { advice: `To go on, ${wayOut}` }) };
}
