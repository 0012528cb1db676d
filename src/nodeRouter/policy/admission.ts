// Whether a workspace tool of this session may go to the agent's node at all, before a node is chosen. Pure.
import { refusal } from "../../shared/refusal.ts";
import { type ExecPolicy, execPolicy } from "../host/execPolicy.ts";
import type { SessionFacts } from "../host/sandboxProblem.ts";
import { sandboxProblem } from "../host/sandboxProblem.ts";
import type { Refused } from "./callDecision.ts";

export interface AdmissionInput {
  readonly hostConfig: unknown;
  /** Why the host's sandbox API cannot be used; null when it can. */
  readonly apiProblem: string | null;
  readonly agent: string;
  readonly sessionKey: string;
  /** What the host keeps about the session; null: nothing. */
  readonly facts: SessionFacts | null;
  readonly tool: string;
  /** The call's own `ask`. */
  readonly ask: unknown;
}

export type Admission =
  | {
      readonly ok: true;
      readonly asks: boolean;
      /** The setting by which a person is asked, in full; null where none is. */
      readonly askedBy: string | null;
    }
  | Refused;

/** `asks`: a person has to say yes first. */
export function admitWorkspaceCall(input: AdmissionInput): Admission {
  const { hostConfig, apiProblem, agent, sessionKey, facts, tool, ask } = input;
  const problem =
    apiProblem === null
      ? sandboxProblem(hostConfig, agent, sessionKey, facts)
      : `agent "${agent}" has its workspace on a node over SSH, and ${apiProblem}`;
  if (problem !== null)
    return { ok: false, refusal: refusal("WORKSPACE_UNAVAILABLE", problem, { nothingRan: "nothing ran" }) };
  // Of `process` only input comes here, and input to a shell is a command.
  if (tool !== "exec" && tool !== "process") return { ok: true, asks: false, askedBy: null };
  const policy = execPolicy(hostConfig, agent, facts?.permissionMode ?? null, ask);
  return policy.kind === "deny" || policy.kind === "allowlist"
    ? policyRefusal(agent, policy)
    : { ok: true, asks: policy.kind === "ask", askedBy: policy.kind === "ask" ? policy.source : null };
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
